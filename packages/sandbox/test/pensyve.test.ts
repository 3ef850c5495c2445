import { expect, test } from 'vitest'
import { createSandbox, facts } from '../src/index.ts'
import { type Answer, bearer, call } from './call.ts'

const api = 'https://api.pensyve.com'

const requests: Record<string, readonly [string, unknown?]> = {
  recall: ['/v1/recall', { query: 'tea' }],
  remember: ['/v1/remember', { entity: 'ada', fact: 'drinks tea' }],
  forget: ['/v1/forget', { entity: 'nobody' }],
  inspect: ['/v1/inspect', { entity: 'ada' }],
  observe: ['/v1/observe', { episode_id: 'none', about_entity: 'ada', content: 'tea' }],
  episode_start: ['/v1/episodes/start', { participants: ['ada'] }],
  episode_end: ['/v1/episodes/end', { episode_id: 'none' }],
  status: ['/v1/status'],
  account: ['/v1/account'],
  entities: ['/v1/entities', { name: 'ada' }],
  recall_grouped: ['/v1/recall_grouped', { query: 'tea' }],
}

test('no credential, or another scheme: 401 with the text of the gateway', async () => {
  const sandbox = createSandbox()
  const { key } = sandbox.keys.create('pensyve')
  const wrong: Record<string, string>[] = [
    {},
    { 'x-api-key': key },
    { authorization: `bearer ${key}` },
    { authorization: key },
  ]
  for (const headers of wrong) {
    const answer = await call(sandbox, `${api}/v1/recall`, headers, { query: 'tea' })
    expect(answer.status).toBe(401)
    expect(answer.json).toEqual({
      error: 'unauthorized',
      message: 'Missing or invalid Authorization header. Use: Bearer psy_your_key',
    })
    expect(answer.headers.has('www-authenticate')).toBe(false)
  }
})

test('an unknown key: 403, or 401 by the switch', async () => {
  const ask = (sandbox: ReturnType<typeof createSandbox>): Promise<Answer> =>
    call(sandbox, `${api}/v1/recall`, bearer('psy_unknown'), { query: 'tea' })
  const answer = await ask(createSandbox())
  expect([answer.status, answer.json]).toEqual([403, { error: 'forbidden', message: 'Invalid or revoked API key' }])
  const switched = await ask(createSandbox({ pensyve: { invalidKeyStatus: 401 } }))
  expect([switched.status, switched.json.message]).toEqual([401, 'Invalid or revoked API key'])
})

// Assumed for the two that the page's table does not have.
const scopedAs = (operation: string): string =>
  ({ entities: 'remember', recall_grouped: 'recall' })[operation] ?? operation

test('every operation of the scope table has a request here', () => {
  expect([...new Set(Object.keys(requests).map(scopedAs))].sort()).toEqual([...(facts.pensyve.scopes.mcp ?? [])].sort())
})

test.each(Object.keys(facts.pensyve.scopes))('scope %s allows its operations and refuses the others', async (scope) => {
  const sandbox = createSandbox()
  const { key } = sandbox.keys.create('pensyve', { scope })
  for (const [operation, [path, body]] of Object.entries(requests)) {
    const answer = await call(sandbox, api + path, bearer(key), body)
    if (facts.pensyve.scopes[scope]?.includes(scopedAs(operation))) {
      expect([operation, answer.status, answer.headers.get('www-authenticate')]).toEqual([
        operation,
        // There is no such episode: the request got past the scope.
        ['observe', 'episode_end'].includes(operation) ? 404 : 200,
        null,
      ])
    } else {
      expect([operation, answer.status, answer.json.error]).toEqual([operation, 403, 'forbidden'])
      const needed = scope === 'mcp:read' ? 'mcp:write' : 'mcp:read'
      expect(answer.headers.get('www-authenticate')).toBe(`Bearer error="insufficient_scope", scope="${needed}"`)
    }
  }
})

test('the default scope is mcp', () => {
  expect(createSandbox().keys.create('pensyve').scope).toBe('mcp')
})

test('the scope table is that of the page', () => {
  expect(facts.pensyve.scopes).toEqual({
    mcp: ['recall', 'remember', 'forget', 'inspect', 'observe', 'episode_start', 'episode_end', 'status', 'account'],
    'mcp:read': ['recall', 'inspect', 'status', 'account'],
    'mcp:write': ['remember', 'forget', 'observe', 'episode_start', 'episode_end'],
  })
})

test('health and readiness ask for no key', async () => {
  const sandbox = createSandbox()
  expect((await call(sandbox, `${api}/v1/health`)).json).toMatchObject({ status: 'ok' })
  expect((await call(sandbox, `${api}/health`)).text).toBe('ok')
  expect((await call(sandbox, `${api}/ready`)).text).toBe('ready')
})

test('remembers, recalls, inspects and forgets', async () => {
  const sandbox = createSandbox()
  const headers = bearer(sandbox.keys.create('pensyve').key)
  const made = await call(sandbox, `${api}/v1/remember`, headers, { entity: 'ada', fact: 'prefers green tea' })
  expect(made.json).toMatchObject({ content: 'prefers green tea', memory_type: 'semantic', confidence: 0.8 })
  const recalled = await call(sandbox, `${api}/v1/recall`, headers, { query: 'green tea' })
  expect(recalled.json.memories).toMatchObject([{ id: made.json.id, score: 1 }])
  expect((await call(sandbox, `${api}/v1/recall`, headers, { query: 'coffee' })).json.memories).toEqual([])
  expect((await call(sandbox, `${api}/v1/inspect`, headers, { entity: 'ada' })).json.semantic).toHaveLength(1)
  expect((await call(sandbox, `${api}/v1/status`, headers)).json.stats).toMatchObject({
    total_memories: 1,
    entities: 1,
  })
  const forgotten = await call(sandbox, `${api}/v1/forget`, headers, { entity: 'ada' })
  expect(forgotten.json).toMatchObject({ entity: 'ada', forgotten_count: 1 })
  expect((await call(sandbox, `${api}/v1/forget`, headers, { entity: 'nobody' })).json).toMatchObject({
    forgotten_count: 0,
    message: 'Entity not found',
  })
})

test('an episode is observed, grouped and ended once', async () => {
  const sandbox = createSandbox()
  const headers = bearer(sandbox.keys.create('pensyve').key)
  const { json: episode } = await call(sandbox, `${api}/v1/episodes/start`, headers, { participants: ['ada'] })
  const episode_id: string = episode.episode_id
  const observation = { episode_id, content: 'ordered tea', source_entity: 'shop', about_entity: 'ada' }
  expect((await call(sandbox, `${api}/v1/observe`, headers, observation)).status).toBe(200)
  const grouped = await call(sandbox, `${api}/v1/recall_grouped`, headers, { query: 'tea', order: 'chronological' })
  expect(grouped.json.groups).toMatchObject([{ session_id: episode_id, memories: [{ content: 'ordered tea' }] }])
  const ended = await call(sandbox, `${api}/v1/episodes/end`, headers, { episode_id, outcome: 'success' })
  expect(ended.json).toMatchObject({ episode_id, memories_created: 1, outcome: 'success' })
  const again = await call(sandbox, `${api}/v1/episodes/end`, headers, { episode_id })
  expect([again.status, again.json]).toEqual([404, { error: `Episode not found: ${episode_id}` }])
  const odd = await call(sandbox, `${api}/v1/episodes/end`, headers, { episode_id, outcome: 'odd' })
  expect(odd.json.error).toBe("Unknown outcome 'odd'; use success, failure, or partial")
})

test('a wrong order and a wrong body are 400', async () => {
  const sandbox = createSandbox()
  const headers = bearer(sandbox.keys.create('pensyve').key)
  const order = await call(sandbox, `${api}/v1/recall_grouped`, headers, { query: 'tea', order: 'odd' })
  expect([order.status, order.json.error]).toEqual([400, "order must be 'chronological' or 'relevance', got 'odd'"])
  expect((await call(sandbox, `${api}/v1/recall`, headers, {})).json).toEqual({ error: 'query is required' })
  expect((await call(sandbox, `${api}/v1/recall`, headers, [])).status).toBe(400)
})

test('namespaces, agents and accounts do not see each other', async () => {
  const sandbox = createSandbox()
  const mine = bearer(sandbox.keys.create('pensyve').key)
  const other = bearer(sandbox.keys.create('pensyve', { account: 'outsider' }).key)
  const agent = { ...mine, 'x-pensyve-agent-id': '6f1c2c1e-0d0b-4f53-9c43-0c2d3c1b7a11' }
  await call(sandbox, `${api}/v1/remember`, mine, { entity: 'ada', fact: 'tea', namespace: 'my-agent' })
  const count = async (headers: Record<string, string>, namespace?: string): Promise<number> =>
    (await call(sandbox, `${api}/v1/recall`, headers, { query: 'tea', namespace })).json.memories.length
  expect(await count(mine, 'my-agent')).toBe(1)
  expect(await count(mine)).toBe(0)
  expect(await count(other, 'my-agent')).toBe(0)
  expect(await count(agent, 'my-agent')).toBe(0)
  expect(await count({ ...mine, 'x-pensyve-agent-id': 'no uuid' }, 'my-agent')).toBe(1)
})

test('the limit is per key and per minute, after the credential and before the scope', async () => {
  const sandbox = createSandbox({ now: () => 0, pensyve: { rateLimit: 2 } })
  const one = bearer(sandbox.keys.create('pensyve', { scope: 'mcp:read' }).key)
  const two = bearer(sandbox.keys.create('pensyve').key)
  const ask = (headers: Record<string, string>): Promise<Answer> => call(sandbox, `${api}/v1/status`, headers)
  expect([(await ask(one)).status, (await ask(one)).status]).toEqual([200, 200])
  const refused = await call(sandbox, `${api}/v1/remember`, one, { entity: 'a', fact: 'b' })
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('60')
  expect(refused.json).toEqual({
    error: 'rate_limited',
    message: 'Too many requests. Please retry later.',
    retryAfter: 60,
  })
  expect((await ask(two)).status).toBe(200)
  expect((await ask(bearer('psy_unknown'))).status).toBe(403)
  sandbox.clock.advance(60_000)
  expect((await ask(one)).status).toBe(200)
})

test('the closing headers are a switch, and unknown paths are 404', async () => {
  const plain = await call(createSandbox(), `${api}/v1/nowhere`)
  expect([plain.status, plain.headers.get('sunset')]).toEqual([404, null])
  const closing = await call(createSandbox({ pensyve: { sunsetHeaders: true } }), `${api}/v1/recall`, {}, {})
  expect(closing.headers.get('sunset')).toBe('Thu, 01 Oct 2026 00:00:00 GMT')
  expect(closing.headers.get('deprecation')).toBe('true')
})
