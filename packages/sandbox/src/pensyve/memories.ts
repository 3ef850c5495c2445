import { type JsonObject, stringField } from '../request-body.ts'

/** One thing remembered. */
export interface Memory {
  readonly id: string
  readonly entity: string
  readonly content: string
  readonly memory_type: 'semantic' | 'episodic'
  readonly confidence: number
  readonly stability: number
  readonly event_time: string
  readonly session_id: string | null
}

/** One episode, between its start and its end. */
export interface Episode {
  readonly id: string
  readonly participants: readonly string[]
  readonly started: number
  ended: boolean
}

/** One named thing that memories are about. */
export interface Entity {
  readonly id: string
  readonly name: string
  readonly kind: string
}

/** What is remembered in one namespace. */
export interface Namespace {
  readonly id: string
  readonly name: string
  readonly entities: Map<string, Entity>
  readonly episodes: Map<string, Episode>
  memories: Memory[]
  now(): number
  /** The entity of this name, made if it is new. */
  entity(name: string, kind?: string): Entity
}

/** The namespaces of one sandbox. */
export interface Memories {
  in(name: string): Namespace
}

/** Makes an empty memory. */
export function createMemories(now: () => number): Memories {
  const namespaces = new Map<string, Namespace>()
  return {
    in(name) {
      const known = namespaces.get(name)
      if (known !== undefined) return known
      const entities = new Map<string, Entity>()
      const made: Namespace = {
        id: crypto.randomUUID(),
        name,
        entities,
        episodes: new Map(),
        memories: [],
        now,
        entity(entityName, kind = 'user') {
          const entity = entities.get(entityName) ?? { id: crypto.randomUUID(), name: entityName, kind }
          entities.set(entityName, entity)
          return entity
        },
      }
      namespaces.set(name, made)
      return made
    },
  }
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/**
 * The namespace a call works in. The tenant part and `X-Pensyve-Agent-Id` are found in the public gateway (a header that
 * is no UUID is ignored); how the body's `namespace`, which the page shows, combines with them is assumed.
 */
export function namespaceOf(account: string, body: JsonObject, headers: Headers): string {
  const agent = headers.get('x-pensyve-agent-id') ?? ''
  const tenant = `tenant:${account}${uuid.test(agent) ? `:agent:${agent.toLowerCase()}` : ''}`
  const namespace = stringField(body, 'namespace')
  return namespace === undefined ? tenant : `${tenant}:${namespace}`
}

/** How well a memory answers a query, from 0 to 1: the share of the query's words that it has. */
export function scoreOf(memory: Memory, query: string): number {
  const words = new Set(query.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])
  if (words.size === 0) return 0
  const text = `${memory.entity} ${memory.content}`.toLowerCase()
  return [...words].filter((word) => text.includes(word)).length / words.size
}
