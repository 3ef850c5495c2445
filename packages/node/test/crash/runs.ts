import type { ChildProcess } from 'node:child_process'
import type { Figures } from './figures.ts'
import { type Chain, openChain } from './lab.ts'
import { type Kind, type Step, scenarios, type What } from './steps.ts'
import type { Rotation } from './world.ts'

/** A seeded generator (mulberry32): the same numbers on every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Whatever a run came to, its folder and its server go. */
export async function inChain(chain: Promise<Chain>, work: (chain: Chain) => Promise<void>): Promise<Figures> {
  const opened = await chain
  try {
    await work(opened)
  } finally {
    await opened.end()
  }
  return opened.figures
}

/** Processes that are killed at random moments of a step. */
export function randomKills(
  kind: Kind,
  rotation: Rotation,
  runs: number,
  seed: number,
  progress: (done: number) => void = () => {},
): Promise<Figures> {
  const random = seeded(seed)
  const pick = () => scenarios[Math.floor(random() * scenarios.length)] as Step
  /** How long (ms) a step takes. */
  const takes: Record<What, number> = { save: 12, renew: 8, remove: 6 }
  return inChain(openChain(kind, rotation), async ({ run, figures }) => {
    for (let round = 0; round < runs; round++) {
      const steps = Array.from({ length: 1 + Math.floor(random() * 3) }, pick)
      const victim = steps.length - 1
      const isAfterAnswer = random() < 0.5 && steps[victim]?.what !== 'remove'
      const part = random()
      let begun = 0
      let isVictim = false
      const killAfter = (child: ChildProcess, ms: number) => {
        const due = performance.now() + ms
        // Finer than a timer, and the server goes on to answer.
        const look = () => (performance.now() >= due ? child.kill('SIGKILL') : setImmediate(look))
        look()
      }
      await run(
        `seed ${seed}, kill ${round + 1}`,
        { steps, waits: true },
        {
          onBegin({ what, index }, child) {
            begun = performance.now()
            isVictim = index === victim
            if (isVictim && !isAfterAnswer) killAfter(child, part * takes[what] * 1.2)
          },
          onGrant(child) {
            if (isVictim && isAfterAnswer) killAfter(child, part * 4)
          },
          onDone({ what }) {
            takes[what] = takes[what] * 0.8 + (performance.now() - begun) * 0.2
          },
        },
      )
      figures.runs += 1
      progress(round + 1)
    }
  })
}

/** More file calls than any step makes. */
const most = 400

/** Which steps, and every how many calls. */
export interface Extent {
  readonly which?: readonly Step[]
  readonly every?: number
}

/** Processes that are killed at each file call of a step that changes something, one after the other. */
export function killsAtEachCall(
  kind: Kind,
  rotation: Rotation,
  act: 'kill' | 'cut',
  { which = scenarios, every = 1 }: Extent = {},
): Promise<Figures> {
  return inChain(openChain(kind, rotation), async ({ run, figures }) => {
    for (const { what, before } of which)
      for (let at = 1; at < most; at += every) {
        const name = `${what} when ${before}, ${act} at call ${at}`
        const { isKilled } = await run(name, { steps: [{ what, before, at, act }] })
        if (!isKilled && at === 1) figures.breaches.push(`${kind}, ${name}: no call was met`)
        if (!isKilled) break
        figures.runs += 1
      }
  })
}

const codes = ['ENOSPC', 'EIO', 'EACCES', 'EROFS']

/** Steps with each of their file calls failing in turn, alone or with all later ones. */
export function faultsAtEachCall(
  kind: Kind,
  lasting: boolean,
  { which = scenarios, every = 1 }: Extent = {},
): Promise<Figures> {
  return inChain(openChain(kind, 'strict'), async ({ run }) => {
    for (const step of which) {
      const faults = codes.map((code) => ({ ...step, code, lasting, every }))
      await run(`${step.what} when ${step.before}, failing file calls`, { faults })
    }
  })
}
