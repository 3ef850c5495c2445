import type { Flow } from './flow.ts'
import type { Runtime } from './runtime.ts'

/** What metadata says, and how long it is believed (ms). */
export interface Found<T> {
  readonly value: T
  readonly lifetime: number
}

/** What metadata says, kept for as long as the servers said: at least 5 minutes, at most a day, an hour where they said nothing. */
export interface MetadataCache<T> {
  /** What is known, or what `load` finds, once for all who ask meanwhile; a failure is not kept. */
  get(flow: Flow, variant: string, load: () => Promise<Found<T>>): Promise<T>
  /** Drops all about the flow's resource: after a definitive refusal its authorization server may be another. */
  forget(flow: Flow): void
}

interface Entry<T> {
  readonly found: Promise<Found<T>>
  at: number
  until: number
}

/** A cache in memory, for one program. */
export function metadataCache<T>(): MetadataCache<T> {
  // What another network says, or a double of one, is something else.
  const networks = new WeakMap<Runtime['fetch'], Map<string, Map<string, Entry<T>>>>()
  const resourcesOf = ({ runtime: { fetch } }: Flow) => {
    const known = networks.get(fetch) ?? new Map<string, Map<string, Entry<T>>>()
    networks.set(fetch, known)
    return known
  }
  const nameOf = ({ service, resource: { url, audience } }: Flow) =>
    // What the definition says is part of the answer.
    JSON.stringify([service.id, service.oauth, url, audience])
  return {
    async get(flow, variant, load) {
      const resources = resourcesOf(flow)
      const entries = resources.get(nameOf(flow)) ?? new Map<string, Entry<T>>()
      resources.set(nameOf(flow), entries)
      const known = entries.get(variant)
      const now = flow.runtime.now()
      // A clock that was set back must not make what is known last longer.
      if (known && known.at <= now && now < known.until) return (await known.found).value
      const entry: Entry<T> = { found: load(), at: now, until: Number.POSITIVE_INFINITY }
      entries.set(variant, entry)
      try {
        const { value, lifetime } = await entry.found
        entry.at = flow.runtime.now()
        entry.until = entry.at + lifetime
        return value
      } catch (error) {
        if (entries.get(variant) === entry) entries.delete(variant)
        throw error
      }
    },
    forget: (flow) => void resourcesOf(flow).delete(nameOf(flow)),
  }
}
