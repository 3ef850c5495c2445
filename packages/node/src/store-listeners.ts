import type { EventListener } from '@pentauth/core'
import type { Tell } from './set-aside.ts'

/** Who is told what a store found and put right. */
export interface StoreListeners extends Iterable<Tell> {
  /** Tells it for as long as the store is there. */
  add(tell: Tell): void
  /** Tells it for as long as somebody else has it, as an Auth has its own: a store is there for longer than most of them. */
  addBorrowed(listener: EventListener): void
}

export function storeListeners(): StoreListeners {
  const kept = new Set<Tell>()
  const borrowed = new Set<WeakRef<EventListener>>()
  // The same one each time, so that a store tells it once.
  const known = new WeakMap<EventListener, WeakRef<EventListener>>()
  const gone = new FinalizationRegistry<WeakRef<EventListener>>((ref) => void borrowed.delete(ref))
  return {
    add: (tell) => void kept.add(tell),
    addBorrowed(listener) {
      if (known.has(listener)) return
      const ref = new WeakRef(listener)
      known.set(listener, ref)
      gone.register(listener, ref)
      borrowed.add(ref)
    },
    *[Symbol.iterator]() {
      yield* kept
      for (const ref of borrowed) {
        const listener = ref.deref()
        if (listener) yield (event) => void listener({ service: 'store', ...event })
      }
    },
  }
}
