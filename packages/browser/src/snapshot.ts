/** Who is signed in, as a page shows it; nothing in it is secret. */
export interface SessionSnapshot {
  /** `loading` until the storage was read, and on servers; `ended` where the service refused to renew it: the person has to sign in again. */
  readonly status: 'loading' | 'signed_out' | 'signed_in' | 'ended'
  readonly account: string
  /** Granted scopes, where the service said them. */
  readonly scopes?: readonly string[]
  /** Milliseconds since the epoch after which the access token is renewed; absent when unknown. */
  readonly expiresAt?: number
}

export interface SessionView {
  readonly current: () => SessionSnapshot
  readonly subscribe: (listener: () => void) => () => void
  /** Looks again, and resolves when the snapshot says what was found, or what somebody found later. */
  readonly read: () => Promise<void>
  /** Resolves when it is known who is signed in. */
  readonly settled: () => Promise<void>
  /** Shows that nobody is signed in, whatever is still being done about it. */
  readonly leave: () => void
}

/** Keeps the snapshot of a session: the same object until something in it changes. */
export function sessionView(account: string, look: () => Promise<SessionSnapshot | undefined>): SessionView {
  const listeners = new Set<{ readonly listener: () => void }>()
  let snapshot: SessionSnapshot = Object.freeze({ status: 'loading', account })
  let last: Promise<void> | undefined
  const show = (next: SessionSnapshot) => {
    if (JSON.stringify(next) === JSON.stringify(snapshot)) return
    snapshot = Object.freeze(next)
    for (const told of [...listeners]) {
      try {
        // Another listener may have taken it away meanwhile.
        if (listeners.has(told)) told.listener()
      } catch (error) {
        reportError(error)
      }
    }
  }
  const read = () => {
    const mine: Promise<void> = look().then((next) => {
      if (last !== mine) return last
      // A storage that cannot be read says nothing of who is signed in; who waits for its word must not wait for ever.
      if (next ?? snapshot.status === 'loading') show(next ?? { ...snapshot, status: 'signed_out' })
    })
    last = mine
    return mine
  }
  return {
    current: () => snapshot,
    read,
    settled: () => last ?? read(),
    subscribe(listener) {
      // One for each call: two parts of a page may listen with one function.
      const told = { listener }
      listeners.add(told)
      return () => void listeners.delete(told)
    },
    leave() {
      last = undefined
      show({ status: 'signed_out', account: snapshot.account })
    },
  }
}
