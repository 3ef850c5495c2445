import type { Answer } from './asker.ts'
import type { Verdict } from './report.ts'
import type { RuleId } from './rules.ts'
import { shown } from './shown.ts'

/** Whether a page may read an answer. */
export function judgeReadable(id: RuleId, answer: Answer, page: string): Verdict {
  const allowed = answer.headers.get('access-control-allow-origin')
  const met = allowed === '*' || allowed === page
  return {
    id,
    met,
    detail: met ? undefined : `${answer.status ?? answer.failure}, Access-Control-Allow-Origin: ${allowed ?? 'none'}`,
  }
}

/** Whether a preflight lets a page send POST with these headers. */
export function judgePreflight(id: RuleId, answer: Answer, page: string, wanted: readonly string[]): Verdict {
  const { status = 0, headers } = answer
  const origin = judgeReadable(id, answer, page)
  if (!origin.met) return origin
  if (status < 200 || status >= 300) return { id, met: false, detail: `The preflight is answered with ${status}.` }
  const methods = namesIn(headers, 'access-control-allow-methods')
  // POST needs no leave; the asterisk covers everything but Authorization.
  const allowed = namesIn(headers, 'access-control-allow-headers')
  const missing = wanted.filter(
    (name) => !allowed.includes(name) && (name === 'authorization' || !allowed.includes('*')),
  )
  const met = missing.length === 0
  return { id, met, detail: met ? methods.join(', ') || undefined : `Not allowed: ${missing.join(', ')}` }
}

/** What a page learns of a refusal. */
export function judgeExposed(answer: Answer): Verdict[] {
  const names = namesIn(answer.headers, 'access-control-expose-headers')
  const exposes = (name: string) => names.includes(name) || names.includes('*')
  const said = `Access-Control-Expose-Headers: ${shown(names.join(', ') || 'none')}`
  return [
    { id: 'pages.challenge', met: exposes('www-authenticate'), detail: said },
    { id: 'pages.session', met: exposes('mcp-session-id'), detail: said },
  ]
}

/** Whether an origin that nobody knows is trusted with cookies. */
export function judgeCookies(answers: readonly Answer[], page: string): Verdict {
  const lax = answers.find(
    ({ headers }) =>
      headers.get('access-control-allow-credentials') === 'true' && headers.get('access-control-allow-origin') === page,
  )
  return {
    id: 'pages.cookies',
    met: lax === undefined,
    detail: lax && `${new URL(lax.url).pathname} lets ${page} use cookies.`,
  }
}

function namesIn(headers: Headers, name: string): string[] {
  return (headers.get(name) ?? '')
    .toLowerCase()
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
    .slice(0, 50)
}
