import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { createSandbox } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import { sandboxTest } from '@pentauth/sandbox/vitest'
import { expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  type Auth,
  apiKey,
  clientCredentials,
  createAuth,
  createProxy,
  defineService,
  PentauthError,
  type ProxyEvent,
  type ProxyOptions,
  pendra,
  pentographer,
  relocate,
} from '../src/index.ts'

const site = 'https://app.example.com'
const events: ProxyEvent[] = []
afterEach(() => void events.splice(0))

const options: ProxyOptions = {
  resource: 'rest',
  prefix: '/api/pendra',
  allow: ['POST /chat/completions', { method: 'GET', path: '/models', query: true }],
  authorize: ({ headers }) => headers.get('x-caller') ?? '',
  onEvent: (event) => void events.push(event),
}
const post = (body: NonNullable<RequestInit['body']>, init: RequestInit = {}) =>
  new Request(`${site}/api/pendra/chat/completions`, {
    method: 'POST',
    body,
    ...init,
    headers: { 'x-caller': 'ada', 'content-type': 'application/json', ...(init.headers as Record<string, string>) },
  })
const get = (path: string) => new Request(`${site}/api/pendra${path}`, { headers: { 'x-caller': 'ada' } })

/** A service of the test's own. */
async function serviceThat(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => unknown,
  onRequest?: (request: IncomingMessage) => void,
): Promise<{ auth: Auth; origin: string }> {
  const server: Server = createServer(async (request, response) => {
    onRequest?.(request)
    await answer(request, response, await text(request).catch(() => ''))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const service = relocate(pendra, { 'https://api.pendra.ai': origin })
  return { auth: createAuth(service, { credential: apiKey(testKey.pendra()) }), origin }
}

describe('the proxy', () => {
  it('streams an answer as it comes', async () => {
    let goOn = () => {}
    const { auth } = await serviceThat((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: one\n\n')
      goOn = () => void response.end('data: two\n\n')
    })
    const response = await createProxy(auth, options)(post('{"stream":true}'))
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    const next = async () => new TextDecoder().decode((await reader.read()).value)
    // The second part is only sent when the first one has arrived.
    expect(await next()).toBe('data: one\n\n')
    goOn()
    expect(await next()).toBe('data: two\n\n')
    expect((await reader.read()).done).toBe(true)
  })

  it('streams a body as it comes, and says so where it is not known how long it is', async () => {
    let arrived = () => {}
    const first = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const { auth } = await serviceThat(
      ({ headers }, response, body) => response.end(`${headers['transfer-encoding']} ${body}`),
      (request) => void request.once('data', () => arrived()),
    )
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode('one '))
        await first
        controller.enqueue(new TextEncoder().encode('two'))
        controller.close()
      },
    })
    // The second part is only given when the first one has arrived.
    const answer = await createProxy(auth, options)(post(body, { duplex: 'half' } as RequestInit))
    expect(await answer.text()).toBe('chunked one two')
  })

  it('sends a small body again with the next key', async () => {
    const bodies: string[] = []
    const [old, next] = [testKey.pendra('old'), testKey.pendra('next')]
    const { origin } = await serviceThat((request, response, body) => {
      bodies.push(body)
      if (request.headers.authorization === `Bearer ${next}`) response.end('{}')
      else response.writeHead(401).end('{"detail":"Invalid or expired token"}')
    })
    const auth = createAuth(relocate(pendra, { 'https://api.pendra.ai': origin }), { credential: apiKey([old, next]) })
    const body = '{"model":"a"}'
    const proxy = createProxy(auth, options)
    const response = await proxy(post(body, { headers: { 'content-length': `${body.length}` } }))
    expect([response.status, bodies]).toEqual([200, [body, body]])
  })

  it.each([
    ['said', { headers: { 'content-length': '101' } }],
    ['found', {}],
    ['found behind what was said', { headers: { 'content-length': '5' } }],
  ])('refuses a body that is too large: %s', async (_how, init) => {
    const sent: string[] = []
    const { auth } = await serviceThat((_request, response, body) => {
      sent.push(body)
      response.end('{}')
    })
    const proxy = createProxy(auth, { ...options, largestBody: 100 })
    const chunks = new Blob(['x'.repeat(50), 'x'.repeat(51)]).stream()
    const response = await proxy(post(chunks, { duplex: 'half', ...init } as RequestInit))
    expect([response.status, await response.json()]).toEqual([413, expect.objectContaining({ code: 'too_large' })])
    expect(sent.filter((body) => body.length > 100)).toEqual([])
    expect((await proxy(post('x'.repeat(100)))).status).toBe(200)
  })

  it('unpacks what the service packed, and keeps the length of what it did not', async () => {
    const { auth } = await serviceThat(({ url }, response) => {
      const body = '{"data":[]}'
      if (url?.endsWith('?packed')) response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body))
      else response.writeHead(200, { 'content-length': body.length }).end(body)
    })
    const proxy = createProxy(auth, options)
    const [packed, plain] = [await proxy(get('/models?packed')), await proxy(get('/models'))]
    const lengths = [packed, plain].map(({ headers }) => headers.get('content-length'))
    expect([await packed.text(), await plain.text(), lengths]).toEqual(['{"data":[]}', '{"data":[]}', [null, '11']])
    expect(packed.headers.get('content-encoding')).toBeNull()
  })

  it('stops asking when the app has gone', async () => {
    let asked = () => {}
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve
    })
    let isClosed: Promise<unknown> | undefined
    const { auth } = await serviceThat((_request, response) => {
      isClosed = once(response, 'close')
      asked()
    })
    const leaving = new AbortController()
    const response = createProxy(auth, options)(post('{}', { signal: leaving.signal }))
    await isAsked
    leaving.abort()
    expect((await response).status).toBe(499)
    await isClosed
    expect(events).toMatchObject([{ problem: 'caller_left', caller: 'ada' }])
  })

  it('passes other refusals on, with the time to wait', async () => {
    const { auth } = await serviceThat((_request, response) =>
      response.writeHead(429, { 'retry-after': '7', 'x-ratelimit-limit': '60', 'x-powered-by': 'secrets' }).end('slow'),
    )
    const response = await createProxy(auth, options)(post('{}'))
    const headers = ['retry-after', 'x-ratelimit-limit', 'x-powered-by', 'cache-control']
    expect([response.status, await response.text()]).toEqual([429, 'slow'])
    expect(headers.map((name) => response.headers.get(name))).toEqual(['7', '60', null, 'no-store'])
    expect(events).toMatchObject([{ status: 429, problem: undefined, caller: 'ada' }])
  })

  it('tells the operator, and not the app, why the service refuses', async () => {
    const sandbox = createSandbox()
    const server = await listen(sandbox)
    onTestFinished(() => server.close())
    const made = sandbox.keys.create('pendra')
    const auth = createAuth(relocate(pendra, server.origins), { credential: apiKey(made.key) })
    const proxy = createProxy(auth, options)
    const body = JSON.stringify({ model: 'llama3.3:70b', messages: [{ role: 'user', content: 'tea' }] })
    expect((await proxy(post(body))).status).toBe(200)
    sandbox.keys.revoke('pendra', made.id)
    const response = await proxy(post(body))
    expect([response.status, response.headers.get('content-type')]).toEqual([502, 'application/problem+json'])
    const said = await response.json()
    expect(said).toEqual({ type: 'about:blank', title: expect.any(String), status: 502, code: 'service_refused' })
    expect(events[1]).toMatchObject({
      method: 'POST',
      path: '/api/pendra/chat/completions',
      caller: 'ada',
      status: 502,
    })
    expect(events[1]).toMatchObject({ serviceStatus: 401, error: { code: 'credential_refused' } })
    expectNoMarker([events, said])
  })

  it('does not tell the app of failures of its own', async () => {
    const { auth } = await serviceThat((_request, response) => response.destroy())
    const failure = new TypeError('a detail of the app')
    const throwing = createProxy(auth, {
      ...options,
      authorize: () => {
        throw failure
      },
      onEvent: (event) => {
        events.push(event)
        throw failure
      },
    })
    const answers = [await throwing(post('{}')), await createProxy(auth, options)(post('{}'))]
    const said = (await Promise.all(answers.map((answer) => answer.json()))) as { code: string; status: number }[]
    expect(said.map(({ code, status }) => [status, code])).toEqual([
      [500, 'failed'],
      [502, 'service_unreachable'],
    ])
    expect(JSON.stringify(said)).not.toContain('detail of the app')
    expect(events[0]?.error).toBe(failure)
  })

  it('holds back only what may be the beginning of the key', async () => {
    const goOn: (() => void)[] = []
    const parts = ['data: one pdr_', 'sk_none\n\n', 'data: two\n\n']
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        for (const part of parts) {
          controller.enqueue(new TextEncoder().encode(part))
          await new Promise<void>((resolve) => void goOn.push(resolve))
        }
        controller.close()
      },
    })
    const auth = createAuth(pendra, {
      credential: apiKey(testKey.pendra()),
      runtime: { fetch: async () => new Response(body) },
    })
    const response = await createProxy(auth, options)(post('{}'))
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    const next = async () => new TextDecoder().decode((await reader.read()).value)
    // Each part is only sent when the one before has arrived.
    expect(await next()).toBe('data: one ')
    goOn[0]?.()
    expect(await next()).toBe('pdr_sk_none\n\n')
    goOn[1]?.()
    expect(await next()).toBe('data: two\n\n')
    goOn[2]?.()
    expect((await reader.read()).done).toBe(true)
  })

  const odd = `${testKey.pendra()}/a+b=`
  const encodings: Record<string, (key: string) => string> = {
    'as JSON in HTML': (key) => key.replace('/', '\\/').replace('+', '\\u002b'),
    'as .NET does': (key) => key.replace('+', '\\u002B'),
    'in a URL': (key) => encodeURIComponent(key),
    'in base64': (key) => Buffer.from(`Bearer ${key}`).toString('base64'),
  }
  it.each(Object.keys(encodings))('cuts off a key that comes %s, and tells the operator', async (how) => {
    const form = encodings[how]?.(odd) ?? ''
    const said = { 'content-type': 'text/event-stream', 'x-request-id': form, 'request-id': 'r1' }
    let leave = () => {}
    const isLeft = new Promise<void>((resolve) => {
      leave = resolve
    })
    const answer = () => {
      const parts = [`data: one\n\n`, `data: ${form.slice(0, 20)}`, `${form.slice(20)}\n\n`]
      const body = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new TextEncoder().encode(parts.shift() ?? 'data: more\n\n')),
        cancel: () => leave(),
      })
      return new Response(body, { headers: said })
    }
    const auth = createAuth(pendra, { credential: apiKey(odd), runtime: { fetch: async () => answer() } })
    const response = await createProxy(auth, options)(post('{}'))
    expect([response.headers.get('x-request-id'), response.headers.get('request-id')]).toEqual([null, 'r1'])
    const seen: string[] = []
    const failure = await (async () => {
      for await (const part of response.body ?? []) seen.push(Buffer.from(part).toString())
    })().catch((error: unknown) => error)
    expect(seen.join('').replace('data: one\n\n', '')).toMatch(/^(?:data: .{0,10})?$/)
    expect(failure).toMatchObject({ code: 'request_rejected', service: 'pendra', status: 200 })
    await isLeft
    const error = failure
    expect(events).toMatchObject([
      { status: 200, problem: undefined, caller: 'ada' },
      { status: 200, problem: 'service_refused', serviceStatus: 200, caller: 'ada', error },
    ])
    expectNoMarker([events, seen, failure])
  })

  it('shows neither the key that was sent first nor the one after a renewal', async () => {
    const [old, next] = [testKey.pendra('old'), testKey.pendra('next')]
    for (const status of [200, 500])
      for (const echoed of [old, next]) {
        const fetch = async (_input: unknown, init?: RequestInit) =>
          new Headers(init?.headers).get('authorization') === `Bearer ${next}`
            ? new Response(`you are ${echoed}`, { status })
            : Response.json({ detail: 'Invalid or expired token' }, { status: 401 })
        const auth = createAuth(pendra, { credential: apiKey([old, next]), runtime: { fetch } })
        const response = await createProxy(auth, options)(get('/models'))
        expect(await response.text().catch(() => '')).not.toContain(echoed)
      }
  })

  it('tells the operator which refusal repeated the key', async () => {
    const key = testKey.pendra()
    const { auth } = await serviceThat(({ headers }, response) =>
      response.writeHead(422).end(`{"error":{"message":"no use for ${headers.authorization}"}}`),
    )
    const response = await createProxy(auth, options)(post('{}'))
    expect([response.status, await response.json()]).toEqual([
      502,
      expect.objectContaining({ code: 'service_refused' }),
    ])
    const message = expect.stringContaining('no use for Bearer [secret]')
    expect(events).toMatchObject([
      { status: 502, problem: 'service_refused', serviceStatus: 422, error: { code: 'request_rejected', message } },
    ])
    expect(JSON.stringify(events)).not.toContain(key)
  })

  it('cuts a refusal that is too long', async () => {
    const { auth } = await serviceThat((_request, response) => {
      const body = 'x'.repeat(100_000)
      response.writeHead(400, { 'content-length': body.length }).end(body)
    })
    const response = await createProxy(auth, options)(post('{}'))
    expect([response.status, (await response.text()).length]).toEqual([400, 65_536])
    expect(response.headers.get('content-length')).toBeNull()
  })

  it('cuts a refusal that does not end', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    let asked = () => {}
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve
    })
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('out of ')),
      pull: () => asked(),
    })
    const fetch = async () => new Response(body, { status: 500 })
    const auth = createAuth(pendra, { credential: apiKey(testKey.pendra()), runtime: { fetch } })
    const response = createProxy(auth, options)(post('{}'))
    await isAsked
    await vi.advanceTimersByTimeAsync(10_000)
    expect([(await response).status, await (await response).text()]).toEqual([500, 'out of '])
  })

  it('passes what an unknown Auth answers', async () => {
    const fetch = async () => new Response(`a ${testKey.pendra().slice(0, 12)}`)
    const auth = { ...createAuth(pendra, { credential: apiKey(testKey.pendra()) }), fetch }
    expect(await (await createProxy(auth, options)(post('{}'))).text()).toHaveLength(14)
  })

  const runtime = {
    fetch: async () => {
      throw new TypeError('nothing may be sent')
    },
  }
  it.each<[code: string, auth: () => Auth]>([
    ['no_credential', () => createAuth(pendra, { env: {}, runtime })],
    ['malformed_credential', () => createAuth(pendra, { credential: apiKey('not a key'), runtime })],
    ['wrong_credential', () => createAuth(pendra, { credential: apiKey(testKey.pensyve()), runtime })],
    ['source_failed', () => createAuth(pendra, { env: { PENDRA_API_KEY_FILE: '/' }, runtime })],
    [
      'client_refused',
      () => {
        const clientId = testKey.pentographerClientId()
        const credential = clientCredentials({ clientId, clientSecret: testKey.pentographerSecret() })
        const fetch = async () => Response.json({ error: 'invalid_client' }, { status: 401 })
        return createAuth(pentographer, { credential, runtime: { fetch } })
      },
    ],
  ])('says that this app has no credential: %s', async (code, auth) => {
    const made = auth()
    const resource = Object.keys(made.service.resources)[0]
    const proxy = createProxy(made, { ...options, resource })
    const response = await proxy(post('{}'))
    expect([response.status, await response.json()]).toEqual([
      503,
      {
        type: 'about:blank',
        title: 'This app has no usable credential for the service.',
        status: 503,
        code: 'no_credential',
      },
    ])
    expect(events).toMatchObject([{ status: 503, problem: 'no_credential', caller: 'ada', error: { code } }])
  })

  it.each<[what: string, answers: (() => Response)[], status: number]>([
    ['a redirect without a target', [() => new Response(null, { status: 302 })], 302],
    ['several choices', [() => new Response('choose', { status: 300 })], 300],
    [
      'a redirect out of the resource',
      [() => Response.redirect('https://other.example/'), () => new Response('x')],
      200,
    ],
    ['one that is refused', [() => Response.redirect('data:text/plain,x')], 302],
  ])('says that the service leads elsewhere: %s', async (_what, answers, serviceStatus) => {
    const fetch = async () => (answers.shift() as () => Response)()
    const auth = createAuth(pendra, { credential: apiKey(testKey.pendra()), runtime: { fetch } })
    const response = await createProxy(auth, options)(get('/models'))
    expect([response.status, await response.json()]).toEqual([
      502,
      { type: 'about:blank', title: 'The service sends this elsewhere.', status: 502, code: 'service_redirected' },
    ])
    const error = { code: 'redirect_refused', status: serviceStatus, hint: expect.any(String) }
    expect(events).toMatchObject([{ status: 502, problem: 'service_redirected', error }])
  })

  it('takes nothing from a polluted prototype', async () => {
    const auth = createAuth(pendra, { credential: apiKey(testKey.pendra()), runtime })
    const prototype = Object.prototype as { query?: boolean }
    onTestFinished(() => void delete prototype.query)
    prototype.query = true
    const proxy = createProxy(auth, { ...options, allow: ['GET /models', { method: 'GET', path: '/models/*' }] })
    delete prototype.query
    const answers = [await proxy(get('/models?a')), await proxy(get('/models/a?b'))]
    expect(answers.map(({ status }) => status)).toEqual([403, 403])
  })

  it('lets a page of https in behind a server that ends TLS, and none of http from there', async () => {
    const { auth } = await serviceThat((_request, response) => response.end('{}'))
    const proxy = createProxy(auth, options)
    const from = async (url: string, origin: string) => {
      const headers = { origin, 'x-caller': 'ada' }
      return (await proxy(new Request(`${url}/api/pendra/models`, { headers }))).status
    }
    expect([
      await from('http://app.example.com', 'https://app.example.com'),
      await from('http://app.example.com', 'http://app.example.com'),
      await from('https://app.example.com', 'http://app.example.com'),
    ]).toEqual([200, 200, 403])
  })

  it('answers in the words of authorize, which sees everything but the body', async () => {
    const { auth } = await serviceThat((_request, response, body) => response.end(body))
    const seen: string[] = []
    const proxy = createProxy(auth, {
      ...options,
      authorize: async (request) => {
        seen.push(`${request.method} ${request.url} ${request.headers.get('x-caller')} ${await request.text()}`)
        return request.headers.get('x-caller') === 'ada'
          ? true
          : new Response('over your quota', { status: 429, headers: { 'set-cookie': 'a=b' } })
      },
    })
    const other = await proxy(post('{}', { headers: { 'x-caller': 'eve' } }))
    expect([other.status, await other.text(), other.headers.getSetCookie()]).toEqual([429, 'over your quota', ['a=b']])
    expect(await (await proxy(post('tea'))).text()).toBe('tea')
    expect(seen).toEqual(['eve', 'ada'].map((who) => `POST ${site}/api/pendra/chat/completions ${who} `))
  })

  it.each([undefined, null, '', false, 1, {}, 'no'.slice(2)])('takes %j for nobody', async (caller) => {
    const { auth } = await serviceThat((_request, response) => response.end('{}'))
    const proxy = createProxy(auth, { ...options, authorize: () => caller as never })
    expect((await proxy(post('{}'))).status).toBe(401)
  })

  it('lets pages of listed origins in, and no others', async () => {
    const { auth } = await serviceThat((_request, response) => response.end('{}'))
    const proxy = createProxy(auth, { ...options, origins: ['https://other.example.com'] })
    const from = (origin: string, method = 'POST') =>
      proxy(
        new Request(`${site}/api/pendra/chat/completions`, {
          method,
          headers: {
            origin,
            'sec-fetch-site': 'cross-site',
            'x-caller': method === 'POST' ? 'ada' : '',
            ...(method === 'OPTIONS'
              ? { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' }
              : {}),
          },
        }),
      )
    const preflight = await from('https://other.example.com', 'OPTIONS')
    expect(preflight.status).toBe(204)
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      'access-control-allow-origin': 'https://other.example.com',
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type',
      vary: 'Origin',
    })
    const answers = [await from('https://other.example.com'), await from('https://evil.example')]
    expect(answers.map(({ status }) => status)).toEqual([200, 403])
    const granted = answers.map(({ headers }) => headers.get('access-control-allow-origin'))
    expect(granted).toEqual(['https://other.example.com', null])
    expect(answers.map(({ headers }) => headers.get('vary'))).toEqual(['Origin', 'Origin'])
  })

  it('needs no name of a resource where there is one only', () => {
    const { url, ...rest } = pendra.resources.rest
    const service = defineService({ ...pendra, id: 'acme', resources: { rest: { url, ...rest } } })
    const auth = createAuth(service, { credential: apiKey(testKey.pendra()) })
    expect(createProxy(auth, { ...options, resource: undefined })).toBeTypeOf('function')
  })

  it.each([
    [{ authorize: undefined }, 'needs a function "authorize"'],
    [{ allow: undefined }, 'needs a list "allow"'],
    [{ allow: [] }, 'needs a list "allow"'],
    [{ allow: ['/chat'] }, 'was given a rule that is none'],
    [{ allow: ['post /chat'] }, 'was given a rule that is none'],
    [{ allow: ['POST chat'] }, 'was given a rule that is none'],
    [{ allow: ['POST /a/../b'] }, 'was given a rule that is none'],
    [{ allow: ['POST /a?b'] }, 'was given a rule that is none'],
    [{ allow: [{ path: '/a' }] }, 'was given a rule that is none'],
    [{ allow: [null] }, 'was given a rule that is none'],
    [{ resource: undefined }, 'needs a name in "resource"'],
    [{ resource: 'toString' }, 'needs a name in "resource"'],
    [{ prefix: '/api/' }, 'was given a prefix that is no path'],
    [{ prefix: 'api' }, 'was given a prefix that is no path'],
    [{ origins: ['*'] }, 'takes a list of origins in "origins"'],
    [{ origins: ['https://a.example/'] }, 'takes a list of origins in "origins"'],
    [{ origins: 'https://a.example' }, 'takes a list of origins in "origins"'],
    [{ largestBody: -1 }, 'takes bytes in "largestBody"'],
    [{ onEvent: 5 }, 'takes a function in "onEvent"'],
    [{ onEvent: null }, 'takes a function in "onEvent"'],
  ])('is not made from %j', (change, message) => {
    const auth = createAuth(pendra, { credential: apiKey(testKey.pendra()) })
    try {
      createProxy(auth, { ...options, ...change } as ProxyOptions)
    } catch (error) {
      if (!PentauthError.isInstance(error)) throw error
      expect([error.code, error.message]).toEqual([
        'invalid_option',
        expect.stringContaining(`createProxy ${message}.`),
      ])
      return
    }
    throw new TypeError('it was made')
  })
})

it.each([undefined, null, 5, {}, pendra, { fetch }, { fetch, service: { resources: null } }])(
  'a proxy is not made without an Auth: %#',
  (auth) => {
    const message = expect.stringMatching(/^createProxy needs an Auth\./)
    expect(() => createProxy(auth as never, options)).toThrow(
      expect.objectContaining({ code: 'invalid_option', message }),
    )
  },
)

describe('with the service at its own address', () => {
  const test = sandboxTest()

  test('the key goes to the service, and the app needs none', async ({ sandbox, expectRequest }) => {
    expectRequest({ service: 'pendra', operation: 'chat_completions', credential: { kind: 'api-key', valid: true } })
    const auth = createAuth(pendra, { env: { PENDRA_API_KEY: sandbox.keys.create('pendra').key } })
    const body = JSON.stringify({ model: 'llama3.3:70b', stream: true, messages: [{ role: 'user', content: 'tea' }] })
    const response = await createProxy(auth, options)(post(body))
    expect(response.status).toBe(200)
    const said = await response.text()
    expect(said).toMatch(/^data: .*\n\ndata: [\s\S]*data: \[DONE\]\n\n$/)
    expectNoMarker([said, [...response.headers]])
    expect(sandbox.journal.entries.at(-1)?.headers).not.toContain('x-caller')
  })

  test('the list of models, with a query', async ({ sandbox }) => {
    const auth = createAuth(pendra, { env: { PENDRA_API_KEY: sandbox.keys.create('pendra').key } })
    const response = await createProxy(auth, options)(get('/models?type=embedding'))
    expect(await response.json()).toMatchObject({ object: 'list' })
  })
})
