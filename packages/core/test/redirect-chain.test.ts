import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import type { PentauthEvent } from '../src/index.ts'
import { localPendra } from './support/auth.ts'
import { body, carried } from './support/redirect.ts'
import { serve, type TestServer } from './support/server.ts'

describe('a chain of redirects', () => {
  it('once bare stays bare, also when it leads back', async () => {
    const home: TestServer = await serve((response, { path }) => {
      if (path === '/v1/messages') return response.writeHead(302, { location: `${foreign.origin}/bounce` }).end()
      return response.end('back')
    })
    const foreign: TestServer = await serve((response) =>
      response.writeHead(302, { location: `${home.origin}/v1/messages/delete-all` }).end(),
    )
    const events: PentauthEvent[] = []
    const response = await localPendra(home.origin, {}, events).fetch(`${home.origin}/v1/messages`)
    expect(await response.text()).toBe('back')
    expect(home.seen.map(carried)).toEqual(['x-api-key', 'none'])
    expect(foreign.seen.map(carried)).toEqual(['none'])
    const followed = events.filter(({ type }) => type === 'redirect_followed')
    expect(followed).toMatchObject([
      { status: 302, from: `${home.origin}/v1/messages`, to: `${foreign.origin}/bounce`, withCredential: false },
      { status: 302, to: `${home.origin}/v1/messages/delete-all`, withCredential: false },
    ])
  })

  it('carries no body to a place of the origin that is not covered', async () => {
    const home: TestServer = await serve((response) => response.writeHead(307, { location: '/elsewhere' }).end())
    const request = localPendra(home.origin).fetch(`${home.origin}/v1/messages`, { method: 'POST', body })
    expect((await caught(request)).code).toBe('redirect_refused')
    expect(home.seen.map(carried)).toEqual(['x-api-key'])
  })

  it.each([
    ['a loop', (count: number) => `/v1/messages/${count % 2}`],
    ['a chain without end', (count: number) => `/v1/messages/${count}`],
    ['an empty location', () => ''],
  ])('ends %s as fetch does', async (_name, next) => {
    let count = 0
    const home = await serve((response) => response.writeHead(302, { location: next(count++) }).end())
    const error = await caught(localPendra(home.origin).fetch(`${home.origin}/v1/messages`))
    expect(error).toMatchObject({ code: 'redirect_refused', status: 302, retryable: false })
    expect(home.seen).toHaveLength(21)
  })

  it('follows twenty', async () => {
    let count = 0
    const home = await serve((response) =>
      count++ < 20 ? response.writeHead(302, { location: `/v1/messages/${count}` }).end() : response.end('there'),
    )
    expect(await (await localPendra(home.origin).fetch(`${home.origin}/v1/messages`)).text()).toBe('there')
  })

  it.each([
    'javascript:alert(1)',
    'data:text/plain,x',
    'file:///etc/passwd',
    'ftp://a.example/',
    'http://',
    'blob:http://a/b',
  ])('refuses the location %s', async (location) => {
    const home = await serve((response) => response.writeHead(302, { location }).end())
    const error = await caught(localPendra(home.origin).fetch(`${home.origin}/v1/messages`))
    expect(error.code).toBe('redirect_refused')
    expect(error.message).toContain('leads to no http(s) URL')
  })

  it('refuses a location with a user, and does not repeat it', async () => {
    const foreign = await serve()
    // A hostile server that sends our own key round.
    const location = `http://user:${testKey.pendra()}@127.0.0.1:${foreign.port}/`
    const home = await serve((response) => response.writeHead(302, { location }).end())
    const error = await caught(localPendra(home.origin).fetch(`${home.origin}/v1/messages`))
    expect(error.code).toBe('redirect_refused')
    expect(foreign.seen).toHaveLength(0)
  })

  it('without a location, or with 304, is an answer', async () => {
    for (const status of [302, 304, 300, 305, 399]) {
      const home = await serve((response) => response.writeHead(status, status === 302 ? {} : { location: '/x' }).end())
      const response = await localPendra(home.origin).fetch(`${home.origin}/v1/messages`)
      expect([response.status, response.redirected, home.seen.length]).toEqual([status, false, 1])
    }
  })

  it('keeps the fragment of the request as fetch does', async () => {
    const urls: string[] = []
    const fetch = async (input: string | URL | Request) => {
      urls.push(String(input))
      return urls.length < 3 ? Response.redirect(`http://127.0.0.1:1/v1/messages/${urls.length}`) : new Response('ok')
    }
    await localPendra('http://127.0.0.1:1', { fetch }).fetch('http://127.0.0.1:1/v1/messages#part')
    expect(urls.map((url) => new URL(url).hash)).toEqual(['#part', '#part', '#part'])
  })

  it('does not mind a redirect whose body breaks off', async () => {
    const broken = () => new ReadableStream({ pull: (controller) => controller.error(new TypeError('terminated')) })
    let count = 0
    const fetch = async () =>
      count++ === 0
        ? new Response(broken(), { status: 302, headers: { location: '/v1/messages/2' } })
        : new Response('there')
    const auth = localPendra('http://127.0.0.1:1', { fetch })
    expect(await (await auth.fetch('http://127.0.0.1:1/v1/messages')).text()).toBe('there')
  })
})
