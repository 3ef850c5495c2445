import { gzipSync } from 'node:zlib'
import { testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import { afterEach, vi } from 'vitest'
import { type Discovered, type DiscoveryCache, discoveryCache } from '../../src/discovered.ts'
import { discover } from '../../src/discovery.ts'
import type { Flow } from '../../src/flow.ts'
import { PentauthError } from '../../src/index.ts'
import { clientFor } from '../../src/registration.ts'
import { memoryStore } from '../../src/store.ts'
import {
  acmeAt,
  flowAt,
  flowFor,
  openidPath,
  pathsOf,
  type Routes,
  resourceDocument,
  resourcePath,
  serverDocument,
  serverPath,
  site,
} from '../support/discovery.ts'
import { type Answer, json, serve } from '../support/server.ts'
import { diceOf } from './support/dice.ts'
import { type Fetch, recorder } from './support/recorder.ts'
import { inWords, rounds } from './support/rounds.ts'
import { settledWithin, turns } from './support/turns.ts'

/** Finds the authorization server of a flow's resource. */
type Finder = (
  flow: Flow,
  options?: { readonly challenge?: string; readonly cache?: DiscoveryCache },
) => Promise<unknown>

const challenged = (url: string | undefined) =>
  url === undefined ? {} : { challenge: { scheme: 'bearer', parameters: { resource_metadata: url } } }
const ours: Finder = (flow, { challenge, cache } = {}) => discover(flow, { ...challenged(challenge), cache })
/** Ours on a platform whose fetch undoes what one rule is about. */
const onPlatform =
  (change: (fetch: Fetch, flow: Flow) => Fetch): Finder =>
  (flow, options) =>
    ours({ ...flow, runtime: { ...flow.runtime, fetch: change(flow.runtime.fetch, flow) } }, options)
/** Changes the documents before anybody looks at them. */
const rewritten = (change: (document: Record<string, unknown>, url: URL, flow: Flow) => object): Finder =>
  onPlatform((fetch, flow) => async (input, init) => {
    const response = await fetch(input, init)
    if (response.status !== 200) return response
    const { headers } = response
    return new Response(JSON.stringify(change(await response.json(), new URL(String(input)), flow)), { headers })
  })
/** Reads what is there and believes it. */
const believing: Finder = async ({ resource, runtime }, { challenge } = {}) => {
  const { origin, pathname } = new URL(resource.url)
  const read = async (url: string) => (await runtime.fetch(url)).json() as Promise<Record<string, never>>
  const about = await read(challenge ?? `${origin}${resourcePath}${pathname}`)
  const issuer = about.authorization_servers?.[0] ?? origin
  return { server: await read(`${issuer}${serverPath}`), resource: about.resource }
}

type Ended = readonly [name: string, value: unknown, error: unknown]
const ended = (name: string, work: Promise<unknown>): Promise<Ended> =>
  work.then(
    (value) => [name, value, undefined] as const,
    (error: unknown) => [name, undefined, error] as const,
  )
const isTyped = (error: unknown, ...codes: string[]) => PentauthError.isInstance(error) && codes.includes(error.code)
const refusedAll = (outcomes: readonly Ended[], ...codes: string[]) => [
  ...(outcomes.length > 0 ? [] : ['nothing was tried']),
  ...outcomes.flatMap(([name, , error]) => (isTyped(error, ...codes) ? [] : [`${name}: not refused`])),
]

// B1: metadata that is another issuer's, by one letter or altogether.
const issuers: Record<string, (issuer: string) => unknown> = {
  'another host': () => 'https://as.example',
  'a slash more': (issuer) => `${issuer}/`,
  'other case': (issuer) => issuer.replace('http', 'HTTP'),
  'a default port': () => 'https://as.example:443',
  'an encoded letter': (issuer) => issuer.replace('127', '%3127'),
  'a space': (issuer) => `${issuer} `,
  nothing: () => undefined,
  null: () => null,
  'a list': (issuer) => [issuer],
  'an object': (issuer) => ({ issuer }),
}
threat<Finder, Ended[]>('B1', 'metadata of another issuer', {
  ours,
  twin: rewritten((document, { origin }) =>
    'issuer' in document || 'token_endpoint' in document ? { ...document, issuer: origin } : document,
  ),
  attack: async (find) => {
    const outcomes: Ended[] = []
    for (const [name, said] of Object.entries(issuers)) {
      const server = await site((origin) => ({
        [resourcePath]: resourceDocument(origin),
        [serverPath]: serverDocument(origin, { issuer: said(origin) }),
      }))
      const cache = discoveryCache()
      outcomes.push(await ended(name, find(flowAt(server.origin), { cache })))
      // What was refused must not be what the next one gets.
      outcomes.push(await ended(`${name}, again`, find(flowAt(server.origin), { cache })))
    }
    return outcomes
  },
  breaches: (outcomes) => refusedAll(outcomes, 'discovery_failed'),
})

const resources: Record<string, (origin: string) => unknown> = {
  'another host': () => 'https://other.example/mcp',
  'another port': () => 'http://127.0.0.1:1/mcp',
  'another scheme': (origin) => `${origin.replace('http:', 'https:')}/mcp`,
  'a slash more': (origin) => `${origin}/mcp/`,
  'a longer path': (origin) => `${origin}/mcp/x`,
  'half a name': (origin) => `${origin}/mc`,
  'a neighbour': (origin) => `${origin}/mcp2`,
  'a query': (origin) => `${origin}/?mcp`,
  'a user': (origin) => `${origin.replace('//', '//user@')}/mcp`,
  nothing: () => undefined,
  'no URL': () => '/mcp',
  'a list': (origin) => [`${origin}/mcp`],
}
threat<Finder, Ended[]>('B2', 'metadata of another resource', {
  ours,
  twin: rewritten((document, _url, { resource }) =>
    'authorization_servers' in document ? { ...document, resource: resource.url } : document,
  ),
  attack: async (find) => {
    const outcomes: Ended[] = []
    for (const [name, said] of Object.entries(resources)) {
      for (const place of ['/told', `${resourcePath}/mcp`]) {
        const server = await site((origin) => ({
          [place]: resourceDocument(origin, { resource: said(origin) }),
          [serverPath]: serverDocument(origin),
        }))
        const options = place === '/told' ? { challenge: server.origin + place } : {}
        outcomes.push(await ended(`${name} at ${place}`, find(flowAt(server.origin), options)))
      }
    }
    return outcomes
  },
  breaches: (outcomes) => refusedAll(outcomes, 'discovery_failed'),
})

// B3: nothing of this list is ever connected to: the platform of these tests is a list of answers.
const inside = [
  'http://169.254.169.254/latest/meta-data/',
  'https://169.254.169.254/',
  'https://10.0.0.1/',
  'https://172.16.5.4/',
  'https://192.168.0.1/',
  'https://100.64.1.1/',
  'https://127.0.0.1/',
  'https://127.1/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0177.0.0.1/',
  'https://0.0.0.0/',
  'https://localhost/',
  'https://localhost./',
  'https://a.localhost/',
  'https://[::1]/',
  'https://[::]/',
  'https://[::ffff:10.0.0.1]/',
  'https://[::ffff:a9fe:a9fe]/',
  'https://[fe80::1]/',
  'https://[fd00::1]/',
  'http://as.example/',
  'https://user:pw@as.example/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'gopher://as.example/',
]
const fields = [
  'authorization_endpoint',
  'token_endpoint',
  'registration_endpoint',
  'revocation_endpoint',
  'device_authorization_endpoint',
  'pushed_authorization_request_endpoint',
  'jwks_uri',
]
const honest = new Set(['https://mcp.example', 'https://as.example'])
threat<Finder, readonly [Ended, string[]][]>('B3', 'metadata that leads inside', {
  ours,
  twin: believing,
  attack: async (find) => {
    const outcomes: [Ended, string[]][] = []
    const tried = async (name: string, documents: Record<string, object>, challenge?: string) => {
      const { sent, fetch } = recorder(({ url }) =>
        documents[url] ? Response.json(documents[url]) : new Response('{}', { status: 404 }),
      )
      const flow = flowFor(acmeAt('https://mcp.example/mcp'), { fetch })
      const end = await ended(name, find(flow, challenge === undefined ? {} : { challenge }))
      outcomes.push([end, sent.map(({ url }) => new URL(url).origin)])
    }
    const about = (more: object = {}) => ({
      resource: 'https://mcp.example/mcp',
      authorization_servers: ['https://as.example'],
      ...more,
    })
    for (const url of inside) {
      await tried(`resource_metadata ${url}`, {}, url)
      await tried(`authorization_servers ${url}`, {
        [`https://mcp.example${resourcePath}/mcp`]: about({ authorization_servers: [url] }),
      })
      for (const field of fields) {
        await tried(`${field} ${url}`, {
          [`https://mcp.example${resourcePath}/mcp`]: about(),
          [`https://as.example${serverPath}`]: serverDocument('https://as.example', { [field]: url }),
        })
      }
    }
    return outcomes
  },
  breaches: (outcomes) => [
    ...refusedAll(
      outcomes.map(([end]) => end),
      'unsafe_address',
    ),
    ...outcomes.flatMap(([[name], origins]) =>
      origins.filter((origin) => !honest.has(origin)).map((origin) => `${name}: asked ${origin}`),
    ),
  ],
})

// B5 and B6: where a request for metadata goes, and what it carries.
const redirects = [301, 302, 303, 307, 308]
threat<Finder, { outcomes: Ended[]; elsewhere: number }>('B5', 'metadata that is somewhere else', {
  ours,
  twin: onPlatform((fetch) => (input, init) => fetch(input, { ...init, redirect: 'follow' })),
  attack: async (find) => {
    const outcomes: Ended[] = []
    const documents = (origin: string): Routes => ({
      [resourcePath]: resourceDocument(origin),
      [serverPath]: serverDocument(origin),
    })
    const elsewhere = await serve((response) => json(response, 200, {}))
    for (const status of redirects) {
      for (const place of [resourcePath, serverPath]) {
        const targets: Record<string, (origin: string) => string> = {
          'another origin': () => `${elsewhere.origin}${place}`,
          'the same origin': (origin) => `${origin}/moved`,
          itself: (origin) => origin + place,
          'no address': () => 'javascript:alert(1)',
        }
        for (const [name, target] of Object.entries(targets)) {
          let hops = 0
          const moved: Answer = (response, { path }, { origin }) => {
            if (hops++ > 3 || path === '/moved') return json(response, 200, documents(origin)[place])
            response.writeHead(status, { location: target(origin), 'content-type': 'application/json' })
            // Whoever looks at the body alone finds what was asked for.
            return response.end(JSON.stringify(documents(origin)[place]))
          }
          const server = await site((origin) => ({ ...documents(origin), [place]: moved, '/moved': moved }))
          outcomes.push(await ended(`${status} at ${place} to ${name}`, find(flowAt(server.origin))))
        }
      }
    }
    return { outcomes, elsewhere: elsewhere.seen.length }
  },
  breaches: ({ outcomes, elsewhere }) => [
    ...refusedAll(outcomes, 'discovery_failed'),
    ...(elsewhere === 0 ? [] : [`${elsewhere} requests elsewhere`]),
  ],
})

const secret = testKey.token('session')
threat<Finder, string[]>('B6', 'credentials for those who are only asked where things are', {
  ours,
  twin: onPlatform(
    (fetch) => (input, init) =>
      fetch(input, {
        ...init,
        headers: { ...Object.fromEntries(new Headers(init?.headers)), authorization: `Bearer ${secret}` },
      }),
  ),
  attack: async (find) => {
    const carried: string[] = []
    const server = await site((origin) => ({
      '/told': resourceDocument(origin),
      [serverPath]: serverDocument(origin),
    }))
    const resource = {
      url: `${server.origin}/mcp`,
      protocol: 'mcp',
      accessToken: true,
      headers: { 'x-tenant': 'one' },
    } as const
    const flow = flowFor(acmeAt(resource.url, { resources: { mcp: resource } }))
    await find(flow, { challenge: `${server.origin}/told?state=1` }).catch(() => undefined)
    await find(flow, { challenge: `${server.origin}/told` })
    const plain =
      /^(?:host|connection|accept|accept-(?:language|encoding)|user-agent|sec-fetch-\w+|cache-control|pragma)$/
    for (const { path, method, body, headers: sent } of server.seen) {
      const odd = Object.keys(sent).filter((name) => !plain.test(name))
      if (odd.length > 0 || method !== 'GET' || body !== '') carried.push(`${path}: ${method} with ${odd.join(', ')}`)
    }
    return server.seen.length < 2 ? ['nothing was asked'] : carried
  },
  breaches: (carried) => carried,
})

// B7: the resource names the server; the program's secrets are for the one that they were made for.
type Choosing = (flow: Flow, home: string, discovered: Discovered) => Promise<unknown>
const client = { clientId: 'by-hand', clientSecret: testKey.token('client') }
threat<Choosing, Ended[]>('B7', 'a resource that names another server for stored secrets', {
  ours: (flow, home, discovered) =>
    clientFor(flow, discovered, {
      client: { ...client, issuer: home },
      redirectUri: 'http://127.0.0.1/cb',
      store: memoryStore(),
    }),
  // Its credentials belong to whoever is named.
  twin: (flow, _home, discovered) =>
    clientFor(flow, discovered, {
      client: { ...client, issuer: discovered.server.issuer },
      redirectUri: 'http://127.0.0.1/cb',
      store: memoryStore(),
    }),
  attack: async (choose) => {
    const home = await site((origin) => ({ [serverPath]: serverDocument(origin) }))
    const evil = await site((origin) => ({ [serverPath]: serverDocument(origin) }))
    const resource = await site((origin) => ({
      [resourcePath]: resourceDocument(origin, { authorization_servers: [evil.origin] }),
    }))
    const flow = flowAt(resource.origin)
    const moved = await ended('another server', choose(flow, home.origin, await discover(flow)))
    const slash = await ended('the same with a slash', choose(flow, `${evil.origin}/`, await discover(flow)))
    return [moved, slash]
  },
  breaches: (outcomes) => refusedAll(outcomes, 'registration_failed'),
})

threat<Finder, { outcome: Ended; paths: string[] }>('B8', 'no metadata anywhere', {
  ours,
  // As clients did once: the resource itself is the authorization server.
  twin: async (flow) => ours(flow).catch(() => ({ server: serverDocument(new URL(flow.resource.url).origin) })),
  attack: async (find) => {
    const server = await site(() => ({}))
    return { outcome: await ended('404 everywhere', find(flowAt(server.origin))), paths: pathsOf(server) }
  },
  breaches: ({ outcome, paths }) => [
    ...refusedAll([outcome], 'discovery_failed'),
    // An MCP server of which nothing is known is asked itself, without a credential.
    ...paths.filter((path) => !/^\/(?:\.well-known\/|mcp$)/.test(path)).map((path) => `asked ${path}`),
  ],
})

// B9: in this order, and no further than a server that is in trouble.
const chain = [`${resourcePath}/mcp`, resourcePath, `${serverPath}/t1`, `${openidPath}/t1`, `/t1${openidPath}`]
const troubles: Record<string, Answer> = {
  '500': (response) => json(response, 500, {}),
  '503 as a page': (response) => response.writeHead(503, { 'content-type': 'text/html' }).end('<html>'),
  '429': (response) => json(response, 429, {}),
  'a broken connection': (response) => response.destroy(),
}
threat<Finder, readonly [string, Ended, string[]][]>('B9', 'a server in trouble, at each of the places', {
  ours,
  // Whatever is no answer is taken for "not here".
  twin: onPlatform((fetch) => async (input, init) => {
    const response = await fetch(input, init).catch(() => new Response('', { status: 404 }))
    return response.status >= 429 ? new Response('', { status: 404 }) : response
  }),
  attack: async (find) => {
    const outcomes: [string, Ended, string[]][] = []
    for (const [trouble, answer] of Object.entries(troubles)) {
      for (const place of chain) {
        const server = await site((origin) => ({
          [resourcePath]: resourceDocument(origin, { authorization_servers: [`${origin}/t1`, `${origin}/t2`] }),
          [chain.at(-1) ?? '']: serverDocument(`${origin}/t1`),
          [`${serverPath}/t2`]: serverDocument(`${origin}/t2`),
          [place]: answer,
        }))
        outcomes.push([place, await ended(`${trouble} at ${place}`, find(flowAt(server.origin))), pathsOf(server)])
      }
    }
    return outcomes
  },
  breaches: (outcomes) =>
    outcomes.flatMap(([place, [name, , error], paths]) => [
      ...(isTyped(error, 'temporarily_unavailable')
        ? []
        : [`${name}: ${error === undefined ? 'went on' : 'another error'}`]),
      ...(String(paths) === String(chain.slice(0, chain.indexOf(place) + 1))
        ? []
        : [`${name}: asked ${paths.join(' ')}`]),
    ]),
})

// B10: documents as a program makes them that wants to see another one fall.
const junk = [
  5,
  0,
  -1,
  null,
  true,
  '',
  'x',
  [],
  [[]],
  {},
  { a: 1 },
  '__proto__',
  'constructor',
  '\u0000',
  '\u202e',
  'https://',
  'x'.repeat(5_000),
  1e308,
]
const names = [
  'issuer',
  'resource',
  'authorization_servers',
  'scopes_supported',
  ...fields,
  'code_challenge_methods_supported',
  'grant_types_supported',
  'authorization_response_iss_parameter_supported',
  'client_id_metadata_document_supported',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
]
/** A document with a few places that are something else; as text, since only there `__proto__` is a name like others. */
function spoilt(document: object, seed: number): string {
  const { below, one } = diceOf(seed)
  const entries = Object.entries(document)
  for (let changes = 1 + below(3); changes > 0; changes--) {
    const entry: [string, unknown] = [one(names), one(junk)]
    if (below(2) === 0) entries.push(entry)
    else entries.splice(below(entries.length), 1, entry)
  }
  const text = `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value) ?? 'null'}`).join(',')}}`
  return below(10) === 0 ? text.slice(0, below(text.length)) : text
}
const polluted = () => Object.keys(Object.prototype).concat(Object.keys(Array.prototype))
const tries = rounds(2_000)
threat<Finder, string[]>('B10', `${inWords(2_000)} documents with something else in them`, {
  ours,
  twin: async (flow) => {
    const found = (await believing(flow)) as { server: Record<string, string> }
    return { ...found, address: new URL(found.server.token_endpoint ?? '').href }
  },
  attack: async (find) => {
    const wrong: string[] = []
    let found = 0
    for (let seed = 1; seed <= tries; seed++) {
      const about = {
        resource: 'https://mcp.example/mcp',
        authorization_servers: ['https://as.example'],
        scopes_supported: ['a'],
      }
      const fetch: Fetch = async (input) => {
        const url = String(input)
        const text = url.includes('oauth-protected-resource')
          ? spoilt(about, seed % 2 ? seed : 0)
          : spoilt(serverDocument('https://as.example'), seed % 2 ? 0 : seed)
        return new Response(seed % 3 ? text : seed % 2 ? spoilt(about, seed) : text, {
          headers: { 'content-type': 'application/json' },
        })
      }
      const [, value, error] = await ended('', find(flowFor(acmeAt('https://mcp.example/mcp'), { fetch })))
      if (error !== undefined && !PentauthError.isInstance(error))
        wrong.push(`${seed}: ${(error as Error).constructor.name}`)
      if (value !== undefined) {
        found++
        const { server } = value as { server: Record<string, unknown> }
        const odd = fields.filter(
          (name) => server[name] !== undefined && !/^https:\/\/as\.example\//.test(String(server[name])),
        )
        if (odd.length > 0) wrong.push(`${seed}: ${odd.join(', ')}`)
      }
      if (polluted().length > 0) wrong.push(`${seed}: polluted`)
    }
    // A generator that never makes a usable document, or never an unusable one, shows nothing.
    return found > 0 && found < tries ? wrong : [`${found} of ${tries} were found`]
  },
  breaches: (wrong) => wrong,
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

// B11: documents that are too much, or not what they should be.
const shapes: Record<string, Answer> = {
  '10 MB': (response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(`{"a":"${'x'.repeat(10_000_000)}"}`),
  'a bomb': (response) =>
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip, gzip' })
      .end(gzipSync(gzipSync(Buffer.alloc(2 ** 24, 32)))),
  'UTF-16': (response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(Buffer.from('{"resource":"x"}', 'utf16le')),
  'half a document': (response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"resource":"http'),
  'a body that breaks off': (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' }).write('{"resource":')
    setImmediate(() => response.destroy())
  },
  'brackets without end': (response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('['.repeat(200_000)),
}
const most = 1_048_576
function counting() {
  const counted = { bytes: 0 }
  const fetch: Fetch = async (input, init) => {
    const response = await globalThis.fetch(input, init)
    const count = new TransformStream({
      transform(chunk: Uint8Array, controller) {
        counted.bytes += chunk.byteLength
        controller.enqueue(chunk)
      },
    })
    return new Response(response.body?.pipeThrough(count) ?? null, response)
  }
  return { counted, fetch }
}
threat<Finder, readonly [Ended, number][]>('B11', 'documents that are too much or no documents', {
  ours,
  twin: believing,
  attack: async (find) => {
    const outcomes: [Ended, number][] = []
    for (const [name, answer] of Object.entries(shapes)) {
      for (const place of [`${resourcePath}/mcp`, serverPath]) {
        const { counted, fetch } = counting()
        const server = await site((origin) => ({ [`${resourcePath}/mcp`]: resourceDocument(origin), [place]: answer }))
        outcomes.push([await ended(`${name} at ${place}`, find(flowAt(server.origin, { fetch }))), counted.bytes])
      }
    }
    return outcomes
  },
  breaches: (outcomes) => [
    ...refusedAll(
      outcomes.map(([end]) => end),
      'discovery_failed',
      'temporarily_unavailable',
    ),
    ...outcomes.flatMap(([[name], bytes]) => (bytes > most ? [`${name}: ${bytes} bytes were read`] : [])),
  ],
})

threat<Finder, Ended[]>('B11', 'a document that never ends', {
  ours,
  twin: believing,
  attack: async (find) => {
    const outcomes: Ended[] = []
    const silences: Record<string, Answer> = {
      'no answer': () => undefined,
      'half of it': (response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
    }
    for (const [name, silence] of Object.entries(silences)) {
      const fire: (() => void)[] = []
      vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
        const controller = new AbortController()
        fire.push(() => controller.abort(new DOMException('late', 'TimeoutError')))
        return controller.signal
      })
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      let come = () => {}
      const hasCome = new Promise<void>((resolve) => {
        come = resolve
      })
      const server = await serve((response, seen, handle) => {
        silence(response, seen, handle)
        if (!response.headersSent) come()
      })
      const fetch: Fetch = async (input, init) => {
        const response = await globalThis.fetch(input, init)
        come()
        return response
      }
      const work = find(flowAt(server.origin, { fetch }))
      work.catch(() => undefined)
      await hasCome
      await turns(20)
      for (const end of fire) end()
      await vi.advanceTimersByTimeAsync(10_000)
      const settled = await settledWithin(work)
      outcomes.push([name, settled?.value, settled?.error])
      vi.useRealTimers()
      vi.restoreAllMocks()
    }
    return outcomes
  },
  breaches: (outcomes) => refusedAll(outcomes, 'temporarily_unavailable', 'discovery_failed'),
})

// B12: what is kept, for how long, and for whom.
const forever: Finder = (() => {
  const found = new Map<string, Promise<unknown>>()
  return (flow: Flow) => {
    const known = found.get(new URL(flow.resource.url).origin) ?? ours(flow)
    found.set(new URL(flow.resource.url).origin, known)
    return known
  }
})()
threat<Finder, string[]>('B12', 'metadata that is old, or was somebody else’s', {
  ours,
  twin: forever,
  attack: async (find) => {
    const wrong: string[] = []
    for (const control of ['max-age=99999999999', 'max-age=-5', 'max-age=1e9', 'immutable, max-age=31536000', '']) {
      const clock = { now: 1_000_000 }
      const state = { token: '/token' }
      const timed =
        (document: (origin: string) => object): Answer =>
        (response, _seen, { origin }) =>
          json(response, 200, document(origin), { 'cache-control': control })
      const server = await site((origin) => ({
        [resourcePath]: timed(() => resourceDocument(origin, { resource: origin })),
        [serverPath]: timed(() => serverDocument(origin, { token_endpoint: origin + state.token })),
      }))
      const cache = discoveryCache()
      const flow = flowAt(server.origin, { now: () => clock.now })
      const endpoint = async (of: Flow = flow) => {
        const { server: found } = (await find(of, { cache })) as { server: { token_endpoint: string } }
        return new URL(found.token_endpoint).pathname
      }
      await endpoint()
      state.token = '/moved'
      cache.forget(flow)
      if ((await endpoint()) !== '/moved') wrong.push(`${control}: not asked again after a refusal`)
      state.token = '/late'
      clock.now += 86_400_000
      if ((await endpoint()) !== '/late') wrong.push(`${control}: kept for more than a day`)
      state.token = '/other'
      const other = flowFor(acmeAt(`${server.origin}/other`), { now: () => clock.now })
      if ((await endpoint(other)) !== '/other') wrong.push(`${control}: one resource had another's`)
    }
    return wrong
  },
  breaches: (wrong) => wrong,
})
