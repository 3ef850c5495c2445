import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { createAuth } from '../src/auth.ts'
import { PentauthError } from '../src/errors.ts'
import { pendra, pensyve, profundis } from '../src/services.ts'
import { sessionKey } from '../src/session-key.ts'
import { signOut } from '../src/sign-out.ts'
import { signedIn } from '../src/signed-in.ts'
import { memoryStore } from '../src/store.ts'
import { boundedExpiry, endedText, parseStored, type StoredSession } from '../src/stored-session.ts'
import { tokenOf, world } from './support/session.ts'
import { turns } from './threats/support/turns.ts'

describe('options', () => {
  it.each([
    ['no store', {}, 'store'],
    ['half a store', { store: { get: () => undefined } }, 'store'],
    ['a lock that is none', { store: memoryStore(), lock: 'yes' }, 'lock'],
    ['an empty account', { store: memoryStore(), account: '' }, 'account'],
    ['a number for an account', { store: memoryStore(), account: 7 }, 'account'],
    ['half a character', { store: memoryStore(), app: 'a\ud800' }, 'app'],
  ])('%s: refused at once', async (_name, options, named) => {
    const error = await caught(() => signedIn(options as never))
    expect(error).toMatchObject({ code: 'invalid_option' })
    expect(error.message).toContain(`"${named}"`)
    expect(await caught(signOut(pensyve, options as never))).toMatchObject({ code: 'invalid_option' })
  })

  it('none at all', async () => {
    expect(await caught(() => signedIn(undefined as never))).toMatchObject({ code: 'invalid_option' })
  })

  it('are of no use where a service takes no tokens', async () => {
    const auth = createAuth(pendra, { credential: signedIn({ store: memoryStore() }) })
    expect(await caught(auth.credential())).toMatchObject({
      code: 'credential_not_accepted',
      hint: 'It takes an API key.',
    })
  })

  it('name the source', () => {
    const store = memoryStore()
    const names = [{ store }, { store, account: 'work' }, { store, name: 'browser' }].map(
      (given) => signedIn(given).name,
    )
    expect(names).toEqual(['sign-in', 'sign-in "work"', 'browser'])
  })
})

describe('the name in the store', () => {
  it('is made of audience, client and account, whatever is in them', () => {
    const { rest, mcp } = pensyve.resources
    expect(sessionKey(rest, 'default', 'default')).toBe('session/https%3A%2F%2Fmcp.pensyve.com%2Fmcp/default/default')
    expect(sessionKey(mcp, 'default', 'default')).toBe(sessionKey(rest, 'default', 'default'))
    expect(sessionKey(mcp, 'a/b', 'c')).not.toBe(sessionKey(mcp, 'a', 'b/c'))
    expect(sessionKey(profundis.resources.mcp, 'a', 'ä b')).toMatch(/\/a\/%C3%A4%20b$/)
  })
})

const whole: StoredSession = {
  version: 1,
  issuer: 'https://issuer.example',
  tokenEndpoint: 'https://issuer.example/token',
  revocationEndpoint: 'https://issuer.example/revoke',
  client: { clientId: 'c', authMethod: 'client_secret_post', clientSecret: testKey.token('client') },
  resource: 'https://api.example',
  account: 'default',
  accessToken: testKey.token('access'),
  refreshToken: testKey.token('refresh'),
  expiresAt: 2_000,
  scopes: ['a'],
  obtainedAt: 1_000,
  signInId: 'one',
  renewals: 3,
}
const parsed = (facts: object) => parseStored(JSON.stringify({ ...whole, ...facts })).is

describe('what a store holds', () => {
  it('is read as it was written, and nothing else of it', () => {
    const found = parseStored(JSON.stringify({ ...whole, more: 1 }))
    expect(found.is === 'session' && JSON.stringify(found.session) === JSON.stringify(whole)).toBe(true)
  })

  it.each<[string, object]>([
    [
      'optional parts are missing',
      { revocationEndpoint: undefined, refreshToken: undefined, expiresAt: undefined, scopes: undefined },
    ],
    ['an earlier version wrote it', { signInId: undefined, renewals: undefined }],
    ['the lifetime is absurd', { expiresAt: 1e300 }],
  ])('may be where %s', (_name, facts) => expect(parsed(facts)).toBe('session'))

  it.each<[string, object]>([
    ['version', { version: '1' }],
    ['version', { version: 0 }],
    ['issuer', { issuer: '' }],
    ['tokenEndpoint', { tokenEndpoint: 'javascript:alert(1)' }],
    ['tokenEndpoint', { tokenEndpoint: 5 }],
    ['revocationEndpoint', { revocationEndpoint: 'file:///etc/passwd' }],
    ['client', { client: null }],
    ['client', { client: { clientId: 'c', authMethod: 'toString' } }],
    ['client', { client: { clientId: 'c', authMethod: 'none', clientSecret: '' } }],
    ['accessToken', { accessToken: 'a\r\nb' }],
    ['accessToken', { accessToken: '' }],
    ['refreshToken', { refreshToken: '' }],
    ['refreshToken', { refreshToken: { toString: 'x' } }],
    ['expiresAt', { expiresAt: '2000' }],
    ['expiresAt', { expiresAt: null }],
    ['scopes', { scopes: 'a b' }],
    ['scopes', { scopes: ['a', ''] }],
    ['obtainedAt', { obtainedAt: undefined }],
    ['signInId', { signInId: 5 }],
    ['renewals', { renewals: '3' }],
    ['renewals', { renewals: 1e300 }],
  ])('is not read with a bad %s: %j', (_name, facts) => expect(parsed(facts)).toBe('unreadable'))

  it('takes nothing from a polluted prototype', () => {
    const polluted = Object.prototype as Record<string, unknown>
    try {
      Object.assign(polluted, { refreshToken: 'evil', ended: 'evil', account: 'evil' })
      const { account: _account, ...rest } = whole
      expect(parseStored(JSON.stringify(rest)).is).toBe('unreadable')
      const { refreshToken: _refresh, ...other } = whole
      const found = parseStored(JSON.stringify(other))
      expect(found.is === 'session' && Object.hasOwn(found.session, 'refreshToken')).toBe(false)
    } finally {
      for (const name of ['refreshToken', 'ended', 'account']) delete polluted[name]
    }
  })

  it('has no secret left once a session has ended', () => {
    const text = endedText('default', 'client_refused', 5)
    expect(parseStored(text)).toEqual({
      is: 'ended',
      ended: { version: 1, ended: 'client_refused', account: 'default', endedAt: 5 },
    })
  })
})

describe('the end of a token', () => {
  const year = 365 * 24 * 3_600_000
  it.each([
    [undefined, undefined],
    [Number.NaN, undefined],
    ['2000', undefined],
    [999, undefined],
    [1_000, undefined],
    [1_001, 1_001],
    [Number.POSITIVE_INFINITY, 1_000 + year],
    [1e300, 1_000 + year],
  ])('%s, counted from 1000, is %s', (given, expected) => expect(boundedExpiry(given, 1_000)).toBe(expected))
})

describe('clocks', () => {
  const hour = 3_600_000
  it.each([
    ['a day ahead', 24 * hour],
    ['a day back', -24 * hour],
    ['after eight hours of sleep', 8 * hour],
    ['to the beginning of time', -1_000_000_000_000],
    ['a thousand years ahead', 1000 * 365 * 24 * hour],
  ])('%s: at most one renewal for each jump, and no loop', async (_name, jump) => {
    const made = world()
    await made.signIn()
    const auth = made.auth()
    await tokenOf(auth)
    for (const ms of [jump, -jump, jump]) {
      const before = made.issuer.requests.length
      made.clock.now += ms
      for (let call = 0; call < 20; call++) await tokenOf(auth)
      await turns(3)
      expect(made.issuer.requests.length - before).toBeLessThanOrEqual(1)
    }
    expect(made.issuer.alive).toBe(true)
  })

  it('of two processes that are a day apart: at most one renewal each an hour', async () => {
    const made = world()
    await made.signIn()
    const [here, ahead] = [made.runtime, { ...made.runtime, now: () => made.clock.now + 24 * hour }]
    const auths = [here, ahead].map((runtime) => made.auth({ runtime, store: made.elsewhere() }))
    for (let call = 0; call < 20; call++) for (const auth of auths) await tokenOf(auth)
    await turns(3)
    expect(made.issuer.requests.length).toBeLessThanOrEqual(2)
    expect(made.issuer.alive).toBe(true)
  })

  it('that were set back stretch no pause', async () => {
    const made = world({
      always: new PentauthError({
        code: 'temporarily_unavailable',
        message: 'x.',
        retryable: true,
        status: 503,
        retryAfter: 60,
      }),
    })
    await made.signIn()
    made.clock.now += hour + 1
    const auth = made.auth()
    await caught(tokenOf(auth))
    made.issuer.always = 'ok'
    made.clock.now -= 1
    await tokenOf(auth)
  })
})

it('shows no secret of a session in anything', async () => {
  const made = world({ turns: ['lost'] })
  await made.signIn()
  made.clock.now += 3_600_001
  const auth = made.auth()
  const error = await caught(tokenOf(auth))
  await turns(3)
  for (const value of [error, error.cause, ...made.events, made.auth(), signedIn({ store: made.store })]) {
    expectNoMarker(value)
  }
})
