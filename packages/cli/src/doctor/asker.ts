import { createSecret, type Secret, withoutSecrets } from '@pentauth/core'
import { connectionHint } from '@pentauth/node'
import type { Exchange } from './report.ts'
import type { StepId } from './rules.ts'
import { fingerprint, shown, shownUrl } from './shown.ts'

export interface Question {
  readonly method?: 'GET' | 'POST' | 'OPTIONS' | 'DELETE' | undefined
  readonly url: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | undefined
  /** What is special about it, for people. */
  readonly note: string
}

/** What came back, within limits; `status` is missing where nothing did. */
export interface Answer {
  readonly number: number
  readonly url: string
  readonly status?: number
  readonly headers: Headers
  readonly text: string
  readonly isTooLong: boolean
  readonly failure?: string
  /** What `fetch` rejected with; never shown. */
  readonly error?: unknown
  readonly hint?: string | undefined
}

/** Sends requests one after another, and notes them without their secrets. */
export interface Asker {
  readonly exchanges: readonly Exchange[]
  ask(step: StepId, question: Question): Promise<Answer>
  /** A secret that became known: whatever repeats it shows a fingerprint in its place. */
  hide(secret: string): void
  readonly redacted: (text: string) => string
}

export interface AskerOptions {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Milliseconds for each answer. */
  readonly timeout: number
}

/** More than an examination needs; a server that leads in circles ends there. */
const mostRequests = 60
const mostBytes = 262_144
const tooMany = `not asked: ${mostRequests} requests are the most`

/** Headers of answers that findings are about. */
const telling =
  /^(?:content-type|www-authenticate|location|cache-control|retry-after|allow|x-frame-options|access-control-.*)$/

export function createAsker({ fetch, env, timeout }: AskerOptions): Asker {
  const exchanges: Exchange[] = []
  const secrets = new Map<string, Secret>()
  /** By name where it is repeated as it is; cut out where it is repeated in part, or written in another way. */
  const redacted = (text: string): string => {
    let clean = text
    for (const secret of secrets.keys()) clean = clean.replaceAll(secret, fingerprint(secret))
    return withoutSecrets(clean, ...secrets.values())
  }

  const headersOf = (headers: Headers) =>
    Object.fromEntries(
      [...headers]
        .filter(([name]) => telling.test(name))
        .map(([name, value]) => [name, name === 'location' ? shownUrl(redacted(value)) : shown(redacted(value), 300)]),
    )
  // What became a secret later: an answer may repeat in its headers the token that it brings.
  const safe = (exchange: Exchange): Exchange => ({
    ...exchange,
    headers: Object.fromEntries(Object.entries(exchange.headers).map(([name, value]) => [name, redacted(value)])),
  })

  return {
    get exchanges() {
      return exchanges.map(safe)
    },
    redacted,
    hide: (secret) => void (secret.length > 5 && secrets.set(secret, createSecret(secret))),
    async ask(step, { method = 'GET', url, headers = {}, body, note }) {
      const number = exchanges.length + 1
      const about = { number, step, method, url: shownUrl(redacted(url)), note }
      const began = performance.now()
      const noted = (what: Pick<Exchange, 'status' | 'failure'>, received: Headers) => {
        const milliseconds = Math.round(performance.now() - began)
        exchanges.push({ ...about, ...what, headers: headersOf(received), milliseconds })
      }
      const nothing = { number, url, headers: new Headers(), text: '', isTooLong: false }
      if (number > mostRequests) return { ...nothing, failure: tooMany, error: new DOMException(tooMany, 'AbortError') }
      try {
        const signal = AbortSignal.timeout(timeout)
        const init = { method, headers, redirect: 'manual', signal, ...(body === undefined ? {} : { body }) } as const
        const response = await fetch(url, init)
        const { text, isTooLong } = await readCapped(response)
        const { status } = response
        noted({ status }, response.headers)
        return { number, url, status, headers: response.headers, text, isTooLong }
      } catch (error) {
        const failure = failureOf(error, timeout)
        noted({ failure }, new Headers())
        return { ...nothing, failure, error, hint: await connectionHint(error, url, { env }) }
      }
    },
  }
}

/** The beginning of the body; a stream of events never ends by itself. */
async function readCapped(response: Response): Promise<{ readonly text: string; readonly isTooLong: boolean }> {
  if (/^text\/event-stream/i.test(response.headers.get('content-type') ?? '')) {
    await response.body?.cancel()
    return { text: '', isTooLong: false }
  }
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let [text, bytes] = ['', 0]
  while (reader) {
    const { done, value } = await reader.read()
    if (done) break
    bytes += value.byteLength
    if (bytes > mostBytes) {
      await reader.cancel()
      return { text, isTooLong: true }
    }
    text += decoder.decode(value, { stream: true })
  }
  return { text, isTooLong: false }
}

/** The platform's code, and never its text, which may hold what the server sent. */
function failureOf(error: unknown, timeout: number): string {
  if ((error as { name?: unknown }).name === 'TimeoutError') return `no answer within ${timeout / 1000} s`
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } }
  const reason = [cause?.code, code].find((text) => typeof text === 'string' && /^[A-Z][A-Z0-9_]+$/.test(text))
  return reason === undefined ? 'no connection' : `no connection (${reason})`
}
