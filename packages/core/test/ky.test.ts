import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it, vi } from 'vitest'
import { apiKey, createAuth, PentauthError, relocate } from '../src/index.ts'
import { createHttp } from '../src/ky.ts'
import { pendra, pensyve } from '../src/services.ts'
import { offline, recorded } from './support/auth.ts'
import { type Answer, json, serve } from './support/server.ts'

/** Pendra on this machine behind ky; its key changes with every reading. */
async function kyHere(answer: Answer, options: Parameters<typeof createHttp>[1] = {}) {
  const server = await serve(answer)
  let reads = 0
  const auth = createAuth(relocate(pendra, { 'https://api.pendra.ai': server.origin }), {
    credential: apiKey(async () => testKey.pendra(String(reads++))),
  })
  return { http: createHttp(auth, { retry: 0, ...options }), server }
}
const isFirstKey = (authorization = '') => authorization.endsWith(testKey.pendra('0'))
const echo: Answer = (response, { method, path, body }) => json(response, 200, { method, path, body })
const body = { prompt: testKey.token('a secret of the user in the body') }

describe('createHttp', () => {
  it('authenticates, with relative and absolute inputs', async () => {
    const { http, server } = await kyHere(echo)
    expect(await http.get('models').json()).toMatchObject({ method: 'GET', path: '/api/v1/models' })
    expect(await http.get('models', { searchParams: { a: 'b' } }).json()).toMatchObject({ path: '/api/v1/models?a=b' })
    expect(await http.get(`${server.origin}/v1/responses`).json()).toMatchObject({ path: '/v1/responses' })
    expect(await http.get(new URL(`${server.origin}/v1/messages`)).json()).toMatchObject({ path: '/v1/messages' })
    expect(await http(new Request(`${server.origin}/v1/models`)).json()).toMatchObject({ path: '/v1/models' })
    expect(server.seen.map(({ headers }) => [isFirstKey(headers.authorization), 'x-api-key' in headers])).toEqual([
      [true, false],
      [true, false],
      [true, false],
      [false, true],
      [true, false],
    ])
  })

  it('takes a base of the caller’s', async () => {
    const { http, server } = await kyHere(echo)
    const other = http.extend({ baseUrl: `${server.origin}/v1/` })
    expect(await other.get('responses').json()).toMatchObject({ path: '/v1/responses' })
  })

  it('refuses what no resource covers, with its own error and without a request', async () => {
    const http = createHttp(createAuth(pensyve, { credential: apiKey(testKey.pensyve()), runtime: offline }))
    for (const input of ['/recall', '../admin', 'https://evil.example/', '//evil.example/']) {
      expect((await caught(http.get(input))).code).toBe('url_not_covered')
    }
  })

  it('passes on errors about the credential, without a retry', async () => {
    let reads = 0
    const credential = apiKey(() => {
      reads++
      return 'undefined'
    })
    const http = createHttp(createAuth(pensyve, { credential, runtime: offline }), { retry: 3 })
    expect((await caught(http.get('status'))).code).toBe('malformed_credential')
    expect(reads).toBe(1)
  })
})

describe('errors of createHttp', () => {
  it.each([
    [401, { detail: 'Invalid or expired token' }, 'credential_refused'],
    [403, { detail: 'no' }, 'console_only'],
    [404, {}, 'not_found'],
    [429, {}, 'rate_limited'],
    [500, '', 'service_unavailable'],
    [400, 'x', 'request_rejected'],
  ])('%i %j: %s', async (status, answer, code) => {
    const { http, server } = await kyHere((response) => json(response, status, answer))
    const url = `${server.origin}/api/v1/chat?key=${testKey.token()}`
    const headers = { 'x-api-key': testKey.token() }
    for (const request of [() => http.get('models'), () => http.post(url, { json: body, headers })]) {
      const error = await caught(request)
      expect(PentauthError.isInstance(error)).toBe(true)
      expect(error).toMatchObject({ code, status, service: 'pendra' })
      expectNoMarker(error)
    }
  })

  it('no answer is a network error, without the URL’s query and the body', async () => {
    const { http, server } = await kyHere((response) => response.destroy())
    const error = await caught(http.post(`chat?key=${testKey.token()}`, { json: body }))
    expect(error).toMatchObject({ code: 'network_error', retryable: true })
    expect(error.message).toContain(server.origin)
  })

  it.each([
    ['Bun', Object.assign(new TypeError('The socket was closed.'), { code: 'ECONNRESET' })],
    ['workerd', Object.assign(new Error('Network connection lost.'), { retryable: true })],
  ])('so it is in the words of %s, and ky tries again as anywhere', async (_name, lost) => {
    let calls = 0
    const fetch = async () => {
      calls += 1
      throw lost
    }
    const explainConnection = () => 'Look at the proxy.'
    const auth = createAuth(pendra, { credential: apiKey(testKey.pendra()), runtime: { fetch, explainConnection } })
    const http = createHttp(auth, { retry: { limit: 1, delay: () => 1 } })
    expect(await caught(http.get('models'))).toMatchObject({ code: 'network_error', hint: 'Look at the proxy.' })
    expect(calls).toBe(2)
    const signal = AbortSignal.abort(lost)
    expect(await caught(http.get('models', { signal }))).toBe(lost)
  })

  it('a slow answer is a timeout', async () => {
    const { http } = await kyHere(() => undefined, { timeout: 20 })
    expect(await caught(http.post('chat', { json: body }))).toMatchObject({ code: 'timeout', retryable: true })
  })

  it('leaves aborts as they are', async () => {
    const abort = new AbortController()
    const { http } = await kyHere(() => abort.abort())
    expect((await caught(http.get('models', { signal: abort.signal }))).name).toBe('AbortError')
  })

  it('can be turned off', async () => {
    const { http } = await kyHere((response) => json(response, 404, { detail: 'x' }), { throwHttpErrors: false })
    const response = await http.get('models')
    expect([response.status, await response.json()]).toEqual([404, { detail: 'x' }])
  })

  it('go through the caller’s hooks, which see the typed error', async () => {
    const seen: string[] = []
    const { http } = await kyHere((response) => json(response, 403, {}), {
      hooks: {
        beforeRequest: [({ request }) => void seen.push(request.method)],
        afterResponse: [({ response }) => void seen.push(String(response.status))],
        beforeError: [
          ({ error }) => {
            seen.push((error as PentauthError).code)
            return error
          },
        ],
      },
    })
    expect((await caught(http.delete('models/x'))).code).toBe('console_only')
    expect(seen).toEqual(['DELETE', '403', 'console_only'])
  })
})

describe('requests of createHttp that are sent again', () => {
  const renewing: Answer = (response, { headers, body }) =>
    isFirstKey(headers.authorization)
      ? json(response, 401, { detail: 'Invalid or expired token' })
      : json(response, 200, { body })

  it.each([
    ['JSON', { json: { a: 1 } }, '{"a":1}'],
    ['text', { body: 'text' }, 'text'],
    ['URL parameters', { body: new URLSearchParams({ a: 'b' }) }, 'a=b'],
    ['bytes', { body: new TextEncoder().encode('bytes') }, 'bytes'],
  ])('after a renewal: %s', async (_name, options, expected) => {
    const { http, server } = await kyHere(renewing)
    expect(await http.post('chat', options).json()).toEqual({ body: expected })
    expect(server.seen.map(({ body }) => body)).toEqual([expected, expected])
    expect(server.seen[1]?.headers['content-type']).toBe(server.seen[0]?.headers['content-type'])
  })

  it('not after a renewal: a stream', async () => {
    const { http, server } = await kyHere(renewing)
    const error = await caught(http.post('chat', { body: new Blob(['once']).stream() }))
    expect(error.code).toBe('credential_refused')
    expect(server.seen.map(({ body }) => body)).toEqual(['once'])
  })

  it('by ky, as the caller asks', async () => {
    let count = 0
    const answer: Answer = (response) => json(response, count++ < 2 ? 503 : 200, { count })
    const { http, server } = await kyHere(answer, { retry: { limit: 2, delay: () => 0 } })
    expect(await http.get('models').json()).toEqual({ count: 3 })
    expect(server.seen.every(({ headers }) => isFirstKey(headers.authorization))).toBe(true)
  })

  it.each([undefined, 1, { limit: 1 }])(
    'after a minute at most, whatever a server asks for: retry %j',
    async (retry) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const { auth, sent } = recorded(pendra, apiKey(testKey.pendra()), () =>
        sent.length === 1
          ? new Response('', { status: 503, headers: { 'retry-after': '999999' } })
          : new Response('fine'),
      )
      const http = createHttp(auth, { timeout: false, ...(retry === undefined ? {} : { retry }) })
      let text: string | undefined
      http
        .get('models')
        .text()
        .then((answer) => {
          text = answer
        })
      let seconds = 0
      // The clock moves only while somebody waits for it; what takes turns of the event loop gets them.
      for (let turn = 0; turn < 100_000 && text === undefined; turn++) {
        await new Promise((resolve) => setImmediate(resolve))
        if (vi.getTimerCount() === 0) continue
        await vi.advanceTimersByTimeAsync(1_000)
        seconds++
      }
      vi.useRealTimers()
      expect(text).toBe('fine')
      expect(seconds).toBeGreaterThan(58)
      expect(seconds).toBeLessThan(120)
    },
  )

  it('with their other options', async () => {
    const { auth, sent } = recorded(pensyve, apiKey(testKey.pensyve()))
    await createHttp(auth).put('entities', {
      json: {},
      headers: { 'x-mine': '1' },
      keepalive: true,
      redirect: 'manual',
    })
    expect(sent[0]).toMatchObject({ method: 'PUT', keepalive: true, redirect: 'manual' })
    expect(sent[0]?.headers.get('x-mine')).toBe('1')
  })
})
