import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { profundis } from '@pentauth/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { callbackPage } from '../src/callback-page.ts'
import { type Arrival, listenForCallback } from '../src/loopback-callback.ts'

async function listener() {
  const listening = await listenForCallback(profundis, { host: '127.0.0.1', port: 0, path: '/callback' })
  onTestFinished(listening.close)
  const arrived: Arrival[] = []
  const arrival = listening.arrivalFor('right').then((one) => {
    arrived.push(one)
    return one
  })
  return { ...listening, arrival, arrived }
}

interface Asked {
  readonly path?: string
  readonly method?: string
  readonly host?: string
  readonly headers?: Record<string, string>
}

/** A request whose every header is the test's own. */
function ask(
  port: number,
  { path = '/callback', method = 'GET', host = `127.0.0.1:${port}`, headers = {} }: Asked = {},
) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const options = { port, host: '127.0.0.1', path, method, headers: { host, ...headers }, agent: false }
    const request = httpRequest(options, (response) => {
      let body = ''
      response.on('data', (chunk) => (body += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    request.on('error', reject)
    request.end()
  })
}

describe('the listener for the callback', () => {
  it.each([
    ['another host', { host: 'evil.example' }, 403],
    ['another port', { host: '127.0.0.1:1' }, 403],
    ['a host that begins like ours', { host: '127.0.0.1.evil.example' }, 403],
    ['a page of another origin', { headers: { origin: 'https://evil.example' } }, 403],
    ['a page without an origin', { headers: { origin: 'null' } }, 403],
    ['another path', { path: '/other?state=right' }, 404],
    ['a path below', { path: '/callback/x?state=right' }, 404],
    ['a path that looks like a host', { path: '//callback?state=right' }, 404],
    ['a whole URL', { path: 'http://evil.example/callback?state=right' }, 400],
    ['POST', { method: 'POST', path: '/callback?state=right' }, 405],
    ['HEAD', { method: 'HEAD', path: '/callback?state=right' }, 405],
    ['OPTIONS', { method: 'OPTIONS', path: '/callback?state=right' }, 405],
    ['no state', {}, 400],
    ['a wrong state', { path: '/callback?state=wrong' }, 400],
    ['the state twice', { path: '/callback?state=right&state=right' }, 400],
    ['the icon', { path: '/favicon.ico' }, 204],
  ])('lets nothing pass but the answer: %s', async (_what, asked, status) => {
    const { port, arrived } = await listener()
    const answer = await ask(port, asked)
    expect(answer.status).toBe(status)
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
    expect(answer.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/]{43}='; /)
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      connection: 'close',
    })
    expect(arrived).toEqual([])
  })

  it('answers once, when the outcome is known, by any of its names', async () => {
    const { port, arrival } = await listener()
    const answer = ask(port, { path: '/callback?code=abc&state=right', host: `LOCALHOST:${port}` })
    const { url, answer: tell } = await arrival
    expect(Object.fromEntries(url.searchParams)).toEqual({ code: 'abc', state: 'right' })
    expect((await ask(port, { path: '/callback?code=abc&state=right' })).status).toBe(410)
    await tell('signed_in')
    expect(await answer).toMatchObject({ status: 200, body: callbackPage('signed_in', 'Profundis') })
  })

  it('is not held up by those who send slowly or without end', async () => {
    const { port, arrival } = await listener()
    const slow = Array.from({ length: 50 }, () => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.write('GET /callback HTTP/1.1\r\nHost: ')
      return socket
    })
    onTestFinished(() => slow.forEach((socket) => void socket.destroy()))
    expect((await ask(port, { path: `/callback?state=${'x'.repeat(20_000)}` })).status).toBe(431)
    const answer = ask(port, { path: '/callback?state=right' })
    await (await arrival).answer('failed')
    expect((await answer).status).toBe(400)
  })

  it('is not reachable by the other addresses of this machine', async () => {
    const { port } = await listener()
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, scopeid }) => !internal && !scopeid)
    for (const { address } of others) expect(await connects(address, port), address).toBe(false)
    expect(await connects('127.0.0.1', port)).toBe(true)
    expect(await connects('127.0.0.2', port)).toBe(false)
  })
})

describe('the page', () => {
  it('escapes the name of the service, which a definition may take from elsewhere', () => {
    const page = callbackPage('signed_in', `<script>alert(1)</script>"'&`)
    expect(page).not.toContain('<script')
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;')
  })
})

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 })
    const end = (isThere: boolean) => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })
}
