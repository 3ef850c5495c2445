import type { Lock } from './lock.ts'
import type { Store } from './store.ts'
import { broken, expectSame, type OpenStore, outcomeOf, type StoreCheck } from './store-case.ts'

// What the lock of a store promises.

/** Milliseconds in which somebody would have come in who must not. */
const moment = 100

/** Something that is waited for until somebody opens it. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = () => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open: () => open() }
}

async function within(patience: number, what: string, work: Promise<unknown>): Promise<void> {
  const outcome = await outcomeOf(work, patience)
  if (outcome !== 'done') throw broken(`${what} ${outcome === 'failed' ? 'failed' : `took more than ${patience} ms`}`)
}

const withLock =
  (check: (lock: Lock, opened: OpenStore, patience: number) => Promise<void>): StoreCheck =>
  async (opened, patience) => {
    const { store } = opened
    if (store.withLock) await check((name, run) => lockOf(store)(name, run), opened, patience)
  }

function lockOf(store: Store): Lock {
  return (name, run) => {
    if (!store.withLock) throw broken('a second view has no withLock')
    return store.withLock(name, run)
  }
}

/** Many who count with a pause between reading and writing: a number is lost when two are in at once. */
async function count(patience: number, locks: readonly Lock[], store: Store, name: string): Promise<void> {
  const rounds = 6
  let inside = 0
  const turn = async () => {
    inside += 1
    if (inside > 1) throw broken('two were inside a lock at the same time')
    const before = Number((await store.get(name)) ?? 0)
    // Long enough for anybody who waits to come in.
    await new Promise((resolve) => setTimeout(resolve, 1))
    await store.set(name, String(before + 1))
    inside -= 1
  }
  const all = locks.flatMap((lock) => Array.from({ length: rounds }, () => lock(name, turn)))
  const failures = all.map((one) => one.catch((error: unknown) => error))
  await within(patience, 'everybody having a turn', Promise.all(failures))
  for (const failure of await Promise.all(failures)) if (failure !== undefined) throw failure
  expectSame('turns that were counted', String(rounds * locks.length), await store.get(name))
}

/** Whether a second one stays out while the first is in, and comes in afterwards. */
async function oneAfterTheOther(patience: number, first: Lock, second: Lock): Promise<void> {
  const { passed, open } = gate()
  const entered = gate()
  let isFree = false
  const one = first('a', async () => {
    entered.open()
    await passed
    isFree = true
  })
  await within(patience, 'coming in', entered.passed)
  let cameEarly = false
  const two = second('a', async () => {
    cameEarly = !isFree
  })
  await outcomeOf(two, moment)
  open()
  await within(patience, 'both being done', Promise.all([one, two]))
  if (cameEarly) throw broken('a second one came into a lock that was held')
}

export const lockChecks: Readonly<Record<string, StoreCheck>> = {
  'locks: one at a time': withLock(async (lock, { store }, patience) => {
    await oneAfterTheOther(patience, lock, lock)
    await count(patience, [lock], store, 'count')
  }),

  'locks: one at a time, whichever process': withLock(async (lock, { store, again }, patience) => {
    const other = await again?.()
    if (!other) return
    const theirs = lockOf(other)
    await oneAfterTheOther(patience, lock, theirs)
    await oneAfterTheOther(patience, theirs, lock)
    await count(patience, [lock, theirs], store, 'count')
  }),

  'locks: returns what was done in it': withLock(async (lock) => {
    expectSame('the value of a lock', 'value', await lock('a', async () => 'value'))
    expectSame('the value of a lock', undefined, await lock('a', async () => undefined))
  }),

  'locks: passes a failure on and is free again': withLock(async (lock, { again }, patience) => {
    const mine = broken('on purpose')
    const failure = await lock('a', () => Promise.reject(mine)).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (failure !== mine) throw broken('the failure of what runs in a lock is not passed on as it is')
    const others = [lock, ...(again ? [lockOf(await again())] : [])]
    for (const other of others)
      await within(
        patience,
        'coming in after a failure',
        other('a', async () => {}),
      )
  }),

  'locks: names do not wait for each other': withLock(async (lock, _, patience) => {
    const { passed, open } = gate()
    const entered = gate()
    const one = lock('a', async () => {
      entered.open()
      await passed
    })
    await within(patience, 'coming in', entered.passed)
    const others = Promise.all(['b', 'A', 'a/', 'a/b', ' a', ''].map((name) => lock(name, async () => {})))
    const outcome = await outcomeOf(others, patience)
    open()
    await within(patience, 'being done', one)
    if (outcome !== 'done') throw broken('a lock waits for one of another name')
  }),

  'locks: writes in it are there for who comes next': withLock(async (lock, { store, again }) => {
    const next = (await again?.()) ?? store
    await lock('a', () => store.set('a', 'one'))
    await lockOf(next)('a', async () => {
      expectSame('get by who comes next', 'one', await next.get('a'))
      await next.delete('a')
    })
    await lock('a', async () =>
      expectSame('get after a deletion in a lock', undefined, (await store.get('a')) ?? undefined),
    )
  }),

  'locks: who lost it cannot write any more': withLock(async (lock, { store, again, loseLock }, patience) => {
    if (!loseLock) return
    const next = await again?.()
    await lock('a', async () => {
      await store.set('a', 'first')
      await loseLock('a')
      if (next) {
        const taken = lockOf(next)('a', () => next.set('a', 'next'))
        await within(patience, 'taking a lost lock', taken)
      }
      const kept = next ? 'next' : 'first'
      const writes = { set: () => store.set('a', 'late'), delete: () => store.delete('a') }
      for (const [method, write] of Object.entries(writes)) {
        const outcome = await outcomeOf(write(), patience)
        expectSame(`what is there after a late ${method}`, kept, await store.get('a'))
        expectSame(`a late ${method}`, 'failed', outcome)
      }
    })
    await lock('a', () => store.set('a', 'again'))
    expectSame('get after a new lock', 'again', await store.get('a'))
  }),
}
