import { testKey } from '@pentauth/tooling/canary'
import type { PentauthEvent, Runtime } from '../../src/index.ts'
import { carriers, localPendra } from './auth.ts'
import { type Seen, serve, type TestServer } from './server.ts'

export const statuses = [301, 302, 303, 307, 308] as const
export const body = 'BODY-THAT-IS-NOBODY-ELSES'
// Under /v1/messages the key travels as x-api-key, under /api/v1 as Bearer.
export const paths = { 'x-api-key': '/v1/messages', authorization: '/api/v1/chat' } as const
export type Header = keyof typeof paths

export const requests: Record<string, () => RequestInit & { duplex?: 'half' }> = {
  GET: () => ({}),
  'POST string': () => ({ method: 'POST', body, headers: { 'content-type': 'text/plain' } }),
  'POST stream': () => ({ method: 'POST', body: new Blob([body]).stream(), duplex: 'half' }),
}

export interface Place {
  readonly to: (home: TestServer, foreign: TestServer, header: Header) => string
  readonly isHome: boolean
}
export const places: Record<string, Place> = {
  'the same resource': { to: (home, _, header) => `${home.origin}${paths[header]}/target`, isHome: true },
  'the same resource, relative': { to: (_h, _f, header) => `${paths[header]}/target`, isHome: true },
  'another resource of the origin': {
    to: (home, _, header) => home.origin + (header === 'authorization' ? '/v1/messages/target' : '/api/v1/target'),
    isHome: false,
  },
  'a place of the origin that is not covered': { to: (home) => `${home.origin}/target`, isHome: false },
  'another port': { to: (_, foreign, header) => `${foreign.origin}${paths[header]}/target`, isHome: false },
  'another host of the same address': {
    to: (home, _, header) => `http://localhost:${home.port}${paths[header]}/target`,
    isHome: false,
  },
  'a foreign host without a scheme': {
    to: (_, { port }, header) => `//127.0.0.1:${port}${paths[header]}/target`,
    isHome: false,
  },
  'a foreign host with backslashes': { to: (_, { port }) => `\\\\127.0.0.1:${port}/target`, isHome: false },
}

/** Runs one request that is redirected once, and says what arrived at the target. */
export async function redirected(
  status: number,
  place: Place,
  header: Header,
  init: RequestInit,
  runtime: Partial<Runtime> = {},
) {
  const foreign = await serve()
  const home: TestServer = await serve((response, { path }) => {
    if (path.endsWith('/target')) return response.end('arrived')
    return response.writeHead(status, { location: place.to(home, foreign, header) }).end('moved')
  })
  const events: PentauthEvent[] = []
  const outcome = await localPendra(home.origin, runtime, events)
    .fetch(home.origin + paths[header], init)
    .then(
      (response) => ({ response, error: undefined }),
      (error: unknown) => ({ response: undefined, error }),
    )
  const target = [...home.seen, ...foreign.seen].find(({ path }) => path.endsWith('/target'))
  return { ...outcome, target, home, foreign, events }
}

export const carried = (seen: Seen) => carriers(seen.headers, testKey.pendra())
