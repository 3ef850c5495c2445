import { describe, expect, test } from 'vitest'
import { createSandbox, leakMarker, type Sandbox, type SandboxOptions } from '../src/index.ts'
import { listen } from '../src/server.ts'
import { mcpUrls, post, toolCall } from './mcp-support.ts'

// What the MCP endpoints refuse before the protocol is read, and what they answer to requests that no client sends.

interface Got {
  readonly status: number
  readonly challenge: string | null
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on it.
  readonly json: any
  readonly headers: Headers
}

async function ask(sandbox: Pick<Sandbox, 'fetch'>, url: string, init: RequestInit): Promise<Got> {
  const response = await sandbox.fetch(url, init)
  const { status, headers } = response
  const text = await response.text()
  return { status, headers, challenge: headers.get('www-authenticate'), json: text.startsWith('{') && JSON.parse(text) }
}

const prm = (origin: string): string => `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource"`
const unknownKeys = {
  pendium: `pendium_${leakMarker}`,
  pensyve: `psy_${leakMarker}`,
  profundis: 'unknown',
  pentographer: `ptg_${'0'.repeat(64)}`,
} as const
const refusedTexts = {
  pendium: {
    missing: { error: 'Authentication required. Connect via OAuth.' },
    missingChallenge: prm('https://pendium.ai'),
    invalid: { error: 'Invalid or expired OAuth token. Re-authenticate via OAuth.' },
    invalidChallenge: `${prm('https://pendium.ai')}, error="invalid_token", error_description="Invalid or expired OAuth token. Re-authenticate via OAuth."`,
  },
  pensyve: {
    missing: {
      error: 'unauthorized',
      message: 'Missing or invalid Authorization header. Use: Bearer psy_your_key',
    },
    missingChallenge: prm('https://mcp.pensyve.com'),
    invalid: { error: 'unauthorized', message: 'Invalid or revoked API key' },
    invalidChallenge: `${prm('https://mcp.pensyve.com')}, error="invalid_token", error_description="Invalid or revoked API key"`,
  },
  profundis: {
    missing: { error: 'invalid_token', error_description: 'A Profundis credential is required.' },
    missingChallenge: prm('https://mcp.profundis.io'),
    invalid: { error: 'invalid_token', error_description: 'The credential is invalid or has been renewed.' },
    invalidChallenge: `${prm('https://mcp.profundis.io')}, error="invalid_token", error_description="The credential is invalid or has been renewed."`,
  },
  pentographer: {
    missing: { error: 'Unauthorized' },
    missingChallenge: 'Bearer',
    invalid: { error: 'Unauthorized' },
    invalidChallenge: 'Bearer error="invalid_token"',
  },
} as const

const services = Object.keys(mcpUrls) as (keyof typeof mcpUrls)[]
const open: SandboxOptions = { pendium: { apiKeyOnMcp: true } }

describe.each(services)('%s', (service) => {
  const url = mcpUrls[service]
  const texts = refusedTexts[service]

  test.each(['GET', 'POST', 'DELETE', 'PUT'])(
    '%s without a credential: 401 with the texts and the challenge',
    async (method) => {
      const sandbox = createSandbox()
      // Not even JSON: nothing of the body is read before the credential.
      const answer = await ask(sandbox, url, { method, ...(method === 'POST' ? { body: '{' } : {}) })
      expect([answer.status, answer.challenge]).toEqual([401, texts.missingChallenge])
      expect(answer.json).toEqual(texts.missing)
      expect(sandbox.journal.entries).toMatchObject([{ service, operation: 'mcp', status: 401, credential: undefined }])
    },
  )

  test('an unknown credential: 401 with the texts and the challenge', async () => {
    const sandbox = createSandbox()
    const answer = await ask(sandbox, url, {
      method: 'POST',
      headers: { authorization: `Bearer ${unknownKeys[service]}` },
    })
    expect([answer.status, answer.challenge]).toEqual([401, texts.invalidChallenge])
    expect(answer.json).toEqual(texts.invalid)
    expect(sandbox.journal.entries[0]?.credential).toMatchObject({
      kind: 'api-key',
      header: 'authorization',
      valid: false,
    })
  })

  test('x-api-key is no credential here, and is in the journal', async () => {
    const sandbox = createSandbox(open)
    const { key } = sandbox.keys.create(service)
    const answer = await ask(sandbox, url, { ...post(undefined, 'tools/list'), headers: { 'x-api-key': key } })
    expect([answer.status, answer.json]).toEqual([401, texts.missing])
    expect(sandbox.journal.entries[0]?.credential).toMatchObject({ header: 'x-api-key', valid: false })
  })

  test('a revoked key stops at once', async () => {
    const sandbox = createSandbox(open)
    const { key, id } = sandbox.keys.create(service)
    expect((await ask(sandbox, url, post(key, 'tools/list'))).status).toBe(200)
    sandbox.keys.revoke(service, id)
    expect((await ask(sandbox, url, post(key, 'tools/list'))).status).toBe(401)
  })

  test('only POST, as a server without sessions answers', async () => {
    const sandbox = createSandbox(open)
    const { key } = sandbox.keys.create(service)
    for (const method of ['GET', 'DELETE', 'PUT']) {
      const headers = { authorization: `Bearer ${key}`, accept: 'text/event-stream' }
      const answer = await ask(sandbox, url, { method, headers })
      expect([method, answer.status, answer.headers.get('allow')]).toEqual([method, 405, 'POST'])
    }
  })

  test('what is no JSON-RPC is refused by the protocol, and answers are JSON', async () => {
    const sandbox = createSandbox(open)
    const { key } = sandbox.keys.create(service)
    const good = post(key, 'tools/list')
    expect((await ask(sandbox, url, { ...good, body: '{' })).json.error.code).toBe(-32700)
    expect((await ask(sandbox, url, { ...good, body: '{"a":1}' })).status).toBe(400)
    const text = { ...good, headers: { ...(good.headers as Record<string, string>), 'content-type': 'text/plain' } }
    expect((await ask(sandbox, url, text)).status).toBe(415)
    const unknown = await ask(sandbox, url, post(key, 'tools/dream'))
    expect([unknown.status, unknown.json.error.code]).toEqual([200, -32601])
    const listed = await ask(sandbox, url, good)
    expect(listed.headers.get('content-type')).toBe('application/json')
    expect(listed.headers.get('mcp-session-id')).toBeNull()
  })

  test('a batch, as of the revision that had them: one answer for each', async () => {
    const sandbox = createSandbox(open)
    const { key } = sandbox.keys.create(service)
    const call = (id: number): object => ({ jsonrpc: '2.0', id, method: 'tools/list' })
    const init = { ...post(key, 'tools/list'), body: JSON.stringify([call(1), call(2)]) }
    const answers: unknown = await (await sandbox.fetch(url, init)).json()
    expect(answers).toMatchObject([
      { id: 1, result: {} },
      { id: 2, result: {} },
    ])
  })

  test('a page elsewhere is refused before the credential; one here, and one that is allowed, is not', async () => {
    const sandbox = createSandbox({ ...open, mcpPageHosts: ['app.example'] })
    const { key } = sandbox.keys.create(service)
    const from = async (origin: string): Promise<number> => {
      const { headers, ...init } = post(key, 'tools/list')
      return (await ask(sandbox, url, { ...init, headers: { ...headers, origin } as Record<string, string> })).status
    }
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1.evil.example', 'https://xapp.example']) {
      expect([origin, await from(origin)]).toEqual([origin, 403])
    }
    expect(sandbox.journal.entries.map(({ status }) => status)).toEqual([403, 403, 403, 403])
    for (const origin of ['http://localhost:5173', 'http://127.0.0.1:1', new URL(url).origin, 'https://app.example']) {
      expect([origin, await from(origin)]).toEqual([origin, 200])
    }
  })

  test('faults, by path', async () => {
    const sandbox = createSandbox(open)
    const { key } = sandbox.keys.create(service)
    const { origin, pathname } = new URL(url)
    sandbox.faults.add({ origin, path: pathname, times: 1, status: 503, headers: { 'retry-after': '1' } })
    sandbox.faults.add({ origin, path: pathname, times: 1, drop: true })
    expect((await ask(sandbox, url, post(key, 'tools/list'))).status).toBe(503)
    await expect(ask(sandbox, url, post(key, 'tools/list'))).rejects.toThrow('fetch failed')
    expect((await ask(sandbox, url, post(key, 'tools/list'))).status).toBe(200)
    expect(sandbox.journal.entries.map(({ operation, status, faulted }) => [operation, status, faulted])).toEqual([
      ['mcp', 503, true],
      ['mcp', 0, true],
      ['mcp', 200, false],
    ])
  })

  test('over HTTP: the same refusal, and metadata at the address that was called', async () => {
    const sandbox = createSandbox()
    await using server = await listen(sandbox)
    const { origin, pathname } = new URL(url)
    const answer = await ask({ fetch }, `${server.origins[origin]}${pathname}`, { method: 'POST' })
    const here = texts.missingChallenge.replace(origin, server.origins[origin] as string)
    expect([answer.status, answer.challenge]).toEqual([401, here])
  })
})

describe('Pendium', () => {
  test('a good API key is refused like a bad token: OAuth only', async () => {
    const sandbox = createSandbox()
    const answer = await ask(sandbox, mcpUrls.pendium, post(sandbox.keys.create('pendium').key, 'tools/list'))
    expect([answer.status, answer.challenge]).toEqual([401, refusedTexts.pendium.invalidChallenge])
    expect(answer.json).toEqual(refusedTexts.pendium.invalid)
    // The journal says that it would have been good on REST.
    expect(sandbox.journal.entries[0]?.credential).toMatchObject({ kind: 'api-key', valid: true })
  })

  test('a browser gets the page, without a credential', async () => {
    const sandbox = createSandbox()
    const response = await sandbox.fetch(mcpUrls.pendium, { headers: { accept: 'text/html,*/*;q=0.8' } })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(await response.text()).toMatch(/<a href="[^"]+">Get API Key<\/a>/)
  })

  test('the agent refusal as HTTP 401, when switched', async () => {
    const sandbox = createSandbox({ pendium: { apiKeyOnMcp: true, agentRefusalOnMcp: 'http-401' } })
    const { key } = sandbox.keys.create('pendium')
    const answer = await ask(sandbox, mcpUrls.pendium, toolCall(key, 'get_report', { syntheticId: 'contoso-tea' }))
    expect([answer.status, answer.challenge]).toEqual([401, prm('https://pendium.ai')])
    expect(answer.json.error).toMatch(/^Agent with syntheticId=contoso-tea not found or you don't have access\./)
    expect(sandbox.journal.entries[0]).toMatchObject({ status: 401, credential: { valid: true } })
    expect(
      (await ask(sandbox, mcpUrls.pendium, toolCall(key, 'get_report', { syntheticId: 'northwind-coffee' }))).status,
    ).toBe(200)
  })
})

describe('Pensyve', () => {
  const tools: Record<string, object> = {
    recall: { query: 'tea' },
    remember: { entity: 'ada', fact: 'tea' },
    forget: { entity: 'ada' },
    inspect: { entity: 'ada' },
    observe: { episode_id: 'x', content: 'x', source_entity: 'x', about_entity: 'x' },
    episode_start: { participants: ['ada'] },
    episode_end: { episode_id: 'x' },
    status: {},
    account: {},
  }
  const reading = ['recall', 'inspect', 'status', 'account']
  const writing = ['remember', 'forget', 'observe', 'episode_start', 'episode_end']

  test.each([
    ['mcp', [...reading, ...writing]],
    ['mcp:read', reading],
    ['mcp:write', writing],
  ])('%s: the tools of the page, and 403 with the scope for the others', async (scope, allowed) => {
    const sandbox = createSandbox()
    const { key } = sandbox.keys.create('pensyve', { scope })
    for (const [name, args] of Object.entries(tools)) {
      const answer = await ask(sandbox, mcpUrls.pensyve, toolCall(key, `pensyve_${name}`, args))
      if (allowed.includes(name)) {
        expect([name, answer.status]).toEqual([name, 200])
        continue
      }
      const needed = reading.includes(name) ? 'mcp:read' : 'mcp:write'
      expect([name, answer.status, answer.json.error]).toEqual([name, 403, 'forbidden'])
      expect(answer.challenge).toContain(`Bearer error="insufficient_scope", scope="${needed}", resource_metadata="`)
    }
    // All nine are listed all the same.
    expect((await ask(sandbox, mcpUrls.pensyve, post(key, 'tools/list'))).json.result.tools).toHaveLength(9)
  })

  test('the scope comes before the arguments, and before anything else of a batch is run', async () => {
    const sandbox = createSandbox()
    const { key } = sandbox.keys.create('pensyve', { scope: 'mcp:write' })
    expect((await ask(sandbox, mcpUrls.pensyve, toolCall(key, 'pensyve_recall', { query: 7 }))).status).toBe(403)
    const one = (id: number, name: string, args: object): object => ({
      jsonrpc: '2.0',
      id,
      method: 'tools/call',
      params: { name, arguments: args },
    })
    const batch = [one(1, 'pensyve_remember', { entity: 'ada', fact: 'tea' }), one(2, 'pensyve_status', {})]
    const init = { ...post(key, 'tools/list'), body: JSON.stringify(batch) }
    expect((await ask(sandbox, mcpUrls.pensyve, init)).status).toBe(403)
    const all = sandbox.keys.create('pensyve').key
    const status = await ask(sandbox, mcpUrls.pensyve, toolCall(all, 'pensyve_status'))
    expect(JSON.parse(status.json.result.content[0].text).stats.total_memories).toBe(0)
  })

  test('the scope refusal as a tool error, and the list without what is out of scope, when switched', async () => {
    const sandbox = createSandbox({ pensyve: { scopeRefusalOnMcp: 'tool-error', hideToolsOutOfScope: true } })
    const { key } = sandbox.keys.create('pensyve', { scope: 'mcp:read' })
    const { json } = await ask(sandbox, mcpUrls.pensyve, post(key, 'tools/list'))
    const names = json.result.tools.map(({ name }: { name: string }) => name)
    expect(names).toEqual(reading.map((name) => `pensyve_${name}`))
    const hidden = await ask(sandbox, mcpUrls.pensyve, toolCall(key, 'pensyve_forget', { entity: 'ada' }))
    expect([hidden.status, hidden.json.result.isError]).toEqual([200, true])
    expect(hidden.json.result.content[0].text).toContain('scope')
  })

  test('403 without a challenge for an invalid credential, when switched', async () => {
    const sandbox = createSandbox({ pensyve: { invalidMcpCredentialStatus: 403 } })
    const answer = await ask(sandbox, mcpUrls.pensyve, post(unknownKeys.pensyve, 'tools/list'))
    expect([answer.status, answer.challenge]).toEqual([403, null])
    expect(answer.json).toEqual({ error: 'forbidden', message: 'Invalid or revoked API key' })
  })

  test('one rate limit for REST and MCP, before the scope', async () => {
    const sandbox = createSandbox({ pensyve: { rateLimit: 2 } })
    const { key } = sandbox.keys.create('pensyve', { scope: 'mcp:write' })
    const rest = { headers: { authorization: `Bearer ${key}` } }
    await sandbox.fetch('https://api.pensyve.com/v1/status', rest)
    expect((await ask(sandbox, mcpUrls.pensyve, toolCall(key, 'pensyve_status'))).status).toBe(403)
    const limited = await ask(sandbox, mcpUrls.pensyve, toolCall(key, 'pensyve_status'))
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '60'])
    sandbox.clock.advance(60_000)
    expect((await ask(sandbox, mcpUrls.pensyve, toolCall(key, 'pensyve_status'))).status).toBe(403)
  })

  test('a rotated key works for its day; the header of the gateway and the agent apply here too', async () => {
    const sandbox = createSandbox({ pensyve: { sunsetHeaders: true } })
    const old = sandbox.keys.create('pensyve')
    sandbox.keys.rotate('pensyve', old.id)
    const remember = toolCall(old.key, 'pensyve_remember', { entity: 'ada', fact: 'tea' })
    const agent = { 'x-pensyve-agent-id': '00000000-0000-4000-8000-000000000000' }
    const answer = await ask(sandbox, mcpUrls.pensyve, {
      ...remember,
      headers: { ...(remember.headers as Record<string, string>), ...agent },
    })
    expect([answer.status, answer.headers.get('deprecation')]).toEqual([200, 'true'])
    const status = await ask(sandbox, mcpUrls.pensyve, toolCall(old.key, 'pensyve_status'))
    expect(JSON.parse(status.json.result.content[0].text).stats.total_memories).toBe(0)
    sandbox.clock.advance(24 * 60 * 60 * 1000)
    expect((await ask(sandbox, mcpUrls.pensyve, remember)).status).toBe(401)
  })

  test('one account does not see the memories of another', async () => {
    const sandbox = createSandbox()
    const { key } = sandbox.keys.create('pensyve')
    const other = sandbox.keys.create('pensyve', { account: 'outsider' }).key
    await ask(sandbox, mcpUrls.pensyve, toolCall(key, 'pensyve_remember', { entity: 'ada', fact: 'tea' }))
    const { json } = await ask(sandbox, mcpUrls.pensyve, toolCall(other, 'pensyve_recall', { query: 'tea' }))
    expect(json.result.content[0].text).toBe('[]')
  })
})

describe('Profundis', () => {
  test('an account that lost its entitlement: 403 and no challenge, though its key is good', async () => {
    const sandbox = createSandbox()
    const { key } = sandbox.keys.create('profundis')
    sandbox.accounts.update('profundis', 'ada', { plan: 'free' })
    const answer = await ask(sandbox, mcpUrls.profundis, post(key, 'initialize'))
    expect([answer.status, answer.json.error, answer.challenge]).toEqual([403, 'not_entitled', null])
    expect(sandbox.journal.entries[0]?.credential?.valid).toBe(true)
  })

  test('two look-ups of one batch are charged one after the other', async () => {
    const sandbox = createSandbox()
    const { key } = sandbox.keys.create('profundis')
    sandbox.accounts.update('profundis', 'ada', { monthlyCredits: 1 })
    const one = (id: number): object => ({
      jsonrpc: '2.0',
      id,
      method: 'tools/call',
      params: { name: 'search_dns', arguments: { domain: 'example.com' } },
    })
    const init = { ...post(key, 'tools/list'), body: JSON.stringify([one(1), one(2)]) }
    const answers = (await (await sandbox.fetch(mcpUrls.profundis, init)).json()) as { result: { isError?: true } }[]
    expect(answers.map(({ result }) => result.isError ?? false)).toEqual([false, true])
    expect(sandbox.accounts.get('profundis').monthlyCredits).toBe(0)
  })

  test('purchased credits are in the balance', async () => {
    const sandbox = createSandbox()
    const { key } = sandbox.keys.create('profundis', { account: 'credited' })
    sandbox.accounts.update('profundis', 'credited', { monthlyCredits: 0 })
    await ask(sandbox, mcpUrls.profundis, toolCall(key, 'search_dns', { domain: 'example.com' }))
    const { json } = await ask(sandbox, mcpUrls.profundis, toolCall(key, 'get_credits'))
    expect(JSON.parse(json.result.content[0].text)).toEqual({
      plan: 'free',
      monthly: { used: 50, limit: 50 },
      purchased: 499,
      remaining: 499,
    })
  })
})

describe('Pentographer', () => {
  test('no challenge, when switched', async () => {
    const sandbox = createSandbox({ pentographer: { challenge: false } })
    for (const token of [undefined, 'unknown']) {
      const answer = await ask(sandbox, mcpUrls.pentographer, post(token, 'tools/list'))
      expect([answer.status, answer.challenge]).toEqual([401, null])
    }
  })

  test('a file of more than 10 MB is refused in the result, and an empty organisation has nothing', async () => {
    const sandbox = createSandbox()
    const { key } = sandbox.keys.create('pentographer')
    const file = { filename: 'a.png', mimeType: 'image/png', base64Data: 'A'.repeat(14 * 1024 * 1024) }
    const { json } = await ask(
      sandbox,
      mcpUrls.pentographer,
      toolCall(key, 'upload_evidence', { findingId: 'acme-finding-1', ...file }),
    )
    expect(json.result.content[0].text).toBe('File exceeds 10 MB limit.')
    sandbox.accounts.create('pentographer', { id: 'fresh', organisation: 'fresh' })
    const fresh = sandbox.keys.create('pentographer', { account: 'fresh' }).key
    const texts: string[] = []
    for (const name of ['list_projects', 'list_customers', 'list_playbooks']) {
      texts.push((await ask(sandbox, mcpUrls.pentographer, toolCall(fresh, name))).json.result.content[0].text)
    }
    expect(texts).toEqual(['No projects found.', 'No customers found.', 'No playbooks found.'])
  })
})
