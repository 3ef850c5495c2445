import { builtin } from './builtin.ts'

// Which process made a file or a folder, told by its name, so that whoever finds it can tell whether that one is still there.

/** What is known of the process that made something. */
export type Liveness =
  | 'dead'
  | 'alive'
  /** It may be another one with the same number, or a thread of ours that has ended. */
  | 'perhaps'
  /** In another container or on another host: its number says nothing here. */
  | 'elsewhere'

/** A name that nobody else uses, and that tells which process made it. */
export function newMark(): string {
  const { place, start } = here()
  return `${place}-${process.pid}-${start}-${builtin('node:crypto').randomBytes(8).toString('hex')}`
}

const pattern = /^([0-9a-f]{12})-(\d{1,10})-(\d{1,20})-[0-9a-f]{16}$/

export function isMark(text: string): boolean {
  return pattern.test(text)
}

/** The number of the process; for messages, since it may be one of another container. */
export function processOf(mark: string): number {
  return Number(pattern.exec(mark)?.[2])
}

export function livenessOf(mark: string): Liveness {
  const [, place, number, start] = pattern.exec(mark) ?? []
  const us = here()
  if (place !== us.place) return 'elsewhere'
  const pid = Number(number)
  if (pid === process.pid && start === us.start) return 'perhaps'
  if (process.platform !== 'linux') return isRunning(pid) ? 'perhaps' : 'dead'
  const found = processStat(pid)
  if (found === undefined) return isRunning(pid) ? 'perhaps' : 'dead'
  return found.start === start && !found.hasEnded ? 'alive' : 'dead'
}

let known: { readonly place: string; readonly start: string } | undefined

/** Where numbers of processes mean the same as here, and when this process began. */
function here() {
  known ??= { place: placeOfProcesses(), start: processStat(process.pid)?.start ?? '0' }
  return known
}

/** One boot of one machine, and in it one container. Where that cannot be known, nobody shares it, and others are judged by their signs of life. */
function placeOfProcesses(): string {
  const { createHash, randomUUID } = builtin('node:crypto')
  const parts = [process.platform, builtin('node:os').hostname()]
  if (process.platform === 'linux') parts.push(...(placeOnLinux() ?? [randomUUID()]))
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12)
}

function placeOnLinux(): readonly string[] | undefined {
  const { readFileSync, readlinkSync } = builtin('node:fs')
  try {
    // A sandbox can have the /proc of its host, where the numbers that it knows are those of other processes.
    if (readlinkSync('/proc/self') !== String(process.pid)) return undefined
    return [readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(), readlinkSync('/proc/self/ns/pid')]
  } catch {
    return undefined
  }
}

/** What Linux tells of a process: when it began, in ticks since the boot, and whether it is over and only waits to be noticed. */
function processStat(pid: number): { readonly start: string; readonly hasEnded: boolean } | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const text = builtin('node:fs').readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name of the program is in brackets, and may hold anything.
    const [state = '', ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const start = fields[18]
    return start && /^\d+$/.test(start) ? { start, hasEnded: /^[ZXx]$/.test(state) } : undefined
  } catch {
    return undefined
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
