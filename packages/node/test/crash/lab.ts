import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { count, type Figures, noFigures } from './figures.ts'
import { type Found, judgeDone, judgeFault, judgeStart, type Start } from './judge.ts'
import type { Fault, Kind, Mark, Step, What } from './steps.ts'
import { openWorld, type Rotation, type World } from './world.ts'

// Processes that share a folder, one after the other: each looks at what the killed one before it has left.

interface Plan {
  readonly steps?: readonly Step[]
  readonly faults?: readonly Fault[]
  /** Whether the process stays until it is killed. */
  readonly waits?: boolean
}

/** What a process is watched by. */
export interface Watch {
  readonly onBegin?: (step: { readonly what: What; readonly index: unknown }, child: ChildProcess) => void
  readonly onGrant?: (child: ChildProcess) => void
  readonly onDone?: (mark: Mark) => void
  readonly control?: (path: string, body: Record<string, unknown>) => unknown
}

const program = join(import.meta.dirname, 'session-process.mjs')
/** Milliseconds after which a process that does not end is ended, which shows in what it did not do. */
const longest = 1_200_000

/** One after the other in one folder. */
export interface Chain {
  readonly figures: Figures
  readonly world: World
  readonly folder: string
  /** Starts a process on what there is, judges what it finds, and lets it do what is planned. */
  readonly run: (name: string, plan: Plan, watch?: Watch) => Promise<Ended>
  /** Looks once more at what there is, and takes all away. */
  readonly end: () => Promise<Figures>
}
interface Ended {
  readonly marks: readonly Mark[]
  readonly isKilled: boolean
}

/** Whether it may be killed before its end. */
const isAimed = ({ steps = [] }: Plan) => steps.some(({ at, trace }) => at !== undefined || trace?.does === 'SIGKILL')

/** Names of files that are no entries of the store. */
function filesBeside(folder: string, keys: unknown): readonly string[] {
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : []
  const others = files.filter((name) => /lock|tmp|temp|~|\//.test(name))
  return files.length - others.length === keys ? others : files
}

export async function openChain(kind: Kind, rotation: Rotation, environment: NodeJS.ProcessEnv = {}): Promise<Chain> {
  const world = await openWorld(rotation)
  const root = mkdtempSync(join(tmpdir(), 'pentauth-crash-'))
  const folder = join(root, 'state')
  const figures = noFigures()
  let last = 'the beginning'
  /** What was going on when a process was killed, and the first state that it may have brought. */
  let open: { readonly what: What; readonly from: number } | undefined
  let wasKilled = false

  const run: Chain['run'] = async (name, plan, watch = {}) => {
    const breach = (what: string) => void figures.breaches.push(`${kind}, ${rotation}, ${last}: ${what}`)
    const proven = world.proven
    const removals = new Map<number, number>()
    let isLookedAt = false
    world.tokenRequests = 0
    world.onGrant = () => watch.onGrant?.(child)
    world.control = async (path, body) => {
      if (path === '/judge') return { judged: world.judge(body.refresh) }
      if (path === '/fault') {
        world.proven = world.states.push(String(body.held)) - 1
        return judgeFault(figures, kind, body as unknown as Found)
      }
      if (path === '/start') {
        const beside = filesBeside(folder, body.keys)
        const phase = judgeStart(world, figures, { rotation, proven, open, beside }, body as unknown as Start, breach)
        if (wasKilled) count(figures, phase ?? 'between two steps')
        open = undefined
        isLookedAt = true
        return plan
      }
      if (path === '/begin') {
        const what = body.what as What
        const id = world.states.length
        open = { what, from: id }
        if (what === 'remove') removals.set(id, world.states.push('nothing') - 1)
        watch.onBegin?.({ what, index: body.index }, child)
        return { id }
      }
      return path === '/end' ? new Promise(() => {}) : watch.control?.(path, body)
    }
    const child = spawn(process.execPath, [program, world.origin, folder, kind], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, ...environment },
    })
    const alarm = setTimeout(() => child.kill('SIGKILL'), longest)
    const marks: Mark[] = []
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text) => {
        said += text
      })
    const lines = createInterface({ input: child.stdio[3] as NodeJS.ReadableStream })
    lines.on('line', (line) => {
      const mark: Mark = JSON.parse(line)
      marks.push(mark)
      if (mark.is === 'handed out') return world.prove(mark.access)
      if (mark.is !== 'done') return
      open = undefined
      world.proven = Math.max(world.proven, removals.get(mark.id) ?? 0)
      watch.onDone?.(mark)
    })
    const [[code, signal]] = await Promise.all([once(child, 'close'), once(lines, 'close')])
    clearTimeout(alarm)
    world.onGrant = () => {}
    const end = `${code ?? signal} ${said.replaceAll(/tok_\w+/g, 'a token').slice(-400)}`
    if (!isLookedAt) breach(`the next process did not start: ${end}`)
    last = name
    // Nothing that a process says may be lost because it ended in an unforeseen way.
    if (signal !== null && signal !== 'SIGKILL') breach(`died: ${end}`)
    if (signal === null && (code !== 0 || marks.at(-1)?.is !== 'end')) breach(`ended by itself: ${end}`)
    if (signal === 'SIGKILL' && !plan.waits && !isAimed(plan)) breach(`was ended from outside: ${end}`)
    for (const mark of marks) if (mark.is === 'done') judgeDone(mark, breach)
    wasKilled = signal === 'SIGKILL'
    return { marks, isKilled: wasKilled }
  }
  return {
    figures,
    world,
    folder,
    run,
    async end() {
      try {
        await run('the end', {})
      } finally {
        await world.close()
        rmSync(root, { recursive: true, force: true })
      }
      return figures
    },
  }
}
