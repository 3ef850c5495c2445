import { memoryStore, pensyve, type Store } from '@pentauth/core'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { endReturn, findReturn, saveReturn, waitingPlace } from '../src/transactions.ts'
import { visit } from './support/visit.ts'
import { openWorld } from './support/world.ts'

vi.mock('../src/framed.ts', () => ({ isFramed: () => false }))
beforeEach(() => sessionStorage.clear())

const named = (): Store => ({ ...memoryStore(), name: 'a disk' })
const wanted = { returnTo: '/notes', way: 'redirect' } as const

describe('where a sign-in waits', () => {
  it('in the storage, where that outlives the page', async () => {
    const storage = named()
    const placeOf = waitingPlace(storage)
    expect([await placeOf('sign-ins'), await placeOf('return/x'), await placeOf('session/x')]).toEqual(
      Array(3).fill(storage),
    )
  })

  it('in sessionStorage, where it does not; the session stays where it is', async () => {
    const storage = memoryStore()
    const placeOf = waitingPlace(storage)
    const waiting = await placeOf('sign-ins')
    expect(waiting.name).toBe('sessionStorage')
    expect(await placeOf('return/x')).toBe(waiting)
    expect(await placeOf('session/x')).toBe(storage)
    await waiting.set('sign-ins', '[]')
    expect([sessionStorage.length, await storage.keys?.('')]).toEqual([1, []])
  })

  it('is decided when the storage has been used, which may replace itself', async () => {
    let name: string | undefined = 'a disk'
    const storage: Store = {
      ...memoryStore(),
      get name() {
        return name as string
      },
      get: async () => {
        name = undefined
        return undefined
      },
    }
    expect((await waitingPlace(storage)('sign-ins')).name).toBe('sessionStorage')
  })

  it('is asked for again after a storage has failed', async () => {
    let isBlocked = true
    const storage: Store = {
      ...named(),
      get: async () => {
        if (isBlocked) throw new DOMException('blocked', 'SecurityError')
        return undefined
      },
    }
    const placeOf = waitingPlace(storage)
    await expect(placeOf('sign-ins')).rejects.toThrow('blocked')
    isBlocked = false
    expect(await placeOf('sign-ins')).toBe(storage)
  })
})

describe('what the page wants to know again', () => {
  it('is there until it is ended', async () => {
    const store = named()
    await saveReturn(store, 'state-1', wanted)
    expect(await findReturn(store, 'state-1')).toEqual(wanted)
    expect(await findReturn(store, 'state-1')).toEqual(wanted)
    await endReturn(store, 'state-1')
    expect([await findReturn(store, 'state-1'), await store.keys?.('')]).toEqual([undefined, []])
  })

  it.each([['not JSON'], ['null'], ['']])('%j says nothing', async (text) => {
    const store = named()
    await store.set('return/state-1', text)
    expect(await findReturn(store, 'state-1')).toBeUndefined()
    expect(await findReturn(store, null)).toBeUndefined()
  })

  it('of sign-ins that nobody finished, nothing is left', async () => {
    const store = named()
    for (let round = 0; round < 20; round++) await saveReturn(store, `left-${round}`, wanted)
    await store.set('sign-ins', JSON.stringify([{ state: 'waits' }, { state: 'mine' }]))
    await saveReturn(store, 'waits', wanted)
    await saveReturn(store, 'mine', wanted)
    expect((await store.keys?.('return/'))?.slice().sort()).toEqual(['return/mine', 'return/waits'])
  })

  it('a storage that fails costs the way back, and no sign-in', async () => {
    const broken: Store = { ...named(), set: () => Promise.reject(new DOMException('full', 'QuotaExceededError')) }
    await saveReturn(broken, 'state-1', wanted)
    const unreadable: Store = { ...named(), get: () => Promise.reject(new DOMException('blocked', 'SecurityError')) }
    expect(await findReturn(unreadable, 'state-1')).toBeUndefined()
    await endReturn({ ...named(), delete: () => Promise.reject(new DOMException('blocked')) }, 'state-1')
  })
})

describe('a redirect', () => {
  it.each<[string, () => Store]>([
    ['memory, which is lost', memoryStore],
    ['a storage that stays', named],
  ])('is survived with %s', async (_, make) => {
    const world = await openWorld()
    const storage = make()
    const url = await world.leaves(world.open(pensyve, { storage }), { returnTo: '/notes?a=1#b' })
    const callback = await visit(world.sandbox, url)
    // Another page from here on.
    const after = world.open(pensyve, { storage: storage.name === undefined ? make() : storage })
    expect(await after.finishSignIn(callback)).toMatchObject({ account: 'default', returnTo: '/notes?a=1#b' })
    expect(after.session).toMatchObject({ status: 'signed_in', scopes: ['mcp'] })
    expect((await after.fetch(`${pensyve.resources.rest.url}/account`)).status).toBe(200)
    expect(JSON.stringify({ ...sessionStorage })).not.toMatch(/verifier|return\//)
    expect((await storage.keys?.(''))?.filter((key) => /^(?:sign-ins|return)/.test(key))).toEqual([])
  })

  it('with a new sign-in in memory the page uses the new token at once, and not what it had', async () => {
    const world = await openWorld()
    const auth = world.open(pensyve)
    await world.signIn(auth, { scope: 'mcp:read' })
    const [rest, json] = [pensyve.resources.rest.url, { 'content-type': 'application/json' }]
    const write = () => auth.fetch(`${rest}/entities`, { method: 'POST', headers: json, body: '{"name":"ada"}' })
    await expect(write()).rejects.toMatchObject({ code: 'insufficient_scope' })
    await world.signIn(auth, { scope: 'mcp:write' })
    expect(auth.session.scopes).toContain('mcp:write')
    expect((await write()).status).toBe(200)
  })

  it('begun in two tabs ends in both, each on its page', async () => {
    const world = await openWorld()
    const storage = named()
    const tabs = [world.open(pensyve, { storage }), world.open(pensyve, { storage })]
    const urls: URL[] = []
    for (const [index, tab] of tabs.entries()) urls.push(await world.leaves(tab, { returnTo: `/page-${index}` }))
    const callbacks: URL[] = []
    for (const url of urls) callbacks.push(await visit(world.sandbox, url))
    const ends = await Promise.all(tabs.map((tab, index) => tab.finishSignIn(callbacks[index])))
    expect(ends.map((end) => end?.returnTo)).toEqual(['/page-0', '/page-1'])
  })

  it('that trouble kept from being finished goes on when asked again', async () => {
    const world = await openWorld()
    const auth = world.open(pensyve, { storage: named() })
    const callback = await visit(world.sandbox, await world.leaves(auth, { returnTo: '/notes' }))
    const fault = world.sandbox.faults.add({ service: 'pensyve', path: '/oauth/token', status: 503 })
    history.replaceState(null, '', callback)
    await expect(auth.finishSignIn()).rejects.toMatchObject({ code: 'temporarily_unavailable', retryable: true })
    expect(location.search).toBe('')
    fault.remove()
    expect(await auth.finishSignIn()).toMatchObject({ returnTo: '/notes' })
    expect(await auth.finishSignIn()).toBeUndefined()
  })
})
