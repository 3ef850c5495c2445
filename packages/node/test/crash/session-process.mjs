// A process that keeps its session in a folder: first it looks at what the one before it has left, then it signs in, renews and signs out
// as it is told, until it is killed or its file calls fail.

import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAuth, defineService, finishSignIn, PentauthError, signedIn, signOut, startSignIn } from '@pentauth/core'
import { arm, disarm } from './file-calls.mjs'
import { stores } from './stores.mjs'

const [origin, folder, kind] = process.argv.slice(2)
const url = `${origin}/mcp`
/** More file calls than any step makes. */
const most = 400
const service = defineService({
  id: 'acme',
  name: 'Acme',
  resources: { mcp: { url, protocol: 'mcp', accessToken: true } },
  errors: [],
  recommendations: [],
  links: { docs: { where: 'Acme docs' } },
})
/** What was told since this was last emptied. */
const told = []
const onEvent = ({ type }) => void told.push(type)
for (const trouble of ['uncaughtException', 'unhandledRejection'])
  process.on(trouble, (error) => {
    told.push(`${trouble} ${error?.code ?? error?.name}`)
    process.stderr.write(`${error?.stack}\n`)
  })

let isOver = false
process.on('exit', () => {
  // Nothing was left to wait for, and yet it was not the end.
  if (!isOver) process.exitCode = 99
})

const store = stores[kind](folder, onEvent)
/** How far (ms) the clock of this process is ahead. */
let late = 0
/** When the token ends that was seen last in the store. */
let ends = 0
const runtime = { now: () => Date.now() + late }
const auth = createAuth(service, { credential: signedIn({ store }), onEvent, runtime })
const ask = async (path, body) =>
  (await fetch(origin + path, { method: 'POST', body: JSON.stringify(body ?? {}) })).json()
/** Through a pipe, which keeps what it was given when this process is no more. */
const mark = (facts) => writeSync(3, `${JSON.stringify(facts)}\n`)

/** In a word: what a call or a step came to. */
const outcomeOf = (work) =>
  Promise.race([
    work.then(
      (found) => (found?.status === undefined ? 'done' : String(found.status)),
      (error) => (PentauthError.isInstance(error) ? error.code : `untyped ${error?.code ?? error?.name}`),
    ),
    sleep(30_000, 'hung', { ref: false }),
  ])
const call = () => outcomeOf(auth.fetch(url))

const steps = {
  async save() {
    const started = await startSignIn(service, {
      store,
      redirectUri: 'http://127.0.0.1/callback',
      client: { clientId: 'client-1' },
      onEvent,
      runtime,
    })
    const { headers } = await fetch(started.url, { redirect: 'manual' })
    await finishSignIn(service, headers.get('location'), { store, onEvent, runtime })
    mark({ is: 'handed out', access: (await auth.credential(url)).secret.reveal() })
  },
  // The token has ended meanwhile.
  renew() {
    late = Math.max(late, ends - Date.now()) + 4_000_000
    return auth.fetch(url)
  },
  remove: () => signOut(service, { store, onEvent, runtime }),
}
const step = (what) => outcomeOf(steps[what]())

/** The refresh token in the store, or a word for what is there instead. */
async function held() {
  try {
    const [key, ...more] = await store.keys('session/')
    if (more.length > 0) return 'too many'
    const text = key === undefined ? undefined : await store.get(key)
    if (text === undefined) return 'nothing'
    const { ended, refreshToken, expiresAt = 0 } = JSON.parse(text)
    ends = expiresAt
    return ended ? 'nothing' : (refreshToken ?? 'unreadable')
  } catch {
    return 'unreadable'
  }
}
const keys = () =>
  store.keys('').then(
    (found) => found.length,
    () => -1,
  )
const isSignedIn = async () => (await held()) !== 'nothing'

/** Brings about what a step begins with. */
async function prepare(before) {
  if ((await isSignedIn()) === (before === 'signed in')) return
  await tracked({ what: before === 'signed in' ? 'save' : 'remove', index: 'before' })
}

/** A step that the lab knows of, with or without its end. */
async function tracked({ what, index, at, act, trace }) {
  const { id } = await ask('/begin', { what, index })
  if (at) arm({ folder, at, act })
  if (trace) await ask('/trace', { pid: process.pid, trace })
  const outcome = await step(what)
  const { hit } = disarm()
  if (trace) await ask('/untrace')
  // Events are told behind a turn.
  await sleep(0)
  mark({
    is: 'done',
    id,
    what,
    outcome,
    told: told.splice(0),
    missed: (at !== undefined && !hit) || trace !== undefined,
  })
}

const start = { held: await held(), calls: [await call(), await call()] }
const plan = await ask('/start', { ...start, keys: await keys(), told: told.splice(0) })

for (const [index, { before, ...rest }] of (plan.steps ?? []).entries()) {
  await prepare(before)
  await tracked({ ...rest, index })
}

/** One step whose file calls fail from the n-th on, or only that one; what is wrong with it, in words. */
async function faulty({ what, before, code, lasting, at }, spoil, mend) {
  await prepare(before)
  const first = await held()
  told.length = 0
  await spoil({ at, act: code, lasting })
  const outcome = await step(what)
  // While nothing can be written.
  const meanwhile = lasting && what !== 'remove' && ['200', 'done'].includes(outcome) ? await call() : undefined
  const { hit, ...rest } = await mend()
  if (hit === undefined) return { hit, ...rest }
  const after = await held()
  const isNew = after === first ? 'first' : after === 'nothing' || after === 'unreadable' ? after : 'new'
  const events = told.splice(0)
  const later = ['200', 'done'].includes(outcome) ? undefined : await step(what)
  const use = await call()
  // Saving goes on behind the back of a call.
  let judged = what === 'remove' ? await held() : ''
  for (let look = 0; look < 50 && what !== 'remove'; look++) {
    const refresh = await held()
    judged = (await ask('/judge', { refresh })).judged
    if (judged === 'current' || refresh === 'unreadable') break
    await call()
    await sleep(10)
  }
  return { hit, ...rest, outcome, meanwhile, after: isNew, later, use, judged, told: [...events, ...told.splice(0)] }
}

for (const fault of plan.faults ?? []) {
  const { from = 1, every = 1, trace } = fault
  for (let at = from; at < most; at += every) {
    const found = await faulty(
      { ...fault, at },
      (spoiled) => (trace ? ask('/trace', { pid: process.pid, trace }) : arm({ folder, ...spoiled })),
      () => (trace ? ask('/untrace') : disarm()),
    )
    await ask('/fault', { ...fault, at, ...found, held: await held() })
    if (trace || found.hit === undefined) break
  }
}
mark({ is: 'end' })
if (plan.waits) await ask('/end')
isOver = true
process.exit(0)
