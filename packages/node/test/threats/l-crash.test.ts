import { threat } from '@pentauth/tooling/threat'
import { afterAll } from 'vitest'
import { added, type Figures, table } from '../crash/figures.ts'
import { type Extent, faultsAtEachCall, killsAtEachCall, randomKills } from '../crash/runs.ts'
import { type Kind, type Step, scenarios } from '../crash/steps.ts'
import { canTrace, faultsAtEachSystemCall, killsAtEachSystemCall } from '../crash/strace.ts'

// L1 and L2: processes that keep a session in a folder are killed, or their file calls fail, while they sign in, renew and sign out; the
// next process looks at what is left. The lab leaves out nothing; `npm test` tries fewer of the calls.

const isLab = process.env.PENTAUTH_LAB === '1'
/** Another one tries other moments; a failure says which it was. */
const seed = Number(process.env.PENTAUTH_CRASH_SEED ?? 1)

interface Subject {
  readonly kind: Kind
  /** Processes that are killed at random moments. */
  readonly kills: number
  /** At which file calls others are killed, and which calls fail: of all steps unless said. */
  readonly killed: readonly Extent[]
  readonly failing: readonly Extent[]
}
type Outcome = Readonly<Record<string, Figures>>

const [, saveAgain, renew, remove] = scenarios as [Step, Step, Step, Step]
const ours: Subject = isLab
  ? { kind: 'ours', kills: 1000, killed: [{}, {}], failing: [{}] }
  : {
      kind: 'ours',
      kills: 16,
      killed: [
        { which: [renew], every: 2 },
        { which: [saveAgain, remove], every: 8 },
      ],
      failing: [
        { which: [renew], every: 4 },
        { which: [saveAgain, remove], every: 16 },
      ],
    }
const twin = (kind: Kind): Subject => ({ kind, kills: 4, killed: [{ which: [renew] }], failing: [{ which: [renew] }] })
/** What is tried with strace. */
const traced: Extent = isLab ? {} : { which: [renew], every: 10 }

const progress = isLab ? progressOf() : undefined
const rows: Record<string, Figures> = {}
const all = async (parts: readonly Promise<Figures>[]) => added(await Promise.all(parts))

/** Some experiments, one after the other. */
async function each(kind: Kind, experiments: Readonly<Record<string, () => Promise<Figures>>>): Promise<Outcome> {
  const outcome: Record<string, Figures> = {}
  for (const [name, experiment] of Object.entries(experiments)) {
    const figures = await experiment()
    // Not a breach, which would only seem to catch a twin.
    if (figures.runs === 0) throw new Error(`${name}: nothing was tried`)
    outcome[name] = figures
    if (kind !== 'ours') continue
    rows[name] = figures
    if (isLab) process.stderr.write(`\n${table({ [name]: figures })}\n`)
  }
  return outcome
}

async function kill({ kind, kills, killed }: Subject): Promise<Outcome> {
  const rotations = ['strict', 'grace', ...(isLab ? (['strict', 'grace'] as const) : [])] as const
  const withStrace = { 'killed at a system call': () => killsAtEachSystemCall(kind, 'strict', traced) }
  return each(kind, {
    'killed at random moments': () =>
      all(rotations.map((one, at) => randomKills(kind, one, kills / rotations.length, seed + at, progress))),
    'killed at a file call': () =>
      all(killed.map((extent, at) => killsAtEachCall(kind, rotations[at] ?? 'strict', 'kill', extent))),
    'power cut at a file call': () => killsAtEachCall(kind, 'strict', 'cut', isLab ? {} : { which: [renew], every: 6 }),
    ...((await isTraced(kind)) ? withStrace : {}),
  })
}

async function fail({ kind, failing }: Subject): Promise<Outcome> {
  const withStrace = { 'a system call fails': () => faultsAtEachSystemCall(kind, traced) }
  const lasting = failing.map(({ every = 1, ...extent }) => ({ ...extent, every: isLab ? 1 : every * 3 }))
  return each(kind, {
    'a file call fails': () => all(failing.map((extent) => faultsAtEachCall(kind, false, extent))),
    'all later ones fail, too': () => all(lasting.map((extent) => faultsAtEachCall(kind, true, extent))),
    ...((await isTraced(kind)) ? withStrace : {}),
  })
}

const tracing = canTrace()
/** A twin is caught without. */
const isTraced = async (kind: Kind) => kind === 'ours' && (await tracing)

const known = new Map<Subject, Promise<Outcome>>()
/** There are two twins, and one look at ours is enough for both. */
function killOnce(subject: Subject): Promise<Outcome> {
  const outcome = known.get(subject) ?? kill(subject)
  known.set(subject, outcome)
  return outcome
}

const breaches = (outcome: Outcome) => added(Object.values(outcome)).breaches

threat('L1', 'a process is killed while it writes: half of a file', {
  ours,
  twin: twin('in place'),
  attack: killOnce,
  breaches,
})

threat('L1', 'a process is killed while it writes: what it had begun', {
  ours,
  twin: twin('not cleaned'),
  attack: killOnce,
  breaches,
})

threat('L2', 'a disk that is full, broken, not ours or read-only', {
  ours,
  twin: twin('in place'),
  attack: fail,
  breaches,
})

afterAll(async () => {
  if (!isLab) return
  const how = (await tracing) ? 'File calls and system calls (strace) were met.' : 'File calls were met; strace cannot.'
  process.stderr.write(`\n${how}\n\n${table(rows)}\n`)
})

function progressOf() {
  let done = 0
  return () => {
    done += 1
    if (done % 50 === 0) process.stderr.write(`  … ${done} processes killed at random moments\n`)
  }
}
