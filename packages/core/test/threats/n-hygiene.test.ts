import { connect, createServer } from 'node:net'
import { createSandbox } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import { hasMarker, testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import { apiKey, clientCredentials, createAuth, defineService, PentauthError, relocate } from '../../src/index.ts'
import { pendra, pensyve, pentographer } from '../../src/services.ts'
import { client } from '../support/pentographer.ts'
import { recorder } from './support/recorder.ts'

// N2: what another package may have left on Object.prototype.
const evil = 'https://evil.test'
const evilFetch = async (input: unknown) => {
  stolen.push(String(input))
  return new Response('{}')
}
const stolen: string[] = []
const options: Record<string, unknown> = {
  headers: { authorization: 'Bearer theirs', 'x-evil': '1' },
  authorization: 'Bearer theirs',
  'x-api-key': 'theirs',
  method: 'DELETE',
  redirect: 'error',
  redirects: 'platform',
  url: evil,
  baseURL: evil,
  baseUrl: evil,
  prefixUrl: evil,
  prefix: evil,
  fetch: evilFetch,
  dispatcher: { dispatch: evilFetch },
  tokenEndpoint: `${evil}/token`,
  absent: 'nothing here',
  secret: { reveal: () => 'theirs' },
  relocated: true,
  header: 'x-api-key',
  duplex: 'half',
  dpop: true,
  boundTo: { jwk: { reveal: () => '{}' } },
  proofKey: { kty: 'EC' },
  isInstance: () => true,
}

/** What Node's fetch itself reads off the prototype where a request does not say it, and what we did not look for there. */
const defaults: Record<string, unknown> = {
  body: 'evil',
  credentials: 'include',
  referrer: evil,
  signal: AbortSignal.abort(),
  runtime: { fetch: evilFetch },
  dangerouslyAllowPlainHttp: true,
}

/** Calls with what is given, and what of it went over the wire; each in words that hold no secret. */
type Client = () => Promise<readonly string[]>

/** A request as a server would see it. */
async function inWords(request: Request): Promise<string> {
  const headers = [...request.headers].map(([name, value]) => `${name}=${hasMarker(value) ? 'ours' : value}`)
  const text = await request.clone().text()
  const body = text.replaceAll(client.clientSecret, 'ours')
  return [request.method, request.url, request.redirect, request.credentials, request.referrer, ...headers, body].join(
    ' ',
  )
}

async function throughFetch(calls: () => Promise<unknown>[]): Promise<readonly string[]> {
  const original = globalThis.fetch
  const { sent, fetch } = recorder(({ url }) =>
    url.endsWith('/token')
      ? Response.json({ access_token: testKey.token(), token_type: 'Bearer', expires_in: 3600 })
      : url.endsWith('/moved')
        ? new Response(null, { status: 302, headers: { location: `${pendra.resources.v1.url}/there` } })
        : new Response('{}'),
  )
  globalThis.fetch = fetch
  try {
    const outcomes = await Promise.all(
      calls().map((work) =>
        work.then(
          () => 'fine',
          (error) => (PentauthError.isInstance(error) ? error.code : `untyped ${(error as Error).name}`),
        ),
      ),
    )
    return [...outcomes, ...(await Promise.all(sent.map(inWords))).sort()]
  } finally {
    globalThis.fetch = original
  }
}

const ours: Client = () =>
  throughFetch(() => {
    const auth = async () => createAuth(pendra, { credential: apiKey(testKey.pendra()) })
    const withToken = async () => createAuth(pentographer, { credential: clientCredentials(client) })
    const { url } = pendra.resources.v1
    return [
      auth().then(({ fetch }) => fetch(url)),
      auth().then(({ fetch }) => fetch(`${url}/things`, { method: 'POST', body: '{}' })),
      auth().then(({ fetch }) => fetch(`${url}/moved`)),
      auth().then(({ fetch }) => fetch(pendra.resources.messages.url)),
      withToken().then(({ fetch }) => fetch(pentographer.resources.graphql.url)),
      (async () => createAuth(pensyve, { credential: apiKey(testKey.pendra()) }).credential())(),
      (async () => relocate(pensyve, { 'https://api.pensyve.com': 'http://gateway.test' }))(),
      (async () =>
        defineService({ ...pensyve, resources: { rest: { ...pensyve.resources.rest, url: 'http://a.test' } } }))(),
    ]
  })

/** Options in plain objects, as everybody writes them. */
const plain: Client = () =>
  throughFetch(() => [fetch(pendra.resources.v1.url, { cache: 'no-store' }), fetch(pendra.resources.v1.url, {})])

polluted('options of requests, services and sources', options)
polluted('what a request leaves unsaid', defaults)

function polluted(title: string, pollutions: Record<string, unknown>) {
  threat<Client, [name: string, before: readonly string[], after: readonly string[]][]>(
    'N2',
    `Object.prototype: ${title}`,
    {
      ours,
      twin: plain,
      attack: async (calls) => {
        const before = await calls()
        const outcomes: [string, readonly string[], readonly string[]][] = []
        for (const [name, value] of Object.entries(pollutions)) {
          const prototype = Object.prototype as unknown as Record<string, unknown>
          stolen.length = 0
          prototype[name] = value
          try {
            outcomes.push([name, before, [...(await calls()), ...stolen]])
          } finally {
            delete prototype[name]
          }
        }
        return outcomes
      },
      breaches: (outcomes) =>
        outcomes.flatMap(([name, before, after]) => {
          // A typed refusal in place of a request is safe; a request that is another one is not, and neither is one that was refused.
          const isSafe = (line: string) => before.includes(line) || line === 'invalid_service'
          const opened =
            after.filter((line) => line === 'fine').length > before.filter((line) => line === 'fine').length
          return [
            ...after.filter((line) => !isSafe(line)).map((line) => `${name}: ${line}`),
            ...(opened ? [`${name}: opened`] : []),
          ]
        }),
    },
  )
}

// N3: the sandbox is for this machine.
const reached = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy()
      resolve(true)
    }).on('error', () => resolve(false))
  })

/** Listens with whatever is the default, and says on which port. */
type Emulator = () => Promise<{ port: number; close: () => unknown; refusesOthers: boolean }>

threat<Emulator, { here: boolean; elsewhere: boolean; refusesOthers: boolean }>(
  'N3',
  'the sandbox listens on this machine alone',
  {
    ours: async () => {
      const server = await listen(createSandbox())
      const everywhere = await listen(createSandbox(), { host: '0.0.0.0' }).catch((error) => error)
      const port = Number(new URL(server.origins['https://api.pensyve.com'] ?? '').port)
      return { port, close: () => server.close(), refusesOthers: everywhere.code === 'host_not_loopback' }
    },
    twin: async () => {
      const server = createServer((socket) => socket.end())
      await new Promise<void>((resolve) => server.listen(0, resolve))
      return { port: (server.address() as { port: number }).port, close: () => server.close(), refusesOthers: false }
    },
    attack: async (emulator) => {
      const { port, close, refusesOthers } = await emulator()
      // Other addresses of the loopback, which a server on 127.0.0.1 alone does not have.
      const elsewhere = (await Promise.all(['127.0.0.2', '::1'].map((host) => reached(host, port)))).includes(true)
      const here = await reached('127.0.0.1', port)
      await close()
      return { here, elsewhere, refusesOthers }
    },
    breaches: ({ here, elsewhere, refusesOthers }) => [
      ...(here ? [] : ['not reachable at all']),
      ...(elsewhere ? ['reachable at another address'] : []),
      ...(refusesOthers ? [] : ['takes any address']),
    ],
  },
)

threat<(request: Request) => Promise<[Response, log: string]>, [status: number, log: string]>(
  'N3',
  'a key that the sandbox did not make is refused, and not kept',
  {
    ours: async (request) => {
      const sandbox = createSandbox()
      return [await sandbox.fetch(request), JSON.stringify(sandbox.journal.entries)]
    },
    twin: async (request) => [new Response('{}'), JSON.stringify([...request.headers])],
    attack: async (emulator) => {
      const headers = { authorization: `Bearer ${testKey.pensyve('production')}`, 'content-type': 'application/json' }
      const request = new Request('https://api.pensyve.com/v1/recall', {
        method: 'POST',
        headers,
        body: '{"query":"tea"}',
      })
      const [{ status }, log] = await emulator(request)
      return [status, log]
    },
    breaches: ([status, log]) => [
      ...(status === 401 || status === 403 ? [] : [`status ${status}`]),
      ...(hasMarker(log) ? ['the key is in the journal'] : []),
    ],
  },
)
