import { callOf } from './ask-challenge.ts'
import type { FoundResource } from './ask-resource.ts'
import type { FoundServer } from './ask-server.ts'
import type { Answer } from './asker.ts'
import { judgeCookies, judgeExposed, judgePreflight, judgeReadable } from './judge-pages.ts'
import type { Visit } from './visit.ts'

export interface PageView {
  /** The origin of the page. */
  readonly page: string
  readonly resource: FoundResource
  readonly server: FoundServer | undefined
  /** How the token endpoint answered that page. */
  readonly token: Answer | undefined
}

/** Step 5: can a page of another origin do all that? Programs need none of it. */
export async function askPages(visit: Visit, { page, resource, server, token }: PageView): Promise<void> {
  visit.begin('pages')
  visit.note(`As a page at ${page} would ask (--page <origin> for another one). Programs need none of this.`)
  const origin = { origin: page }
  const { method = 'GET', url, headers = {}, body } = callOf(visit)

  const wanted = [
    'authorization',
    'content-type',
    ...(visit.resource.protocol === 'mcp' ? ['mcp-protocol-version'] : []),
  ]
  const preflight = await visit.ask(preflightFor(url, method, wanted, page))
  visit.judge([judgePreflight('pages.preflight', preflight, page, wanted)], preflight)
  const call = await visit.ask({
    method,
    url,
    headers: { ...headers, ...origin },
    body,
    note: 'without a token, from a page',
  })
  const exposed = visit.resource.protocol === 'mcp' ? judgeExposed(call) : judgeExposed(call).slice(0, 1)
  visit.judge([judgeReadable('pages.answer', call, page), ...(call.status === 401 ? exposed : [])], call)

  const read = async (id: 'pages.resource_metadata' | 'pages.server_metadata', found: Answer | undefined) => {
    if (!found) return []
    const answer = await visit.ask({
      url: found.url,
      headers: { ...origin, accept: 'application/json' },
      note: 'from a page',
    })
    visit.judge([judgeReadable(id, answer, page)], answer)
    return [answer]
  }
  const documents = [
    ...(await read('pages.resource_metadata', resource.answer)),
    ...(await read('pages.server_metadata', server?.answer)),
  ]

  const registration = server?.endpoints.registration_endpoint
  if (registration !== undefined) {
    const answer = await visit.ask(preflightFor(registration, 'POST', ['content-type'], page))
    visit.judge([judgePreflight('pages.registration', answer, page, ['content-type'])], answer)
  }
  if (token) visit.judge([judgeReadable('pages.token', token, page)], token)
  const all = [preflight, call, ...documents, ...(token ? [token] : [])]
  visit.judge([judgeCookies(all, page)], ...all)
}

function preflightFor(
  url: string,
  method: string,
  headers: readonly string[],
  page: string,
): Parameters<Visit['ask']>[0] {
  const asked = { 'access-control-request-method': method, 'access-control-request-headers': headers.join(',') }
  return { method: 'OPTIONS', url, headers: { origin: page, ...asked }, note: 'preflight of a page' }
}
