import type { Question } from './asker.ts'
import { jsonIn } from './documents.ts'
import type { Visit } from './visit.ts'

/** What a token request sent and got; never part of a report. */
export interface TokenExchange {
  readonly number: number
  /** The only endpoint that these tokens go back to. */
  readonly url: string
  readonly fields: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
  readonly response: Headers
  readonly answer: Readonly<Record<string, unknown>>
}

/**
 * The `fetch` of a Pentauth client under examination: documents that are known are not asked for again, everything else is noted.
 *
 * @param onToken told what the token endpoint gave, with its secrets
 */
export function clientFetch(
  visit: Visit,
  onToken?: (exchange: TokenExchange) => void,
): (input: string | URL | Request, init?: RequestInit) => Promise<Response> {
  return async (input, init = {}) => {
    const url = String(input instanceof Request ? input.url : input)
    const method = (init.method ?? 'GET') as Question['method']
    const headers = Object.fromEntries(new Headers(init.headers))
    const body = init.body === null || init.body === undefined ? undefined : String(init.body)
    const fields = new URLSearchParams(body)
    const grant = fields.get('grant_type')
    for (const name of ['code', 'code_verifier', 'client_secret', 'refresh_token'])
      visit.asker.hide(fields.get(name) ?? '')
    const known = method === 'GET' ? visit.known(url) : undefined
    const note = `by the Pentauth client${grant ? `, ${grant}` : ''}`
    const answer = known ?? (await visit.ask({ method, url, headers, body, note }))
    const { status, text, number } = answer
    if (status === undefined) return Promise.reject(answer.error)
    const given = grant && status === 200 ? jsonIn(text) : undefined
    if (typeof given === 'object' && given !== null) {
      onToken?.({ number, url, fields, headers, response: answer.headers, answer: given as TokenExchange['answer'] })
    }
    // What described the bytes on the wire does not describe the text.
    const kept = [...answer.headers].filter(([name]) => !/^content-(?:encoding|length)$/.test(name))
    return new Response([204, 205, 304].includes(status) ? null : text, { status, headers: kept })
  }
}
