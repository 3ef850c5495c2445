import { caught, testKey } from '@pentauth/tooling/canary'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { apiKey, createAuth, errorFrom, PentauthError, type PentauthEvent, relocate } from '../src/index.ts'
import { pendium, pendra, pensyve, pentographer } from '../src/services.ts'
import { carriers, recorded, tokenSource } from './support/auth.ts'
import { json, serve, type TestServer } from './support/server.ts'

const path = '/api/v1/echo'
const bytes = new TextEncoder().encode('bytes')
const form = () => {
  const data = new FormData()
  data.append('file', new Blob(['content'], { type: 'text/plain' }), 'a.txt')
  return data
}

describe('a refused credential', () => {
  const keys = { old: testKey.pendra('old'), new: testKey.pendra('new') }

  /** A service that takes only the new key, and an Auth that holds the old one first. */
  async function rotating(answer = { detail: 'Invalid or expired token' }, next: () => string = () => keys.new) {
    const server: TestServer = await serve((response, { headers, body }) => {
      if (headers.authorization === `Bearer ${keys.new}`) return json(response, 200, { body })
      return json(response, 401, answer)
    })
    const events: PentauthEvent[] = []
    let reads = 0
    const auth = createAuth(relocate(pendra, { 'https://api.pendra.ai': server.origin }), {
      credential: apiKey(async () => (reads++ === 0 ? keys.old : next())),
      onEvent: (event) => void events.push(event),
    })
    return { auth, server, events, url: server.origin + path, reads: () => reads }
  }

  it('is read again and the request sent once more', async () => {
    const { auth, server, events, url } = await rotating()
    const response = await auth.fetch(`${url}?q=secret#f`, { method: 'POST', body: 'twice' })
    expect(await response.json()).toEqual({ body: 'twice' })
    expect(server.seen.map(({ headers }) => carriers(headers, keys.old))).toEqual(['authorization: Bearer', 'none'])
    const resent = events.find(({ type }) => type === 'request_resent')
    expect(resent).toMatchObject({ resource: 'rest', url, credential: { preview: keys.new.slice(0, 8) } })
    expect((await auth.fetch(url)).status).toBe(200)
    expect(server.seen).toHaveLength(3)
  })

  it.each([
    ['FormData', form, true],
    ['bytes', () => bytes, true],
    ['URL parameters', () => new URLSearchParams({ a: 'b' }), true],
    ['a stream', () => new Blob(['once']).stream(), false],
  ] as const)('%s: sent again? %#', async (_name, body, isReplayed) => {
    const { auth, server, url } = await rotating()
    const response = await auth.fetch(url, { method: 'POST', body: body(), duplex: 'half' } as RequestInit)
    expect(response.status).toBe(isReplayed ? 200 : 401)
    expect(server.seen).toHaveLength(isReplayed ? 2 : 1)
    if (isReplayed) expect(server.seen[1]?.body.length).toBe(server.seen[0]?.body.length)
    // The new key is there for the next request either way.
    expect((await auth.fetch(url)).status).toBe(200)
  })

  it('is refused again: the answer is returned, and no third request is made', async () => {
    const { auth, server, url } = await rotating(undefined, () => testKey.pendra('worse'))
    expect((await auth.fetch(url)).status).toBe(401)
    expect(server.seen).toHaveLength(2)
  })

  it('is the only one there is: one request', async () => {
    const { auth, server, url } = await rotating(undefined, () => keys.old)
    const response = await auth.fetch(url)
    expect([response.status, server.seen.length]).toEqual([401, 1])
    expect(await response.json()).toEqual({ detail: 'Invalid or expired token' })
  })

  it('costs one reading for fifty callers', async () => {
    const { auth, server, url, reads } = await rotating()
    const responses = await Promise.all(Array.from({ length: 50 }, () => auth.fetch(url)))
    expect(responses.every(({ status }) => status === 200)).toBe(true)
    expect(reads()).toBe(2)
    expect(server.seen.length).toBeLessThanOrEqual(100)
  })

  it('leaves the answer as it came when nothing can be renewed', async () => {
    const answer = JSON.stringify({ detail: 'Invalid or expired token', more: [1] })
    const headers = { 'content-type': 'application/json', 'www-authenticate': 'Bearer error="invalid_token"' }
    const { auth } = recorded(pendra, apiKey(testKey.pendra()), () => new Response(answer, { status: 401, headers }))
    const response = await auth.fetch('https://api.pendra.ai/v1/models')
    expect(response.bodyUsed).toBe(false)
    expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
    expect((await errorFrom(response))?.code).toBe('credential_refused')
    expect(await response.clone().text()).toBe(answer)
    expect(await response.text()).toBe(answer)
    expect((await errorFrom(response))?.code).toBe('credential_refused')
  })

  it.each([
    ['a failure that passes', true],
    ['a definitive failure', false],
  ])('and %s of the renewal', async (_name, retryable) => {
    const failure = new PentauthError({ code: 'temporarily_unavailable', message: 'x', retryable })
    const source = { ...tokenSource(testKey.token()), renew: () => Promise.reject(failure) }
    const { auth } = recorded(pensyve, source, () => new Response('{}', { status: 401 }))
    const outcome = auth.fetch('https://api.pensyve.com/v1/status')
    if (retryable) expect(await caught(outcome)).toBe(failure)
    else expect((await outcome).status).toBe(401)
  })
})

describe('a refusal that is not about the credential', () => {
  it('Pendium answers 401 for an agent of somebody else: nothing is renewed', async () => {
    const message =
      "Agent with syntheticId=a1 not found or you don't have access. Use the get_account tool to see your agents."
    let reads = 0
    const key = apiKey(() => testKey.pendium(String(reads++)))
    const { auth, sent, events } = recorded(pendium, key, () => Response.json({ error: message }, { status: 401 }))
    const response = await auth.fetch('https://pendium.ai/api/visibility/report?syntheticId=a1')
    expect(await errorFrom(response)).toMatchObject({ code: 'agent_not_accessible', parameters: { syntheticId: 'a1' } })
    expect([sent.length, reads]).toEqual([1, 1])
    expect(events.map(({ type }) => type)).toEqual(['credential_selected'])
  })

  it.each([
    ['Pensyve, a revoked key', 'Invalid or revoked API key', 2],
    ['Pensyve, another 403', 'You may not do this', 1],
  ])('403 of %s', async (_name, error, requests) => {
    let reads = 0
    const key = apiKey(() => testKey.pensyve(String(reads++)))
    const { auth, sent } = recorded(pensyve, key, () => Response.json({ error }, { status: 403 }))
    expect((await auth.fetch('https://api.pensyve.com/v1/status')).status).toBe(403)
    expect(sent).toHaveLength(requests)
  })

  it('a scope that does not suffice is not renewed', async () => {
    const headers = { 'www-authenticate': 'Bearer error="insufficient_scope", scope="mcp"' }
    const source = { ...tokenSource(testKey.token()), renew: () => expect.fail('renewed') }
    const { auth } = recorded(pensyve, source, () => new Response('{}', { status: 401, headers }))
    expect((await auth.fetch('https://api.pensyve.com/v1/status')).status).toBe(401)
  })
})

describe('the body of a 401', () => {
  const auth401 = (body: BodyInit) =>
    recorded(pentographer, apiKey(testKey.pentographer()), () => new Response(body, { status: 401 })).auth.fetch(
      'https://app.pentographer.com/api/graphql',
    )

  it('without end is judged by its beginning and stays readable', async () => {
    let pulls = 0
    const endless = new ReadableStream({
      pull(controller) {
        pulls++
        controller.enqueue(new Uint8Array(8192).fill(32))
      },
    })
    const response = await auth401(endless)
    // 64 KiB in chunks of 8, and what streams buffer.
    expect(pulls).toBeLessThan(20)
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    expect((await reader.read()).value?.length).toBe(8192)
    await reader.cancel()
  })

  it('that is big comes whole', async () => {
    const response = await auth401('x'.repeat(1_000_000))
    expect((await response.text()).length).toBe(1_000_000)
  })

  it('that breaks off fails where it is read, as with fetch', async () => {
    const broken = new ReadableStream({
      pull(controller) {
        controller.error(new TypeError('terminated'))
      },
    })
    const response = await auth401(broken)
    expect(response.status).toBe(401)
    expect((await caught(response.text())).message).toBe('terminated')
  })

  it('that somebody is reading does not disturb errorFrom', async () => {
    const response = await auth401('{}')
    const reader = response.body?.getReader()
    expect((await errorFrom(response))?.status).toBe(401)
    reader?.releaseLock()
  })

  it('that breaks off does not stop the renewal', async () => {
    let calls = 0
    const broken = () => new ReadableStream({ pull: (controller) => controller.error(new TypeError('terminated')) })
    const { auth, sent } = recorded(
      pentographer,
      apiKey(() => testKey.pentographer(String(calls++))),
      () => (sent.length === 1 ? new Response(broken(), { status: 401 }) : new Response('fine')),
    )
    expect(await (await auth.fetch('https://app.pentographer.com/api/graphql')).text()).toBe('fine')
  })

  it('is let go when the renewal fails for now', async () => {
    let isCancelled = false
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
      cancel: () => {
        isCancelled = true
      },
    })
    const source = { ...tokenSource(testKey.token()), renew: () => Promise.reject(new Error('vault sealed')) }
    const { auth } = recorded(pensyve, source, () => new Response(endless, { status: 401 }))
    expect((await caught(auth.fetch('https://api.pensyve.com/v1/status'))).message).toBe('vault sealed')
    expect(isCancelled).toBe(true)
  })

  describe('that never comes', () => {
    afterEach(() => void vi.useRealTimers())

    it('is not waited for: the status decides', async () => {
      // Hashing a preview takes real time.
      const passed = setTimeout
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      let status = 0
      auth401(new ReadableStream()).then((response) => {
        status = response.status
      })
      for (let turn = 0; turn < 100 && status === 0; turn++) {
        await new Promise((resolve) => passed(resolve, 2))
        await vi.advanceTimersByTimeAsync(1_000)
      }
      expect(status).toBe(401)
    })
  })
})
