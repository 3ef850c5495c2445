import type { FinishSignInOptions, Service, StartSignInOptions } from '@pentauth/core'
import type { Host } from './host.ts'
import type { Present } from './present.ts'
import type { Terminal } from './terminal.ts'

/** What the ways to sign a person in share. */
export interface Interaction {
  readonly service: Service
  /** What core is asked for, whichever way is taken. */
  readonly wishes: Omit<StartSignInOptions, 'redirectUri'>
  readonly privateKey: FinishSignInOptions['privateKey']
  readonly present: Present | undefined
  readonly terminal: Terminal
  readonly host: Host
  /** Why no browser opens, where none does. */
  readonly why: string | undefined
  readonly isCi: boolean
  readonly isSsh: boolean
  /** Whether nobody reads what is said. */
  readonly isUnattended: boolean
  /** Ends the waiting. */
  readonly signal: AbortSignal
}
