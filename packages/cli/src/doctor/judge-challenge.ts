import { type Challenge, parseChallenge } from '@pentauth/core'
import type { Answer } from './asker.ts'
import { troubleIn } from './documents.ts'
import type { Verdict } from './report.ts'
import { shown, shownUrl } from './shown.ts'

/** Whether a token may travel to an address at all. */
export function judgeScheme(url: string): Verdict {
  const { protocol, hostname } = new URL(url)
  const isLocal = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)
  return { id: 'reach.https', met: protocol === 'https:' || isLocal, detail: `${protocol}//${hostname}` }
}

/** Whether there is something at the address. */
export function judgeReach(answer: Answer, isMcp: boolean): Verdict[] {
  const { status, headers, failure, hint } = answer
  if (status === undefined) return [{ id: 'reach.answers', met: false, detail: failure, hint }]
  const verdicts: Verdict[] = [{ id: 'reach.answers', met: true, detail: `${status}` }]
  const target = status >= 300 && status < 400 ? headers.get('location') : null
  if (target !== null && URL.canParse(target, answer.url)) {
    const to = new URL(target, answer.url).href
    verdicts.push({ id: 'reach.redirect', met: false, detail: `It answered ${status} and leads to ${shownUrl(to)}.` })
  } else verdicts.push({ id: 'reach.redirect', met: true })
  if (isMcp) {
    const isMissing = [404, 405, 410, 501].includes(status)
    verdicts.push({
      id: 'reach.endpoint',
      met: !isMissing,
      detail: isMissing ? `It answered ${status} to POST.` : undefined,
    })
  }
  return verdicts
}

/** What the answer to a request without a token says, and the challenge in it that counts. */
export function judgeChallenge(
  answer: Answer,
  { takesTokens, signsIn }: { readonly takesTokens: boolean; readonly signsIn: boolean },
): { readonly verdicts: readonly Verdict[]; readonly challenge?: Challenge } {
  const { status = 0, headers } = answer
  if (status >= 200 && status < 300)
    return {
      verdicts: [{ id: 'challenge.open', met: false, detail: `It answered ${status} to a request without a token.` }],
    }
  if ([404, 405, 410, 501].includes(status)) return { verdicts: [] }
  const open: Verdict = { id: 'challenge.open', met: true }
  if (status !== 401) {
    const kind = shown(headers.get('content-type')?.split(';')[0] ?? 'nothing')
    const page = /html/.test(kind) ? ', a page for people' : ''
    return {
      verdicts: [
        open,
        {
          id: 'challenge.status',
          met: false,
          detail: `It answered ${status} (${kind}${page}).`,
          hint: troubleIn([answer]),
        },
      ],
    }
  }
  const verdicts: Verdict[] = [open, { id: 'challenge.status', met: true }]
  const header = headers.get('www-authenticate')
  // For keys alone there is often no scheme to name.
  const lenient = takesTokens ? {} : ({ severity: 'info' } as const)
  verdicts.push({
    id: 'challenge.header',
    met: header !== null,
    detail: header === null ? 'There is none.' : header,
    ...lenient,
  })
  if (header === null || !takesTokens) return { verdicts }
  const challenges = parseChallenge(header)
  const flaw = flawOf(header, challenges)
  verdicts.push({ id: 'challenge.syntax', met: flaw === undefined, detail: flaw })
  const challenge =
    challenges.find(({ scheme }) => scheme === 'bearer') ?? challenges.find(({ scheme }) => scheme === 'dpop')
  const schemes = challenges.map(({ scheme }) => scheme).join(', ') || 'nothing that can be read'
  verdicts.push({
    id: 'challenge.bearer',
    met: challenge !== undefined,
    detail: challenge ? undefined : `It asks for ${schemes}.`,
  })
  if (!challenge) return { verdicts }
  const { resource_metadata, scope, error } = challenge.parameters
  const isOdd = error !== undefined
  verdicts.push({ id: 'challenge.error', met: !isOdd, detail: isOdd ? `It says error="${error}".` : undefined })
  if (!signsIn) return { verdicts, challenge }
  verdicts.push(
    {
      id: 'challenge.resource_metadata',
      met: resource_metadata !== undefined,
      detail: resource_metadata ?? 'It names none.',
    },
    { id: 'challenge.scope', met: scope !== undefined, detail: scope ?? 'It names none.' },
  )
  return { verdicts, challenge }
}

/** What is said to a token that is none; only MCP demands that it is 401. */
export function judgeGarbage({ status, headers, failure }: Answer, isMcp: boolean): Verdict[] {
  if (status !== 401) {
    const detail = `It answered ${status ?? failure} to a token that is none.`
    return [{ id: 'challenge.invalid_status', met: false, detail, severity: isMcp ? undefined : 'warning' }]
  }
  const errors = parseChallenge(headers.get('www-authenticate')).map(({ parameters }) => parameters.error)
  const met = errors.includes('invalid_token')
  return [
    { id: 'challenge.invalid_status', met: true },
    {
      id: 'challenge.invalid_token',
      met,
      detail: met ? undefined : `It says ${shown(headers.get('www-authenticate') ?? 'nothing')}`,
    },
  ]
}

/** What breaks the grammar, though it can be read. */
function flawOf(header: string, challenges: readonly Challenge[]): string | undefined {
  if (challenges.length === 0) return 'Nothing of it can be read.'
  const plain = header.replace(/"(?:[^"\\]|\\.)*"/g, '""')
  if (plain.replaceAll('""', '').includes('"')) return 'A quote is not closed.'
  if (/""\s+[\w-]+\s*=/.test(plain)) return 'There is no comma between two parameters.'
  const unquoted = [...plain.matchAll(/=\s*([^\s,]+)/g)].find(
    ([, value = '']) => !/^(?:""|=*|[!#$%&'*+.^_`|~\w-]+)$/.test(value),
  )
  if (unquoted) return `A value is not in quotes: ${shown(unquoted[1], 80)}`
  const names = [...plain.matchAll(/([\w-]+)\s*=\s*""/g)].map(([, name = '']) => name.toLowerCase())
  const twice = challenges.length === 1 && names.find((name, index) => names.indexOf(name) !== index)
  return twice ? `${twice} is given twice.` : undefined
}
