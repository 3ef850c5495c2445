import { caught } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { memoryStore, type Store, savedAccount } from '../src/index.ts'
import { pensyve } from '../src/services.ts'
import { keyOf, signedOut, temporary, url, world } from './support/session.ts'

/** A store whose others are told of: what is written through `other` is somebody else's. */
function watched() {
  const shared = memoryStore()
  const listeners = new Set<(key: string) => void>()
  const watch = (listener: (key: string) => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  const tell = (key: string) => {
    for (const listener of listeners) listener(key)
  }
  const store: Store = { ...shared, watch }
  const other: Store = {
    ...shared,
    set: async (key, value) => shared.set(key, value).then(() => tell(key)),
    delete: async (key) => shared.delete(key).then(() => tell(key)),
  }
  return { store, other }
}

describe('a store that is told what others write', () => {
  it('ends a session at once that somebody signed out elsewhere', async () => {
    const made = world()
    const { store, other } = watched()
    await made.signIn({}, store)
    const auth = made.auth({ store })
    await auth.fetch(url)
    await other.delete(keyOf())
    expect(await caught(auth.fetch(url))).toMatchObject({ code: signedOut })
    expect([made.issuer.requests.length, made.sent.length]).toEqual([0, 1])
  })

  it('uses a token at once that somebody else got, also in the pause after a failure', async () => {
    const made = world({ always: temporary(503) })
    const { store, other } = watched()
    const old = await made.signIn({}, store)
    const auth = made.auth({ store })
    await auth.fetch(url)
    made.clock.now += 3_600_000
    await caught(auth.fetch(url))
    const asked = made.issuer.requests.length
    const accessToken = `${old.accessToken}.next`
    made.issuer.valid.add(accessToken)
    const expiresAt = made.clock.now + 3_600_000
    await other.set(
      keyOf(),
      JSON.stringify({ ...old, accessToken, expiresAt, obtainedAt: made.clock.now, renewals: 1 }),
    )
    await auth.fetch(url)
    expect(made.sent.at(-1)).toBe(accessToken)
    expect(made.issuer.requests.length).toBe(asked)
  })

  it('is refused where its watch is no function', async () => {
    const made = world()
    const store = { ...memoryStore(), watch: 1 } as unknown as Store
    expect(() => made.auth({ store })).toThrow('The option "store" has a watch that is no function.')
  })
})

describe('savedAccount', () => {
  it('tells who is signed in, and nothing secret', async () => {
    const made = world()
    const { store } = made
    expect(await savedAccount(pensyve, { store })).toBeUndefined()
    const { accessToken, expiresAt } = await made.signIn({ scopes: ['mcp:read'] })
    const found = await savedAccount(pensyve, { store })
    const resources = ['rest', 'mcp']
    expect(found).toEqual({ account: 'default', resources, status: 'signed_in', scopes: ['mcp:read'], expiresAt })
    expect(JSON.stringify(found)).not.toContain(accessToken)
  })

  it('tells that one has ended, or cannot be read', async () => {
    const { store } = world()
    const ended = { version: 1, ended: 'sign_in_required', account: 'default', endedAt: 1 }
    await store.set(keyOf(), JSON.stringify(ended))
    expect(await savedAccount(pensyve, { store })).toMatchObject({ status: 'ended' })
    await store.set(keyOf(), '{')
    expect(await savedAccount(pensyve, { store })).toMatchObject({ status: 'unreadable' })
  })
})
