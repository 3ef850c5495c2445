import { testKey } from '@pentauth/tooling/canary'
import { createSecret } from '../../src/credential.ts'
import {
  type Auth,
  apiKey,
  type CredentialSource,
  createAuth,
  type PentauthEvent,
  type Runtime,
  relocate,
  type Service,
} from '../../src/index.ts'
import { pendra } from '../../src/services.ts'

/** Fails a test that sends something although it must not. */
export const offline: Partial<Runtime> = {
  fetch: async () => {
    throw new Error('unexpected request')
  },
}

/** An `Auth` whose requests end in `answer`, with everything it said and sent. */
export function recorded(
  service: Service,
  credential: CredentialSource,
  answer: (request: Request) => Response | Promise<Response> = () => new Response('{}'),
  runtime: Partial<Runtime> = {},
) {
  const events: PentauthEvent[] = []
  const sent: Request[] = []
  const auth = createAuth(service, {
    credential,
    onEvent: (event) => void events.push(event),
    runtime: {
      fetch: async (input, init) => {
        const request = new Request(input, init)
        sent.push(request)
        return answer(request)
      },
      ...runtime,
    },
  })
  return { auth, events, sent }
}

/** Pendra on a server of this machine: Bearer under `/api/v1`, `x-api-key` under `/v1/messages`. */
export function localPendra(origin: string, runtime: Partial<Runtime> = {}, events: PentauthEvent[] = []): Auth {
  return createAuth(relocate(pendra, { 'https://api.pendra.ai': origin }), {
    credential: apiKey(testKey.pendra()),
    runtime,
    onEvent: (event) => void events.push(event),
  })
}

/** An access token as a source that never renews. */
export function tokenSource(value: string): CredentialSource {
  const credential = { kind: 'access-token', source: 'test token', secret: createSecret(value) } as const
  return { name: 'test token', kind: 'access-token', get: () => credential }
}

/** Which headers carry a secret, in words, so that a failing test prints no secret. */
export function carriers(headers: Headers | Record<string, string | string[] | undefined>, secret: string): string {
  const entries = headers instanceof Headers ? [...headers] : Object.entries(headers)
  const found = entries.flatMap(([name, value]) => {
    const text = String(value ?? '')
    if (text === `Bearer ${secret}`) return [`${name}: Bearer`]
    if (text === secret) return [name]
    return text.includes(secret) ? [`${name} (somewhere inside)`] : []
  })
  return found.join(', ') || 'none'
}

/** A seeded generator (mulberry32): the same numbers on every run. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
