import { describe, expect, it } from 'vitest'
import type { Runtime } from '../src/index.ts'
import { localPendra } from './support/auth.ts'
import {
  body,
  carried,
  type Header,
  type Place,
  paths,
  places,
  redirected,
  requests,
  statuses,
} from './support/redirect.ts'
import { type Seen, serve } from './support/server.ts'

const grid = statuses.flatMap((status) =>
  Object.keys(places).flatMap((place) =>
    (Object.keys(paths) as Header[]).flatMap((header) =>
      Object.keys(requests).map((request) => [status, place, header, request] as const),
    ),
  ),
)

describe('a redirect', () => {
  it.each(grid)('%i to %s, %s, %s', async (status, placeName, header, requestName) => {
    const place = places[placeName] as Place
    const { response, error, target, home, foreign } = await redirected(
      status,
      place,
      header,
      requests[requestName]?.() ?? {},
    )
    // The first request carries everything, whatever follows.
    expect(carried(home.seen[0] as Seen)).toBe(header === 'authorization' ? 'authorization: Bearer' : 'x-api-key')

    // Nothing of ours at another origin.
    for (const seen of foreign.seen) expect([carried(seen), seen.body]).toEqual(['none', ''])
    const keepsBody = requestName !== 'GET' && status >= 307
    if (keepsBody && (requestName === 'POST stream' || !place.isHome)) {
      expect(error).toMatchObject({ code: 'redirect_refused', status })
      expect(target).toBeUndefined()
      return
    }
    expect(error).toBeUndefined()
    expect(target && carried(target) !== 'none').toBe(place.isHome)
    expect(target).toMatchObject({ method: keepsBody ? 'POST' : 'GET', body: keepsBody ? body : '' })
    if (!keepsBody) expect(target?.headers).not.toHaveProperty('content-type')
    expect(response?.status).toBe(200)
    expect(response?.redirected).toBe(true)
    expect(response?.url.endsWith('/target')).toBe(true)
  })

  it('keeps the method of a PUT, and drops its body with 303', async () => {
    const place = places['the same resource'] as Place
    for (const status of statuses) {
      const { target } = await redirected(status, place, 'authorization', { method: 'PUT', body })
      expect(target).toMatchObject(status === 303 ? { method: 'GET', body: '' } : { method: 'PUT', body })
    }
  })

  it('carries no body of a PUT elsewhere, whatever the status', async () => {
    for (const status of statuses) {
      const { foreign } = await redirected(status, places['another port'] as Place, 'x-api-key', {
        method: 'PUT',
        body,
      })
      for (const seen of foreign.seen) expect([carried(seen), seen.body]).toEqual(['none', ''])
    }
  })

  it('takes only harmless headers elsewhere', async () => {
    const headers = {
      accept: 'text/plain',
      range: 'bytes=0-1',
      cookie: 'a=b',
      'x-mine': '1',
      'proxy-authorization': 'x',
      dpop: 'x',
    }
    const { foreign } = await redirected(302, places['another port'] as Place, 'authorization', { headers })
    expect(foreign.seen[0]?.headers).toMatchObject({ accept: 'text/plain', range: 'bytes=0-1' })
    for (const name of ['cookie', 'x-mine', 'proxy-authorization', 'dpop']) {
      expect(foreign.seen[0]?.headers).not.toHaveProperty(name)
    }
  })

  it('keeps the headers of the caller within the resource', async () => {
    const { target } = await redirected(302, places['the same resource'] as Place, 'x-api-key', {
      headers: { 'x-mine': '1' },
    })
    expect(target?.headers).toMatchObject({ 'x-mine': '1', 'anthropic-version': '2023-06-01' })
  })
})

describe("the caller's redirect mode", () => {
  it.each(['x-api-key', 'authorization'] as const)('manual shows the answer: %s', async (header) => {
    const { response, home } = await redirected(302, places['another port'] as Place, header, { redirect: 'manual' })
    expect([response?.status, home.seen.length]).toEqual([302, 1])
  })

  it('error is an error of fetch', async () => {
    const { error, foreign } = await redirected(302, places['another port'] as Place, 'authorization', {
      redirect: 'error',
    })
    expect(error).toBeInstanceOf(TypeError)
    expect(foreign.seen).toHaveLength(0)
  })

  it('of a Request counts too', async () => {
    const home = await serve((response) => response.writeHead(302, { location: '/v1/messages/target' }).end())
    const request = new Request(`${home.origin}/v1/messages`, { redirect: 'manual' })
    expect((await localPendra(home.origin).fetch(request)).status).toBe(302)
  })
})

describe('where the platform follows', () => {
  const modes: string[] = []
  const runtime: Partial<Runtime> = {
    redirects: 'platform',
    fetch: (input, init) => {
      modes.push(String(init?.redirect))
      return fetch(input, init)
    },
  }

  it.each([
    ['x-api-key', {}, 'error'],
    ['authorization', {}, 'follow'],
    ['x-api-key', { redirect: 'manual' }, 'manual'],
    ['authorization', { redirect: 'error' }, 'error'],
  ] as const)('%s %j: %s', async (header, init, expected) => {
    modes.length = 0
    const { foreign, error } = await redirected(302, places['another port'] as Place, header, init, runtime)
    expect(modes).toEqual([expected])
    expect(error === undefined).toBe(expected !== 'error')
    expect(foreign.seen.map(carried)).toEqual(expected === 'follow' ? ['none'] : [])
  })

  it('an answer without a redirect is untouched', async () => {
    const home = await serve((response) => response.end('plain'))
    expect(await (await localPendra(home.origin, runtime).fetch(`${home.origin}/v1/messages`)).text()).toBe('plain')
  })
})
