import { PentauthError } from '@pentauth/core'
import { patience, tooLate } from './redis-client.ts'

/** What to do, by the word that Redis begins its error with. */
const hints: Readonly<Record<string, string>> = {
  NOAUTH: 'Give the client its user and password.',
  WRONGPASS: 'Give the client its user and password.',
  NOPERM: 'Its Redis user needs GET, SET, DEL, PEXPIRE, PTTL, EVAL and SCAN, for all keys that begin so.',
  OOM: 'Redis is full: give it more memory (maxmemory).',
  MISCONF: 'Redis cannot write to its disk.',
  READONLY: 'The client is connected to a replica: connect it to the primary.',
  WRONGTYPE: 'Something else uses that key: give the option "prefix".',
  CROSSSLOT: 'Give the option "prefix" braces around it all, as in "{pentauth}:".',
  ClientClosedError: 'Connect the client first, with await client.connect().',
}
const late = `no answer within ${patience / 1000} s`
const check = 'Check that Redis runs and that this machine reaches it.'

/**
 * A failure of the store in words that hold neither key nor value: an error of a client repeats the command.
 *
 * @param what could not be done, such as `be read`
 */
export function redisFailed(name: string, what: string, error: unknown): PentauthError {
  if (PentauthError.isInstance(error)) return error
  if (error === tooLate) return failed(name, `could not ${what} (${late})`, check, 'ETIMEDOUT')
  const reason = reasonOf(error)
  return failed(
    name,
    reason ? `could not ${what} (${reason})` : `could not ${what}`,
    hints[reason ?? ''] ?? check,
    reason,
  )
}

/** A write of somebody whose lock was taken by others meanwhile. */
export function lockLost(name: string): PentauthError {
  return failed(
    name,
    'could not be written: its lock was lost',
    'This process stood still for longer than the lease, or Redis was restarted; what others wrote meanwhile is there.',
    'LOCK_LOST',
  )
}

export function lockTaken(name: string, seconds: number): PentauthError {
  return failed(
    name,
    `could not be locked within ${seconds} s`,
    'Another process holds the lock and does not renew it: look for one that hangs.',
    'LOCK_TAKEN',
  )
}

/** @param reason for events, which show no more than a code */
function failed(name: string, what: string, hint: string, reason: string | undefined): PentauthError {
  return new PentauthError({
    code: 'store_failed',
    message: `The store ${name} ${what}.`,
    hint: `${hint} Nothing was signed out.`,
    retryable: true,
    // The rest are kinds of errors that clients have for a connection that is gone.
    ...(reason ? { cause: { code: /^[A-Z0-9_]+$/.test(reason) ? reason : 'CONNECTION_LOST' } } : {}),
  })
}

function reasonOf(error: unknown): string | undefined {
  const { code, message } = Object(error) as { code?: unknown; message?: unknown }
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code)) return code
  // Redis begins its errors with a word of capitals; one that a script met may come behind another.
  const [word] = typeof message === 'string' ? (/^[A-Z]{3,20}(?= )/.exec(message) ?? []) : []
  if (word) return word
  const kind = String(Object(error).constructor?.name)
  return /^[A-Z]\w+Error$/.test(kind) && !/^(?:Type|Reply|Simple)?Error$/.test(kind) ? kind : undefined
}
