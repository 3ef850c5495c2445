import { html } from '../authorization-server/html.ts'
import { pageResponse } from '../authorization-server/page.ts'
import { SandboxError, type SandboxErrorCode } from '../sandbox-error.ts'

/** Why a form was refused, for the person who sent it. */
export interface Problem {
  readonly status: number
  readonly heading: string
  readonly text: string
}

/** What was typed or chosen cannot be taken. */
export const unfit = (text: string): Problem => ({ status: 400, heading: 'This cannot be saved', text })

/** One answer for what does not exist and for what is somebody else's: it must not tell which ids there are. */
export const nothingThere: Problem = {
  status: 404,
  heading: 'There is nothing to change',
  text: 'It was removed already, or it is not yours to manage.',
}

/** The form was sent twice, too late, or from somewhere else. */
export const staleProblem: Problem = {
  status: 400,
  heading: 'This form is no longer valid',
  text: 'It was sent already, or it is too old. Nothing was changed by sending it now.',
}

const problems: Partial<Record<SandboxErrorCode, Problem>> = {
  unknown_key: nothingThere,
  unknown_client: nothingThere,
  unknown_app: nothingThere,
  not_allowed: nothingThere,
  invalid_scope: unfit('Choose one of the scopes.'),
  not_entitled: {
    status: 403,
    heading: 'This account cannot have an API key',
    text: 'It needs a paid plan (Professional or Enterprise) or purchased credits.',
  },
  key_exists: {
    status: 409,
    heading: 'This account has its API key already',
    text: 'There is one key for each account. Renew it to get a new one; the key you have then stops at once.',
  },
  key_in_grace: {
    status: 409,
    heading: 'This key was rotated already',
    text: 'Its grace period is running. Rotate the key that replaced it.',
  },
}

/** What an error of the stores means to a person. */
export function problemOf(error: unknown): Problem {
  const problem = SandboxError.isInstance(error) ? problems[error.code] : undefined
  if (problem === undefined) throw error
  return problem
}

/** The page of a problem, with a way back. */
export function problemPage(service: string, { status, heading, text }: Problem, back: string): Response {
  const content = html`<p role="alert">${text}</p>
<p><a href="${back}">Go back</a></p>`
  return pageResponse({ service, heading, content, status })
}
