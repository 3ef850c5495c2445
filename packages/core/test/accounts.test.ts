import { caught } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { listAccounts, listSessions, memoryStore, type Store } from '../src/index.ts'
import { pendra, pensyve } from '../src/services.ts'
import { keyOf, world } from './support/session.ts'

describe('listAccounts', () => {
  it('names who is signed in, was, or cannot be read, and nothing secret', async () => {
    const made = world()
    const work = await made.signIn({ account: 'work', scopes: ['mcp:read'] })
    await made.signIn({ account: 'home/ünicode %' })
    await made.store.set(
      keyOf('gone'),
      JSON.stringify({ version: 1, ended: 'sign_in_required', account: 'gone', endedAt: 1 }),
    )
    await made.store.set(keyOf('odd'), '{')
    // Another program's, another audience's, and what is no session.
    await made.store.set(keyOf('other', 'other'), JSON.stringify({ ...work, account: 'other' }))
    await made.store.set(keyOf('work').replace('/default/', '/default/more/'), JSON.stringify(work))
    await made.store.set('sign-ins', '[]')
    const found = await listAccounts(pensyve, { store: made.store })
    expect(found).toEqual([
      { account: 'gone', resources: ['rest', 'mcp'], status: 'ended' },
      { account: 'home/ünicode %', resources: ['rest', 'mcp'], status: 'signed_in', expiresAt: expect.any(Number) },
      { account: 'odd', resources: ['rest', 'mcp'], status: 'unreadable' },
      {
        account: 'work',
        resources: ['rest', 'mcp'],
        status: 'signed_in',
        scopes: ['mcp:read'],
        expiresAt: work.expiresAt,
      },
    ])
    expect(JSON.stringify(found)).not.toContain(work.accessToken)
    expect(await listAccounts(pensyve, { store: made.store, app: 'other' })).toMatchObject([{ account: 'other' }])
  })

  it('finds nobody at a service that takes no access tokens', async () => {
    expect(await listAccounts(pendra, { store: memoryStore() })).toEqual([])
  })

  it('does not believe a session of somebody else', async () => {
    const made = world()
    const session = await made.signIn({ account: 'work' })
    await made.store.set(keyOf('moved'), JSON.stringify(session))
    const found = await listAccounts(pensyve, { store: made.store })
    expect(found.map(({ account, status }) => [account, status])).toEqual([
      ['moved', 'unreadable'],
      ['work', 'signed_in'],
    ])
  })

  it('needs a store that can list its keys, and says so when that fails', async () => {
    const { get, set, delete: remove } = memoryStore()
    const three: Store = { get, set, delete: remove }
    expect(await caught(listAccounts(pensyve, { store: three }))).toMatchObject({
      code: 'invalid_option',
      message: expect.stringContaining('The option "store" cannot list what it holds.'),
    })
    const failing = { ...three, keys: () => Promise.reject(new Error('EIO')) }
    expect(await caught(listAccounts(pensyve, { store: failing }))).toMatchObject({ code: 'store_failed' })
  })
})

describe('listSessions', () => {
  it('finds what a store holds, whatever service it is for, and nothing secret', async () => {
    const made = world()
    const work = await made.signIn({ account: 'work', scopes: ['mcp:read'] })
    await made.store.set(
      'session/https%3A%2F%2Facme.example%2Fmcp%3Fa%3D1/default/gone%20now',
      JSON.stringify({ version: 1, ended: 'sign_in_required', account: 'gone now', endedAt: 1 }),
    )
    const { refreshToken, expiresAt, scopes, ...bare } = { ...work, account: 'bare' }
    await made.store.set('session/https%3A%2F%2Facme.example%2Fmcp/default/bare', JSON.stringify(bare))
    // Another program's, and what no version has written.
    await made.store.set(keyOf('other', 'other'), JSON.stringify({ ...work, account: 'other' }))
    await made.store.set(keyOf('work').replace('/default/', '/default/more/'), JSON.stringify(work))
    await made.store.set('session/%E0%A4%A/default/a', '{}')
    await made.store.set('session/', '{}')
    await made.store.set('sessions/a/default/a', '{}')
    const found = await listSessions({ store: made.store })
    const { issuer } = work
    expect(found).toEqual([
      { audience: 'https://acme.example/mcp', account: 'bare', issuer, status: 'signed_in', isRenewable: false },
      { audience: 'https://acme.example/mcp?a=1', account: 'gone now', status: 'ended', isRenewable: false },
      {
        audience: 'https://mcp.pensyve.com/mcp',
        account: 'work',
        issuer,
        status: 'signed_in',
        isRenewable: true,
        scopes: ['mcp:read'],
        expiresAt: work.expiresAt,
      },
    ])
    for (const secret of [work.accessToken, work.refreshToken]) expect(JSON.stringify(found)).not.toContain(secret)
    expect(await listSessions({ store: made.store, app: 'other' })).toMatchObject([{ account: 'other' }])
  })

  it('says so when the store cannot be listed or read', async () => {
    const { get, set, delete: remove, keys } = memoryStore()
    expect(await caught(listSessions({ store: { get, set, delete: remove } }))).toMatchObject({
      code: 'invalid_option',
    })
    await set('session/a/default/a', '{}')
    const store = { get: () => Promise.reject(new Error('EIO')), set, delete: remove, keys }
    expect(await caught(listSessions({ store: store as Store }))).toMatchObject({
      code: 'store_failed',
      message: expect.stringContaining('The store of the saved sign-in could not be read'),
    })
  })
})

describe('the lock of a store', () => {
  it('is the one that counts where none is given, whatever its `this`', async () => {
    const made = world()
    const names: string[] = []
    class Locking {
      held = 0
      get = made.store.get
      set = made.store.set
      delete = made.store.delete
      async withLock<T>(name: string, run: () => Promise<T>): Promise<T> {
        this.held += 1
        names.push(name)
        return run()
      }
    }
    const store = new Locking()
    await made.signIn()
    made.clock.now += 3_600_000
    await made.auth({ store }).credential('https://api.pensyve.com/v1/status')
    expect([store.held, names]).toEqual([1, [keyOf()]])
    const given: string[] = []
    await made.signIn()
    const lock = async <T>(name: string, run: () => Promise<T>) => {
      given.push(name)
      return run()
    }
    made.clock.now += 3_600_000
    await made.auth({ store: new Locking(), lock }).credential('https://api.pensyve.com/v1/status')
    expect([store.held, given]).toEqual([1, [keyOf()]])
  })

  it('must be a function', async () => {
    const made = world()
    const store = { ...made.store, withLock: 'yes' } as unknown as Store
    const error = await caught(async () => made.auth({ store }))
    expect([error.code, error.message]).toEqual([
      'invalid_option',
      expect.stringContaining('The option "store" has a withLock that is no function.'),
    ])
  })
})
