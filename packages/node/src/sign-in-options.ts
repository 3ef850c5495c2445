import type { FinishSignInOptions, StartSignInOptions, Store } from '@pentauth/core'
import type { Environment } from './environment.ts'
import type { Present } from './present.ts'

export interface NodeSignInOptions extends Omit<StartSignInOptions, 'redirectUri' | 'store'> {
  /** Where the session is kept; files of this user (`fileStore()`) unless given. */
  readonly store?: Store | undefined
  /** The port that the browser comes back to; any free one unless given. With one of its own `ssh -L` can be left open. */
  readonly port?: number | undefined
  /** Where the browser comes back to, as it is registered: an http address of this machine; without a port any free one is taken. */
  readonly redirectUri?: string | undefined
  /** Shows the person what to do, in the program's own way: nothing is printed then, and no browser opened. */
  readonly present?: Present | undefined
  /** Whether a browser is opened; where one can be, unless given. */
  readonly browser?: boolean | undefined
  /**
   * True in a program that another one has started: unless stderr is a terminal, nobody reads what is said there, so that a sign-in
   * without a browser is not even begun.
   */
  readonly unattended?: boolean | undefined
  /** Of the client, where that proves itself with one. */
  readonly privateKey?: FinishSignInOptions['privateKey']
  /** The environment to read; `process.env` unless given. */
  readonly env?: Environment | undefined
  /** Ends the waiting; the sign-in then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Seconds that a person has, at most 600; 300 unless given. */
  readonly timeout?: number | undefined
}
