import { testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import { describe, expect, it } from 'vitest'
import { apiKey, createAuth, defineService, PentauthError, type Service } from '../../src/index.ts'
import { bytesOf } from './support/bytes.ts'
import { insideLoopback, type RawServer } from './support/loopback.ts'

const { open } = insideLoopback()
const key = testKey.token('key')
const proof = testKey.token('proof')
const cookie = testKey.token('cookie')
const body = `{"refresh_token":"${testKey.token('body')}"}`

// F1: every way in which a redirect changes the origin, by every status, with every credential.
const statuses = [301, 302, 303, 307, 308]
/** Only the named part of the origin changes. */
const changes: Record<string, (port: number, other: number) => [from: string, to: string]> = {
  'another host name': (port) => [`http://localhost:${port}`, `http://elsewhere.test:${port}`],
  'another port': (port, other) => [`http://localhost:${port}`, `http://localhost:${other}`],
  'https to http': (port) => [`https://localhost:${port}`, `http://localhost:${port}`],
  'a subdomain': (port) => [`http://localhost:${port}`, `http://sub.localhost:${port}`],
  'an address for the name': (port) => [`http://localhost:${port}`, `http://127.0.0.1:${port}`],
  'a trailing dot': (port) => [`http://localhost:${port}`, `http://localhost.:${port}`],
}
/** The header our service wants the key in, and what the caller adds. */
const credentials = {
  Bearer: { header: 'authorization', extra: {} },
  'x-api-key': { header: 'x-api-key', extra: {} },
  DPoP: { header: 'authorization', extra: { dpop: proof } },
  Cookie: { header: 'authorization', extra: { cookie: `session=${cookie}` } },
} as const
const methods = { GET: {}, POST: { method: 'POST', body } } as const

interface Combination {
  readonly status: number
  readonly credential: keyof typeof credentials
  readonly method: keyof typeof methods
}
const combinations: Combination[] = statuses.flatMap((status) =>
  (Object.keys(credentials) as Combination['credential'][]).flatMap((credential) =>
    (Object.keys(methods) as Combination['method'][]).map((method) => ({ status, credential, method })),
  ),
)

type Client = (origin: string, header: 'authorization' | 'x-api-key') => (url: string, init: RequestInit) => unknown
const ours: Client = (origin, header) => createAuth(local(origin, header), { credential: apiKey(key) }).fetch
const bareFetch: Client = (_origin, header) => (url, init) =>
  fetch(url, { ...init, headers: { ...init.headers, [header]: header === 'authorization' ? `Bearer ${key}` : key } })

function local(origin: string, header: 'authorization' | 'x-api-key'): Service {
  return defineService({
    ...{ id: 'local', name: 'Local', errors: [], recommendations: [], links: { docs: { where: 'nowhere' } } },
    resources: { rest: { url: `${origin}/v1`, protocol: 'rest', apiKey: [header] } },
    apiKey: { env: 'LOCAL_API_KEY', rotation: { method: 'replace' } },
  })
}

interface Walk extends Combination {
  readonly atHome: string
  readonly abroad: readonly string[]
  readonly refused: boolean
}

async function walk(client: Client, change: string, combination: Combination, servers: RawServer[]): Promise<Walk> {
  const [home, other] = servers as [RawServer, RawServer]
  const [from, to] = changes[change]?.(home.port, other.port) ?? ['', '']
  const { status, credential, method } = combination
  for (const server of servers) server.seen.length = 0
  home.answer = ({ path }) =>
    `HTTP/1.1 ${path === '/v1/start' ? `${status} Moved\r\nlocation: ${to}/v1/target` : '200 OK'}\r\ncontent-length: 0\r\n\r\n`
  const { header, extra } = credentials[credential]
  const outcome = await Promise.resolve(
    client(from, header)(`${from}/v1/start`, { ...methods[method], headers: extra }),
  ).catch((error: unknown) => error)
  const seen = servers.flatMap((server) => server.seen)
  return {
    ...combination,
    atHome: seen.find(({ path }) => path === '/v1/start')?.bytes ?? '',
    abroad: seen.filter(({ path }) => path === '/v1/target').map(({ bytes }) => bytes),
    refused: PentauthError.isInstance(outcome) && outcome.code === 'redirect_refused',
  }
}

const leaked = (bytes: string) => [key, proof, cookie, body].some((secret) => bytesOf(secret, bytes) > 0)

const walked: string[] = []
const leakedByTwin: string[] = []

describe.each(Object.keys(changes))('a redirect to %s', (change) => {
  threat('F1', `credentials and body stay at home (${change})`, {
    ours,
    twin: bareFetch,
    attack: async (client) => {
      const servers = [await open(), await open()]
      const walks: Walk[] = []
      for (const combination of combinations) walks.push(await walk(client, change, combination, servers))
      const names = walks.map(({ status, credential, method }) => `${status} ${change} ${credential} ${method}`)
      if (client === ours) walked.push(...names)
      else leakedByTwin.push(...names.filter((_, index) => walks[index]?.abroad.some(leaked)))
      return walks
    },
    breaches: (walks) =>
      walks.flatMap(({ status, credential, method, atHome, abroad, refused }) => {
        const name = `${status} ${credential} ${method}`
        // Otherwise there was nothing to leak, or nobody to leak it to.
        if (!leaked(atHome)) return [`${name}: home got no credential`]
        if (refused !== (method === 'POST' && status >= 307)) return [`${name}: refused is ${refused}`]
        if (abroad.length !== (refused ? 0 : 1)) return [`${name}: ${abroad.length} requests abroad`]
        return abroad.some(leaked) ? [`${name}: a credential or body abroad`] : []
      }),
  })
})

describe('F1: the grid', () => {
  it('has 240 combinations, and each was walked once', () => {
    expect([walked.length, new Set(walked).size]).toEqual([240, 240])
  })

  it('finds where fetch itself leaks: x-api-key and DPoP always, any body by 307 and 308', () => {
    const always = leakedByTwin.filter((name) => /x-api-key|DPoP/.test(name))
    const bodies = leakedByTwin.filter((name) => /30[78] .* (?:Bearer|Cookie) POST$/.test(name))
    expect([always.length, bodies.length, leakedByTwin.length]).toEqual([120, 24, 144])
  })
})
