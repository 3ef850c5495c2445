import { inspect } from 'node:util'
import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it, vi } from 'vitest'
import { type Lock, memoryLock } from '../src/lock.ts'
import { pensyve } from '../src/services.ts'
import { sessionKey } from '../src/session-key.ts'
import { placesOf } from '../src/session-place.ts'
import { saveSession } from '../src/session-saving.ts'
import { sharedState } from '../src/session-state.ts'
import { signOutWith } from '../src/sign-out.ts'
import { memoryStore, type Store } from '../src/store.ts'
import type { StoredSession } from '../src/stored-session.ts'
import { gate, keyOf, signedOut, temporary, tokenOf, url, type World, world } from './support/session.ts'
import { turns } from './threats/support/turns.ts'

const hour = 3_600_000
const full = Object.assign(new Error(`cannot write ${testKey.token()}`), { code: 'ENOSPC' })

/** A store that can be made read-only. */
function disk(made: World) {
  const state = { isFull: false, writes: 0 }
  const store = {
    ...made.elsewhere(),
    set: async (key: string, value: string) => {
      state.writes += 1
      if (state.isFull) throw full
      await made.store.set(key, value)
    },
  }
  return { state, store }
}

describe('a session that cannot be saved', () => {
  it('goes on in memory, says so, and is saved with a later use', async () => {
    const made = world()
    await made.signIn()
    made.clock.now += hour + 1
    const { state, store } = disk(made)
    state.isFull = true
    const auth = made.auth({ store })
    const token = await tokenOf(auth)
    await turns(2)
    expect(made.told('session_not_saved')).toEqual([
      { service: 'pensyve', type: 'session_not_saved', account: 'default', reason: 'ENOSPC' },
    ])
    expect((await made.saved())?.accessToken === token).toBe(false)
    // Renewed from memory, with the refresh token that no store has.
    made.clock.now += hour + 1
    const second = await tokenOf(auth)
    expect(made.issuer.requests).toHaveLength(2)
    expect(made.issuer.alive).toBe(true)
    state.isFull = false
    expect((await tokenOf(auth)) === second).toBe(true)
    await turns(2)
    expect((await made.saved())?.accessToken === second).toBe(true)
    const { writes } = state
    await tokenOf(auth)
    await turns(2)
    expect(state.writes).toBe(writes)
  })

  it('goes on while the store is gone altogether', async () => {
    const made = world()
    await made.signIn()
    made.clock.now += hour + 1
    let isDown = false
    const down = <T>(work: () => Promise<T>) => (isDown ? Promise.reject(full) : work())
    const auth = made.auth({
      store: {
        get: (key) => down(() => made.store.get(key)),
        set: () => Promise.reject(full),
        delete: () => Promise.reject(full),
      },
    })
    await tokenOf(auth)
    isDown = true
    for (let round = 0; round < 3; round++) {
      made.clock.now += hour + 1
      await tokenOf(auth)
    }
    expect(made.issuer.requests).toHaveLength(4)
  })

  it.each([
    ['signed in', true],
    ['signed out', false],
  ])('gives way to whoever %s elsewhere', async (_name, isSignedIn) => {
    const made = world()
    await made.signIn()
    made.clock.now += hour + 1
    const { state, store } = disk(made)
    state.isFull = true
    const auth = made.auth({ store })
    await tokenOf(auth)
    state.isFull = false
    const other = isSignedIn ? await made.signIn() : undefined
    if (!isSignedIn) await made.store.delete(keyOf())
    // The next use tries to save, and finds out.
    await tokenOf(auth)
    await turns(3)
    if (other) expect((await tokenOf(auth)) === other.accessToken).toBe(true)
    else expect((await caught(tokenOf(auth))).code).toBe(signedOut)
    expect((await made.saved())?.accessToken === other?.accessToken).toBe(true)
  })
})

it('a session that no store could be read for is not given up for what the store held before', async () => {
  const made = world()
  await made.signIn()
  let isDown = true
  const down = <T>(work: () => Promise<T>) => (isDown ? Promise.reject(full) : work())
  const store: Store = {
    get: (key) => down(() => made.store.get(key)),
    set: (key, value) => down(() => made.store.set(key, value)),
    delete: (key) => down(() => made.store.delete(key)),
  }
  const next = await made.signIn()
  const resource = { ...pensyve.resources.mcp, name: 'mcp', headers: {} }
  const flow = { service: pensyve, resource, runtime: made.runtime as never, emit: undefined }
  await made.store.set(keyOf(), JSON.stringify(await world().signIn()))
  await saveSession(placesOf(made.issuer.engine, { store })(resource), flow, next)
  const auth = made.auth({ store })
  made.clock.now += hour + 1
  await tokenOf(auth)
  isDown = false
  made.clock.now += hour + 1
  const token = await tokenOf(auth)
  expect((await made.saved())?.accessToken === token).toBe(true)
  expect([made.issuer.requests.length, made.issuer.alive]).toEqual([2, true])
})

it('shows its tokens to nobody who looks at the store', async () => {
  const made = world()
  await made.signIn()
  const { state, store } = disk(made)
  made.clock.now += hour + 1
  state.isFull = true
  const auth = made.auth({ store })
  await tokenOf(auth)
  expectNoMarker(inspect(store, { showHidden: true, depth: 20 }))
})

it('a session that was saved elsewhere counts more than one that could not be saved', async () => {
  const made = world()
  await made.signIn()
  made.clock.now += hour + 1
  const { state, store } = disk(made)
  state.isFull = true
  const auth = made.auth({ store })
  await tokenOf(auth)
  const other = await made.signIn()
  made.issuer.valid.clear()
  made.issuer.valid.add(other.accessToken)
  const credential = await auth.credential(url)
  const requests = made.issuer.requests.length
  // Both ways at once: the refusal, and the attempt to save.
  expect((await auth.fetch(url)).status).toBe(200)
  expect(credential.secret.reveal() === other.accessToken).toBe(false)
  expect(made.issuer.requests).toHaveLength(requests)
})

describe('a sign-in', () => {
  const places = (made: World) => placesOf(made.issuer.engine, { store: made.store })
  const resource = { ...pensyve.resources.mcp, name: 'mcp', headers: {} }
  const flowOf = (made: World) => {
    const emit = (facts: object) => void made.events.push({ service: 'pensyve', ...facts } as never)
    return { service: pensyve, resource, runtime: made.runtime as never, emit }
  }

  it('is what every source of this process uses from then on', async () => {
    const made = world()
    await made.signIn()
    const auth = made.auth()
    await tokenOf(auth)
    const next = world()
    const session = await next.signIn()
    await saveSession(places(made)(resource), flowOf(made), session)
    expect((await tokenOf(auth)) === session.accessToken).toBe(true)
    expect((await made.saved())?.accessToken === session.accessToken).toBe(true)
  })

  it('wins over a renewal that is going on, and over what is read meanwhile', async () => {
    const made = world()
    await made.signIn()
    made.clock.now += hour + 1
    const { open, passed } = gate()
    made.issuer.turns = [() => passed]
    const auth = made.auth()
    const waiting = tokenOf(auth)
    await turns(3)
    const session = { ...(await world().signIn()), expiresAt: made.clock.now + hour }
    const saving = saveSession(places(made)(resource), flowOf(made), session)
    const meanwhile = tokenOf(auth)
    await turns(3)
    open()
    await meanwhile
    await saving
    expect((await waiting) === session.accessToken).toBe(true)
    expect((await made.saved())?.accessToken === session.accessToken).toBe(true)
  })

  it('wins over what is read while it waits for the lock', async () => {
    const made = world()
    const { accessToken } = await made.signIn()
    const { open, passed } = gate()
    const place = placesOf(made.issuer.engine, { store: made.store, lock: (_name, run) => passed.then(run) })(resource)
    const session = await world().signIn()
    const saving = saveSession(place, flowOf(made), session)
    const auth = made.auth()
    expect((await tokenOf(auth)) === accessToken).toBe(true)
    open()
    await saving
    expect((await tokenOf(auth)) === session.accessToken).toBe(true)
  })

  it('wins over what a store still says that is consistent only in the end', async () => {
    const made = world()
    await made.signIn()
    const before = await made.store.get(keyOf())
    let isBehind = false
    const get = async (key: string) => (isBehind ? before : made.store.get(key))
    const store = { ...made.elsewhere(), get }
    const session = await world().signIn()
    await saveSession(placesOf(made.issuer.engine, { store })(resource), flowOf(made), session)
    isBehind = true
    const auth = made.auth({ store })
    expect((await tokenOf(auth)) === session.accessToken).toBe(true)
    await tokenOf(auth)
    await turns(3)
    expect((await made.saved())?.accessToken === session.accessToken).toBe(true)
  })

  it('does not revoke the session it replaces: some servers would end the new one, too', async () => {
    const made = world()
    await made.signIn()
    await saveSession(places(made)(resource), flowOf(made), await world().signIn())
    await turns(3)
    expect(made.issuer.revoked).toEqual([])
  })

  it('ends the pause of the session before', async () => {
    const made = world({ always: temporary(503, 60) })
    await made.signIn()
    made.clock.now += hour + 1
    const auth = made.auth()
    await caught(tokenOf(auth))
    const session = { ...(await world().signIn()), expiresAt: made.clock.now + hour }
    await saveSession(places(made)(resource), flowOf(made), session)
    expect((await tokenOf(auth)) === session.accessToken).toBe(true)
  })

  it('that cannot be saved is a sign-in all the same', async () => {
    const made = world()
    const { state, store } = disk(made)
    state.isFull = true
    const place = placesOf(made.issuer.engine, { store })(resource)
    const session = await world().signIn()
    await saveSession(place, flowOf(made), session)
    expect(made.told('session_not_saved')).toHaveLength(1)
    const auth = made.auth({ store })
    expect((await tokenOf(auth)) === session.accessToken).toBe(true)
    state.isFull = false
    await tokenOf(auth)
    await turns(3)
    expect((await made.saved())?.accessToken === session.accessToken).toBe(true)
  })

  it('that could not be saved gives way to one that was saved elsewhere', async () => {
    const made = world()
    const { state, store } = disk(made)
    state.isFull = true
    await saveSession(placesOf(made.issuer.engine, { store })(resource), flowOf(made), await world().signIn())
    const other = await made.signIn()
    expect((await tokenOf(made.auth({ store }))) === other.accessToken).toBe(true)
  })

  it('is known to a second copy of this code, such as the one that is loaded with the engine', async () => {
    const made = world()
    const place = places(made)(resource)
    vi.resetModules()
    const copy = await import('../src/session-state.ts')
    expect(copy.sharedState).not.toBe(sharedState)
    expect(copy.sharedState(made.store, place.key)).toBe(place.state)
    expect(copy.defaultLock(made.store)).toBe(place.lock)
  })

  it('is found by a frozen store, too', async () => {
    const made = world()
    const store = Object.freeze(made.elsewhere())
    const session = await world().signIn()
    const auth = made.auth({ store })
    await caught(tokenOf(auth))
    await saveSession(placesOf(made.issuer.engine, { store })(resource), flowOf(made), session)
    expect((await tokenOf(auth)) === session.accessToken).toBe(true)
  })
})

describe('signing out', () => {
  it('deletes, then revokes, and every source notices at the next use', async () => {
    const made = world()
    const { refreshToken } = await made.signIn()
    await made.signIn({ account: 'work' })
    const [auth, work] = [made.auth(), made.auth({ account: 'work' })]
    await Promise.all([tokenOf(auth), tokenOf(work)])
    const { revokeTokens, refreshTokens } = await made.issuer.engine()
    const left: unknown[] = []
    await signOutWith(
      async () => ({
        refreshTokens,
        revokeTokens: async (...args) => {
          left.push(await made.store.get(keyOf()))
          await revokeTokens(...args)
        },
      }),
      pensyve,
      { store: made.store, runtime: made.runtime, onEvent: (event) => void made.events.push(event) },
    )
    expect(left).toEqual([undefined])
    expect(made.issuer.revoked.length).toBe(1)
    expect(made.issuer.revoked[0] === refreshToken).toBe(true)
    expect(await made.saved()).toBeUndefined()
    expect((await caught(tokenOf(auth))).code).toBe(signedOut)
    expect(await caught(auth.fetch(url))).toMatchObject({ code: signedOut })
    await tokenOf(work)
    await turns(2)
    expect(made.told('signed_out')).toEqual([
      { service: 'pensyve', type: 'signed_out', account: 'default', revocation: 'done' },
    ])
  })

  it('works where the server has no endpoint for it, and where it fails', async () => {
    const made = world({ revocationError: temporary(503) })
    await made.signIn({ revocationEndpoint: undefined as never })
    await made.signOut()
    await made.signIn()
    await made.signOut()
    await made.signOut()
    await turns(2)
    expect(made.issuer.revoked).toHaveLength(1)
    expect(made.told('signed_out').map(({ type: _type, service: _service, ...rest }) => rest)).toEqual([
      { account: 'default', revocation: 'none' },
      { account: 'default', revocation: 'failed', code: 'temporarily_unavailable' },
    ])
  })

  it('removes what no version can read, and what has ended', async () => {
    const made = world()
    for (const text of [
      '{"version":9}',
      JSON.stringify({ version: 1, ended: 'sign_in_required', account: 'default' }),
    ]) {
      await made.store.set(keyOf(), text)
      await made.signOut()
      expect(await made.store.get(keyOf())).toBeUndefined()
    }
    expect(made.issuer.revoked).toEqual([])
  })

  it('is at once, however long the store takes', async () => {
    const made = world()
    await made.signIn()
    const { open, passed } = gate()
    const store = { ...made.elsewhere(), delete: (key: string) => passed.then(() => made.store.delete(key)) }
    const auth = made.auth({ store })
    await tokenOf(auth)
    const leaving = made.signOut({ store })
    await turns(3)
    expect((await caught(tokenOf(auth))).code).toBe(signedOut)
    open()
    await leaving
    expect((await caught(tokenOf(auth))).code).toBe(signedOut)
  })

  it('that cannot delete says so', async () => {
    const made = world()
    await made.signIn()
    let tries = 0
    const store = { ...made.elsewhere(), delete: () => Promise.reject(++tries && full) }
    expect(await caught(made.signOut({ store }))).toMatchObject({ code: 'store_failed', retryable: true })
    expect(tries).toBe(1)
    expect(made.issuer.revoked).toEqual([])
    // It is still there, and still works.
    await tokenOf(made.auth({ store }))
  })

  it('wins over a renewal that is going on, and revokes what that brought', async () => {
    const made = world()
    await made.signIn()
    made.clock.now += hour + 1
    const { open, passed } = gate()
    made.issuer.turns = [() => passed]
    const auth = made.auth()
    const waiting = caught(tokenOf(auth))
    await turns(3)
    const leaving = made.signOut()
    // Nobody waits for the renewal to be told.
    await turns(3)
    expect((await caught(tokenOf(auth))).code).toBe(signedOut)
    open()
    await leaving
    expect((await waiting).code).toBe(signedOut)
    expect((await caught(tokenOf(auth))).code).toBe(signedOut)
    expect(await made.store.get(keyOf())).toBeUndefined()
    expect(made.issuer.revoked).toHaveLength(1)
    expect(made.issuer.revoked[0] === made.issuer.requests[0]).toBe(false)
    expect(made.issuer.alive).toBe(false)
  })

  it('in another process takes away what a renewal brings here, with or without a common lock', async () => {
    for (const lock of [memoryLock(), undefined]) {
      const made = world()
      await made.signIn()
      made.clock.now += hour + 1
      const { open, passed } = gate()
      made.issuer.turns = [() => passed]
      const shared = lock ? { lock } : {}
      const auth = made.auth({ store: made.elsewhere(), ...shared })
      const waiting = auth.fetch(url).catch((error) => error.code)
      await turns(3)
      const leaving = made.signOut({ store: made.elsewhere(), ...shared })
      await turns(3)
      open()
      await leaving
      // With the lock the renewal came first, and its token was good for as long as it took to sign out.
      if (!lock) expect(await waiting).toBe(signedOut)
      await waiting
      await auth.fetch(url).catch(() => undefined)
      expect((await caught(tokenOf(auth))).code).toBe(signedOut)
      await turns(3)
      expect(await made.store.get(keyOf())).toBeUndefined()
      expect(made.issuer.alive).toBe(false)
      // Also the tokens that came too late, which only the renewal knew; without the lock the server was quicker to end the session.
      const late = made.issuer.revoked.filter((token) => !made.issuer.requests.includes(token))
      expect(late).toHaveLength(lock ? 1 : 0)
    }
  })

  it('takes away what a renewal in another process saved at the last moment, and revokes that', async () => {
    const made = world()
    await made.signIn()
    made.clock.now += hour + 1
    const lock = memoryLock()
    const { open, passed } = gate()
    const set: Store['set'] = (key, value) => passed.then(() => made.store.set(key, value))
    const waiting = tokenOf(made.auth({ store: { ...made.elsewhere(), set }, lock }))
    await turns(3)
    const leaving = made.signOut({ store: made.elsewhere(), lock })
    await turns(3)
    open()
    await Promise.all([waiting, leaving])
    expect(await made.store.get(keyOf())).toBeUndefined()
    expect(made.issuer.revoked).toHaveLength(1)
    expect(made.issuer.revoked[0] === made.issuer.requests[0]).toBe(false)
  })

  describe('while somebody signs in in another process', () => {
    const resource = { ...pensyve.resources.mcp, name: 'mcp', headers: {} }
    const signInElsewhere = async (made: World, lock: Lock) => {
      const session = { ...(await world().signIn()), expiresAt: made.clock.now + hour }
      const flow = { service: pensyve, resource, runtime: made.runtime as never, emit: undefined }
      const place = placesOf(made.issuer.engine, { store: made.elsewhere(), lock })(resource)
      await saveSession(place, flow, session)
      return session
    }

    it.each([1, 2, 3])('takes what was there, and not what came after reading %i', async (reading) => {
      const made = world()
      await made.signIn()
      const lock = memoryLock()
      let reads = 0
      let coming: Promise<StoredSession> | undefined
      const get = async (key: string) => {
        const text = await made.store.get(key)
        if (++reads === reading) {
          coming = signInElsewhere(made, lock)
          await turns(5)
        }
        return text
      }
      await made.signOut({ store: { ...made.elsewhere(), get }, lock })
      const session = await (coming ?? signInElsewhere(made, lock))
      expect((await made.saved())?.accessToken === session.accessToken).toBe(true)
      await turns(2)
      expect(made.told('signed_out')).toHaveLength(1)
    })

    it.each([
      ['while the store was slow', false],
      ['and could not be saved', true],
    ])('or in this one, %s: that sign-in stays, and nothing is revoked', async (_name, isFull) => {
      const made = world()
      await made.signIn()
      const { state, store: written } = disk(made)
      const { open, passed } = gate()
      let reads = 0
      const slow = async (key: string) => {
        if (++reads === 1) await passed
        return made.store.get(key)
      }
      const lock = memoryLock()
      const hold = gate()
      const busy = isFull ? lock(keyOf(), () => hold.passed) : undefined
      const store = { ...written, get: isFull ? made.store.get : slow }
      state.isFull = isFull
      const session = await made.signIn({}, memoryStore())
      const flow = { service: pensyve, resource, runtime: made.runtime as never, emit: undefined }
      const place = placesOf(made.issuer.engine, { store, lock })(resource)
      const saved = isFull ? saveSession(place, flow, session) : undefined
      const leaving = made.signOut({ store, lock })
      await (saved ? undefined : saveSession(place, flow, session))
      const auth = made.auth({ store, lock })
      if (!isFull) expect((await tokenOf(auth)) === session.accessToken).toBe(true)
      hold.open()
      open()
      await Promise.all([busy, saved, leaving])
      expect((await tokenOf(auth)) === session.accessToken).toBe(true)
      state.isFull = false
      await tokenOf(auth)
      await turns(5)
      expect((await made.saved())?.accessToken === session.accessToken).toBe(true)
      expect(made.issuer.revoked).toEqual([])
      made.clock.now += hour + 1
      await tokenOf(auth)
      expect(made.issuer.alive).toBe(true)
    })

    it('leaves it alone, there and at the server, when it came while the lock was not free', async () => {
      const made = world()
      await made.signIn()
      const lock = memoryLock()
      const { open, passed } = gate()
      const busy = lock(keyOf(), () => passed)
      const store = made.elsewhere()
      const leaving = made.signOut({ store, lock })
      await turns(3)
      const session = { ...(await world().signIn()), expiresAt: made.clock.now + hour }
      await made.store.set(keyOf(), JSON.stringify(session))
      // Known here, too, before the sign-out is over.
      expect((await tokenOf(made.auth({ store, lock }))) === session.accessToken).toBe(true)
      open()
      await Promise.all([busy, leaving])
      expect((await made.saved())?.accessToken === session.accessToken).toBe(true)
      expect(made.issuer.revoked).toEqual([])
      await turns(2)
      expect(made.told('signed_out')).toMatchObject([{ revocation: 'none' }])
    })
  })

  it('takes away what was renewed before it was its turn', async () => {
    const made = world()
    const session = await made.signIn()
    const lock = memoryLock()
    const { open, passed } = gate()
    const busy = lock(keyOf(), () => passed)
    const leaving = made.signOut({ store: made.elsewhere(), lock })
    await turns(3)
    const next = { ...session, renewals: 1, refreshToken: testKey.token('renewed elsewhere') }
    await made.store.set(keyOf(), JSON.stringify(next))
    open()
    await Promise.all([busy, leaving])
    expect(await made.store.get(keyOf())).toBeUndefined()
    expect(made.issuer.revoked).toEqual([next.refreshToken])
  })

  it('needs no lock', async () => {
    const made = world()
    await made.signIn()
    await made.signOut({ store: made.elsewhere(), lock: () => Promise.reject(new Error('redis down')) })
    expect(await made.store.get(keyOf())).toBeUndefined()
    expect(made.issuer.revoked).toHaveLength(1)
  })

  it('twice at once is one sign-out', async () => {
    const made = world()
    await made.signIn()
    await Promise.all([made.signOut(), made.signOut()])
    await turns(2)
    expect([made.issuer.revoked.length, made.told('signed_out').length]).toEqual([1, 1])
  })

  it('that cannot delete leaves a session alone that is only in memory', async () => {
    const made = world()
    await made.signIn()
    made.clock.now += hour + 1
    const { state, store } = disk(made)
    state.isFull = true
    const auth = made.auth({ store })
    const token = await tokenOf(auth)
    expect(
      (await caught(made.signOut({ store: Object.assign(store, { delete: () => Promise.reject(full) }) }))).code,
    ).toBe('store_failed')
    expect((await tokenOf(auth)) === token).toBe(true)
    expect(made.issuer.alive).toBe(true)
  })

  it('that cannot delete leaves a session what a renewal brought meanwhile', async () => {
    const made = world()
    await made.signIn()
    made.clock.now += hour + 1
    const { open, passed } = gate()
    made.issuer.turns = [() => passed]
    const store = { ...made.elsewhere(), delete: () => Promise.reject(full) }
    const auth = made.auth({ store })
    const waiting = tokenOf(auth).catch(() => undefined)
    await turns(3)
    const leaving = caught(made.signOut({ store }))
    await turns(3)
    open()
    expect((await leaving).code).toBe('store_failed')
    await waiting
    expect((await auth.fetch(url)).status).toBe(200)
    made.clock.now += hour + 1
    expect((await auth.fetch(url)).status).toBe(200)
    expect([made.issuer.requests.length, made.issuer.alive]).toEqual([2, true])
  })

  it('revokes a session that only this process has', async () => {
    const made = world()
    const { state, store } = disk(made)
    state.isFull = true
    const session = await made.signIn({}, memoryStore())
    const resource = { ...pensyve.resources.mcp, name: 'mcp', headers: {} }
    const flow = { service: pensyve, resource, runtime: made.runtime as never, emit: undefined }
    await saveSession(placesOf(made.issuer.engine, { store })(resource), flow, session)
    await made.signOut({ store })
    expect(made.issuer.revoked).toEqual([session.refreshToken])
    expect((await caught(tokenOf(made.auth({ store })))).code).toBe(signedOut)
  })

  it('revokes the last token that it knows when the store has gone back to an earlier one', async () => {
    const made = world()
    await made.signIn()
    const before = (await made.store.get(keyOf())) ?? ''
    made.clock.now += hour + 1
    await tokenOf(made.auth())
    const last = await made.saved()
    await made.store.set(keyOf(), before)
    await made.signOut()
    expect(await made.store.get(keyOf())).toBeUndefined()
    expect(made.issuer.revoked).toEqual([last?.refreshToken])
  })

  it('goes on with the other audiences of a service when one cannot be deleted', async () => {
    const made = world()
    const { mcp } = pensyve.resources
    const other = { ...mcp, url: 'https://api.pensyve.com/other', audience: 'https://api.pensyve.com/other' }
    const service = { ...pensyve, resources: { other, mcp } }
    const key = sessionKey(other, 'default', 'default')
    const { refreshToken } = await made.signIn()
    await made.store.set(key, (await made.store.get(keyOf())) ?? '')
    const store: Store = {
      ...made.elsewhere(),
      delete: (name) => (name === key ? Promise.reject(full) : made.store.delete(name)),
    }
    const error = await caught(signOutWith(made.issuer.engine, service, { store, runtime: made.runtime }))
    expect(error).toMatchObject({ code: 'store_failed', retryable: true })
    expect([await made.store.get(keyOf()), typeof (await made.store.get(key))]).toEqual([undefined, 'string'])
    expect(made.issuer.revoked).toEqual([refreshToken])
  })

  it('in another process is noticed when the token is refused', async () => {
    const made = world()
    await made.signIn()
    const auth = made.auth()
    await auth.fetch(url)
    await made.signOut({ store: made.elsewhere() })
    expect((await auth.fetch(url)).status).toBe(401)
    expect((await caught(tokenOf(auth))).code).toBe(signedOut)
    expect(made.issuer.requests).toEqual([])
  })

  it.each([
    ['before it', true],
    ['while it waits', false],
  ])('leaves a sign-in alone that came %s, and is saved after it', async (_name, isEarlier) => {
    const made = world()
    await made.signIn()
    made.clock.now += hour + 1
    const { open, passed } = gate()
    made.issuer.turns = [() => passed]
    const auth = made.auth()
    const waiting = tokenOf(auth).catch((error) => error.code)
    await turns(3)
    const session = { ...(await world().signIn()), expiresAt: made.clock.now + hour }
    let leaving = isEarlier ? undefined : made.signOut()
    await turns(3)
    const resource = { ...pensyve.resources.mcp, name: 'mcp', headers: {} }
    const flow = { service: pensyve, resource, runtime: made.runtime as never, emit: undefined }
    const saving = saveSession(placesOf(made.issuer.engine, { store: made.store })(resource), flow, session)
    leaving ??= made.signOut()
    await turns(3)
    open()
    await Promise.all([leaving, saving])
    // Whoever asked before may have been told that nobody is signed in; whoever asks now is signed in.
    expect([signedOut, session.accessToken].includes(await waiting)).toBe(true)
    expect((await tokenOf(auth)) === session.accessToken).toBe(true)
    expect((await made.saved())?.accessToken === session.accessToken).toBe(true)
  })
})
