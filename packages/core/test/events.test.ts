import process from 'node:process'
import { expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { urlForEvent } from '../src/emitter.ts'
import { apiKey, createAuth, type PentauthEvent } from '../src/index.ts'
import { pensyve } from '../src/services.ts'
import { localPendra, recorded } from './support/auth.ts'
import { json, serve } from './support/server.ts'

const url = 'https://api.pensyve.com/v1/status'

describe('events', () => {
  it('tell of a credential once for each resource, and again when it changed', async () => {
    let calls = 0
    const { auth, events } = recorded(
      pensyve,
      apiKey(() => testKey.pensyve(String(calls++))),
      ({ headers }) =>
        headers.get('authorization')?.endsWith(testKey.pensyve('0')) && calls > 0
          ? Response.json({ error: 'Invalid or revoked API key' }, { status: 403 })
          : new Response('{}'),
    )
    await Promise.all([auth.fetch(url), auth.fetch(url)])
    await auth.fetch(url)
    await auth.fetch('https://mcp.pensyve.com/mcp')
    const selected = events.filter(({ type }) => type === 'credential_selected')
    expect(selected).toMatchObject([
      { service: 'pensyve', resource: 'rest', header: 'authorization', passedOver: [] },
      { resource: 'rest' },
      { resource: 'mcp' },
    ])
    expectNoMarker(events)
  })

  it('identify a credential by eight characters and a fingerprint', async () => {
    const { auth, events } = recorded(pensyve, apiKey(testKey.pensyve(), { name: 'MY_KEY' }))
    await auth.fetch(url)
    expect(events[0]).toMatchObject({ type: 'service_notice', notice: expect.stringContaining('closed') })
    expect(events[1]).toMatchObject({
      type: 'credential_selected',
      credential: {
        kind: 'api-key',
        source: 'MY_KEY',
        preview: expect.stringMatching(/^psy_.{4}$/),
        fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/),
      },
    })
  })

  it('show URLs without their query, fragment and user', async () => {
    expect(urlForEvent(new URL('https://user:pass@a.example:8443/b/c?d=e#f'))).toBe('https://a.example:8443/b/c')
    const server = await serve((response, { path }) =>
      path.startsWith('/api/v1/a')
        ? response.writeHead(302, { location: '/api/v1/b?token=y#z' }).end()
        : json(response, 401, {}),
    )
    const events: PentauthEvent[] = []
    await localPendra(server.origin, {}, events).fetch(`${server.origin}/api/v1/a?token=x`)
    expect(JSON.stringify(events)).not.toMatch(/token=|#z/)
    expect(events.map(({ type }) => type)).toEqual(['credential_selected', 'redirect_followed', 'credential_refused'])
  })

  it.each([
    ['throws', () => expect.fail('listener')],
    ['rejects', () => Promise.reject(new Error('listener'))],
  ])('go to a listener that %s without harm', async (_name, onEvent) => {
    const auth = createAuth(pensyve, {
      credential: apiKey(testKey.pensyve()),
      onEvent: onEvent as () => void,
      runtime: { fetch: async () => new Response('fine') },
    })
    const unhandled: unknown[] = []
    const note = (reason: unknown) => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    expect(await (await auth.fetch(url)).text()).toBe('fine')
    // Node tells of an unhandled rejection at the end of a turn.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    expect(unhandled).toHaveLength(0)
  })

  it('cost nothing where nobody listens: no fingerprint is computed', async () => {
    const runtime = {
      fetch: async () => new Response('{}', { status: 401 }),
      get crypto(): Crypto {
        return expect.fail('crypto was used')
      },
    }
    const auth = createAuth(pensyve, { credential: apiKey(testKey.pensyve()), runtime })
    expect((await auth.fetch(url)).status).toBe(401)
  })
})
