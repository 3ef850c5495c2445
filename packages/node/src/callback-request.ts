import type { IncomingMessage } from 'node:http'
import type { CallbackAddress } from './callback-address.ts'
import type { CallbackOutcome } from './callback-page.ts'

/** What the listener is waiting for. */
export interface Awaited {
  /** Its port is the one that was given. */
  readonly address: CallbackAddress
  /** Of the sign-in; absent before it has begun. */
  readonly state?: string | undefined
  readonly isAnswered: boolean
}

/** What a request is told, or where it came back to when it is the answer. */
export type Verdict =
  | { readonly answer: URL }
  | {
      readonly answer?: undefined
      readonly status: number
      readonly page?: CallbackOutcome
      readonly headers?: Readonly<Record<string, string>>
    }

/** Judges a request: any page and any program can make one, and only the sign-in's own state tells the answer. */
export function verdictOn({ method, url: target = '', headers }: IncomingMessage, awaited: Awaited): Verdict {
  const { address, state, isAnswered } = awaited
  const hosts = ['127.0.0.1', '[::1]', 'localhost'].flatMap((name) => [
    `${name}:${address.port}`,
    // As browsers write it.
    ...(address.port === 80 ? [name] : []),
  ])
  // A name that leads to this machine is still somebody else's (DNS rebinding).
  if (!hosts.includes(headers.host?.toLowerCase() ?? '')) return { status: 403 }
  const { origin } = headers
  if (origin !== undefined && !hosts.some((host) => origin === `http://${host}`)) return { status: 403 }
  const base = `http://${address.host}:${address.port}`
  if (!target.startsWith('/') || !URL.canParse(base + target)) return { status: 400 }
  const url = new URL(base + target)
  if (url.pathname === '/favicon.ico') return { status: 204 }
  if (url.pathname !== new URL(base + address.path).pathname) return { status: 404 }
  if (method !== 'GET') return { status: 405, headers: { allow: 'GET' } }
  if (isAnswered) return { status: 410, page: 'answered' }
  const states = url.searchParams.getAll('state')
  if (state === undefined || states.length !== 1 || states[0] !== state) return { status: 400, page: 'stranger' }
  return { answer: url }
}
