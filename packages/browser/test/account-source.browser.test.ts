import { memoryStore, pensyve, type Store } from '@pentauth/core'
import { describe, expect, it, vi } from 'vitest'
import { openWorld } from './support/world.ts'

vi.mock('../src/framed.ts', () => ({ isFramed: () => false }))

const url = `${pensyve.resources.rest.url}/account`
const named = (): Store => ({ ...memoryStore(), name: 'a disk' })
const subjectOf = (token: string) => JSON.parse(atob(token.split('.')[1] ?? '')).sub

/** A page on which two people have signed in, the second of them last. */
async function twoPeople() {
  const world = await openWorld()
  const storage = named()
  const auth = world.open(pensyve, { storage })
  await world.signIn(auth, { account: 'work' }, { account: 'ada' })
  await world.signIn(auth, { account: 'home' }, { account: 'outsider' })
  const use = async (account: string) => {
    await storage.set('account/pensyve/default', account)
    new BroadcastChannel('pentauth').postMessage({ key: 'account/pensyve/default' })
    await expect.poll(() => auth.session.account).toBe(account)
  }
  return { world, storage, auth, use }
}

describe('the account of a page', () => {
  it('is the one that signed in last, also on the next page', async () => {
    const { world, storage, auth } = await twoPeople()
    expect(auth.session).toMatchObject({ status: 'signed_in', account: 'home' })
    const next = world.open(pensyve, { storage })
    await expect.poll(() => next.session).toMatchObject({ status: 'signed_in', account: 'home' })
    const token = (await next.credential(url)).secret.reveal()
    expect(subjectOf(token)).toBe('outsider')
  })

  it('is the same in every tab', async () => {
    const { world, storage, auth, use } = await twoPeople()
    const other = world.open(pensyve, { storage })
    await expect.poll(() => other.session.account).toBe('home')
    await use('work')
    await expect.poll(() => other.session.account).toBe('work')
    for (const tab of [auth, other]) expect(subjectOf((await tab.credential(url)).secret.reveal())).toBe('ada')
  })

  it('is always the one that the page names', async () => {
    const { world, storage } = await twoPeople()
    const fixed = world.open(pensyve, { storage, account: 'work' })
    await expect.poll(() => fixed.session).toMatchObject({ status: 'signed_in', account: 'work' })
    // One who signs in as another is signed in there, and this page goes on as it was.
    expect(await world.signIn(fixed, { account: 'third' })).toMatchObject({ account: 'third' })
    expect(fixed.session).toMatchObject({ status: 'signed_in', account: 'work' })
  })

  it('is nobody after a sign-out, and the other one keeps their sign-in', async () => {
    const { auth, use } = await twoPeople()
    await auth.signOut()
    expect(auth.session).toEqual({ status: 'signed_out', account: 'default' })
    await expect(auth.fetch(url)).rejects.toMatchObject({ code: 'sign_in_required' })
    await use('work')
    expect((await auth.fetch(url)).status).toBe(200)
  })

  it('keeps apps of one origin apart', async () => {
    const { world, storage } = await twoPeople()
    const other = world.open(pensyve, { storage, app: 'other' })
    await expect.poll(() => other.session).toEqual({ status: 'signed_out', account: 'default' })
  })
})

describe('a request that is refused after the account was switched', () => {
  it('is sent again as the account that sent it', async () => {
    const { world, auth, use } = await twoPeople()
    await use('work')
    const mine = (await auth.credential(url)).secret.reveal()
    world.sandbox.faults.add({
      origin: 'https://api.pensyve.com',
      path: '/v1/account',
      times: 1,
      delay: 300,
      status: 401,
    })
    const pending = auth.fetch(url)
    await use('home')
    // The page's own calls are those of the new account by now.
    expect(subjectOf((await auth.credential(url)).secret.reveal())).toBe('outsider')
    await pending
    const sent = world.requests.filter((request) => request.url === url)
    const subjects = sent.map(({ headers }) => subjectOf(headers.get('authorization')?.slice(7) ?? ''))
    expect(subjects).toEqual(['ada', 'ada'])
    expect(sent[1]?.headers.get('authorization') === `Bearer ${mine}`).toBe(false)
  })
})

describe('a slow storage', () => {
  it('does not bring back an account that was left meanwhile', async () => {
    const world = await openWorld()
    const values = named()
    const slow: (() => void)[] = []
    let isSlow = true
    const storage: Store = {
      ...values,
      get: async (key) => {
        const value = await values.get(key)
        if (isSlow && key.startsWith('account/')) await new Promise<void>((resolve) => slow.push(resolve))
        return value
      },
    }
    const auth = world.open(pensyve, { storage })
    await expect.poll(() => slow.length).toBe(1)
    isSlow = false
    await world.signIn(auth, { account: 'work' })
    for (const go of slow) go()
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(auth.session).toMatchObject({ status: 'signed_in', account: 'work' })
    expect((await auth.fetch(url)).status).toBe(200)
  })
})
