import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { createSecret } from '../src/credential.ts'
import { createAuth, firstOf, PentauthError, type Runtime } from '../src/index.ts'
import { nextSerial } from '../src/serial.ts'
import { pensyve } from '../src/services.ts'
import { isOutdated, type Seen, see } from '../src/session-order.ts'
import { signedInWith } from '../src/signed-in.ts'
import type { Store } from '../src/store.ts'
import type { StoredSession } from '../src/stored-session.ts'
import { tokenSource } from './support/auth.ts'
import {
  clientRefused,
  gate,
  invalidGrant,
  keyOf,
  temporary,
  tokenOf,
  url,
  type World,
  world,
} from './support/session.ts'
import { turns } from './threats/support/turns.ts'

const hour = 3_600_000

/** A source asked directly, which shows whether it answers without a promise. */
function sourceIn({ issuer, store, runtime }: World, given: { store?: Store } = {}) {
  const source = signedInWith(issuer.engine, { store, ...given })
  const named = { ...pensyve.resources.mcp, name: 'mcp', headers: {} }
  const request = { service: pensyve, resource: named, runtime: runtime as Runtime, emit: undefined, sends: true }
  return { source, request, get: () => source.get(request) }
}

describe('a fresh session', () => {
  it('answers without a promise once it is known, and reads the store once', async () => {
    const made = world()
    const { accessToken } = await made.signIn()
    let reads = 0
    const store = { ...made.elsewhere(), get: (key: string) => made.store.get(++reads > 0 ? key : '') }
    const { get } = sourceIn(made, { store })
    const first = await get()
    expect(get()).toBe(first)
    expect(get()).not.toBeInstanceOf(Promise)
    expect(first).toMatchObject({ kind: 'access-token', source: 'sign-in', expiresAt: made.clock.now + hour })
    expect((first as { secret: { reveal(): string } }).secret.reveal() === accessToken).toBe(true)
    expect([reads, made.issuer.requests.length]).toEqual([1, 0])
  })

  it('is one for resources of one audience, and another for each account and client', async () => {
    const made = world()
    const tokens = await Promise.all(
      ['default', 'work'].map(async (account) => (await made.signIn({ account })).accessToken),
    )
    const copy = JSON.stringify({ ...(await made.saved()), account: 'work' })
    await made.store.set(keyOf('work', 'other app'), copy)
    const found = await Promise.all([
      tokenOf(made.auth()),
      tokenOf(made.auth({ account: 'work' })),
      tokenOf(made.auth({ account: 'work', app: 'other app' })),
      made
        .auth()
        .credential(pensyve.resources.mcp.url)
        .then(({ secret }) => secret.reveal()),
    ])
    expect(found.map((token) => tokens.indexOf(token))).toEqual([0, 1, 0, 0])
  })

  it('that never ends is used until it is refused', async () => {
    const made = world({ lifetime: undefined })
    const { accessToken } = await made.signIn()
    const auth = made.auth()
    made.clock.now += 1000 * hour
    expect((await tokenOf(auth)) === accessToken).toBe(true)
    made.issuer.valid.delete(accessToken)
    expect((await auth.fetch(url)).status).toBe(200)
    expect(made.issuer.requests).toHaveLength(1)
  })
})

describe('early renewal', () => {
  it('goes on in the background and never makes a caller wait', async () => {
    const made = world()
    const { accessToken } = await made.signIn()
    const { get } = sourceIn(made)
    const first = await get()
    made.clock.now += hour - 60_001
    expect(get()).toBe(first)
    await turns(3)
    expect(made.issuer.requests).toHaveLength(0)
    const { open, passed } = gate()
    made.issuer.turns = [() => passed]
    made.clock.now += 1
    expect(get()).toBe(first)
    expect(get()).toBe(first)
    await turns(3)
    expect(made.issuer.requests).toHaveLength(1)
    expect(get()).toBe(first)
    open()
    await turns(3)
    expect(get()).not.toBe(first)
    expect((await made.saved())?.accessToken === accessToken).toBe(false)
    expect(made.issuer.requests).toHaveLength(1)
  })

  it('keeps nobody waiting until the last millisecond, and a failure leaves the session', async () => {
    const made = world({ always: temporary() })
    await made.signIn()
    const { get } = sourceIn(made)
    const first = await get()
    made.clock.now += hour - 1
    expect(get()).toBe(first)
    await turns(20)
    expect(made.issuer.requests).toHaveLength(2)
    expect(get()).toBe(first)
    made.clock.now += 1
    expect(await caught(async () => get())).toMatchObject({ code: 'temporarily_unavailable', retryable: true })
    expect(await made.saved()).toBeDefined()
  })

  it('begins in the last fifth of a short life', async () => {
    const made = world({ lifetime: 10 })
    await made.signIn()
    const { get } = sourceIn(made)
    const first = await get()
    made.clock.now += 7_999
    expect(get()).toBe(first)
    await turns(3)
    expect(made.issuer.requests).toHaveLength(0)
    made.clock.now += 1
    expect(get()).toBe(first)
    await turns(3)
    expect(made.issuer.requests).toHaveLength(1)
  })

  it('that fails waits for its pause, sleeps for nobody and rejects nowhere', async () => {
    const made = world({ always: temporary(503) })
    await made.signIn()
    let [sleeps, reads] = [0, 0]
    const store = { ...made.elsewhere(), get: (key: string) => made.store.get(++reads > 0 ? key : '') }
    const { source, request } = sourceIn(made, { store })
    const asked = { ...request, runtime: { ...request.runtime, sleep: async () => void sleeps++ } }
    await source.get(asked)
    made.clock.now += hour - 50_000
    const counts: number[] = []
    for (const ms of [0, 500, 499, 1, 1_999, 1]) {
      made.clock.now += ms
      source.get(asked)
      await turns(3)
      counts.push(made.issuer.requests.length)
    }
    expect(counts).toEqual([1, 1, 1, 2, 2, 3])
    // Nor is anything looked at before the pause is over.
    expect([sleeps, reads]).toEqual([0, 7])
  })

  it('is not tried without a refresh token: the token serves to its last moment', async () => {
    const made = world()
    await made.signIn({ refreshToken: undefined as never })
    const auth = made.auth()
    await tokenOf(auth)
    made.clock.now += hour - 1
    await tokenOf(auth)
    made.clock.now += 1
    const errors = [await caught(tokenOf(auth)), await caught(tokenOf(auth))]
    expect(errors.map(({ code }) => code)).toEqual(['sign_in_required', 'sign_in_required'])
    await turns(2)
    expect(made.told('session_ended')).toHaveLength(1)
    // Nothing refused it: the store is left alone.
    expect(await made.saved()).toBeDefined()
    await made.signIn()
    await tokenOf(auth)
  })
})

describe('a renewal', () => {
  const renewing = async (given = {}, facts = {}) => {
    const made = world(given)
    const first = await made.signIn(facts)
    made.clock.now += hour + 1
    return { made, first, auth: made.auth() }
  }

  it('replaces the refresh token, keeps what was not said, and tells', async () => {
    const { made, first, auth } = await renewing({}, { scopes: ['mcp'] })
    await tokenOf(auth)
    const saved = await made.saved()
    expect(saved?.refreshToken === first.refreshToken).toBe(false)
    expect(saved).toMatchObject({ scopes: ['mcp'], obtainedAt: made.clock.now, expiresAt: made.clock.now + hour })
    expect(await auth.credential(url)).toMatchObject({ scopes: ['mcp'] })
    await turns(3)
    expect(made.events.map(({ type }) => type).filter((type) => /token|session/.test(type))).toEqual([
      'token_requested',
      'token_received',
      'session_renewed',
    ])
    expect(made.told('token_requested')[0]).toMatchObject({ reason: 'expiring', source: 'sign-in' })
  })

  it('keeps the refresh token of a server that does not replace it', async () => {
    const { made, first, auth } = await renewing({ rotation: 'none' })
    for (let round = 0; round < 3; round++) {
      await tokenOf(auth)
      made.clock.now += hour + 1
    }
    expect(made.issuer.requests).toEqual(Array(3).fill(first.refreshToken))
    expect((await made.saved())?.refreshToken === first.refreshToken).toBe(true)
  })

  it('refuses an empty refresh token, and ends nothing', async () => {
    const { made, first, auth } = await renewing()
    const { refreshTokens } = await made.issuer.engine()
    const empty = { preview: '', reveal: () => '', fingerprint: async () => '' }
    const engine = async () => ({
      ...(await made.issuer.engine()),
      refreshTokens: async (...args: Parameters<typeof refreshTokens>) => ({
        ...(await refreshTokens(...args)),
        refreshToken: empty,
      }),
    })
    const other = createAuth(pensyve, {
      credential: signedInWith(engine, { store: made.elsewhere() }),
      runtime: made.runtime,
    })
    expect(await caught(tokenOf(other))).toMatchObject({ code: 'token_response_invalid', retryable: false })
    expect((await made.saved())?.refreshToken === first.refreshToken).toBe(true)
    expect(await caught(tokenOf(auth))).toMatchObject({ code: 'sign_in_required' })
  })

  it('exposes the scopes that the server granted now', async () => {
    const { made } = await renewing({}, { scopes: ['mcp'] })
    const { refreshTokens } = await made.issuer.engine()
    const engine = async () => ({
      ...(await made.issuer.engine()),
      refreshTokens: async (...args: Parameters<typeof refreshTokens>) => {
        const tokens = await refreshTokens(...args)
        return { ...tokens, accessToken: { ...tokens.accessToken, scopes: ['mcp:read'] } }
      },
    })
    const auth = createAuth(pensyve, { credential: signedInWith(engine, { store: made.store }), runtime: made.runtime })
    expect(await auth.credential(url)).toMatchObject({ scopes: ['mcp:read'] })
    expect(await made.saved()).toMatchObject({ scopes: ['mcp:read'] })
  })

  it('is one for all, and an abort of one caller is not one of the others', async () => {
    const { made, auth } = await renewing()
    const { open, passed } = gate()
    made.issuer.turns = [() => passed]
    const controller = new AbortController()
    const aborted = auth.fetch(url, { signal: controller.signal })
    const others = Promise.all(Array.from({ length: 20 }, () => auth.fetch(url)))
    await turns(3)
    controller.abort()
    expect(await caught(aborted)).toMatchObject({ name: 'AbortError' })
    open()
    expect((await others).every(({ status }) => status === 200)).toBe(true)
    expect(made.issuer.requests).toHaveLength(1)
  })

  it('is left out when the store holds what somebody else renewed', async () => {
    const { made, auth } = await renewing()
    const elsewhere = made.auth({ store: made.elsewhere() })
    await tokenOf(elsewhere)
    expect((await tokenOf(auth)) === (await tokenOf(elsewhere))).toBe(true)
    expect(made.issuer.requests).toHaveLength(1)
  })

  it('after a failure of the lock or the store is a matter of trying again', async () => {
    const { made } = await renewing()
    const failing = made.auth({ store: made.elsewhere(), lock: () => Promise.reject(new Error('redis down')) })
    expect(await caught(tokenOf(failing))).toMatchObject({ code: 'store_failed', retryable: true })
    const leaving = made.auth({
      store: made.elsewhere(),
      lock: async (_name, run) => {
        await run()
        throw new Error('could not let go')
      },
    })
    await tokenOf(leaving)
    expect(made.issuer.requests).toHaveLength(1)
  })

  it('that fails in a way nobody foresaw passes on the error and pauses', async () => {
    const { made, auth } = await renewing({ always: new TypeError('engine bug') })
    for (let call = 0; call < 5; call++) expect((await caught(tokenOf(auth))).message).toBe('engine bug')
    expect(made.issuer.requests).toHaveLength(1)
    made.issuer.always = 'ok'
    made.clock.now += 1_000
    await tokenOf(auth)
  })

  it.each([
    [undefined, [500]],
    [0, [500]],
    [1, [1_000]],
    [2, []],
    [Number.NaN, [500]],
  ])('gives a busy server a moment, where that is all it asks for: %s', async (retryAfter, expected) => {
    const { made } = await renewing({ turns: [temporary(503, retryAfter)] })
    const sleeps: number[] = []
    const auth = made.auth({ runtime: { ...made.runtime, sleep: async (ms) => void sleeps.push(ms) } })
    const outcome = await tokenOf(auth).then(
      () => 'ok',
      (error) => error.code,
    )
    expect([sleeps, outcome]).toEqual([expected, expected.length > 0 ? 'ok' : 'temporarily_unavailable'])
  })

  it.each([
    ['token_response_invalid', 1],
    ['token_request_rejected', 1],
    ['temporarily_unavailable', 2],
  ] as const)('%s ends no session: %i requests', async (code, requests) => {
    const retryable = code === 'temporarily_unavailable'
    const { made, first, auth } = await renewing({ always: new PentauthError({ code, message: 'no.', retryable }) })
    expect((await caught(tokenOf(auth))).code).toBe(code)
    expect(made.issuer.requests).toHaveLength(requests)
    expect((await made.saved())?.refreshToken === first.refreshToken).toBe(true)
    expect(made.told('session_ended')).toEqual([])
  })

  it.each([
    [undefined, 1_000],
    [Number.NaN, 1_000],
    [7, 7_000],
    [3_600, 60_000],
    [Number.POSITIVE_INFINITY, 60_000],
  ])('waits as the server asks, within reason: %s', async (retryAfter, ms) => {
    const { made, auth } = await renewing({ always: temporary(429, retryAfter) })
    const runtime = { sleep: async () => undefined }
    const other = made.auth({ runtime: { ...made.runtime, ...runtime } })
    await caught(tokenOf(other))
    const before = made.issuer.requests.length
    made.clock.now += ms - 1
    await caught(tokenOf(auth))
    expect(made.issuer.requests).toHaveLength(before)
    made.clock.now += 1
    await caught(tokenOf(auth))
    expect(made.issuer.requests).toHaveLength(before + 1)
  })
})

describe('the end of a session', () => {
  it.each([
    ['sign_in_required', invalidGrant()],
    ['client_refused', clientRefused()],
  ])('by %s: one event, one request, nothing secret in the store, until a new sign-in', async (code, error) => {
    const made = world({ turns: [error] })
    const first = await made.signIn()
    made.clock.now += hour + 1
    const auth = made.auth()
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => caught(tokenOf(auth))))
    expect(outcomes.map((outcome) => outcome.code)).toEqual(Array(10).fill('sign_in_required'))
    expect(outcomes[0].hint).toMatch(/^Sign in again/)
    await caught(tokenOf(auth))
    await caught(tokenOf(made.auth({ store: made.elsewhere() })))
    expect(made.issuer.requests).toHaveLength(1)
    expect(made.told('session_ended')).toEqual([
      { service: 'pensyve', type: 'session_ended', account: 'default', code },
    ])
    const left = (await made.store.get(keyOf())) ?? ''
    expect(JSON.parse(left)).toEqual({ version: 1, ended: code, account: 'default', endedAt: made.clock.now })
    expect([first.accessToken, first.refreshToken ?? ''].some((secret) => left.includes(secret))).toBe(false)
    const next = await made.signIn()
    expect((await tokenOf(auth)) === next.accessToken).toBe(true)
  })

  it('is one although the store cannot be written', async () => {
    const made = world({ turns: [invalidGrant()] })
    await made.signIn()
    made.clock.now += hour + 1
    const store = { ...made.elsewhere(), set: () => Promise.reject(new Error('read-only')) }
    const auth = made.auth({ store })
    for (let call = 0; call < 3; call++) expect((await caught(tokenOf(auth))).code).toBe('sign_in_required')
    expect(made.issuer.requests).toHaveLength(1)
  })

  it('passes for a refusal in auth.fetch, which returns the answer as it came', async () => {
    const made = world({ turns: [invalidGrant()] })
    const { accessToken } = await made.signIn()
    const auth = made.auth()
    made.issuer.valid.delete(accessToken)
    expect((await auth.fetch(url)).status).toBe(401)
    expect(await caught(auth.fetch(url))).toMatchObject({ code: 'sign_in_required' })
    expect(made.issuer.requests).toHaveLength(1)
  })
})

describe('a service that refuses', () => {
  it('a token that is not the current one any more is given the current one', async () => {
    const made = world()
    await made.signIn()
    const { source, request, get } = sourceIn(made)
    const old = (await get()) as never
    made.clock.now += hour + 1
    const current = await get()
    expect(await source.renew?.(old, request, 0)).toBe(current)
    expect(made.issuer.requests).toHaveLength(1)
  })

  it('fresh tokens, too, does not have one made for each call', async () => {
    const made = world()
    await made.signIn()
    const issue = made.issuer.valid.add.bind(made.issuer.valid)
    made.issuer.valid.add = (value) => {
      issue(value)
      made.issuer.valid.clear()
      return made.issuer.valid
    }
    made.issuer.valid.clear()
    const auth = made.auth()
    for (let call = 0; call < 50; call++) expect((await auth.fetch(url)).status).toBe(401)
    expect(made.issuer.requests).toHaveLength(1)
    made.clock.now += 1_000
    await auth.fetch(url)
    await auth.fetch(url)
    expect(made.issuer.requests).toHaveLength(2)
    made.clock.now += 30_000
    made.issuer.valid.add = issue
    expect((await auth.fetch(url)).status).toBe(200)
  })

  it('one token after the other that it took before has each renewed at once', async () => {
    const made = world()
    await made.signIn()
    const auth = made.auth()
    for (let round = 1; round <= 5; round++) {
      made.issuer.valid.clear()
      expect((await auth.fetch(url)).status).toBe(200)
      expect(made.issuer.requests).toHaveLength(round)
    }
  })

  /** Takes the token at one endpoint, and never at the other. */
  const picky = async () => {
    const made = world()
    await made.signIn()
    const fetch: Runtime['fetch'] = async (input, init) => {
      if (!String(input).endsWith('/refused')) return (made.runtime as Runtime).fetch(input, init)
      return new Response('{}', { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })
    }
    const auth = made.auth({ runtime: { ...made.runtime, fetch } })
    return { made, auth, refused: `${url}/refused` }
  }

  it('is not believed to take the new token by what was sent before there was one', async () => {
    const made = world()
    await made.signIn()
    const { source, request, get } = sourceIn(made)
    const first = (await get()) as never
    const sent = nextSerial()
    const second = (await source.renew?.(first, request, sent)) as never
    source.accepted?.(second, request, sent)
    expect(await source.renew?.(second, request, nextSerial())).toBeUndefined()
    source.accepted?.(second, request, nextSerial())
    expect(await source.renew?.(second, request, nextSerial())).toBeDefined()
    expect(made.issuer.requests).toHaveLength(2)
  })

  it('a token at one endpoint only does not have one made for each call', async () => {
    const { made, auth, refused } = await picky()
    const counts: number[] = []
    // After the first refusal, and then after a second, two, four, eight, sixteen, and half a minute each.
    for (const ms of [0, 999, 1, 1_999, 1, 3_999, 1, 8_000, 16_000, 29_999, 1]) {
      made.clock.now += ms
      for (let call = 0; call < 5; call++) {
        expect((await auth.fetch(refused)).status).toBe(401)
        expect((await auth.fetch(url)).status).toBe(200)
      }
      counts.push(made.issuer.requests.length)
    }
    expect(counts).toEqual([1, 1, 2, 2, 3, 3, 4, 5, 6, 6, 7])
    made.clock.now += 30_000
    made.issuer.valid.clear()
    expect((await auth.fetch(url)).status).toBe(200)
  })

  it('a token at one endpoint only is bounded, too, for many calls at once and for bodies that cannot be sent again', async () => {
    for (const body of [undefined, () => new Blob(['{}']).stream()]) {
      const { made, auth, refused } = await picky()
      const post = () =>
        auth.fetch(refused, body ? ({ method: 'POST', body: body(), duplex: 'half' } as RequestInit) : {})
      for (let round = 0; round < 50; round++) {
        const answers = await Promise.all([post(), auth.fetch(url), post(), auth.fetch(url), post(), auth.fetch(url)])
        expect(answers.map(({ status }) => status)).toEqual([401, 200, 401, 200, 401, 200])
      }
      expect(made.issuer.requests.length).toBeLessThanOrEqual(6)
      expect(made.issuer.alive).toBe(true)
    }
  })

  it('a token that the server then issues once more costs one renewal', async () => {
    const made = world()
    const { accessToken } = await made.signIn()
    const { refreshTokens, revokeTokens } = await made.issuer.engine()
    const engine = async () => ({
      revokeTokens,
      refreshTokens: async (...args: Parameters<typeof refreshTokens>) => {
        const tokens = await refreshTokens(...args)
        made.issuer.valid.add(accessToken)
        return { ...tokens, accessToken: { ...tokens.accessToken, secret: createSecret(accessToken) } }
      },
    })
    const auth = createAuth(pensyve, { credential: signedInWith(engine, { store: made.store }), runtime: made.runtime })
    await auth.fetch(url)
    made.issuer.valid.delete(accessToken)
    const responses = await Promise.all(Array.from({ length: 20 }, () => auth.fetch(url)))
    expect(responses.every(({ status }) => status === 200)).toBe(true)
    expect(made.issuer.requests).toHaveLength(1)
  })
})

describe('a store that goes back to an earlier session', () => {
  const renewed = async () => {
    const made = world()
    await made.signIn()
    const before = (await made.store.get(keyOf())) ?? ''
    made.clock.now += hour + 1
    const auth = made.auth()
    await tokenOf(auth)
    return { made, auth, before }
  }

  it('because a backup was restored: the refresh token of then is not sent, and the session is saved again', async () => {
    const { made, auth, before } = await renewed()
    await made.store.set(keyOf(), before)
    made.clock.now += hour + 1
    const token = await tokenOf(auth)
    expect(made.issuer.requests).toHaveLength(2)
    expect([new Set(made.issuer.requests).size, made.issuer.alive]).toEqual([2, true])
    expect((await made.saved())?.accessToken === token).toBe(true)
  })

  it('is given back what this process knows also while no renewal is due', async () => {
    const { made, auth, before } = await renewed()
    const token = await tokenOf(auth)
    await made.store.set(keyOf(), before)
    // Refused for another reason: both look at the store.
    made.issuer.valid.clear()
    expect((await auth.fetch(url)).status).toBe(200)
    await turns(3)
    expect([new Set(made.issuer.requests).size, made.issuer.alive]).toEqual([2, true])
    expect((await made.saved())?.accessToken === token).toBe(false)
    expect((await made.saved())?.accessToken === (await tokenOf(auth))).toBe(true)
  })

  it.each([0, 1, 2, 3, 4])('once, since it is consistent only in the end: after %i more readings', async (good) => {
    const made = world()
    await made.signIn()
    const before = (await made.store.get(keyOf())) ?? ''
    let left = Number.POSITIVE_INFINITY
    const get = async (key: string) => (left-- === 0 ? before : made.store.get(key))
    const auth = made.auth({ store: { ...made.elsewhere(), get } })
    await tokenOf(auth)
    made.clock.now += hour + 1
    await tokenOf(auth)
    left = good
    for (let round = 2; round < 6; round++) {
      made.clock.now += hour + 1
      const token = await tokenOf(auth)
      await turns(3)
      expect([made.issuer.requests.length, new Set(made.issuer.requests).size]).toEqual([round, round])
      expect((await tokenOf(auth)) === token).toBe(true)
      await turns(3)
      expect((await made.saved())?.accessToken === token).toBe(true)
    }
    expect(made.issuer.alive).toBe(true)
  })

  it('does not end the one that was renewed meanwhile', async () => {
    const { made, auth, before } = await renewed()
    made.clock.now += hour + 1
    made.issuer.turns = [
      async () => {
        await made.store.set(keyOf(), before)
        throw invalidGrant()
      },
    ]
    expect((await caught(tokenOf(auth))).code).toBe('sign_in_required')
    expect(made.issuer.requests).toHaveLength(2)
    await turns(2)
    expect(made.told('session_ended')).toHaveLength(1)
  })

  it('that this process has let go of: no request, and a failure of the store', async () => {
    const { made, auth, before } = await renewed()
    const now = (await made.store.get(keyOf())) ?? ''
    await made.store.delete(keyOf())
    made.clock.now += hour + 1
    expect((await caught(tokenOf(auth))).code).toBe('sign_in_required')
    await made.store.set(keyOf(), before)
    const error = await caught(tokenOf(auth))
    expect(error).toMatchObject({ code: 'store_failed', retryable: true })
    expect(error.message).toContain('went back to an earlier state')
    expect(made.issuer.requests).toHaveLength(1)
    await made.store.set(keyOf(), now)
    await tokenOf(auth)
  })

  it('is told by the sign-ins of late', () => {
    const seen: Seen = new Map()
    const session = { signInId: 'first', renewals: 2 } as StoredSession
    for (let count = 0; count < 1_000; count++) {
      see(seen, { ...session, signInId: `${count}` })
      see(seen, session)
    }
    expect(seen.size).toBe(100)
    expect([1, 2, 3].map((renewals) => isOutdated(seen, { ...session, renewals }))).toEqual([true, false, false])
  })

  it('that was signed out of: nobody is signed in', async () => {
    const { made, auth, before } = await renewed()
    const now = (await made.store.get(keyOf())) ?? ''
    await made.signOut()
    for (const text of [before, now]) {
      await made.store.set(keyOf(), text)
      const { code, message } = await caught(tokenOf(auth))
      expect([code, message.includes('Nobody is signed in')]).toEqual(['sign_in_required', true])
    }
    expect(made.issuer.requests).toHaveLength(1)
    const next = await made.signIn()
    expect((await tokenOf(auth)) === next.accessToken).toBe(true)
  })
})

describe('nothing saved', () => {
  it('is no credential, and a chain goes on', async () => {
    const made = world()
    const { get } = sourceIn(made)
    expect(await get()).toMatchObject({
      absent: 'no saved sign-in of account "default"',
      next: expect.stringContaining('sign in'),
      error: { code: 'sign_in_required' },
    })
    const source = firstOf(signedInWith(made.issuer.engine, { store: made.store }), tokenSource(testKey.token('next')))
    const auth = createAuth(pensyve, { credential: source })
    expect((await tokenOf(auth)) === testKey.token('next')).toBe(true)
  })

  it.each([
    ['a later version', JSON.stringify({ version: 2, accessToken: testKey.token() })],
    ['no JSON', `${testKey.token()}{`],
    ['half a session', JSON.stringify({ version: 1, accessToken: testKey.token() })],
    ['a list', '[1]'],
    ['nothing', ''],
  ])('but %s: left as it is, with one event', async (_name, text) => {
    const made = world()
    await made.store.set(keyOf(), text)
    const auth = made.auth()
    expect((await caught(tokenOf(auth))).message).toContain('the saved sign-in cannot be read')
    await caught(tokenOf(auth))
    await turns(2)
    expect(made.told('session_unreadable')).toHaveLength(1)
    expect((await made.store.get(keyOf())) === text).toBe(true)
  })

  it('that can be read is store_failed, and passes', async () => {
    const made = world()
    await made.signIn()
    let isDown = true
    const down = Object.assign(new Error(`GET ${testKey.token()}`), { code: 'ECONNREFUSED' })
    const store = { ...made.elsewhere(), get: (key: string) => (isDown ? Promise.reject(down) : made.store.get(key)) }
    const auth = made.auth({ store })
    const error = await caught(tokenOf(auth))
    expect(error).toMatchObject({ code: 'store_failed', retryable: true, service: 'pensyve' })
    expect(error.message).toContain('(ECONNREFUSED)')
    isDown = false
    await tokenOf(auth)
    isDown = true
    await tokenOf(auth)
  })
})
