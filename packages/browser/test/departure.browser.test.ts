import { memoryLock, memoryStore, pensyve } from '@pentauth/core'
import { describe, expect, it, vi } from 'vitest'
import { departure } from '../src/departure.ts'
import type { BrowserAuth } from '../src/index.ts'
import { openWorld } from './support/world.ts'

vi.mock('../src/framed.ts', () => ({ isFramed: () => false }))

const untilStatus = (auth: BrowserAuth, status: string) => expect.poll(() => auth.session.status).toBe(status)
const shared = () => ({ ...memoryStore(), withLock: memoryLock(), name: 'a disk' })

describe('a sign-out in another tab', () => {
  it('ends the session of a tab whose storage is its own, a lock or not', async () => {
    const world = await openWorld()
    const tabs = [1, 2].map(() => world.open(pensyve, { storage: { ...memoryStore(), withLock: memoryLock() } }))
    for (const tab of tabs) await world.signIn(tab)
    await tabs[0]?.signOut()
    await untilStatus(tabs[1] as BrowserAuth, 'signed_out')
    await expect.poll(() => world.sandbox.apps.list('pensyve')).toEqual([])
    for (const tab of tabs) tab.dispose()
  })

  it('is shown while it waits, whatever else is told, and to who signs out nothing else', async () => {
    const world = await openWorld()
    const storage = shared()
    const tabs = [world.open(pensyve, { storage }), world.open(pensyve, { storage })] as const
    await world.signIn(tabs[0])
    for (const tab of tabs) await untilStatus(tab, 'signed_in')
    let free = () => {}
    const holding = storage.withLock(await sessionName(storage), () => new Promise<void>((resolve) => (free = resolve)))
    const leaving = tabs[0].signOut()
    for (const tab of tabs) await untilStatus(tab, 'signed_out')
    const seen: string[] = []
    for (const tab of tabs) tab.subscribe(() => seen.push(tab.session.status))
    new BroadcastChannel('pentauth').postMessage({ key: 'session/of-something-else' })
    dispatchEvent(new Event('pageshow'))
    await expect(tabs[1].fetch('https://api.pensyve.com/v1/account')).rejects.toMatchObject({
      code: 'sign_in_required',
    })
    free()
    await Promise.all([holding, leaving])
    expect(seen).toEqual([])
    for (const tab of tabs) tab.dispose()
  })

  it('leaves whoever signs in meanwhile', async () => {
    const world = await openWorld()
    const storage = shared()
    const tabs = [world.open(pensyve, { storage }), world.open(pensyve, { storage })] as const
    await world.signIn(tabs[0])
    await untilStatus(tabs[1], 'signed_in')
    world.sandbox.faults.add({ service: 'pensyve', path: '/oauth/revoke', delay: 3_000 })
    const leaving = tabs[0].signOut()
    await untilStatus(tabs[1], 'signed_out')
    await world.signIn(tabs[1], { account: 'work' })
    await leaving
    for (const tab of tabs) await expect.poll(() => tab.session).toMatchObject({ status: 'signed_in', account: 'work' })
    for (const tab of tabs) tab.dispose()
  })
})

describe('departure', () => {
  it('is over after a while, in which a new one begins anew, and leaves no timer', () => {
    vi.useFakeTimers()
    try {
      let stayed = 0
      const leaving = departure(() => {
        stayed += 1
      })
      leaving.begin('default')
      vi.advanceTimersByTime(50_000)
      leaving.begin('work')
      vi.advanceTimersByTime(50_000)
      expect([leaving.of('work'), leaving.of('default'), stayed]).toEqual([true, false, 0])
      vi.advanceTimersByTime(10_000)
      expect([leaving.of('work'), stayed]).toEqual([false, 1])
      leaving.begin('work')
      leaving.end()
      expect([leaving.of('work'), vi.getTimerCount()]).toEqual([false, 0])
    } finally {
      vi.useRealTimers()
    }
  })
})

/** The lock of a session has its name. */
async function sessionName(storage: ReturnType<typeof shared>): Promise<string> {
  const [name = ''] = (await storage.keys?.('session/')) ?? []
  return name
}
