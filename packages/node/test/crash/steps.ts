// What processes are asked to do, and what they say of it.

/** The store of a process: ours, or one with a defect. */
export type Kind = 'ours' | 'in place' | 'not cleaned'
/** What a process does: a sign-in, a renewal, a sign-out. */
export type What = 'save' | 'renew' | 'remove'

export interface Step {
  readonly what: What
  readonly before: 'signed in' | 'signed out'
  /** The file call at which the process is killed, and how. */
  readonly at?: number
  readonly act?: 'kill' | 'cut'
  /** What strace does to it instead. */
  readonly trace?: Trace
}
/** A system call of a thread of the process: the n-th of that name. */
export interface Trace {
  /** The name of the thread, or `all`. */
  readonly thread: string
  readonly call?: string
  readonly nth?: number
  /** `SIGKILL` or the name of an error; nothing for a look at what there is. */
  readonly does?: string
}
export interface Fault extends Step {
  readonly code: string
  /** Whether all later calls fail, too. */
  readonly lasting: boolean
  /** The first call that fails, and how far it is from one to the next. */
  readonly from?: number
  readonly every?: number
}
/** The steps, and all that there can be before them. */
export const scenarios: readonly Step[] = [
  { what: 'save', before: 'signed out' },
  { what: 'save', before: 'signed in' },
  { what: 'renew', before: 'signed in' },
  { what: 'remove', before: 'signed in' },
]

/** What a process says of itself. */
export interface Mark {
  readonly is: 'handed out' | 'done' | 'end'
  readonly id: number
  readonly what: What
  readonly access?: string
  readonly outcome?: string
  readonly told?: readonly string[]
  /** Whether it was to be killed, and was not. */
  readonly missed?: boolean
}
