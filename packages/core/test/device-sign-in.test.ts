import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import {
  clientMetadata,
  createAuth,
  type DevicePrompt,
  type DeviceSignInOptions,
  defineService,
  deviceSignIn,
  memoryStore,
  PentauthError,
  type PentauthEvent,
  type Service,
  signedIn,
  traceDiagram,
} from '../src/index.ts'
import { flawsIn } from './support/mermaid.ts'

const grant = 'urn:ietf:params:oauth:grant-type:device_code'
const issuer = 'https://as.acme.example'

interface Answers {
  readonly metadata?: object
  readonly register?: object
  readonly device?: object
  readonly token?: readonly object[]
}

/** A made-up service whose server answers as given; a `Response` is sent as it is. */
function world({ metadata = {}, register = {}, device = {}, token = [] }: Answers = {}) {
  const seen: { readonly path: string; readonly body: string }[] = []
  const waits: number[] = []
  const store = memoryStore()
  let now = 1_000_000
  const tokens = [...token]
  const json = (answer: object, status = 200) =>
    answer instanceof Response ? answer : Response.json(answer, { status: 'error' in answer ? 400 : status })
  const fetchHere = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const { origin, pathname } = new URL(String(input))
    const body = String(init?.body ?? '')
    seen.push({ path: pathname, body })
    if (origin === 'https://api.acme.example')
      return json({ resource: `${origin}/v1`, authorization_servers: [issuer], scopes_supported: ['read'] })
    if (pathname === '/register')
      return json({ ...JSON.parse(body), client_id: `client-${seen.length}`, ...register }, 201)
    if (pathname === '/device')
      return json(
        device instanceof Response
          ? device
          : {
              device_code: testKey.token('device'),
              user_code: 'WDJB-MJHT',
              verification_uri: `${issuer}/go`,
              expires_in: 600,
              ...device,
            },
      )
    if (pathname === '/token')
      return json(
        tokens.shift() ?? {
          access_token: testKey.token('access'),
          refresh_token: testKey.token('refresh'),
          token_type: 'bearer',
          expires_in: 3600,
        },
      )
    const own = { issuer, token_endpoint: `${issuer}/token`, device_authorization_endpoint: `${issuer}/device` }
    return json({
      ...own,
      registration_endpoint: `${issuer}/register`,
      token_endpoint_auth_methods_supported: ['none'],
      ...metadata,
    })
  }
  // A name of its own for each test: what is discovered is shared by the process.
  const service = defineService({
    id: `acme-${crypto.randomUUID()}`,
    name: 'Acme',
    resources: { rest: { url: 'https://api.acme.example/v1', protocol: 'rest', accessToken: true } },
    errors: [],
    recommendations: [],
    links: { docs: { where: 'Acme docs' } },
  } as Service)
  const runtime = {
    fetch: fetchHere as typeof fetch,
    now: () => now,
    sleep: async (ms: number) => {
      waits.push(ms)
      now += ms
    },
  }
  let prompt: DevicePrompt | undefined
  return {
    service,
    store,
    seen,
    waits,
    runtime,
    prompt: () => prompt,
    signIn: (options: Partial<DeviceSignInOptions> = {}) =>
      deviceSignIn(service, {
        store,
        runtime,
        present: (shown) => {
          prompt = shown
        },
        ...options,
      }),
    form: (path: string) =>
      seen.filter((one) => one.path === path).map(({ body }) => Object.fromEntries(new URLSearchParams(body))),
  }
}

describe('a sign-in of a device', () => {
  it('asks for a code, then for a token with it, for one resource', async () => {
    const { signIn, form, seen, prompt, waits, store, service, runtime } = world({
      token: [{ error: 'authorization_pending' }],
    })
    expect(await signIn({ account: 'work' })).toEqual({
      account: 'work',
      scopes: ['read'],
      expiresAt: 1_000_000 + 10_000 + 3_600_000,
    })
    expect(form('/device')).toEqual([{ client_id: 'client-3', scope: 'read', resource: 'https://api.acme.example/v1' }])
    const asked = { grant_type: grant, client_id: 'client-3', device_code: testKey.token('device') }
    const full = { ...asked, resource: 'https://api.acme.example/v1' }
    expect(form('/token')).toEqual([full, full])
    expect(waits).toEqual([5000, 5000])
    expect(prompt()).toEqual({
      verificationUri: new URL(`${issuer}/go`),
      userCode: 'WDJB-MJHT',
      expiresAt: 1_600_000,
    })
    const registered = JSON.parse(seen.find(({ path }) => path === '/register')?.body ?? '')
    expect(registered).toMatchObject({
      redirect_uris: [],
      response_types: [],
      grant_types: [grant, 'refresh_token'],
      application_type: 'native',
      token_endpoint_auth_method: 'none',
    })
    const auth = createAuth(service, { credential: signedIn({ store, account: 'work' }), runtime })
    expect(await auth.headers('https://api.acme.example/v1')).toEqual({
      authorization: `Bearer ${testKey.token('access')}`,
    })
  })

  it('registers once, apart from the client of redirects', async () => {
    const { signIn, form, store } = world()
    await signIn()
    await signIn()
    expect(form('/register')).toHaveLength(1)
    expect(await store.get(`client/${encodeURIComponent(issuer)}/device`)).toContain('client-3')
  })

  it.each([
    [undefined, 5000],
    [1, 1000],
    [0, 1000],
    [-5, 1000],
    ['2', 2000],
    ['soon', 5000],
    [null, 5000],
    ['', 5000],
    [false, 5000],
    [1e9, 60_000],
  ])('waits %s as an interval of %i ms', async (interval, ms) => {
    const { signIn, waits } = world({ device: { interval } })
    await signIn()
    expect(waits).toEqual([ms])
  })

  it.each([
    [1e12, 3_600_000],
    ['60', 60_000],
  ])('believes a life of %s', async (expires_in, ms) => {
    const { signIn, prompt } = world({ device: { expires_in } })
    await signIn()
    expect(prompt()?.expiresAt).toBe(1_000_000 + ms)
  })

  it.each([
    ['an address for scripts', { verification_uri: 'javascript:alert(1)' }, 'unsafe_address'],
    ['a private address', { verification_uri: 'https://10.0.0.1/go' }, 'unsafe_address'],
    ['plain http', { verification_uri_complete: 'http://as.acme.example/go' }, 'unsafe_address'],
    ['no page', { verification_uri: null }, 'sign_in_failed'],
    ['a code of terminal commands', { user_code: '\u001b[2Jcode' }, 'sign_in_failed'],
    ['a code without end', { user_code: 'A'.repeat(10_000) }, 'sign_in_failed'],
    ['no code', { user_code: ' ' }, 'sign_in_failed'],
    ['no device code', { device_code: 7 }, 'sign_in_failed'],
    ['no life', { expires_in: 'a while' }, 'sign_in_failed'],
    ['a life before the beginning', { expires_in: -1 }, 'sign_in_failed'],
    ['an empty life', { expires_in: null }, 'sign_in_failed'],
    ['a page', new Response('<html>', { headers: { 'content-type': 'text/html' } }), 'sign_in_failed'],
    ['a refusal', { error: 'unauthorized_client', error_description: 'no \u001b[31mdevices' }, 'sign_in_failed'],
    [
      'a redirect',
      new Response(null, { status: 302, headers: { location: 'https://evil.example' } }),
      'sign_in_failed',
    ],
    ['trouble', new Response('', { status: 503 }), 'temporarily_unavailable'],
  ])('refuses %s instead of a code, and shows nothing', async (_, device, code) => {
    const { signIn, prompt, form } = world({ device })
    const error = await caught(signIn())
    expect(error.code).toBe(code)
    expect(PentauthError.isInstance(error) && error.hint).toBeTruthy()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    expect(error.message).not.toMatch(/[\u0000-\u001f]/)
    expect([prompt(), form('/token')]).toEqual([undefined, []])
  })

  it.each([
    ['redirects', { redirect_uris: ['https://evil.example/'] }],
    ['other grants', { grant_types: ['authorization_code'] }],
    ['no list of response types', { response_types: 'code' }],
  ])('refuses a registration with %s', async (_, register) => {
    const { signIn, store } = world({ register })
    expect((await caught(signIn())).code).toBe('registration_failed')
    expect(await store.get(`client/${encodeURIComponent(issuer)}/device`)).toBeUndefined()
  })

  it.each([
    [{ error: 'access_denied' }, 'sign_in_failed'],
    [{ error: 'expired_token' }, 'sign_in_failed'],
    [{ error: 'invalid_grant' }, 'sign_in_failed'],
    [{ error: 'invalid_client' }, 'client_refused'],
    [new Response('<html>', { headers: { 'content-type': 'text/html' } }), 'token_response_invalid'],
  ])('ends with %j', async (answer, code) => {
    const { signIn, form } = world({ token: [{ error: 'authorization_pending' }, answer] })
    expect((await caught(signIn())).code).toBe(code)
    expect(form('/token')).toHaveLength(2)
  })

  it('asks less and less often while the server is in trouble, and as late as it says', async () => {
    const down = () => new Response('', { status: 503 })
    const later = new Response('', { status: 429, headers: { 'retry-after': '45' } })
    const { signIn, waits } = world({ token: [down(), down(), down(), down(), down(), later] })
    await signIn()
    expect(waits).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000])
  })

  it('never asks sooner than the server said', async () => {
    const slow = { error: 'slow_down' }
    const down = () => new Response('', { status: 503 })
    const { signIn, waits } = world({ device: { interval: 50 }, token: [slow, slow, slow, down()] })
    await signIn()
    expect(waits).toEqual([50_000, 55_000, 60_000, 65_000, 65_000])
  })

  it('waits out a gateway that wants to know who asks, and says so when that is all there is', async () => {
    const gateway = () => new Response('<html>', { status: 401 })
    await world({ token: [gateway(), gateway()] }).signIn()
    const only = world({ device: { expires_in: 30 }, token: Array.from({ length: 9 }, gateway) })
    expect((await caught(only.signIn())).code).toBe('client_refused')
    const down = () => new Response('', { status: 503 })
    const off = world({ device: { expires_in: 60 }, token: Array.from({ length: 9 }, down) })
    expect(await caught(off.signIn())).toMatchObject({ code: 'temporarily_unavailable', retryable: true })
  })

  it('ends in its time also where the clock goes backwards', async () => {
    const { signIn, waits, runtime } = world({
      device: { expires_in: 60 },
      token: Array.from({ length: 50 }, () => ({ error: 'authorization_pending' })),
    })
    let asked = 0
    const now = () => {
      asked += 1
      return runtime.now() - asked * 10_000
    }
    expect((await caught(signIn({ runtime: { ...runtime, now } }))).parameters).toEqual({ error: 'expired_token' })
    expect(waits.length).toBeLessThan(20)
  })

  it.each(['error', 'error_description'])('repeats no secret that comes back in "%s"', async (field) => {
    const clientSecret = testKey.token('of the client_-.~')
    const basic = btoa(`by-hand:${encodeURIComponent(clientSecret)}`)
    for (const said of [clientSecret, basic, `client_secret=${encodeURIComponent(clientSecret)}`]) {
      const events: unknown[] = []
      const { signIn } = world({
        metadata: { token_endpoint_auth_methods_supported: ['client_secret_post'] },
        device: { error: 'unauthorized_client', [field]: said },
      })
      const error = await caught(
        signIn({ client: { clientId: 'by-hand', clientSecret, issuer }, onEvent: (event) => void events.push(event) }),
      )
      await new Promise((resolve) => setTimeout(resolve, 0))
      expect(error.message).toContain('[secret]')
      expectNoMarker([error, error.message, events])
      expect(JSON.stringify([error, events])).not.toContain(basic.slice(12, 40))
    }
  })

  it('hears a signal from the first request on, and tells of it', async () => {
    const { signIn, seen, prompt, runtime } = world()
    const stop = new AbortController()
    const events: PentauthEvent[] = []
    const fetch = async (input: string | URL | Request, init?: RequestInit) => {
      stop.abort(new Error('enough'))
      return runtime.fetch(input, init)
    }
    const onEvent = (event: PentauthEvent) => void events.push(event)
    const options = { runtime: { ...runtime, fetch }, signal: stop.signal, onEvent }
    await expect(signIn(options)).rejects.toThrow('enough')
    expect([prompt(), seen.filter(({ path }) => path === '/device')]).toEqual([undefined, []])
    const late = new AbortController()
    const present = () => late.abort(new Error('later'))
    await expect(signIn({ signal: late.signal, onEvent, present })).rejects.toThrow('later')
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect(events.at(-1)).toMatchObject({ type: 'sign_in_failed', code: undefined, reason: 'The program gave it up.' })
  })

  it('forgets a client that the server does not know any more', async () => {
    const { signIn, form } = world({ token: [{ error: 'invalid_client' }] })
    await caught(signIn())
    await signIn()
    expect(form('/register')).toHaveLength(2)
  })

  it('also where that becomes known when the session is renewed', async () => {
    const tokens = { access_token: testKey.token('access'), refresh_token: testKey.token('refresh') }
    const { signIn, form, store, service, runtime } = world({
      token: [{ ...tokens, token_type: 'bearer', expires_in: 60 }, { error: 'invalid_client' }],
    })
    await signIn()
    await runtime.sleep(60_000)
    const auth = createAuth(service, { credential: signedIn({ store }), runtime })
    expect((await caught(auth.credential())).code).toBe('sign_in_required')
    await signIn()
    expect(form('/register')).toHaveLength(2)
  })

  it('takes options that can be used, and no others', async () => {
    const { signIn } = world()
    const wrong = await caught(signIn({ present: 'console' as never }))
    expect(wrong.code).toBe('invalid_option')
    expect((await caught(signIn({ signal: {} as never }))).code).toBe('invalid_option')
    expect(wrong.message).toContain('The option "present" is no function.')
  })
})

it('a client document can speak of devices', () => {
  const about = { url: 'https://app.example/client.json', name: 'App', redirectUris: ['http://127.0.0.1/callback'] }
  expect(clientMetadata({ ...about, devices: true }).grant_types).toEqual([
    'authorization_code',
    'refresh_token',
    grant,
  ])
  expect(clientMetadata(about).grant_types).not.toContain(grant)
})

describe('what is told of a device', () => {
  /** A sign-in as its diagram shows it, from the request of the code on. */
  async function drawn(answers: Answers, end: (work: Promise<unknown>) => Promise<unknown> = (work) => work) {
    const events: PentauthEvent[] = []
    const { signIn } = world(answers)
    await end(signIn({ account: 'tv', onEvent: (event) => void events.push(event) }))
    await new Promise((resolve) => setImmediate(resolve))
    const diagram = traceDiagram(events)
    expectNoMarker([events, diagram])
    expect(JSON.stringify(events)).not.toContain('WDJB')
    expect(flawsIn(diagram)).toEqual([])
    return { events, diagram: diagram.slice(diagram.indexOf('  app->>server2: POST /device')) }
  }
  const pending = { error: 'authorization_pending' }

  it('each request, and a loop where it waits', async () => {
    const { events, diagram } = await drawn({ token: [pending, pending, pending, { error: 'slow_down' }, pending] })
    expect(diagram).toMatchInlineSnapshot(`
      "  app->>server2: POST /device, asks for a code to type in
        server2-->>app: 200
        app->>person: please sign in at https://as.acme.example/go with the code shown, scope read
        loop 3 times
        app->>server2: POST /token, for a token
        server2-->>app: 400 authorization_pending
        end
        app->>server2: POST /token, for a token
        server2-->>app: 400 slow_down
        app->>server2: POST /token, for a token
        server2-->>app: 400 authorization_pending
        app->>server2: POST /token, for a token
        server2-->>app: 200
        Note over app: token 1 received
        Note over app: signed in as tv, scope read"
    `)
    expect(events.filter(({ type }) => type === 'sign_in_started')).toMatchObject([
      { account: 'tv', issuer, way: 'device', page: `${issuer}/go`, scope: 'read' },
    ])
  })

  it('a person who says no', async () => {
    const { events, diagram } = await drawn({ token: [pending, { error: 'access_denied' }] }, caught)
    expect(diagram).toMatchInlineSnapshot(`
      "  app->>server2: POST /device, asks for a code to type in
        server2-->>app: 200
        app->>person: please sign in at https://as.acme.example/go with the code shown, scope read
        app->>server2: POST /token, for a token
        server2-->>app: 400 authorization_pending
        app->>server2: POST /token, for a token
        server2-->>app: 400 access_denied
        Note over app: not signed in: sign_in_failed, access_denied"
    `)
    expect(events.at(-1)).toMatchObject({ type: 'sign_in_failed', account: 'tv', issuer, error: 'access_denied' })
  })

  it('a server that gives no code', async () => {
    const { events, diagram } = await drawn({ device: { error: 'unauthorized_client' } }, caught)
    expect(diagram).toMatchInlineSnapshot(`
      "  app->>server2: POST /device, asks for a code to type in
        server2-->>app: 400 unauthorized_client
        Note over app: not signed in: sign_in_failed, unauthorized_client"
    `)
    expect(events.at(-1)).toMatchObject({
      type: 'sign_in_failed',
      code: 'sign_in_failed',
      error: 'unauthorized_client',
    })
  })
})
