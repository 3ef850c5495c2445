import { storeContract } from '@pentauth/core/store-contract'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { indexedDBStore } from '../src/indexed-db-store.ts'
import type { Seat } from '../src/seat.ts'
import { webLock } from '../src/web-lock.ts'
import { deleteDatabase, done, inTable, newName } from './support/database.ts'
import { otherTab } from './support/other-tab.ts'

/** Looks as often as a test can wait for. */
const impatient = { every: 100, looks: 4 }

/** Seats of this page alone, and how often they were looked at. */
function seats() {
  const holders = new Map<string, string>()
  const seat: Seat = async (name, next) => {
    const holder = next(holders.get(name))
    if (holder === undefined) holders.delete(name)
    else holders.set(name, holder)
    return holder
  }
  return { seat, holders }
}

const never = () => new Promise<never>(() => {})
const moment = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function withoutWebLocks(): void {
  const spy = vi.spyOn(navigator, 'locks', 'get').mockReturnValue(undefined as never)
  onTestFinished(() => spy.mockRestore())
}

describe('a lock among tabs', () => {
  it('counts right with four tabs and this page', async () => {
    const name = newName()
    const tabs = Array.from({ length: 4 }, () => otherTab(name))
    const store = indexedDBStore({ name })
    await store.set('count', '0')
    const ours = async () => {
      for (let round = 0; round < 10; round++)
        await store.withLock('count', async () => store.set('count', `${Number(await store.get('count')) + 1}`))
    }
    const theirs = tabs.map((tab) =>
      tab.run(async (store) => {
        for (let round = 0; round < 10; round++)
          await store.withLock('count', async () => store.set('count', `${Number(await store.get('count')) + 1}`))
      }),
    )
    await Promise.all([ours(), ...theirs])
    expect(await store.get('count')).toBe('50')
  })

  it('is free at once when the tab that has it is closed', async () => {
    const name = newName()
    const tab = otherTab(name)
    void tab.run((store, mark) =>
      store.withLock('a', async () => {
        mark('in')
        await new Promise(() => {})
      }),
    )
    await tab.marked('in')
    const store = indexedDBStore({ name })
    const coming = store.withLock('a', () => store.set('a', 'mine'))
    tab.end()
    await coming
    expect(await store.get('a')).toBe('mine')
  })

  it('is taken from a tab that stands still, which cannot write any more when it goes on', async () => {
    const name = newName()
    const tab = otherTab(name)
    const outcome = tab
      .run((store, mark) =>
        store.withLock('a', async () => {
          await store.set('a', 'first')
          mark('in')
          // Nothing runs in that tab meanwhile, as at a breakpoint.
          for (const end = Date.now() + 2500; Date.now() < end; );
          return store.set('a', 'late')
        }),
      )
      .catch((failure) => failure)
    await tab.marked('in')
    const { seat, store } = seatsOf(name)
    const lock = webLock(`pentauth/${name}/`, seat, impatient)
    await lock.withLock('a', async () => {
      expect(await store.get('a')).toBe('first')
      expect(await outcome).toBe('store_failed')
      expect(await store.get('a')).toBe('first')
    })
    await store.withLock('a', () => store.set('a', 'next'))
    expect(await store.get('a')).toBe('next')
  })

  it('has one thief at a time, however many have waited too long', async () => {
    const { seat } = seats()
    const prefix = `${crypto.randomUUID()}/`
    const { withLock } = webLock(prefix, seat, impatient)
    void withLock('a', never)
    let inside = 0
    let most = 0
    const turn = () =>
      withLock('a', async () => {
        inside += 1
        most = Math.max(most, inside)
        await moment(5)
        inside -= 1
        return 'done'
      })
    expect(await Promise.all(Array.from({ length: 10 }, turn))).toEqual(Array(10).fill('done'))
    expect(most).toBe(1)
  })

  it('is not taken from holders that change, however long somebody waits', async () => {
    const { seat } = seats()
    const prefix = `${crypto.randomUUID()}/`
    const { withLock } = webLock(prefix, seat, impatient)
    const steal = vi.spyOn(navigator.locks, 'request')
    onTestFinished(() => steal.mockRestore())
    const turns = Array.from({ length: 60 }, () => withLock('a', () => moment(20)))
    await Promise.all(turns)
    expect(steal.mock.calls.filter(([, options]) => (options as LockOptions).steal)).toEqual([])
  })

  it('is waited for as long as a renewal and a sign-in can take', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const pass = async (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        await vi.advanceTimersByTimeAsync(1000)
        // What is no timer goes on, too.
        for (let turn = 0; turn < 5; turn++) await navigator.locks.query()
      }
    }
    const { seat } = seats()
    const { withLock } = webLock(`${crypto.randomUUID()}/`, seat)
    void withLock('a', never)
    let isIn = false
    void withLock('a', async () => {
      isIn = true
    })
    await pass(40)
    expect(isIn).toBe(false)
    await pass(50)
    expect(isIn).toBe(true)
  })

  it('that was lost gives what was done in it all the same', async () => {
    const { seat } = seats()
    const prefix = `${crypto.randomUUID()}/`
    const { withLock } = webLock(prefix, seat, impatient)
    let finish = () => {}
    const quick = new Promise<void>((resolve) => {
      finish = resolve
    })
    const slow = withLock('a', async () => {
      await quick
      return 'slow'
    })
    expect(await withLock('a', async () => 'quick')).toBe('quick')
    finish()
    expect(await slow).toBe('slow')
  })

  it('is taken in the end where a holder hangs and nothing says who it is', async () => {
    const { seat, holders } = seats()
    const { withLock } = webLock(`${crypto.randomUUID()}/`, seat, impatient)
    await new Promise<void>((resolve) => {
      void withLock('a', async () => {
        holders.clear()
        resolve()
        return never()
      })
    })
    expect(await withLock('a', async () => 'mine')).toBe('mine')
  })

  it('fails typed, and is free, when its seats fail', async () => {
    const broken = new DOMException('', 'UnknownError')
    const { withLock } = webLock(`${crypto.randomUUID()}/`, () => Promise.reject(broken), impatient)
    for (let round = 0; round < 2; round++) await expect(withLock('a', async () => 'never')).rejects.toBe(broken)
  })
})

describe('where there are no Web Locks', () => {
  const open = async () => {
    const name = `contract-${crypto.randomUUID()}`
    return {
      store: indexedDBStore({ name }),
      again: async () => indexedDBStore({ name }),
      close: () => deleteDatabase(name),
    }
  }
  const cases = storeContract(open, { expects: ['withLock', 'again'] }).filter(({ name }) => name.startsWith('locks'))
  for (const { name, run } of cases)
    it(name, async () => {
      withoutWebLocks()
      await run()
    })

  it('a holder that does not change loses its seat', async () => {
    withoutWebLocks()
    const { seat, holders } = seats()
    holders.set('a', 'a tab that was closed')
    const { withLock } = webLock('', seat, impatient)
    expect(await withLock('a', async () => 'mine')).toBe('mine')
    await vi.waitFor(() => expect(holders.size).toBe(0))
  })

  it('one that lives keeps it', async () => {
    withoutWebLocks()
    const { seat, holders } = seats()
    holders.set('a', 'another tab')
    const { withLock } = webLock('', seat)
    let isIn = false
    const mine = withLock('a', async () => {
      isIn = true
    })
    await moment(500)
    expect(isIn).toBe(false)
    holders.delete('a')
    await mine
  })
})

/** The seats of a database, as its store has them. */
function seatsOf(name: string) {
  const store = indexedDBStore({ name })
  const seat: Seat = async (lock, next) => {
    return inTable(name, async (records) => {
      const holder = next(await done(records.get(`l${lock}`)))
      if (holder === undefined) records.delete(`l${lock}`)
      else records.put(holder, `l${lock}`)
      return holder
    })
  }
  return { seat, store }
}
