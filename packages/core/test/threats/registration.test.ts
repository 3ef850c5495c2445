import { hasMarker, renderings, testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import type { Discovered } from '../../src/discovered.ts'
import type { Flow } from '../../src/flow.ts'
import { PentauthError } from '../../src/index.ts'
import { clientFor, type RegisteredClient, withClient } from '../../src/registration.ts'
import type { Store } from '../../src/store.ts'
import { acmeAt, flowFor, serverDocument, site } from '../support/discovery.ts'
import { json } from '../support/server.ts'
import { diceOf } from './support/dice.ts'
import { type Fetch, recorder } from './support/recorder.ts'
import { inWords, rounds } from './support/rounds.ts'

interface Place {
  readonly redirectUri: string
  readonly store: Store
}
type Client = Pick<RegisteredClient, 'clientId' | 'authMethod'> & { readonly scope?: unknown }
/** Registers at a server, or takes what is stored. */
type Registrar = (flow: Flow, discovered: Discovered, place: Place) => Promise<Client>

const ours: Registrar = (flow, discovered, place) =>
  clientFor(flow, discovered, { ...place, client: { name: 'Example' } })
/** Stores whatever comes back, under the name of the service. */
const believing: Registrar = async ({ runtime, service }, { server }, { redirectUri, store }) => {
  const kept = await store.get(service.id)
  if (kept) return JSON.parse(kept)
  const asked = {
    redirect_uris: [redirectUri],
    token_endpoint_auth_method: 'none',
    scope: server.scopes_supported?.join(' '),
  }
  const body = JSON.stringify(asked)
  const response = await runtime.fetch(String(server.registration_endpoint), { method: 'POST', body })
  const answer = (await response.json()) as Record<string, string>
  if (!response.ok) throw new TypeError(JSON.stringify(answer))
  await store.set(service.id, JSON.stringify({ ...answer, clientId: answer.client_id, authMethod: 'none' }))
  return { clientId: String(answer.client_id), authMethod: 'none', scope: answer.scope }
}

const issuer = 'https://as.example'
const redirectUri = 'https://app.example/callback'
function storeHere() {
  const values = new Map<string, string>()
  const store: Store = {
    get: async (key) => values.get(key),
    set: async (key, value) => void values.set(key, value),
    delete: async (key) => void values.delete(key),
  }
  return { values, store }
}
const discoveredAt = (origin: string, more: object = {}): Discovered => ({
  server: serverDocument(origin, { scopes_supported: ['read', 'admin'], ...more }) as unknown as Discovered['server'],
  resource: 'https://mcp.example/mcp',
  source: 'metadata',
})
const flowWith = (fetch: Fetch) => flowFor(acmeAt('https://mcp.example/mcp'), { fetch })
const outcome = (work: Promise<unknown>) =>
  work.then(
    (value) => ({ value, error: undefined }),
    (error: unknown) => ({ value: undefined, error }),
  )
const isRefused = (error: unknown) => PentauthError.isInstance(error) && error.code === 'registration_failed'

// C1: answers that would bring codes to others, or make a client that cannot be used.
const tampered: Record<string, object> = {
  'another redirect URI': { redirect_uris: ['https://evil.test/callback'] },
  'one more redirect URI': { redirect_uris: [redirectUri, 'https://evil.test/callback'] },
  'no redirect URI': { redirect_uris: [] },
  'a redirect URI with more': { redirect_uris: [`${redirectUri}/more`] },
  'another port of a host': { redirect_uris: ['https://app.example:8443/callback'] },
  'a text for redirect URIs': { redirect_uris: redirectUri },
  'no client ID': { client_id: undefined },
  'a number as client ID': { client_id: 5 },
  'an empty client ID': { client_id: '' },
  'a client ID with a line break': { client_id: 'a\r\nb' },
  'a key as proof': { token_endpoint_auth_method: 'private_key_jwt' },
  'an unknown proof': { token_endpoint_auth_method: 'tls_client_auth' },
  'a secret proof without a secret': { token_endpoint_auth_method: 'client_secret_basic' },
  'a number as secret': {
    token_endpoint_auth_method: 'client_secret_basic',
    client_secret: 5,
    client_secret_expires_at: 0,
  },
  'a secret with a line break': {
    token_endpoint_auth_method: 'client_secret_post',
    client_secret: 'a\nb',
    client_secret_expires_at: 0,
  },
  'a secret that has ended': {
    token_endpoint_auth_method: 'client_secret_post',
    client_secret: 'a',
    client_secret_expires_at: 1,
  },
  'another grant': { grant_types: ['implicit'] },
  'another response': { response_types: ['token'] },
}
threat<Registrar, string[]>('C1', 'an answer that changes what was registered', {
  ours,
  twin: believing,
  attack: async (register) => {
    const wrong: string[] = []
    for (const [name, change] of Object.entries(tampered)) {
      const { values, store } = storeHere()
      const flow = flowWith(async (_url, init) =>
        Response.json({ client_id: 'one', ...JSON.parse(String(init?.body)), ...change }, { status: 201 }),
      )
      const { error } = await outcome(register(flow, discoveredAt(issuer), { redirectUri, store }))
      if (!isRefused(error)) wrong.push(`${name}: not refused`)
      if (values.size > 0) wrong.push(`${name}: stored`)
    }
    return wrong
  },
  breaches: (wrong) => wrong,
})

const junk = [
  5,
  -1,
  null,
  true,
  '',
  'x',
  [],
  [[]],
  {},
  [redirectUri],
  ['code'],
  '__proto__',
  '\u0000',
  'none',
  'x'.repeat(9_000),
  1e308,
]
const names = [
  'client_id',
  'client_secret',
  'client_secret_expires_at',
  'redirect_uris',
  'grant_types',
  'response_types',
  'token_endpoint_auth_method',
  'error',
  'error_description',
  '__proto__',
  'constructor',
  'toString',
]
const tries = rounds(1_000)
threat<Registrar, string[]>('C1', `${inWords(1_000)} answers with something else in them`, {
  ours,
  twin: believing,
  attack: async (register) => {
    const wrong: string[] = []
    let taken = 0
    for (let seed = 1; seed <= tries; seed++) {
      const { below, one } = diceOf(seed)
      const asked = { client_id: 'one', redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' }
      const entries: [string, unknown][] = Object.entries(asked)
      for (let changes = below(4); changes > 0; changes--) entries.push([one(names), one(junk)])
      const text = `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`
      const status = one([200, 201, 201, 201, 400, 401, 302])
      const flow = flowWith(async () => new Response(text, { status, headers: { 'content-type': 'application/json' } }))
      const { values, store } = storeHere()
      const { value, error } = await outcome(register(flow, discoveredAt(issuer), { redirectUri, store }))
      if (error !== undefined && !PentauthError.isInstance(error))
        wrong.push(`${seed}: ${(error as Error).constructor.name}`)
      if (error !== undefined && values.size > 0) wrong.push(`${seed}: stored`)
      if (value === undefined) continue
      taken++
      if (typeof (value as Client).clientId !== 'string' || (value as Client).clientId === '')
        wrong.push(`${seed}: no client ID`)
    }
    return taken > 0 && taken < tries ? wrong : [`${taken} of ${tries} were taken`]
  },
  breaches: (wrong) => wrong,
})

threat<Registrar, string[]>('C2', 'a registration that is wider than what was asked for', {
  ours,
  twin: believing,
  attack: async (register) => {
    const { store } = storeHere()
    const asked: Record<string, unknown>[] = []
    const flow = flowWith(async (_url, init) => {
      asked.push(JSON.parse(String(init?.body)))
      const wider = {
        scope: 'read admin',
        grant_types: ['authorization_code', 'client_credentials', 'password'],
        contacts: ['x'],
      }
      return Response.json({ client_id: 'one', ...asked.at(-1), ...wider }, { status: 201 })
    })
    const first = await register(flow, discoveredAt(issuer), { redirectUri, store })
    const again = await register(flow, discoveredAt(issuer), { redirectUri, store })
    const text = JSON.stringify([first, again])
    return [
      ...(asked.length === 1 && asked[0] && !('scope' in asked[0]) ? [] : ['scopes were asked for']),
      ...(/admin|password|client_credentials/.test(text) ? ['the wider registration is used'] : []),
    ]
  },
  breaches: (wrong) => wrong,
})

/** Runs an operation that needs a client which its server knows. */
type Operation = (
  flow: Flow,
  discovered: Discovered,
  place: Place,
  run: (client: Client) => Promise<unknown>,
) => Promise<unknown>
threat<Operation, { registrations: number; runs: number; settled: boolean }>(
  'C3',
  'a server that knows no client for long',
  {
    ours: (flow, discovered, place, run) => withClient(flow, discovered, { ...place, client: {} }, run),
    // Again and again, as long as the answer is the same; the test ends it.
    twin: async (flow, discovered, place, run) => {
      for (let again = 0; again < 50; again++) {
        const client = await ours(flow, discovered, place)
        const { value, error } = await outcome(run(client))
        if (error === undefined) return value
        await place.store.delete([...(place as unknown as { keys: () => string[] }).keys()][0] ?? '')
      }
      throw new TypeError('never')
    },
    attack: async (operate) => {
      const { values, store } = storeHere()
      let [registrations, runs] = [0, 0]
      const flow = flowWith(async (_url, init) => {
        registrations++
        return Response.json({ client_id: `${registrations}`, ...JSON.parse(String(init?.body)) }, { status: 201 })
      })
      const place = { redirectUri, store, keys: () => [...values.keys()] }
      await ours(flow, discoveredAt(issuer), place)
      registrations = 0
      const { error } = await outcome(
        operate(flow, discoveredAt(issuer), place, async () => {
          runs++
          throw new PentauthError({ code: 'client_refused', message: 'invalid_client' })
        }),
      )
      return { registrations, runs, settled: PentauthError.isInstance(error) }
    },
    breaches: ({ registrations, runs, settled }) => [
      ...(settled ? [] : ['no typed error']),
      ...(registrations <= 1 ? [] : [`${registrations} registrations`]),
      ...(runs <= 2 ? [] : [`${runs} runs`]),
    ],
  },
)

threat<Registrar, string[]>('C4', 'a registration in another place', {
  ours,
  twin: believing,
  attack: async (register) => {
    const { values, store } = storeHere()
    let count = 0
    const flow = flowWith(async (_url, init) => {
      count++
      return Response.json({ client_id: `client ${count}`, ...JSON.parse(String(init?.body)) }, { status: 201 })
    })
    const known = new Map<string, string>()
    const wrong: string[] = []
    const places: [string, string][] = [
      [issuer, redirectUri],
      ['https://other.example', redirectUri],
      [`${issuer}/`, redirectUri],
      [issuer, 'https://app.example/other'],
      [issuer, 'http://localhost:1111/callback'],
      [issuer, 'http://localhost:2222/callback'],
      [issuer, 'http://127.0.0.1:1111/callback'],
    ]
    for (const [at, uri] of [...places, ...places]) {
      const { clientId } = await register(flow, discoveredAt(at), { redirectUri: uri, store })
      const before = known.get(at + uri)
      if (before === undefined && [...known.values()].includes(clientId))
        wrong.push(`${at} ${uri}: another place's client`)
      if (before !== undefined && before !== clientId) wrong.push(`${at} ${uri}: its own client was lost`)
      known.set(at + uri, clientId)
    }
    // One that was moved to another name in the store stays with its issuer.
    const [first = '', second = ''] = [...values.keys()]
    values.set(second, values.get(first) ?? '')
    const { clientId } = await register(flow, discoveredAt('https://other.example'), { redirectUri, store })
    if (clientId === known.get(issuer + redirectUri)) wrong.push('a moved registration was believed')
    return wrong
  },
  breaches: (wrong) => wrong,
})

const management = testKey.token('management')
threat<Registrar, string[]>('C5', 'a token to manage the registration, and where it is registered', {
  ours,
  twin: believing,
  attack: async (register) => {
    const { values, store } = storeHere()
    const server = await site(() => ({
      '/register': (response, seen) =>
        json(response, 201, {
          client_id: 'one',
          ...JSON.parse(seen.body),
          registration_access_token: management,
          registration_client_uri: `https://as.example/register/${management}`,
        }),
    }))
    const flow = flowFor(acmeAt(`${server.origin}/mcp`))
    const client = await register(flow, discoveredAt(server.origin), { redirectUri, store })
    const wrong: string[] = []
    if (hasMarker([...values.values()].join())) wrong.push('it was stored')
    if (renderings([client, flow.events]).some(({ text }) => hasMarker(text))) wrong.push('it shows')
    // Redirects of the registration are no other places to register at.
    for (const status of [301, 302, 307, 308]) {
      const { sent, fetch } = recorder(() => new Response(null, { status, headers: { location: 'http://10.0.0.1/' } }))
      const { error } = await outcome(
        register(flowWith(fetch), discoveredAt(issuer), { redirectUri, store: storeHere().store }),
      )
      if (!isRefused(error)) wrong.push(`${status}: not refused`)
      if (sent.length !== 1) wrong.push(`${status}: ${sent.length} requests`)
    }
    return wrong
  },
  breaches: (wrong) => wrong,
})
