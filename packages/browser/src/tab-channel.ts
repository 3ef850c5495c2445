import type { Store } from '@pentauth/core'

/** What tabs tell each other, which is never a secret: a value was written or deleted, or an account was signed out. */
export type Message =
  | { readonly key: string }
  | { readonly out: string; readonly service: string; readonly app: string; readonly isOff?: boolean }

export interface Tab {
  /** The storage, as core sees it: other tabs are told what is written, and `watch` what they write. */
  readonly store: Store
  readonly post: (message: Message) => void
  /** Opens the channel; so again after the browser has kept the page aside, when all that was missed is told. */
  readonly open: () => void
  readonly close: () => void
}

/**
 * Connects a storage to those who use it in other tabs.
 *
 * @param placeOf which store keeps a value: that storage, or one beside it
 */
export function openTab(
  storage: Store,
  placeOf: (key: string) => Promise<Store>,
  onOut: (account: string, service: string, app: string, isOff: boolean) => Promise<void>,
): Tab {
  const listeners = new Set<(key: string) => void>()
  const seen = new Set<string>()
  let channel: BroadcastChannel | undefined
  let stopWatching: (() => void) | undefined
  const tell = (key: string) => {
    for (const listener of listeners) listener(key)
  }
  const post = (message: Message) => channel?.postMessage(message)
  /** What other tabs go by; their sign-ins that wait are nobody else's business. */
  const changed = (key: string) => /^(?:session|account)\//.test(key) && post({ key })
  const store = {
    get name() {
      return storage.name
    },
    async get(key) {
      seen.add(key)
      return (await placeOf(key)).get(key)
    },
    async set(key, value) {
      await (await placeOf(key)).set(key, value)
      changed(key)
    },
    async delete(key) {
      await (await placeOf(key)).delete(key)
      changed(key)
    },
    ...(storage.keys ? { keys: (prefix) => (storage as Required<Store>).keys(prefix) } : {}),
    ...(storage.withLock ? { withLock: (name, run) => (storage as Required<Store>).withLock(name, run) } : {}),
    watch(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  } as Store
  return {
    store,
    post,
    open() {
      // Node has such channels, too, and they keep its process alive.
      if (channel || !('BroadcastChannel' in globalThis) || !('window' in globalThis)) return
      channel = new BroadcastChannel('pentauth')
      channel.onmessage = ({ data }) => {
        if (typeof data?.key === 'string') tell(data.key)
        // What fails here is told by an event, and met again by whoever uses the store.
        if (typeof data?.out === 'string')
          onOut(data.out, data.service, data.app, data.isOff === true).catch(() => undefined)
      }
      // A storage may hear of a change later than we do, and only then show it: localStorage does.
      stopWatching = storage.watch?.(tell)
      seen.forEach(tell)
    },
    close() {
      channel?.close()
      stopWatching?.()
      channel = stopWatching = undefined
    },
  }
}
