// A process of its own with a store of files: does what it is told line by line, and says what came of it.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const [folder, format] = process.argv.slice(2)
const { fileStore } =
  format === 'cjs' ? createRequire(import.meta.url)('../../dist/index.cjs') : await import('../../dist/index.js')
const ours = fileStore({ folder })
const kinds = {
  /** Has no lock. */
  unlocked: { ...ours, withLock: (_, run) => run() },
  /** Has a lock that is taken from whoever has had it for long, and writes whether it has the lock or not. */
  aged: { ...ours, set: plainSet, withLock: agedLock },
}
const store = kinds[format] ?? ours

async function plainSet(key, value) {
  const other = createRequire(import.meta.url)('../../dist/index.cjs')
  await other.fileStore({ folder }).set(key, value)
}

async function agedLock(name, run) {
  const { mkdir, rm, stat } = process.getBuiltinModule('node:fs/promises')
  const lock = `${folder}/${name}.aged`
  for (;;) {
    const isMine = await mkdir(lock).then(
      () => true,
      () => false,
    )
    if (isMine) break
    const age = await stat(lock).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    )
    if (age > 1_000) await rm(lock, { recursive: true, force: true })
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return run().finally(() => rm(lock, { recursive: true, force: true }))
}

const pauses = new Int32Array(new SharedArrayBuffer(4))
/** How to end each lock that is held. */
const held = new Map()

const work = {
  get: (key) => store.get(key),
  set: (key, value) => store.set(key, value),
  delete: (key) => store.delete(key),
  /** Is done when the lock is ours, which it stays. */
  hold: (key) =>
    new Promise((resolve, reject) => {
      let end
      const over = new Promise((release) => {
        end = release
      })
      const done = store.withLock(key, () => {
        resolve(Date.now())
        return over
      })
      held.set(key, { end, done })
      done.catch(reject)
    }),
  release: async (key) => {
    const { end, done } = held.get(key)
    end()
    await done
  },
  /** When the lock was ours, for a moment. */
  take: (key) => store.withLock(key, async () => Date.now()),
  /** Adds one again and again, with a pause in which others could, too. */
  count: async (key, times) => {
    for (let time = 0; time < times; time += 1) {
      await store.withLock(key, async () => {
        const before = Number((await store.get(key)) ?? 0)
        await new Promise((resolve) => setTimeout(resolve, 1))
        await store.set(key, String(before + 1))
      })
    }
  },
  /** Nothing else happens in this process meanwhile. */
  block: (ms) => void Atomics.wait(pauses, 0, 0, ms),
}

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)
for await (const line of createInterface({ input: process.stdin })) {
  const { id, what, args } = JSON.parse(line)
  Promise.resolve()
    .then(() => work[what](...args))
    .then(
      (result) => say({ id, result }),
      ({ code, message }) => say({ id, error: { code, message } }),
    )
}
process.exit()
