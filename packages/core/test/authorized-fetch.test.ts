import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { apiKey, createAuth } from '../src/index.ts'
import { pendra, pensyve } from '../src/services.ts'
import { localPendra, offline, recorded, tokenSource } from './support/auth.ts'
import { json, serve } from './support/server.ts'

const path = '/api/v1/echo'

/** What `fetch` and `auth.fetch` make of the same arguments, as the server sees it. */
async function both(argumentsFor: (url: string) => [string | URL | Request, RequestInit?]) {
  const server = await serve((response, { method, body }) => json(response, 200, { method, body }))
  const plain = await fetch(...argumentsFor(server.origin + path))
  const ours = await localPendra(server.origin).fetch(...argumentsFor(server.origin + path))
  const [first, second] = server.seen.map(({ method, path, headers, body }) => {
    const { authorization: _, host: __, 'content-type': type, ...rest } = headers
    // A form has a new boundary every time.
    return {
      method,
      path,
      headers: rest,
      type: type?.replace(/boundary=.*/, ''),
      body: body.replaceAll(/-{4,}\S+/g, '-'),
    }
  })
  return { plain, ours, first, second }
}

const bytes = new TextEncoder().encode('bytes')
const form = () => {
  const data = new FormData()
  data.append('file', new Blob(['content'], { type: 'text/plain' }), 'a.txt')
  return data
}
const inputs: Record<string, (url: string) => [string | URL | Request, RequestInit?]> = {
  'a string': (url) => [url],
  'a string with white space': (url) => [` ${url}\n`],
  'a URL': (url) => [new URL(`${url}?a=b#c`)],
  'a Request': (url) => [new Request(url, { headers: { 'x-a': '1' } })],
  'a Request with a body': (url) => [new Request(url, { method: 'POST', body: 'text' })],
  'a Request and other options': (url) => [
    new Request(url, { method: 'POST', body: 'text' }),
    { method: 'PUT', body: 'new' },
  ],
  'a Request as options': (url) => [url, new Request('http://127.0.0.1:1', { method: 'POST', body: 'text' })],
  text: (url) => [url, { method: 'POST', body: 'text' }],
  'a method in lower case': (url) => [url, { method: 'post', body: 'text' }],
  bytes: (url) => [url, { method: 'PUT', body: bytes }],
  'an ArrayBuffer': (url) => [url, { method: 'PUT', body: bytes.buffer }],
  'a Blob': (url) => [url, { method: 'POST', body: new Blob(['blob'], { type: 'text/x' }) }],
  'URL parameters': (url) => [url, { method: 'POST', body: new URLSearchParams({ a: 'b c' }) }],
  FormData: (url) => [url, { method: 'POST', body: form() }],
  'a stream': (url) => [url, { method: 'POST', body: new Blob(['stream']).stream(), duplex: 'half' } as RequestInit],
  'an empty body': (url) => [url, { method: 'POST', body: '' }],
  'null options': (url) => [url, { body: null, signal: null }],
  HEAD: (url) => [url, { method: 'HEAD' }],
}

describe('auth.fetch sends what fetch sends', () => {
  it.each(Object.keys(inputs))('%s', async (name) => {
    const { plain, ours, first, second } = await both(inputs[name] as (url: string) => [string])
    expect(second).toEqual(first)
    expect([ours.status, ours.url, ours.redirected]).toEqual([plain.status, plain.url, plain.redirected])
    expect((await ours.text()).length).toBe((await plain.text()).length)
  })

  it.each([
    ['a relative URL', '/v1'],
    ['no URL', undefined as unknown as string],
  ])('and rejects without throwing: %s', async (_name, input) => {
    const auth = createAuth(pensyve, { credential: apiKey(testKey.pensyve()), runtime: offline })
    const promise = auth.fetch(input)
    expect((await caught(promise)).code).toBe('invalid_url')
  })

  it('reads its arguments at once: what the caller changes later does not count', async () => {
    const { auth, sent } = recorded(
      pendra,
      apiKey(async () => testKey.pendra()),
    )
    const url = new URL('https://api.pendra.ai/api/v1/models?page=1')
    const headers = new Headers({ 'x-page': '1' })
    const init = { headers }
    const first = auth.fetch(url, init)
    url.searchParams.set('page', '2')
    headers.set('x-page', '2')
    const second = auth.fetch(url, init)
    url.host = 'evil.example'
    await Promise.all([first, second])
    const base = 'https://api.pendra.ai/api/v1/models'
    expect(sent.map((request) => request.url).sort()).toEqual([`${base}?page=1`, `${base}?page=2`])
    expect(sent.map((request) => request.headers.get('x-page')).sort()).toEqual(['1', '2'])
  })

  it('is bound', async () => {
    const { fetch } = recorded(pendra, apiKey(testKey.pendra())).auth
    expect((await fetch('https://api.pendra.ai/v1/models')).status).toBe(200)
  })

  it('streams an answer while it is written', async () => {
    let finish: () => void = () => undefined
    const server = await serve((response) => {
      response.write('first ')
      finish = () => response.end('second')
    })
    const response = await localPendra(server.origin).fetch(server.origin + path)
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('first ')
    finish()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('second')
  })

  it.each([200, 204, 400, 401, 403, 404, 429, 500, 503])('never throws for a status: %i', async (status) => {
    const server = await serve((response) => response.writeHead(status).end())
    expect((await localPendra(server.origin).fetch(server.origin + path)).status).toBe(status)
    expect(server.seen).toHaveLength(1)
  })

  it('leaves network errors as they are', async () => {
    const reason = new TypeError('fetch failed')
    const runtime = { fetch: () => Promise.reject(reason) }
    const auth = createAuth(pendra, { credential: apiKey(testKey.pendra()), runtime })
    expect(await caught(auth.fetch('https://api.pendra.ai/v1/models'))).toBe(reason)
  })

  it('leaves aborts as they are: before and during the request, and in the body', async () => {
    const server = await serve((response, { path }) => {
      if (path.endsWith('/body')) response.write('some')
    })
    const auth = localPendra(server.origin)
    const reason = new Error('mine')
    expect(await caught(auth.fetch(server.origin + path, { signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(server.seen).toHaveLength(0)

    const during = new AbortController()
    const request = auth.fetch(server.origin + path, { signal: during.signal })
    setImmediate(() => during.abort())
    expect((await caught(request)).name).toBe('AbortError')

    const inBody = new AbortController()
    const response = await auth.fetch(new Request(`${server.origin}${path}/body`, { signal: inBody.signal }))
    inBody.abort()
    expect((await caught(response.text())).name).toBe('AbortError')
  })
})

describe('an abort before there is a credential', () => {
  const url = 'https://api.pensyve.com/v1/status'
  const reason = new Error('changed my mind')

  it('asks nobody for one', async () => {
    const credential = apiKey(() => expect.fail('asked'))
    const auth = createAuth(pensyve, { credential, runtime: offline })
    expect(await caught(auth.fetch(url, { signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(await caught(auth.fetch(new Request(url, { signal: AbortSignal.abort(reason) })))).toBe(reason)
  })

  it('ends the wait of one caller and of no other', async () => {
    let asked: () => void
    const isAsked = new Promise<void>((resolve) => (asked = resolve))
    let answer: (key: string) => void = () => undefined
    const credential = apiKey(() => {
      asked()
      return new Promise<string>((resolve) => (answer = resolve))
    })
    const { auth, sent } = recorded(pensyve, credential)
    const abort = new AbortController()
    const impatient = auth.fetch(url, { signal: abort.signal })
    const patient = auth.fetch(url, { signal: new AbortController().signal })
    abort.abort(reason)
    expect(await caught(impatient)).toBe(reason)
    await isAsked
    answer(testKey.pensyve())
    expect((await patient).status).toBe(200)
    expect(sent).toHaveLength(1)
  })

  it('ends the wait for a renewal', async () => {
    const source = { ...tokenSource(testKey.token()), renew: () => new Promise<never>(() => undefined) }
    const abort = new AbortController()
    const { auth } = recorded(pensyve, source, () => {
      setImmediate(() => abort.abort(reason))
      return new Response('{}', { status: 401 })
    })
    expect(await caught(auth.fetch(url, { signal: abort.signal }))).toBe(reason)
  })
})
