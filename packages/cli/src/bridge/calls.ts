import type { Id, Request } from './message.ts'

/** A request of the client that waits for its answer. */
export interface Call {
  readonly request: Request
  /** When it came, in milliseconds of `performance.now()`. */
  readonly since: number
  /** Aborted when the client wants it no more. */
  readonly signal: AbortSignal
}

/** The requests that wait: each is answered once. */
export interface Calls {
  /** `undefined` where one with that ID waits already. */
  add(request: Request): Call | undefined
  /** The call with that ID, which waits no longer; `undefined` where it was answered. */
  take(id: Id | null): Call | undefined
  cancel(id: unknown): Call | undefined
  all(): readonly Call[]
  /** Resolves when none waits. */
  none(): Promise<void>
}

export function waitingCalls(): Calls {
  const waiting = new Map<unknown, Call & { readonly stop: AbortController }>()
  let told: () => void = () => undefined
  const take = (id: unknown) => {
    const call = waiting.get(id)
    waiting.delete(id)
    if (waiting.size === 0) told()
    return call
  }
  return {
    add(request) {
      if (waiting.has(request.id)) return undefined
      const stop = new AbortController()
      const call = { request, since: performance.now(), signal: stop.signal, stop }
      waiting.set(request.id, call)
      return call
    },
    take,
    cancel(id) {
      const call = take(id)
      call?.stop.abort()
      return call
    },
    all: () => [...waiting.values()],
    none: () =>
      new Promise((resolve) => {
        told = resolve
        if (waiting.size === 0) resolve()
      }),
  }
}
