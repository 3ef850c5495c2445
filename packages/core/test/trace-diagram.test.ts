import { expectNoMarker, testKey } from '@pentauth/tooling/canary'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAuth, type PentauthEvent, signedIn, signOut } from '../src/index.ts'
import { finishSignIn, type StartSignInOptions, startSignIn } from '../src/sign-in.ts'
import { memoryStore } from '../src/store.ts'
import { traceDiagram } from '../src/trace-diagram.ts'
import { authorizationServer, type Endpoints } from './support/authorization-server.ts'
import { lossyFetch } from './support/lossy-fetch.ts'
import { flawsIn, requestsIn } from './support/mermaid.ts'
import { json } from './support/server.ts'

const redirectUri = 'http://127.0.0.1:8123/callback'

/** A sign-in at a server that notes its own answers, and the diagram of what was told. */
async function world(endpoints: Endpoints = {}) {
  const acme = await authorizationServer(endpoints)
  const store = memoryStore()
  const events: PentauthEvent[] = []
  let now = Date.now()
  const { fetch, lose } = lossyFetch()
  const runtime = { now: () => now, sleep: async () => undefined, fetch }
  const shared = { store, runtime, onEvent: (event: PentauthEvent) => void events.push(event) }
  const { service, approve } = acme
  return {
    ...acme,
    events,
    store,
    lose,
    advance: (ms: number) => {
      now += ms
    },
    start: (options: Partial<StartSignInOptions> = {}) =>
      startSignIn(service, { ...shared, redirectUri, client: { name: 'Test' }, ...options }),
    finish: (callback: URL | string) => finishSignIn(service, callback, shared),
    signIn: async () =>
      finishSignIn(service, approve((await startSignIn(service, { ...shared, redirectUri, client: {} })).url), shared),
    auth: () => createAuth(service, { ...shared, credential: signedIn({ store }) }),
    signOut: () => signOut(service, shared),
    async drawn() {
      // Events come behind a turn.
      await new Promise((resolve) => setImmediate(resolve))
      const diagram = traceDiagram(events)
      expect(flawsIn(diagram)).toEqual([])
      expectNoMarker(diagram)
      return diagram.replaceAll(acme.origin, 'https://acme.example')
    },
  }
}

const discovery = [
  'GET /.well-known/oauth-protected-resource/mcp 200',
  'GET /.well-known/oauth-authorization-server 200',
]

describe('traceDiagram', () => {
  it('draws a sign-in', async () => {
    const { signIn, drawn } = await world()
    await signIn()
    expect(await drawn()).toMatchInlineSnapshot(`
      "sequenceDiagram
        actor person as Person
        participant app as App
        participant server1 as Resource and authorization server, https://acme.example
        app->>server1: GET /.well-known/oauth-protected-resource/mcp
        server1-->>app: 200
        app->>server1: GET /.well-known/oauth-authorization-server
        server1-->>app: 200
        Note over app: tokens for mcp come from https://acme.example (metadata)
        app->>server1: POST /register, registers this program
        server1-->>app: 201
        Note over app: registered, without a secret
        app->>person: please sign in at https://acme.example, scope read
        person->>server1: GET /authorize
        server1-->>person: a code
        person->>app: back with the code
        app->>server1: POST /token, for a token
        server1-->>app: 200
        Note over app: token 1 received
        Note over app: signed in as default, scope read"
    `)
  })

  it('draws every request with its answer, in the order in which the server saw them', async () => {
    const { signIn, signOut, auth, advance, drawn, server } = await world()
    await signIn()
    advance(3_600_000)
    await auth().credential()
    await signOut()
    const diagram = await drawn()
    expect(requestsIn(diagram).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(
      server.seen.map(({ method, path }) => `${method} ${path}`),
    )
    expect(requestsIn(diagram)).toEqual([
      ...discovery,
      'POST /register 201',
      'POST /token 200',
      'POST /token 200',
      'POST /revoke 200',
    ])
    expect(diagram.slice(diagram.indexOf('runs out') - 50)).toMatchInlineSnapshot(`
      " POST /token, for a token, since the one there is runs out
        server1-->>app: 200
        Note over app: token 2 received
        Note over app: the session of default is renewed
        app->>server1: POST /revoke, revokes the tokens
        server1-->>app: 200
        Note over app: signed out default, revocation: done"
    `)
  })

  it('draws a person who says no', async () => {
    const { start, finish, approve, drawn } = await world()
    const { url } = await start()
    await finish(approve(url, { code: null, error: 'access_denied' })).catch(() => undefined)
    const diagram = await drawn()
    expect(diagram.slice(diagram.indexOf('  app->>person'))).toMatchInlineSnapshot(`
      "  app->>person: please sign in at https://acme.example, scope read
        person->>server1: GET /authorize
        server1-->>person: no code, access_denied
        person->>app: back without a code
        Note over app: not signed in: sign_in_failed, access_denied"
    `)
    expect(diagram).not.toContain('POST /token')
  })

  it('draws a callback that is no answer, and one that nobody waits for', async () => {
    const { start, finish, approve, drawn } = await world()
    const { url } = await start()
    await finish(approve(url, { iss: 'https://evil.example' })).catch(() => undefined)
    await finish(`${redirectUri}?state=${testKey.token('forged')}&code=1`).catch(() => undefined)
    const diagram = await drawn()
    expect(diagram.slice(diagram.indexOf('  app->>person'))).toMatchInlineSnapshot(`
      "  app->>person: please sign in at https://acme.example, scope read
        person->>app: back with no answer to a sign-in
        Note over app: not signed in: sign_in_response_invalid
        person->>app: back with no answer to a sign-in
        Note over app: not signed in: sign_in_response_invalid"
    `)
  })

  it('draws a code that is not taken, and trouble with the same callback', async () => {
    let status = 503
    const { start, finish, approve, drawn } = await world({
      token: (response) => json(response, status, { error: 'invalid_grant', error_description: 'x; y\nend' }),
    })
    const callback = approve((await start()).url)
    await finish(callback).catch(() => undefined)
    status = 400
    await finish(callback).catch(() => undefined)
    const diagram = await drawn()
    expect(diagram.slice(diagram.indexOf('  person->>'))).toMatchInlineSnapshot(`
      "  person->>server1: GET /authorize
        server1-->>person: a code
        person->>app: back with the code
        app->>server1: POST /token, for a token
        server1-->>app: 503 invalid_grant
        Note over app: not signed in: temporarily_unavailable
        person->>app: back with the code, again
        app->>server1: POST /token, for a token
        server1-->>app: 400 invalid_grant
        Note over app: not signed in: sign_in_failed, invalid_grant"
    `)
  })

  it('draws a registration that is refused', async () => {
    const { start, drawn } = await world({
      register: (response) => json(response, 400, { error: 'invalid_redirect_uri', error_description: '<b>"end"; #1' }),
    })
    await start().catch(() => undefined)
    const diagram = await drawn()
    expect(requestsIn(diagram)).toEqual([...discovery, 'POST /register 400'])
    expect(diagram).toContain('server1-->>app: 400 invalid_redirect_uri')
    expect(diagram).toContain('Note over app: not registered: registration_failed, invalid_redirect_uri')
  })

  it('draws a discovery that finds nobody', async () => {
    const { start, drawn } = await world({ metadata: () => ({ issuer: 'https://other.example' }) })
    await start().catch(() => undefined)
    const diagram = await drawn()
    expect(requestsIn(diagram)).toEqual(discovery)
    expect(diagram).toContain('Note over app: nowhere to sign in for mcp: discovery_failed')
    expect(diagram).not.toContain('person->>')
  })

  it('draws an answer that is lost, and the one retry', async () => {
    let made = 0
    const { signIn, auth, advance, drawn, lose } = await world({
      token: (response) => {
        made += 1
        return json(response, 200, {
          access_token: testKey.token(`access ${made}`),
          refresh_token: testKey.token('refresh'),
          token_type: 'Bearer',
          expires_in: 3600,
        })
      },
    })
    await signIn()
    advance(3_600_000)
    lose()
    await auth().credential()
    const diagram = await drawn()
    expect(requestsIn(diagram).slice(-2)).toEqual(['POST /token lost', 'POST /token 200'])
    expect(diagram.slice(diagram.indexOf('  app->>server1: POST /token, for a token, since'))).toMatchInlineSnapshot(`
      "  app->>server1: POST /token, for a token, since the one there is runs out
        server1--xapp: no answer, ECONNRESET
        Note over app: no token: temporarily_unavailable, asked again at once
        app->>server1: POST /token, for a token, since the one there is runs out
        server1-->>app: 200
        Note over app: token 2 received
        Note over app: the session of default is renewed"
    `)
  })

  it('draws a session that is over, a forgotten registration and a new one', async () => {
    let isKnown = true
    const { signIn, start, auth, advance, drawn } = await world({
      token: (response) =>
        isKnown
          ? json(response, 200, {
              access_token: testKey.token(),
              token_type: 'Bearer',
              expires_in: 1,
              refresh_token: testKey.token('r'),
            })
          : json(response, 401, { error: 'invalid_client' }),
    })
    await signIn()
    isKnown = false
    advance(10_000)
    await auth()
      .credential()
      .catch(() => undefined)
    await start()
    const diagram = await drawn()
    expect(requestsIn(diagram).slice(4)).toEqual(['POST /token 401', ...discovery, 'POST /register 201'])
    expect(diagram.slice(diagram.indexOf('server1-->>app: 401'))).toMatchInlineSnapshot(`
      "server1-->>app: 401 invalid_client
        Note over app: the registration is forgotten
        Note over app: the session of default is over: client_refused
        app->>server1: GET /.well-known/oauth-protected-resource/mcp
        server1-->>app: 200
        app->>server1: GET /.well-known/oauth-authorization-server
        server1-->>app: 200
        Note over app: tokens for mcp come from https://acme.example (metadata)
        app->>server1: POST /register, registers this program
        server1-->>app: 201
        Note over app: registered, without a secret
        app->>person: please sign in at https://acme.example, scope read"
    `)
  })

  it('draws a refused call, a renewal and the same call again', async () => {
    let refusals = 1
    const { signIn, auth, drawn, service } = await world({
      mcp: (response) => {
        if (refusals === 0) return json(response, 200, {})
        refusals -= 1
        return json(response, 401, {}, { 'www-authenticate': 'Bearer error="invalid_token"' })
      },
    })
    await signIn()
    await auth().fetch(`${service.resources.mcp.url}?secret=1`, { method: 'POST', body: '{}' })
    refusals = 2
    await auth().fetch(service.resources.mcp.url)
    const diagram = await drawn()
    expect(diagram.slice(diagram.indexOf('  app->>server1: POST /mcp'))).toMatchInlineSnapshot(`
      "  app->>server1: POST /mcp, with token 1
        server1-->>app: 401 credential_refused
        app->>server1: POST /token, for a token, since the one there is was refused
        server1-->>app: 200
        Note over app: token 2 received
        Note over app: the session of default is renewed
        app->>server1: POST /mcp, again, with token 2
        server1-->>app: 200
        app->>server1: GET /mcp, with token 2
        server1-->>app: 401 credential_refused
        app->>server1: POST /token, for a token, since the one there is was refused
        server1-->>app: 200
        Note over app: token 3 received
        Note over app: the session of default is renewed
        app->>server1: GET /mcp, again, with token 3
        server1-->>app: 401
        Note over app: token 3 was refused: credential_refused"
    `)
  })

  it('draws more scope that is asked for', async () => {
    const { signIn, start, drawn } = await world()
    await signIn()
    await start({ challenge: { scheme: 'bearer', parameters: { error: 'insufficient_scope', scope: 'write' } } })
    expect(await drawn()).toContain(
      'app->>person: please sign in at https://acme.example, scope read write, which adds write',
    )
  })

  it('draws a sign-out whose revocation fails', async () => {
    const { signIn, signOut, drawn } = await world({ revoke: (response) => json(response, 503, {}) })
    await signIn()
    await signOut()
    const diagram = await drawn()
    expect(requestsIn(diagram).at(-1)).toBe('POST /revoke 503')
    expect(diagram).toContain('Note over app: signed out default, revocation: failed')
  })

  it('numbers requests that were on their way at the same time', async () => {
    const { start, drawn, server } = await world()
    await Promise.all([start({ account: 'a', issuer: undefined }), start({ account: 'b' })])
    const diagram = await drawn()
    const numbered = [...diagram.matchAll(/app->>server1: \((\d+)\) /g)].map(([, number]) => number)
    const answered = [...diagram.matchAll(/server1-->>app: \((\d+)\) 20/g)].map(([, number]) => number)
    expect(numbered).toEqual(numbered.map((_, index) => String(index + 1)))
    expect([...answered].sort()).toEqual([...numbered].sort())
    expect(requestsIn(diagram)).toHaveLength(server.seen.length)
  })

  it('draws nothing of nothing', () => {
    expect(traceDiagram([])).toBe('sequenceDiagram\n  participant app as App')
  })
})

const facts = { purpose: 'token', method: 'POST', url: 'https://a.example/token' } as const
const credential = { kind: 'access-token', source: 'x', preview: 'x', fingerprint: '01234567' } as const
const failure = { code: 'sign_in_failed', status: 400, error: 'access_denied', reason: 'no' } as const
const who = { account: 'a', issuer: 'https://a.example' }
const call = { resource: 'mcp', method: 'POST', url: 'https://a.example/mcp', credential }
const kinds: readonly PentauthEvent[] = [
  { type: 'request_sent', id: 1, ...facts },
  { type: 'request_ended', id: 1, ...facts, status: 400, error: 'x', reason: undefined, duration: 1 },
  { type: 'request_ended', id: 1, ...facts, status: undefined, error: undefined, reason: 'ECONNRESET', duration: 1 },
  { type: 'server_discovered', resource: 'mcp', issuer: who.issuer, source: 'metadata' },
  { type: 'discovery_failed', resource: 'mcp', ...failure },
  { type: 'client_registered', issuer: who.issuer, clientId: 'c', authMethod: 'none', secretExpiresAt: undefined },
  { type: 'registration_failed', issuer: who.issuer, ...failure },
  { type: 'client_forgotten', issuer: who.issuer, clientId: 'c' },
  {
    type: 'sign_in_started',
    ...who,
    way: 'redirect',
    page: 'https://a.example/authorize',
    clientId: 'c',
    scope: 'read',
    addedScopes: ['read'],
  },
  { type: 'sign_in_returned', ...who },
  { type: 'sign_in_failed', ...who, ...failure },
  { type: 'sign_in_failed', account: undefined, issuer: undefined, ...failure, code: 'sign_in_response_invalid' },
  { type: 'token_requested', tokenEndpoint: facts.url, source: 'x', reason: 'first' },
  { type: 'token_received', credential, expiresAt: 1 },
  { type: 'token_request_failed', tokenEndpoint: facts.url, code: 'temporarily_unavailable', retryAfter: 1 },
  { type: 'signed_in', account: 'a', scopes: ['read'], expiresAt: 1 },
  { type: 'session_renewed', account: 'a', by: 'another', expiresAt: 1, scopes: ['read'] },
  { type: 'session_ended', account: 'a', code: 'sign_in_required' },
  { type: 'session_not_saved', account: 'a', reason: 'ENOSPC' },
  { type: 'signed_out', account: 'a', revocation: 'done' },
  { type: 'credential_refused', ...call, status: 401, code: 'credential_refused' },
  { type: 'request_resent', ...call, status: 200 },
  { type: 'connection_failed', resource: 'mcp', origin: 'https://a.example', reason: 'ECONNREFUSED' },
].map((event) => ({ service: 'acme', ...event }) as PentauthEvent)

/** The event with other texts in the place of its own. */
function withTexts<T>(value: T, next: () => string): T {
  if (typeof value === 'string') return next() as T
  if (Array.isArray(value)) return value.map((one) => withTexts(one, next)) as T
  if (typeof value !== 'object' || value === null) return value
  const changed = Object.entries(value).map(([name, inner]) => {
    const stays = name === 'type' || name === 'way' || name === 'purpose' || name === 'kind'
    return [name, stays ? inner : withTexts(inner, next)]
  })
  return Object.fromEntries(changed) as T
}

it('is a diagram whatever the events hold', () => {
  const nasty = fc.constantFrom(
    ...[
      '\n',
      '\r',
      '\u2028',
      ';',
      '#',
      '#59;',
      '%%{init}%%',
      '<b>',
      '"',
      '->>',
      '--x',
      ':',
      'end',
      ' END ',
      'app',
      'note',
    ],
    ...[
      'wrap:',
      '{',
      '}',
      '\u202e',
      '\u3164',
      '\ud800',
      '://',
      'https://x.example/a;b',
      'participant x',
      '',
      'é',
      '漢',
    ],
  )
  const text = fc.oneof(
    fc.array(nasty, { maxLength: 8 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary' }),
    fc.webUrl(),
  )
  fc.assert(
    fc.property(
      fc.array(fc.nat(kinds.length - 1), { maxLength: 12 }),
      fc.array(text, { minLength: 1, maxLength: 40 }),
      (order, texts) => {
        let used = 0
        const events = order.map((index) =>
          withTexts(kinds[index] as PentauthEvent, () => texts[used++ % texts.length] as string),
        )
        expect(flawsIn(traceDiagram(events))).toEqual([])
      },
    ),
    { seed: 20_261_122, numRuns: 2_000 },
  )
})

it('keeps letters of every language, and nothing that means something to Mermaid', () => {
  const diagram = traceDiagram([
    { service: 'acme', type: 'signed_in', account: 'Zoë 漢字', scopes: undefined, expiresAt: undefined },
    {
      service: 'acme',
      type: 'session_ended',
      account: 'end; #59; <b>"c"</b>\n  app->>evil: x',
      code: 'sign_in_required',
    },
  ])
  expect(diagram).toMatchInlineSnapshot(`
    "sequenceDiagram
      participant app as App
      Note over app: signed in as Zoë 漢字
      Note over app: the session of end_ _59_ _b__c__/b_   app-__evil: x is over: sign_in_required"
  `)
})
