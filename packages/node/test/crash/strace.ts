import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import type { Figures } from './figures.ts'
import { type Chain, openChain, type Watch } from './lab.ts'
import { type Extent, inChain } from './runs.ts'
import { type Fault, type Kind, type Step, scenarios, type Trace } from './steps.ts'
import type { Rotation } from './world.ts'

// The same with the system's own calls, where strace is there and may look at other processes. Files are worked on by a thread of their
// own, which is the only one, so that the n-th call of a name is the same one in each run.

const oneThread = { UV_THREADPOOL_SIZE: '1' }

/** Whether system calls of other processes can be met here. */
export async function canTrace(): Promise<boolean> {
  if (process.platform !== 'linux' || spawnSync('strace', ['-V']).status !== 0) return false
  const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20000)'], { stdio: 'ignore' })
  try {
    const tracer = await attach(['-e', 'trace=none', '-p', String(other.pid)])
    if (!tracer) return false
    await detach(tracer)
    return true
  } finally {
    other.kill('SIGKILL')
  }
}

/** Resolves when strace has the process; `undefined` where it may not. */
async function attach(args: readonly string[]): Promise<ChildProcess | undefined> {
  const tracer = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const isAttached = await new Promise<boolean>((resolve) => {
    let said = ''
    tracer.on('error', () => resolve(false))
    tracer.on('close', () => resolve(false))
    tracer.stderr.on('data', (text) => {
      said += text
      if (/attached/.test(said)) resolve(true)
    })
  })
  return isAttached ? tracer : undefined
}

async function detach(tracer: ChildProcess): Promise<void> {
  if (tracer.exitCode !== null || tracer.signalCode !== null) return
  tracer.kill('SIGTERM')
  await once(tracer, 'close')
}

/** The threads of a process by number, with their names: that of the file functions has one of its own. */
const threadsOf = (pid: number) =>
  new Map(
    readdirSync(`/proc/${pid}/task`).map((id) => [id, readFileSync(`/proc/${pid}/task/${id}/comm`, 'utf8').trim()]),
  )

/** Starts and ends strace when a process asks for it. */
function tracing(log: string): Watch & { readonly threads: Map<string, string> } {
  let tracer: ChildProcess | undefined
  const threads = new Map<string, string>()
  return {
    threads,
    async control(path, body) {
      if (path === '/trace') {
        const { thread, call, nth, does } = body.trace as Trace
        const pid = Number(body.pid)
        threads.clear()
        for (const [id, name] of threadsOf(pid)) threads.set(id, name)
        const [one = ''] = [...threads].findLast(([, name]) => name === thread) ?? []
        const how = does === 'SIGKILL' ? 'signal=SIGKILL' : `error=${does}`
        const args =
          thread === 'all'
            ? ['-f', '-y', '-s', '0', '-o', log, '-p', String(pid)]
            : ['-o', log, '-e', `trace=${call}`, '-e', `inject=${call}:${how}:when=${nth}`, '-p', one]
        tracer = await attach(args)
        if (!tracer) throw new Error('strace cannot look at the process')
        return {}
      }
      if (path !== '/untrace') return undefined
      if (tracer) await detach(tracer)
      tracer = undefined
      const isHit = existsSync(log) && readFileSync(log, 'utf8').includes('(INJECTED)')
      return isHit ? { hit: 'system call' } : {}
    },
  }
}

/** Calls after which the folder is another one, or is to be on the disk. */
const changing = new Set(
  'openat open creat write pwrite64 writev pwritev fsync fdatasync rename renameat renameat2'.split(' '),
)
for (const call of 'mkdir mkdirat unlink unlinkat rmdir link linkat symlink ftruncate chmod fchmod fchmodat utimensat'.split(
  ' ',
))
  changing.add(call)

/** The calls of a step that have to do with its folder. */
async function callsOf(chain: Chain, step: Step): Promise<readonly Required<Omit<Trace, 'does'>>[]> {
  const log = `${chain.folder}.strace`
  const watch = tracing(log)
  await chain.run(
    `${step.what} when ${step.before}, looked at`,
    { steps: [{ ...step, trace: { thread: 'all' } }] },
    watch,
  )
  const counts = new Map<string, number>()
  const found: Required<Omit<Trace, 'does'>>[] = []
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    const [, thread, call] = /^(\d+) +(\w+)\(/.exec(line) ?? []
    if (!thread || !call) continue
    const nth = (counts.get(`${thread} ${call}`) ?? 0) + 1
    counts.set(`${thread} ${call}`, nth)
    if (!line.includes(chain.folder) || !changing.has(call)) continue
    if (call === 'openat' && !/O_WRONLY|O_RDWR|O_CREAT/.test(line)) continue
    found.push({ thread: watch.threads.get(thread) ?? '', call, nth })
  }
  rmSync(log)
  if (found.length === 0) chain.figures.breaches.push(`${step.what} when ${step.before}: no call was found`)
  return found
}

/** Processes that are killed at each system call of a step that changes something in the folder. */
export function killsAtEachSystemCall(
  kind: Kind,
  rotation: Rotation,
  { which = scenarios, every = 1 }: Extent = {},
): Promise<Figures> {
  return inChain(openChain(kind, rotation, oneThread), async (chain) => {
    for (const step of which) {
      const calls = await callsOf(chain, step)
      let missed = 0
      for (const [index, point] of calls.entries()) {
        if (index % every !== 0) continue
        const trace = { ...point, does: 'SIGKILL' }
        const name = `${step.what} when ${step.before}, SIGKILL at ${point.call} ${point.nth}`
        const { isKilled } = await chain.run(name, { steps: [{ ...step, trace }] }, tracing(`${chain.folder}.strace`))
        if (isKilled) chain.figures.runs += 1
        else missed += 1
      }
      // What is there from before makes a call more or less.
      if (missed > calls.length / every / 10) chain.figures.breaches.push(`${step.what}: ${missed} calls were not met`)
    }
  })
}

const codes = ['ENOSPC', 'EIO', 'EACCES', 'EROFS']
/** What a call on an open file cannot fail with. */
const ofPaths = new Set(['EACCES', 'EROFS'])
const ofDescriptors = new Set(['pwrite64', 'pwritev', 'fsync', 'fdatasync', 'ftruncate', 'fchmod'])

/** Steps with each of those system calls failing in turn, but `write`: with that the thread also wakes the others, which must not fail. */
export function faultsAtEachSystemCall(kind: Kind, { which = scenarios, every = 1 }: Extent = {}): Promise<Figures> {
  return inChain(openChain(kind, 'strict', oneThread), async (chain) => {
    for (const step of which) {
      const failing = (await callsOf(chain, step)).filter(({ call }) => !/^writev?$/.test(call))
      const calls = failing.filter((_, index) => index % every === 0)
      const faults: Fault[] = calls.flatMap((point) =>
        codes
          .filter((code) => !ofPaths.has(code) || !ofDescriptors.has(point.call))
          .map((code) => ({ ...step, code, lasting: false, trace: { ...point, does: code } })),
      )
      await chain.run(
        `${step.what} when ${step.before}, failing system calls`,
        { faults },
        tracing(`${chain.folder}.strace`),
      )
    }
  })
}
