import { type ErrorFacts, refusal } from '../facts.ts'
import { pendiumFacts } from './facts.ts'

// Found: "a 401 with instructions on how to sign up", and `_pendium` in every response; its text is our own.
const signUp = {
  what_you_are_seeing: 'The request was refused.',
  next_steps: ['Log in, click your avatar, then API Keys', 'https://pendium.ai/mcp > Get API Key'],
}

/** A refusal with the `_pendium` object that every response carries. */
export function refused(error: ErrorFacts): Response {
  return refusal({ ...error, body: { ...error.body, _pendium: signUp } })
}

/** The page's text for an agent that is not the account's, with the id in place of its X. */
export function noAgentText(syntheticId: string): string {
  return pendiumFacts.errors.agentNotAccessible.text.replace('=X', () => `=${syntheticId}`)
}

/** The `_pendium` object of an answer; that every response of REST carries one is found, its text is our own. */
export const whatYouSee = { what_you_are_seeing: 'Data of the sandbox, not of Pendium.' } as const
