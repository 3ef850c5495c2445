import { caught } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { createAuth } from '../src/index.ts'
import { type Lock, memoryLock } from '../src/lock.ts'
import { pensyve } from '../src/services.ts'
import { placesOf } from '../src/session-place.ts'
import { saveSession } from '../src/session-saving.ts'
import { signedInWith } from '../src/signed-in.ts'
import type { Store } from '../src/store.ts'
import { endedText, type StoredSession } from '../src/stored-session.ts'
import { failedSignOut, gate, keyOf, signedOut, tokenOf, url, type World, world } from './support/session.ts'
import { turns } from './threats/support/turns.ts'

// What happens at the same time, in one process or in two that share a lock, and stores that are behind.

const hour = 3_600_000

/** Saves a sign-in as the end of one does, in the process that has this store. */
async function enter(made: World, store: Store, lock?: Lock, server: World = made): Promise<StoredSession> {
  const session = await server.signIn({ expiresAt: made.clock.now + hour }, world().store)
  const resource = { ...pensyve.resources.mcp, name: 'mcp', headers: {} }
  const flow = { service: pensyve, resource, runtime: made.runtime as never, emit: undefined }
  await saveSession(placesOf(made.issuer.engine, { store, lock })(resource), flow, session)
  return session
}

describe('while one process renews and another one waits for the lock', () => {
  const begun = async () => {
    const made = world()
    await made.signIn()
    const lock = memoryLock()
    const [here, there] = [made.elsewhere(), made.elsewhere()]
    const auths = [here, there].map((store) => made.auth({ store, lock }))
    for (const auth of auths) await tokenOf(auth)
    made.clock.now += hour + 1
    const { open, passed } = gate()
    made.issuer.turns = [() => passed]
    const tokens: Promise<string>[] = []
    for (const auth of auths) {
      tokens.push(tokenOf(auth).catch((error) => error.code))
      await turns(3)
    }
    return { made, lock, here, auths, tokens, open }
  }

  it('a sign-in lets nobody send the refresh token that is spent', async () => {
    const { made, lock, here, auths, tokens, open } = await begun()
    const saving = enter(made, here, lock, world())
    await turns(3)
    open()
    const session = await saving
    expect((await Promise.all(tokens)).includes(signedOut)).toBe(false)
    expect([made.issuer.requests.length, made.issuer.alive]).toEqual([1, true])
    expect(made.told('session_ended')).toEqual([])
    expect((await made.saved())?.accessToken === session.accessToken).toBe(true)
    for (const auth of auths) await tokenOf(auth)
  })

  it('a sign-out takes away and revokes what the renewal brings', async () => {
    const { made, lock, here, tokens, open } = await begun()
    const leaving = made.signOut({ store: here, lock })
    await turns(3)
    open()
    await leaving
    expect(await Promise.all(tokens)).toEqual([signedOut, signedOut])
    expect(made.issuer.requests).toHaveLength(1)
    expect(made.told('signed_out')).toMatchObject([{ revocation: 'done' }])
    expect(made.issuer.revoked).toHaveLength(1)
    expect(made.issuer.revoked[0] === made.issuer.requests[0]).toBe(false)
    expect(await made.store.get(keyOf())).toBeUndefined()
  })
})

describe('signing out', () => {
  it('takes what is left of an ended session for no sign-in', async () => {
    const made = world()
    const { refreshToken } = await made.signIn()
    const lock = memoryLock()
    const { open, passed } = gate()
    const busy = lock(keyOf(), () => passed)
    const leaving = made.signOut({ lock })
    await turns(3)
    await made.store.set(keyOf(), endedText('default', 'sign_in_required', made.clock.now))
    open()
    await Promise.all([busy, leaving])
    expect(await made.store.get(keyOf())).toBeUndefined()
    expect(made.issuer.revoked).toEqual([refreshToken])
    expect(made.told('signed_out')).toMatchObject([{ revocation: 'done' }])
  })

  it('gives out no token afterwards, whenever it came while a renewal was saved', async () => {
    for (let moment = 0; moment < 30; moment++) {
      const made = world()
      let leaving: Promise<void> | undefined
      let reads = Number.NEGATIVE_INFINITY
      const get: Store['get'] = async (key) => {
        // Whoever looks again while the sign-out goes on.
        if (++reads === 3) await turns(20)
        return made.store.get(key)
      }
      const set: Store['set'] = async (key, value) => {
        await made.store.set(key, value)
        let later = Promise.resolve()
        for (let count = 0; count < moment; count++) later = later.then(() => {})
        void later.then(() => {
          reads = 0
          leaving ??= made.signOut({ store })
        })
      }
      const store = { ...made.elsewhere(), get, set }
      await made.signIn()
      made.clock.now += hour + 1
      const auth = made.auth({ store })
      const waiting = tokenOf(auth).catch((error) => error.code)
      for (let turn = 0; turn < 20 && !leaving; turn++) await turns(1)
      await leaving
      const after = await Promise.race([tokenOf(auth).catch((error) => error.code), turns(2).then(() => 'nothing')])
      expect([signedOut, 'nothing']).toContain(after)
      await waiting
      expect(await made.store.get(keyOf())).toBeUndefined()
      expect(made.issuer.alive).toBe(false)
    }
  })

  it.each([
    ['the one before', [0, 0]],
    ['two others', [0, 1]],
    ['nothing', [undefined, undefined]],
  ])('ends the session that this process has while the store still shows %s', async (_name, shown) => {
    const made = world()
    const texts: string[] = []
    const queue: (string | undefined)[] = []
    const store: Store = {
      ...made.elsewhere(),
      get: async (key) => (queue.length > 0 ? queue.shift() : made.store.get(key)),
      set: async (key, value) => {
        texts.push(value)
        await made.store.set(key, value)
      },
    }
    const auth = made.auth({ store })
    let session: StoredSession | undefined
    for (let count = 0; count < 3; count++) {
      session = await enter(made, store)
      await tokenOf(auth)
    }
    queue.push(...shown.map((index) => (index === undefined ? undefined : texts[index])))
    await made.signOut({ store })
    expect(made.issuer.revoked).toEqual([session?.refreshToken])
    expect(await made.store.get(keyOf())).toBeUndefined()
    // However long the store goes on to show them.
    for (const text of texts) {
      await made.store.set(keyOf(), text)
      expect((await caught(tokenOf(auth))).code).toBe(signedOut)
    }
  })

  it('again revokes what a deletion left alive that worked, and said that it failed', async () => {
    const made = world()
    const { store, refreshToken } = await failedSignOut(made)
    await made.signOut({ store })
    expect(made.issuer.revoked).toEqual([refreshToken])
  })
})

describe('sign-ins, one after the other, while somebody wants a token', () => {
  const wanting = async (signIns: number) => {
    const made = world()
    await made.signIn()
    let left = signIns
    let isEntering = false
    const store: Store = {
      ...made.elsewhere(),
      get: async (key) => {
        if (!isEntering && left-- > 0) {
          isEntering = true
          await enter(made, store, (_name, run) => run())
          isEntering = false
        }
        return made.store.get(key)
      },
    }
    return { made, outcome: await tokenOf(made.auth({ store })).catch((error) => error) }
  }

  it('are no trouble', async () => {
    const { made, outcome } = await wanting(9)
    expect(outcome === (await made.saved())?.accessToken).toBe(true)
  })

  it('without an end are not the fault of the store', async () => {
    const { outcome } = await wanting(Number.POSITIVE_INFINITY)
    expect(outcome).toMatchObject({ code: 'temporarily_unavailable', retryable: true })
    expect(outcome.message).not.toContain('store')
  })
})

describe('a lock that fails', () => {
  it('while its callback runs: that goes on to its end, and nobody begins another', async () => {
    const made = world()
    await made.signIn()
    made.clock.now += hour + 1
    const { open, passed } = gate()
    made.issuer.turns = [() => passed]
    const lost = () => Promise.reject(new Error('lease lost'))
    const lock: Lock = (_name, run) => Promise.race([run(), turns(2).then(lost)])
    const auth = made.auth({ store: made.elsewhere(), lock })
    const tokens: Promise<string>[] = []
    for (let count = 0; count < 5; count++) {
      tokens.push(tokenOf(auth).catch((error) => error.code))
      await turns(3)
    }
    open()
    const values = new Set(await Promise.all(tokens))
    expect([values.size, values.has((await made.saved())?.accessToken ?? '')]).toEqual([1, true])
    expect([made.issuer.requests.length, made.issuer.alive]).toEqual([1, true])
  })

  it('and calls back afterwards is too late', async () => {
    const made = world()
    await made.signIn()
    made.clock.now += hour + 1
    let late: (() => Promise<unknown>) | undefined
    const lock: Lock = async (_name, run) => {
      late = run
      throw new Error('timeout')
    }
    const auth = made.auth({ store: made.elsewhere(), lock })
    expect((await caught(tokenOf(auth))).code).toBe('store_failed')
    await late?.()
    expect(made.issuer.requests).toEqual([])
  })
})

describe('a store that is behind', () => {
  it('and says once that there is nothing does not end what was renewed', async () => {
    const made = world()
    const session = await made.signIn()
    let reads = 0
    const get = async (key: string) => (++reads === 3 ? undefined : made.store.get(key))
    const auth = made.auth({ store: { ...made.elsewhere(), get } })
    await tokenOf(auth)
    made.clock.now += hour + 1
    expect((await auth.fetch(url)).status).toBe(200)
    expect([made.issuer.requests.length, made.issuer.revoked.length]).toEqual([1, 0])
    expect((await made.saved())?.signInId).toBe(session.signInId)
    expect((await made.saved())?.renewals).toBe(1)
  })

  it('and goes on to say so after a sign-in: its token is used here, for a minute', async () => {
    for (const [passed, outcome] of [
      [59_000, 'token'],
      [60_000, signedOut],
    ] as const) {
      const made = world()
      const store: Store = { ...made.elsewhere(), get: async () => undefined }
      const auth = made.auth({ store })
      expect((await caught(tokenOf(auth))).code).toBe(signedOut)
      const { accessToken } = await enter(made, store)
      made.clock.now += passed
      const found = await tokenOf(auth).catch((error) => error.code)
      expect(found === (outcome === 'token' ? accessToken : outcome)).toBe(true)
    }
  })

  it('counts as soon as it shows another sign-in, or that there is none any more', async () => {
    for (const isSignedIn of [true, false]) {
      const made = world()
      const store = made.elsewhere()
      const auth = made.auth({ store })
      await enter(made, store)
      const other = isSignedIn ? await world().signIn({ expiresAt: made.clock.now + hour }, made.store) : undefined
      if (!other) await made.store.set(keyOf(), endedText('default', 'sign_in_required', made.clock.now))
      const found = await tokenOf(auth).catch((error) => error.code)
      expect(found === (other?.accessToken ?? signedOut)).toBe(true)
    }
  })

  it('is not believed to be so when the token has ended: somebody else may have used the refresh token', async () => {
    const made = world()
    const store = made.elsewhere()
    const session = await enter(made, store)
    await made.store.delete(keyOf())
    made.issuer.valid.clear()
    expect((await made.auth({ store }).fetch(url)).status).toBe(401)
    expect(made.issuer.requests).toEqual([])
    expect(session.refreshToken).toBeDefined()
  })
})

describe('a process that lost its lock while it stood still', () => {
  it('does not send the refresh token that somebody else has used meanwhile', async () => {
    const made = world()
    await made.signIn()
    made.clock.now += 3_600_000
    const lost = async <T>(_name: string, run: () => Promise<T>) => run()
    let goOn: () => void = () => undefined
    const still = new Promise<void>((resolve) => {
      goOn = resolve
    })
    // It has read the store, and stands still before anything is sent.
    const engine = async () => {
      await still
      return made.issuer.engine()
    }
    const slow = createAuth(pensyve, {
      credential: signedInWith(engine, { store: made.elsewhere(), lock: lost }),
      runtime: made.runtime,
    })
    const waiting = tokenOf(slow)
    const token = await tokenOf(made.auth({ lock: lost }))
    goOn()
    expect((await waiting) === token).toBe(true)
    expect([made.issuer.requests.length, made.issuer.alive]).toEqual([1, true])
  })
})
