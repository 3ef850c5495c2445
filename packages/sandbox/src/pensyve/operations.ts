import { type JsonObject, numberField, stringField } from '../request-body.ts'
import { type Memory, type Namespace, scoreOf } from './memories.ts'

/** An error after the credential was accepted: `{"error": text}`, as in the public gateway. */
export function problem(status: number, error: string): Response {
  return Response.json({ error }, { status })
}

/** One operation of the REST API, on one namespace. */
export interface PensyveCall {
  readonly name: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** The operation of the scope table that it counts as. */
  readonly scopedAs: string
  /** Returns what is sent as JSON, or throws the Response of a problem. */
  run(body: JsonObject, namespace: Namespace): unknown
}

/**
 * The operations. Documented or found paths: recall, remember, recall_grouped, entities, episodes/start. The names of all
 * others are documented, their REST paths are assumed.
 */
export const pensyveOperations: readonly PensyveCall[] = [
  post('recall', '/v1/recall', recall),
  post('remember', '/v1/remember', remember),
  post('forget', '/v1/forget', forget),
  post('inspect', '/v1/inspect', inspect),
  post('observe', '/v1/observe', observe),
  post('episode_start', '/v1/episodes/start', startEpisode),
  post('episode_end', '/v1/episodes/end', endEpisode),
  // Not in the page's scope table: assumed to need what the nearest operation there needs.
  { ...post('recall_grouped', '/v1/recall_grouped', recallGrouped), scopedAs: 'recall' },
  { ...post('entities', '/v1/entities', createEntity), scopedAs: 'remember' },
  { ...post('status', '/v1/status', status), method: 'GET' },
  { ...post('account', '/v1/account', account), method: 'GET' },
]

function post(name: string, path: string, run: PensyveCall['run']): PensyveCall {
  return { name, method: 'POST', path, scopedAs: name, run }
}

function required(body: JsonObject, name: string): string {
  const value = stringField(body, name)
  if (value === undefined) throw problem(400, `${name} is required`)
  return value
}

function found(body: JsonObject, namespace: Namespace, fallbackLimit: number): (Memory & { score: number })[] {
  const query = required(body, 'query')
  const entity = stringField(body, 'entity')
  const limit = numberField(body, 'limit', { min: 1, max: 100, fallback: fallbackLimit })
  const least = numberField(body, 'min_confidence', { min: 0, max: 1, fallback: 0 })
  const types: readonly unknown[] | undefined = Array.isArray(body.types) ? body.types : undefined
  return namespace.memories
    .filter((memory) => (entity ?? memory.entity) === memory.entity && memory.confidence >= least)
    .filter(({ memory_type }) => types?.includes(memory_type) ?? true)
    .map((memory) => ({ ...memory, score: scoreOf(memory, query) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
}

function recall(body: JsonObject, namespace: Namespace): unknown {
  return { memories: found(body, namespace, 5), contradictions: [] }
}

function recallGrouped(body: JsonObject, namespace: Namespace): unknown {
  const order = body.order ?? 'relevance'
  if (order !== 'chronological' && order !== 'relevance') {
    throw problem(400, `order must be 'chronological' or 'relevance', got '${String(order)}'`)
  }
  const memories = found(body, namespace, 50)
  const shaped = [...new Set(memories.map(({ session_id }) => session_id))].map((session) => {
    const group = memories.filter(({ session_id }) => session_id === session)
    return {
      session_id: session,
      session_time: group[0]?.event_time ?? null,
      group_score: Math.max(...group.map(({ score }) => score)),
      memories: group,
    }
  })
  if (order === 'chronological') shaped.sort((a, b) => String(a.session_time).localeCompare(String(b.session_time)))
  const most = numberField(body, 'max_groups', { min: 1, max: 100, fallback: 100 })
  return { groups: shaped.slice(0, most) }
}

function keep(
  namespace: Namespace,
  memory: Pick<Memory, 'entity' | 'content' | 'memory_type' | 'confidence' | 'session_id'>,
): Memory {
  const kept: Memory = {
    id: crypto.randomUUID(),
    ...memory,
    stability: 1,
    event_time: new Date(namespace.now()).toISOString(),
  }
  namespace.entity(memory.entity)
  namespace.memories = [...namespace.memories, kept]
  return kept
}

function remember(body: JsonObject, namespace: Namespace): unknown {
  const memory = keep(namespace, {
    entity: required(body, 'entity'),
    content: required(body, 'fact'),
    memory_type: 'semantic',
    confidence: numberField(body, 'confidence', { min: 0, max: 1, fallback: 0.8 }),
    session_id: null,
  })
  return { ...memory, extraction_tier: 1 }
}

function forget(body: JsonObject, namespace: Namespace): unknown {
  const name = required(body, 'entity')
  const entity = namespace.entities.get(name)
  if (entity === undefined) {
    return { entity: name, entity_id: null, forgotten_count: 0, message: 'Entity not found' }
  }
  const before = namespace.memories.length
  namespace.memories = namespace.memories.filter((memory) => memory.entity !== name)
  return { entity: name, entity_id: entity.id, forgotten_count: before - namespace.memories.length }
}

function inspect(body: JsonObject, namespace: Namespace): unknown {
  const entity = required(body, 'entity')
  const limit = numberField(body, 'limit', { min: 1, max: 100, fallback: 20 })
  const memories = namespace.memories.filter((memory) => memory.entity === entity).slice(0, limit)
  return {
    entity,
    episodic: memories.filter(({ memory_type }) => memory_type === 'episodic'),
    semantic: memories.filter(({ memory_type }) => memory_type === 'semantic'),
    procedural: [],
  }
}

function observe(body: JsonObject, namespace: Namespace): unknown {
  const id = required(body, 'episode_id')
  const episode = namespace.episodes.get(id)
  if (episode === undefined || episode.ended) throw problem(404, `Episode not found: ${id}`)
  const memory = keep(namespace, {
    entity: required(body, 'about_entity'),
    content: required(body, 'content'),
    memory_type: 'episodic',
    confidence: 1,
    session_id: id,
  })
  return { episode_id: id, memory_id: memory.id, recorded: true }
}

function startEpisode(body: JsonObject, namespace: Namespace): unknown {
  const participants = Array.isArray(body.participants) ? body.participants.map(String) : []
  if (participants.length === 0) throw problem(400, 'participants is required')
  const episode = { id: crypto.randomUUID(), participants, started: namespace.now(), ended: false }
  namespace.episodes.set(episode.id, episode)
  return { episode_id: episode.id, participants, started_at: new Date(episode.started).toISOString() }
}

function endEpisode(body: JsonObject, namespace: Namespace): unknown {
  const id = required(body, 'episode_id')
  const outcome = stringField(body, 'outcome') ?? 'success'
  if (!['success', 'failure', 'partial'].includes(outcome)) {
    throw problem(400, `Unknown outcome '${outcome}'; use success, failure, or partial`)
  }
  const episode = namespace.episodes.get(id)
  if (episode === undefined || episode.ended) throw problem(404, `Episode not found: ${id}`)
  episode.ended = true
  const created = namespace.memories.filter(({ session_id }) => session_id === id).length
  return { episode_id: id, memories_created: created, outcome, ended_at: new Date(namespace.now()).toISOString() }
}

function createEntity(body: JsonObject, namespace: Namespace): unknown {
  const kind = stringField(body, 'kind') ?? 'user'
  if (!['agent', 'user', 'team', 'tool'].includes(kind)) {
    throw problem(400, `kind must be agent, user, team or tool, got '${kind}'`)
  }
  return namespace.entity(required(body, 'name'), kind)
}

function status(body: JsonObject, namespace: Namespace): unknown {
  const name = stringField(body, 'entity')
  const memories = namespace.memories.filter(({ entity }) => (name ?? entity) === entity)
  const count = (type: Memory['memory_type']): number =>
    memories.filter(({ memory_type }) => memory_type === type).length
  return {
    mode: 'remote',
    namespace: namespace.name,
    namespace_id: namespace.id,
    stats: {
      total_memories: memories.length,
      semantic: count('semantic'),
      episodic: count('episodic'),
      entities: namespace.entities.size,
      vector_index_size: memories.length,
    },
    health: 'ok',
  }
}

function account(): unknown {
  return {
    mode: 'remote',
    message: 'Account and billing are managed in the dashboard.',
    dashboard_url: 'https://pensyve.com/settings/billing',
  }
}
