import { threat } from '@pentauth/tooling/threat'
import { afterAll } from 'vitest'
import { added, type Figures, table } from '../crash/figures.ts'
import { type Kind, type Step, scenarios } from '../crash/lab.ts'
import { type Extent, faultsAtEachCall, killsAtEachCall, randomKills } from '../crash/runs.ts'
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
      kills: 50,
      killed: [{ which: [renew] }, { which: [saveAgain, remove], every: 4 }],
      failing: [
        { which: [renew], every: 2 },
        { which: [saveAgain, remove], every: 8 },
      ],
    }
const twin = (kind: Kind): Subject => ({ kind, kills: 4, killed: [{ which: [renew] }], failing: [{ which: [renew] }] })
/** What is tried with strace. */
const traced: Extent = isLab ? {} : { which: [renew], every: 5 }

const progress = isLab ? progressOf() : undefined
const all = async (parts: readonly Promise<Figures>[]) => added(await Promise.all(parts))

async function kill({ kind, kills, killed }: Subject): Promise<Outcome> {
  const rotations = ['strict', 'grace'] as const
  const outcome: Record<string, Figures> = {}
  outcome['killed at random moments'] = await all(
    rotations.map((rotation, index) => randomKills(kind, rotation, kills / 2, seed + index, progress)),
  )
  outcome['killed at a file call'] = await all(
    killed.map((extent, index) => killsAtEachCall(kind, rotations[index] ?? 'strict', 'kill', extent)),
  )
  outcome['power cut at a file call'] = await killsAtEachCall(
    kind,
    'strict',
    'cut',
    isLab ? {} : { which: [renew], every: 3 },
  )
  if (await isTraced(kind)) outcome['killed at a system call'] = await killsAtEachSystemCall(kind, 'strict', traced)
  return outcome
}

async function fail({ kind, failing }: Subject): Promise<Outcome> {
  const outcome: Record<string, Figures> = {}
  outcome['a file call fails'] = await all(failing.map((extent) => faultsAtEachCall(kind, false, extent)))
  outcome['all later ones fail, too'] = await all(
    failing.map(({ every = 1, ...extent }) =>
      faultsAtEachCall(kind, true, { ...extent, every: isLab ? 1 : every * 3 }),
    ),
  )
  if (await isTraced(kind)) outcome['a system call fails'] = await faultsAtEachSystemCall(kind, traced)
  return outcome
}

const tracing = canTrace()
/** A twin is caught without. */
const isTraced = async (kind: Kind) => kind === 'ours' && (await tracing)

const known = new Map<Subject, Promise<Outcome>>()
/** There are two twins, and one look at ours is enough for both. */
const once = (attack: (subject: Subject) => Promise<Outcome>) => (subject: Subject) => {
  const outcome = known.get(subject) ?? attack(subject)
  if (attack === kill) known.set(subject, outcome)
  return outcome
}

const rows: Record<string, Figures> = {}
const looked = (attack: (subject: Subject) => Promise<Outcome>) => async (subject: Subject) => {
  const outcome = await once(attack)(subject)
  if (subject.kind === 'ours') Object.assign(rows, outcome)
  return outcome
}
const breaches = (outcome: Outcome) => [
  ...Object.entries(outcome).flatMap(([name, { runs }]) => (runs > 0 ? [] : [`${name}: nothing was tried`])),
  ...added(Object.values(outcome)).breaches,
]

threat('L1', 'a process is killed while it writes: half of a file', {
  ours,
  twin: twin('in place'),
  attack: looked(kill),
  breaches,
})

threat('L1', 'a process is killed while it writes: what it had begun', {
  ours,
  twin: twin('not cleaned'),
  attack: looked(kill),
  breaches,
})

threat('L2', 'a disk that is full, broken, not ours or read-only', {
  ours,
  twin: twin('in place'),
  attack: looked(fail),
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
