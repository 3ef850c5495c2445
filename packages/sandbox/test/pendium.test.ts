import { expect, test } from 'vitest'
import { createSandbox } from '../src/index.ts'
import { apiKey, bearer, call } from './call.ts'

const base = 'https://pendium.ai/api/visibility'

const noAgent = (id: string): string =>
  `Agent with syntheticId=${id} not found or you don't have access. Use the get_account tool to see your agents.`

test('no key, or one in Authorization: 401 with the text of the page', async () => {
  const sandbox = createSandbox()
  const { key } = sandbox.keys.create('pendium')
  for (const headers of [{}, bearer(key)]) {
    const answer = await call(sandbox, `${base}/account`, headers)
    expect(answer.status).toBe(401)
    expect(answer.json.error).toBe('Authentication required. Connect via OAuth.')
    expect(answer.json._pendium).toBeTypeOf('object')
  }
})

test('an unknown key: 401 with the text of the page', async () => {
  const answer = await call(createSandbox(), `${base}/account`, apiKey('pendium_unknown'))
  expect([answer.status, answer.json.error]).toEqual([
    401,
    'Invalid or expired OAuth token. Re-authenticate via OAuth.',
  ])
})

test('the older texts are a switch', async () => {
  const sandbox = createSandbox({ pendium: { refusalTexts: 'older-page' } })
  expect((await call(sandbox, `${base}/account`)).json.error).toBe(
    'API key required. Add your Pendium API key as a Bearer token. Get one at https://pendium.ai/mcp',
  )
  expect((await call(sandbox, `${base}/account`, apiKey('pendium_unknown'))).json.error).toBe(
    'Invalid API key. Check your key at https://pendium.ai/mcp',
  )
})

test("another's agent and one that does not exist: the same 401, the key stays good", async () => {
  const sandbox = createSandbox()
  const headers = apiKey(sandbox.keys.create('pendium').key)
  for (const id of ['contoso-tea', 'nowhere', '$&']) {
    const answer = await call(sandbox, `${base}/report?syntheticId=${encodeURIComponent(id)}`, headers)
    expect([answer.status, answer.json.error]).toEqual([401, noAgent(id)])
  }
  expect((await call(sandbox, `${base}/account`, headers)).status).toBe(200)
})

test.each([403, 404] as const)('the status %d for an agent is a switch', async (status) => {
  const sandbox = createSandbox({ pendium: { agentRefusalStatus: status } })
  const headers = apiKey(sandbox.keys.create('pendium').key)
  const answer = await call(sandbox, `${base}/topics?syntheticId=contoso-tea`, headers)
  expect([answer.status, answer.json.error]).toEqual([status, noAgent('contoso-tea')])
  expect((await call(sandbox, `${base}/topics?syntheticId=contoso-tea`)).status).toBe(401)
})

test('an admin reaches any agent', async () => {
  const sandbox = createSandbox()
  const headers = apiKey(sandbox.keys.create('pendium', { account: 'admin' }).key)
  for (const id of ['northwind-coffee', 'contoso-tea']) {
    expect((await call(sandbox, `${base}/report?syntheticId=${id}`, headers)).status).toBe(200)
  }
  expect((await call(sandbox, `${base}/report?syntheticId=nowhere`, headers)).status).toBe(401)
})

test('the account lists its own agents only', async () => {
  const sandbox = createSandbox()
  const agents = async (account: string): Promise<string[]> => {
    const { json } = await call(sandbox, `${base}/account`, apiKey(sandbox.keys.create('pendium', { account }).key))
    expect(json.agentCount).toBe(json.agents.length)
    return json.agents.map(({ syntheticId }: { syntheticId: string }) => syntheticId)
  }
  expect(await agents('ada')).toEqual(['northwind-coffee'])
  expect(await agents('outsider')).toEqual(['contoso-tea'])
})

test('a scan runs for a minute, costs credits, and is not started twice', async () => {
  const sandbox = createSandbox({ now: () => 0 })
  const headers = apiKey(sandbox.keys.create('pendium').key)
  const start = () => call(sandbox, `${base}/scan`, headers, { syntheticId: 'northwind-coffee', maxQueries: 100 })
  const status = async () => (await call(sandbox, `${base}/scan?syntheticId=northwind-coffee`, headers)).json
  expect((await start()).json).toMatchObject({
    success: true,
    scanTriggered: true,
    isNewAgent: false,
    mode: 'batch',
    maxQueries: 100,
    message: 'Scan triggered. Use get_scan_status to poll for results (every 30-60 seconds).',
  })
  sandbox.clock.advance(30_000)
  expect(await status()).toMatchObject({ status: 'running', progress: 50 })
  expect((await start()).json).toMatchObject({ status: 'running' })
  sandbox.clock.advance(30_000)
  expect(await status()).toMatchObject({ status: 'completed', progress: 100 })
  const { json } = await call(sandbox, `${base}/account`, headers)
  expect(json.creditBalance).toBe(400)
  expect(json.agents[0]).toMatchObject({ lastScanDate: '1970-01-01T00:01:00.000Z', latestScore: expect.any(Number) })
})

test('a scan of a new address makes an agent; without credits 402; read-only 403', async () => {
  const sandbox = createSandbox()
  const headers = apiKey(sandbox.keys.create('pendium').key)
  const made = await call(sandbox, `${base}/scan`, headers, { url: 'https://www.fabrikam.example/' })
  expect(made.json).toMatchObject({ isNewAgent: true, agentName: 'fabrikam.example' })
  expect((await call(sandbox, `${base}/report?syntheticId=${made.json.syntheticId}`, headers)).status).toBe(200)
  sandbox.accounts.update('pendium', 'ada', { creditBalance: 3 })
  const poor = await call(sandbox, `${base}/scan`, headers, { syntheticId: 'northwind-coffee' })
  expect([poor.status, poor.json.success]).toEqual([402, false])
  expect((await call(sandbox, `${base}/scan`, headers, {})).status).toBe(400)
  sandbox.accounts.update('pendium', 'ada', { readOnly: true })
  const readOnly = await call(sandbox, `${base}/scan`, headers, { syntheticId: 'northwind-coffee' })
  expect([readOnly.status, readOnly.json.code]).toEqual([403, 'READ_ONLY'])
})

test('topics and personas are read and changed', async () => {
  const sandbox = createSandbox()
  const headers = apiKey(sandbox.keys.create('pendium').key)
  for (const list of ['topics', 'personas']) {
    const url = `${base}/${list}`
    expect((await call(sandbox, `${url}?syntheticId=northwind-coffee`, headers)).json[list].length).toBeGreaterThan(0)
    await call(sandbox, url, headers, { syntheticId: 'northwind-coffee', [list]: ['taste'] })
    expect((await call(sandbox, `${url}?syntheticId=northwind-coffee`, headers)).json[list]).toEqual(['taste'])
    const foreign = await call(sandbox, url, headers, { syntheticId: 'contoso-tea', [list]: ['taste'] })
    expect([foreign.status, foreign.json.error]).toEqual([401, noAgent('contoso-tea')])
  }
})

test('the score is public, everything else is not', async () => {
  const sandbox = createSandbox()
  const answer = await call(sandbox, `${base}/score?brand=Northwind`)
  expect(answer.status).toBe(200)
  expect(answer.json).toMatchObject({ brand: 'Northwind', score: expect.any(Number), _pendium: expect.any(Object) })
  for (const path of ['account', 'scan', 'report', 'topics', 'personas', 'ai-visibility-report']) {
    expect((await call(sandbox, `${base}/${path}`)).status).toBe(401)
  }
  expect((await call(sandbox, `${base}/nowhere`)).status).toBe(404)
})

test('an AI visibility report is made, read, private when asked, and not for the Free plan', async () => {
  const sandbox = createSandbox({ now: () => 0 })
  const headers = apiKey(sandbox.keys.create('pendium').key)
  const other = apiKey(sandbox.keys.create('pendium', { account: 'outsider' }).key)
  const url = `${base}/ai-visibility-report`
  const { json: made } = await call(sandbox, url, headers, { url: 'https://northwind.example', isPublic: false })
  expect(made).toMatchObject({ success: true, status: 'processing', isPublic: false, completedAt: null })
  sandbox.clock.advance(60_000)
  expect((await call(sandbox, `${url}?uuid=${made.uuid}`, headers)).json).toMatchObject({ status: 'completed' })
  expect((await call(sandbox, `${url}?slug=${made.slug}`, other)).status).toBe(404)
  const free = apiKey(sandbox.keys.create('pendium', { account: 'free' }).key)
  expect((await call(sandbox, url, free, { url: 'https://northwind.example' })).status).toBe(403)
})
