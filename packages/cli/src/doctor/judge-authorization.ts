import type { Answer } from './asker.ts'
import type { Verdict } from './report.ts'
import { shown, shownUrl } from './shown.ts'

/** For servers that know no resource indicators. */
export const noResource = 'It may refuse the parameter "resource" (RFC 8707): try --no-resource-parameter.'

/** Whether somebody could sign in there. */
export function judgeAuthorization(answer: Answer, redirectUri: string): Verdict {
  const { status = 0, failure, headers } = answer
  const target = targetOf(answer)
  if (target && isAt(target, redirectUri)) {
    const error = target.searchParams.get('error')
    const met = error === null || /^(?:login|interaction|consent|account_selection)_required$/.test(error)
    return {
      id: 'authorization.page',
      met,
      detail: `It came straight back with ${error === null ? 'no error' : `error=${error}`}.`,
      hint: error === 'invalid_target' ? noResource : undefined,
    }
  }
  if (target) return { id: 'authorization.page', met: true, detail: `It leads to ${shownUrl(target.href)}.` }
  const isPage = status === 200 && /html/.test(headers.get('content-type') ?? '')
  return {
    id: 'authorization.page',
    met: isPage,
    detail: `${status || failure} (${shown(headers.get('content-type') ?? 'no content type')})`,
  }
}

/** Whether it sends people, and codes, wherever a link says. */
export function judgeForeignRedirect(answer: Answer, foreign: string): Verdict {
  const target = targetOf(answer)
  const isOpen = target !== undefined && isAt(target, foreign)
  const detail = isOpen
    ? `It answered ${answer.status} and sends people to ${shownUrl(target.href)}.`
    : target
      ? `It leads to ${shownUrl(target.href)} first; what it does afterwards was not seen.`
      : `${answer.status ?? answer.failure}`
  return { id: 'authorization.redirect_uri', met: !isOpen, detail }
}

/** Whether a page can be laid under somebody else's buttons; what leads on is no page. */
export function judgeFrames(answer: Answer): Verdict[] {
  if (answer.status !== 200) return []
  const policy = answer.headers.get('content-security-policy') ?? ''
  const met = /frame-ancestors/i.test(policy) || answer.headers.has('x-frame-options')
  return [
    {
      id: 'authorization.frames',
      met,
      detail: met ? undefined : 'It has neither frame-ancestors nor X-Frame-Options.',
    },
  ]
}

/** Another port of loopback is to be answered as the registered one was. */
export function judgeOtherPort(answer: Answer, page: Answer): Verdict {
  const met = answer.status === page.status
  return {
    id: 'authorization.loopback_port',
    met,
    detail: met
      ? undefined
      : `${answer.status ?? answer.failure}, and ${page.status ?? page.failure} for the registered port`,
  }
}

function targetOf({ status = 0, headers, url }: Answer): URL | undefined {
  const location = status >= 300 && status < 400 ? headers.get('location') : null
  return location !== null && URL.canParse(location, url) ? new URL(location, url) : undefined
}

function isAt(target: URL, redirectUri: string): boolean {
  const { origin, pathname } = new URL(redirectUri)
  return target.origin === origin && target.pathname === pathname
}
