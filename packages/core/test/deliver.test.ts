import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import {
  apiKey,
  type CredentialSource,
  clientCredentials,
  createAuth,
  PentauthError,
  type PentauthEvent,
  type Runtime,
  relocate,
} from '../src/index.ts'
import { createHttp } from '../src/ky.ts'
import { pendra, pentographer } from '../src/services.ts'
import { localPendra } from './support/auth.ts'
import { json, serve } from './support/server.ts'

// What is told when no answer comes; the sentences themselves are a platform's, and here made up.

const url = 'https://api.pendra.ai/v1/models'
const refused = () =>
  new TypeError('fetch failed', { cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) })
const explains: Partial<Runtime> = { explainConnection: (_, { host }) => `Set the proxy for ${host}.` }

/** Pendra with a `fetch` that rejects. */
function failing(
  error: unknown,
  runtime: Partial<Runtime> = {},
  credential: CredentialSource = apiKey(testKey.pendra()),
) {
  const events: PentauthEvent[] = []
  const fetch = async () => {
    throw error
  }
  const auth = createAuth(pendra, {
    credential,
    onEvent: (event) => void events.push(event),
    runtime: { fetch, ...runtime },
  })
  return { auth, failures: () => events.filter(({ type }) => type === 'connection_failed') }
}

describe('a request that fetch rejects', () => {
  it('is told with where, why and what to set; the error is the platform’s own', async () => {
    const error = refused()
    const before = { ...error, stack: error.stack, keys: Object.keys(error) }
    const { auth, failures } = failing(error, explains)
    await expect(auth.fetch(url)).rejects.toBe(error)
    expect({ ...error, stack: error.stack, keys: Object.keys(error) }).toEqual(before)
    expect(failures()).toEqual([
      {
        service: 'pendra',
        type: 'connection_failed',
        resource: 'v1',
        origin: 'https://api.pendra.ai',
        reason: 'ECONNREFUSED',
        hint: 'Set the proxy for api.pendra.ai.',
      },
    ])
  })

  it('is told without a hint where the platform has none, or fails to find one', async () => {
    const confused = () => {
      throw new TypeError('confused')
    }
    for (const runtime of [{}, { explainConnection: () => undefined }, { explainConnection: confused }]) {
      const { auth, failures } = failing(refused(), runtime)
      await expect(auth.fetch(url)).rejects.toThrow('fetch failed')
      expect(failures()).toEqual([expect.not.objectContaining({ hint: expect.anything() })])
    }
  })

  it('needs no listener, and may be anything at all', async () => {
    for (const error of [refused(), Object.freeze(refused()), undefined, null, 'text', 7]) {
      const { auth, failures } = failing(error, explains)
      await expect(auth.fetch(url)).rejects.toBe(error)
      expect(failures()).toHaveLength(1)
      const silent = createAuth(pendra, {
        credential: apiKey(testKey.pendra()),
        runtime: { ...explains, fetch: () => Promise.reject(error) },
      })
      await expect(silent.fetch(url)).rejects.toBe(error)
    }
  })

  it('has the code of the innermost cause as its reason, and no text of a server’s', async () => {
    const cause = Object.assign(new Error('x', { cause: { code: 'UND_ERR_ABORTED' } }), { code: 0 })
    const reasonOf = async (error: unknown) => {
      const { auth, failures } = failing(error)
      await auth.fetch(url).catch(() => undefined)
      return failures().map((event) => 'reason' in event && event.reason)
    }
    expect(await reasonOf(new TypeError('fetch failed', { cause }))).toEqual(['UND_ERR_ABORTED'])
    expect(await reasonOf({ code: `BAD ${testKey.token()}` })).toEqual([undefined])
    expect(await reasonOf(new TypeError('Failed to fetch'))).toEqual([undefined])
  })

  it('is no failed connection when it was aborted', async () => {
    for (const reason of [undefined, new Error('enough'), 'enough']) {
      const { auth, failures } = failing(undefined, {
        fetch: async (_, init) => {
          controller.abort(reason)
          throw init?.signal?.reason
        },
      })
      let controller = new AbortController()
      const byOption = await auth.fetch(url, { signal: controller.signal }).catch((error) => error)
      expect(byOption === controller.signal.reason && byOption !== undefined).toBe(true)
      controller = new AbortController()
      const byRequest = await auth.fetch(new Request(url, { signal: controller.signal })).catch((error) => error)
      expect(reason === undefined ? byRequest.name === 'AbortError' : byRequest === reason).toBe(true)
      expect(failures()).toEqual([])
    }
    const limit = new DOMException('too slow', 'TimeoutError')
    const { auth, failures } = failing(limit, explains)
    await expect(auth.fetch(url)).rejects.toBe(limit)
    expect(failures()).toEqual([])
  })

  it('is no failed connection when a fetch of the program’s own refused it', async () => {
    const error = new PentauthError({ code: 'no_credential', message: 'No credential for the gateway.' })
    const { auth, failures } = failing(error, explains)
    await expect(auth.fetch(url)).rejects.toBe(error)
    expect(failures()).toEqual([])
  })

  it('is told of the place that a redirect led to, without what that place repeats of the key', async () => {
    const there = `http://${testKey.pendra().toLowerCase()}.invalid`
    const { auth, failures } = failing(undefined, {
      ...explains,
      fetch: async (input) => {
        if (String(input) !== url) throw refused()
        return new Response(null, { status: 302, headers: { location: `${there}/x` } })
      },
    })
    await expect(auth.fetch(url)).rejects.toThrow('fetch failed')
    expect(failures()).toMatchObject([
      {
        origin: expect.stringMatching(/^http:.*\.invalid$/),
        hint: expect.stringMatching(/^Set the proxy for .*\.invalid\.$/),
      },
    ])
    expectNoMarker(failures())
  })

  it('is told by the modes of fetch that follow no redirect, too', async () => {
    for (const redirect of ['manual', 'error'] as const) {
      const { auth, failures } = failing(refused(), explains)
      await expect(auth.fetch(url, { redirect })).rejects.toThrow('fetch failed')
      expect(failures()).toHaveLength(1)
    }
  })

  it('is not told when an answer came, whatever it says', async () => {
    const server = await serve((response) => json(response, 500, {}))
    const events: PentauthEvent[] = []
    await localPendra(server.origin, explains, events).fetch(`${server.origin}/v1/models`)
    expect(events.map(({ type }) => type)).not.toContain('connection_failed')
  })
})

describe('typed errors', () => {
  it('of createHttp have the platform’s hint, else the general one', async () => {
    const withHint = await caught(createHttp(failing(refused(), explains).auth, { retry: 0 }).get('models'))
    expect(withHint).toMatchObject({ code: 'network_error', hint: 'Set the proxy for api.pendra.ai.' })
    expect(withHint.message).toContain('could not be reached (ECONNREFUSED). Set the proxy')
    const without = await caught(createHttp(failing(refused()).auth, { retry: 0 }).get('models'))
    expect(without.hint).toBe('Check the network (proxy, DNS, VPN) and the service URL.')
  })

  it('of the token endpoint have the platform’s hint, else the general one', async () => {
    const requested = (runtime: Partial<Runtime>) => {
      const secret = { clientId: testKey.pentographerClientId(), clientSecret: testKey.pentographerSecret() }
      const service = relocate(pentographer, { 'https://app.pentographer.com': 'https://pentest.example' })
      const fetch = () => Promise.reject(refused())
      return caught(
        createAuth(service, { credential: clientCredentials(secret), runtime: { fetch, ...runtime } }).credential(),
      )
    }
    const withHint = await requested(explains)
    expect(withHint).toMatchObject({ code: 'temporarily_unavailable', retryable: true })
    expect(withHint.hint).toBe('Set the proxy for pentest.example.')
    expect((await requested({})).hint).toContain('Check the network (proxy, DNS, VPN)')
    expectNoMarker([withHint])
  })
})
