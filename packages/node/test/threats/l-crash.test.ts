import { threat } from '@pentauth/tooling/threat'
import { afterAll } from 'vitest'
import { added, type Figures, table } from '../crash/figures.ts'
import { type Kind, type Step, scenarios } from '../crash/lab.ts'
import { faultsAtEachCall, killsAtEachCall, randomKills } from '../crash/runs.ts'
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
}
type Outcome = Readonly<Record<string, Figures>>

const progress = isLab ? progressOf() : undefined
const ours: Subject = { kind: 'ours', kills: isLab ? 1000 : 50 }
const inPlace: Subject = { kind: 'in place', kills: 10 }
const notCleaned: Subject = { kind: 'not cleaned', kills: 10 }
const [, saveAgain, renew, remove] = scenarios as [Step, Step, Step, Step]

/** All of them in the lab; a few of the long steps and more of the short one otherwise. */
const extents = (few: number, some: number) =>
  isLab ? [{}] : [{ which: [renew], every: few }, { which: [saveAgain, remove], every: some }]

const seen = new Map<Subject, Outcome>()
/** Two twins, and one look at ours. */
const once = (attack: (subject: Subject) => Promise<Outcome>) => async (subject: Subject) => {
  const outcome = seen.get(subject) ?? (await attack(subject))
  seen.set(subject, outcome)
  return outcome
}
const all = async (parts: readonly Promise<Figures>[]) => added(await Promise.all(parts))

const kill = once(async ({ kind, kills }) => {
  const outcome: Record<string, Figures> = {}
  const half = kills / 2
  outcome['killed at random moments'] = await all([
    randomKills(kind, 'strict', half, seed, progress),
    randomKills(kind, 'grace', half, seed + 1, progress),
  ])
  outcome['killed at file calls'] = await all(
    (['strict', 'grace'] as const).flatMap((rotation, index) =>
      isLab
        ? [killsAtEachCall(kind, rotation, 'kill')]
        : [killsAtEachCall(kind, rotation, 'kill', extents(1, 4)[index])],
    ),
  )
  if (isLab) outcome['power cut at file calls'] = await killsAtEachCall(kind, 'strict', 'cut')
  if (await isTraced(kind))
    outcome['killed at system calls'] = await killsAtEachSystemCall(
      kind,
      'strict',
      isLab ? {} : { which: [renew], every: 5 },
    )
  return outcome
})

const fail = async ({ kind }: Subject): Promise<Outcome> => {
  const outcome: Record<string, Figures> = {}
  outcome['one file call fails'] = await all(extents(2, 8).map((extent) => faultsAtEachCall(kind, false, extent)))
  outcome['all later ones, too'] = await all(extents(6, 20).map((extent) => faultsAtEachCall(kind, true, extent)))
  if (await isTraced(kind))
    outcome['one system call fails'] = await faultsAtEachSystemCall(kind, isLab ? {} : { which: [renew], every: 5 })
  return outcome
}

const tracing = canTrace()
/** A twin is caught without. */
const isTraced = async (kind: Kind) => kind === 'ours' && (await tracing)

const rows: Record<string, Figures> = {}
const breaches = (outcome: Outcome) => {
  if (Object.values(outcome).some(({ runs }) => runs === 0)) return ['nothing was tried']
  return added(Object.values(outcome)).breaches
}
const looked = (attack: (subject: Subject) => Promise<Outcome>) => async (subject: Subject) => {
  const outcome = await attack(subject)
  if (subject.kind === 'ours') Object.assign(rows, outcome)
  return outcome
}

threat('L1', 'a process is killed while it writes: half of a file', {
  ours,
  twin: inPlace,
  attack: looked(kill),
  breaches,
})

threat('L1', 'a process is killed while it writes: what it had begun', {
  ours,
  twin: notCleaned,
  attack: looked(kill),
  breaches,
})

threat('L2', 'a disk that is full, broken, not ours or read-only', {
  ours,
  twin: inPlace,
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
