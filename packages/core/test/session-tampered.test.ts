import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it, onTestFinished } from 'vitest'
import { pensyve } from '../src/services.ts'
import { placesOf } from '../src/session-place.ts'
import { refreshTokens } from '../src/session-refresh.ts'
import { saveSession } from '../src/session-saving.ts'
import { scopesBefore } from '../src/sign-in-flow.ts'
import { sessionOf } from '../src/sign-in-session.ts'
import { signOut } from '../src/sign-out.ts'
import type { Store } from '../src/store.ts'
import { parseStored, renewedSession, type StoredSession } from '../src/stored-session.ts'
import { keyOf, signedOut, tokenOf, type World, world } from './support/session.ts'

// What somebody else has written into a store, or into Object.prototype.

const resource = { ...pensyve.resources.mcp, name: 'mcp', headers: {} }
const flowOf = (made: World) => ({ service: pensyve, resource, runtime: made.runtime as never, emit: undefined })

describe('a session in a store', () => {
  it('of another account signs nobody in, and is deleted and not revoked by who signs out', async () => {
    const made = world()
    const session = await made.signIn({ account: 'work' })
    await made.store.set(keyOf(), JSON.stringify(session))
    expect((await caught(tokenOf(made.auth()))).code).toBe(signedOut)
    expect(made.told('session_unreadable')).toMatchObject([{ reason: 'it is of another account' }])
    await made.signOut()
    expect([await made.store.get(keyOf()), made.issuer.revoked.length]).toEqual([undefined, 0])
    expect((await tokenOf(made.auth({ account: 'work' }))) === session.accessToken).toBe(true)
  })

  it.each([
    ['http://mcp.pensyve.com/oauth/token', 'is plain http'],
    ['http://evil.example/token', 'is plain http'],
    ['https://10.0.0.8/token', 'is in a private network'],
    ['https://127.0.0.1/token', 'is on this machine'],
  ])('does not lead its tokens to %s', async (address, flaw) => {
    const made = world()
    const sent: string[] = []
    const fetch = async (input: string | URL | Request) => {
      sent.push(String(input))
      return new Response('{}')
    }
    const runtime = { ...made.runtime, fetch, redirects: 'self' as const }
    const stored = await made.signIn({ tokenEndpoint: address, revocationEndpoint: address })
    const error = await caught(refreshTokens({ ...flowOf(made), runtime: runtime as never }, stored))
    expect([error.code, error.message.includes(flaw)]).toEqual(['unsafe_address', true])
    const events: unknown[] = []
    await signOut(pensyve, { store: made.store, runtime, onEvent: (event) => void events.push(event) })
    expect(events).toMatchObject([{ type: 'signed_out', revocation: 'failed', code: 'unsafe_address' }])
    expect(sent).toEqual([])
  })
})

it.each(['__proto__', 'constructor', 'toString'])('an end for the reason "%s" is told in our words', async (ended) => {
  const made = world()
  await made.store.set(keyOf(), JSON.stringify({ version: 1, ended, account: 'default', endedAt: 1 }))
  const error = await caught(tokenOf(made.auth()))
  expect([error.code, error.message]).toEqual([
    'sign_in_required',
    expect.stringContaining('has ended: its access token cannot be renewed.'),
  ])
})

describe('a polluted Object.prototype', () => {
  const pollute = (facts: object) => {
    for (const [name, value] of Object.entries(facts))
      Object.defineProperty(Object.prototype, name, { value, configurable: true, enumerable: true, writable: true })
    onTestFinished(() => {
      for (const name of Object.keys(facts)) Reflect.deleteProperty(Object.prototype, name)
    })
  }
  const evil = 'https://evil.example/'
  const facts = {
    revocationEndpoint: evil,
    revocation_endpoint: evil,
    refreshToken: { reveal: () => 'polluted' },
    clientSecret: { reveal: () => 'polluted' },
    scopes: ['admin'],
    expiresAt: 1,
    requested: ['admin'],
  }

  it('adds nothing to a session that is stored, begins or is renewed', async () => {
    const made = world()
    const { revocationEndpoint: _, refreshToken: __, expiresAt: ___, ...rest } = await made.signIn()
    const secret = { reveal: () => testKey.token() } as never
    const tokens = { accessToken: { kind: 'access-token', source: 'test', secret } } as const
    const server = { issuer: rest.issuer, token_endpoint: rest.tokenEndpoint }
    const about = { server, client: { clientId: 'c', authMethod: 'none' }, resource: rest.resource, account: 'default' }
    pollute(facts)
    const found = parseStored(JSON.stringify(rest), 'default')
    const stored = found.is === 'session' ? found.session : undefined
    const first = sessionOf({ ...about, app: 'default' } as never, tokens, 0, 'id')
    const next = stored && renewedSession(flowOf(made), stored, tokens, 0)
    const inherited = [stored, first, next].map((session) =>
      Object.keys(facts).filter((name) => {
        const known: Partial<Record<string, unknown>> = { __proto__: null, ...session }
        return session?.[name as keyof StoredSession] !== undefined || known[name] !== undefined
      }),
    )
    expect(inherited).toEqual([[], [], []])
    expect([stored, first, next].map((session) => session?.client.clientSecret)).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('neither sends a sign-out elsewhere nor hears of it', async () => {
    const made = world()
    const { revocationEndpoint: _, ...rest } = await made.signIn()
    await made.store.set(keyOf(), JSON.stringify(rest))
    const heard: unknown[] = []
    const listen = (what: unknown) => void heard.push(what)
    pollute({ revocationEndpoint: evil, onEvent: listen, runtime: { fetch: async (url: unknown) => listen(url) } })
    await signOut(pensyve, Object.assign(Object.create(null), { store: made.store, runtime: made.runtime }))
    await made.store.set(keyOf(), JSON.stringify({ ...rest }))
    await signOut(pensyve, { store: made.store })
    expect([heard, made.sent]).toEqual([[], []])
    expect(await made.store.get(keyOf())).toBeUndefined()
  })
})

describe('the scopes of a session', () => {
  const before = async (made: World, store: Store) => scopesBefore(flowOf(made), { store })

  it('are those of one that could not be saved, which a step-up must add to', async () => {
    const made = world()
    const store = { ...made.elsewhere(), set: () => Promise.reject(new Error('read-only')) }
    const session = await made.signIn({ scopes: ['a'], requested: ['b'] }, world().store)
    await saveSession(placesOf(made.issuer.engine, { store })(resource), flowOf(made), session)
    expect(await before(made, store)).toEqual({ held: ['a'], requested: ['b'] })
  })

  it('are those that this process knows while the store is behind, and none after a sign-out elsewhere', async () => {
    const made = world()
    const shown: { text: string | undefined } = { text: undefined }
    const store: Store = { ...made.elsewhere(), get: async () => shown.text }
    const session = await made.signIn({ scopes: ['a'] }, world().store)
    await saveSession(placesOf(made.issuer.engine, { store })(resource), flowOf(made), session)
    expect(await before(made, store)).toEqual({ held: ['a'], requested: [] })
    made.clock.now += 60_000
    expect(await before(made, store)).toBeUndefined()
    const other = await made.signIn({ scopes: ['c'] }, world().store)
    shown.text = JSON.stringify(other)
    expect(await before(made, store)).toEqual({ held: ['c'], requested: [] })
  })
})
