import { describe, expect, test } from 'vitest'
import { createSandbox, facts, type SandboxOptions } from '../src/index.ts'
import { type Connected, connect, mcpUrls, reach, table } from './mcp-support.ts'

// Every tool of the four servers, called by the official clients.

describe.each(table)('$kind, $way', ({ kind, way }) => {
  const inside = async (
    service: keyof typeof mcpUrls,
    run: (client: Connected, sandbox: ReturnType<typeof createSandbox>) => Promise<void>,
    options: SandboxOptions = {},
  ): Promise<void> => {
    const sandbox = createSandbox(options)
    await using to = await reach(sandbox, way)
    await using client = await connect(kind, to, mcpUrls[service], sandbox.keys.create(service).key)
    await run(client, sandbox)
  }

  test('Pensyve: nine tools on the memories that REST has', async () => {
    await inside('pensyve', async (client, sandbox) => {
      expect(client.server).toMatchObject({ name: 'pensyve-mcp', version: '0.1.0' })
      expect((await client.tools()).sort()).toEqual([
        'pensyve_account',
        'pensyve_episode_end',
        'pensyve_episode_start',
        'pensyve_forget',
        'pensyve_inspect',
        'pensyve_observe',
        'pensyve_recall',
        'pensyve_remember',
        'pensyve_status',
      ])
      const fact = { entity: 'ada', fact: 'drinks tea', confidence: 0.9 }
      expect((await client.call('pensyve_remember', fact)).json).toMatchObject({
        content: 'drinks tea',
        confidence: 0.9,
      })
      const recalled = await client.call('pensyve_recall', { query: 'tea' })
      expect(recalled.json).toMatchObject([{ _type: 'semantic', _score: 1, content: 'drinks tea' }])
      expect((await client.call('pensyve_recall', { query: 'tea', types: ['episodic'] })).json).toEqual([])

      const { episode_id } = (await client.call('pensyve_episode_start', { participants: ['ada', 'bob'] })).json
      const seen = { episode_id, content: 'asked for milk', source_entity: 'bob', about_entity: 'ada' }
      expect((await client.call('pensyve_observe', seen)).json).toMatchObject({ episode_id, recorded: true })
      const ended = (await client.call('pensyve_episode_end', { episode_id, outcome: 'partial' })).json
      expect(ended).toMatchObject({ episode_id, memories_created: 1, outcome: 'partial' })
      expect(await client.call('pensyve_episode_end', { episode_id })).toMatchObject({
        isError: true,
        text: `Episode not found: ${episode_id}`,
      })

      const inspected = (await client.call('pensyve_inspect', { entity: 'ada' })).json
      expect(inspected).toMatchObject({ entity: 'ada', memory_count: 2 })
      const episodic = (await client.call('pensyve_inspect', { entity: '', memory_type: 'episodic' })).json
      expect(episodic.memories.map((memory: { content: string }) => memory.content)).toEqual(['asked for milk'])
      const status = (await client.call('pensyve_status')).json
      expect(status).toMatchObject({ stats: { total_memories: 2, semantic: 1, episodic: 1 }, health: 'ok' })
      expect((await client.call('pensyve_status', { entity: 'bob' })).json.stats.total_memories).toBe(0)
      expect((await client.call('pensyve_account')).json.dashboard_url).toBe('https://pensyve.com/settings/billing')
      expect((await client.call('pensyve_forget', { entity: 'ada' })).json).toMatchObject({ forgotten_count: 2 })
      expect((await client.call('pensyve_forget', { entity: 'nobody' })).json.message).toBe('Entity not found')

      // The same memories as REST, and the call is in the journal as every other is.
      const rest = await sandbox.fetch('https://api.pensyve.com/v1/status', {
        headers: { authorization: `Bearer ${sandbox.keys.create('pensyve').key}` },
      })
      expect(await rest.json()).toMatchObject({ stats: { total_memories: 0, entities: 1 } })
    })
  })

  test('Pensyve: arguments that do not fit are a tool error, an unknown tool a protocol error', async () => {
    await inside('pensyve', async (client) => {
      const without = await client.call('pensyve_remember', { entity: 'ada' })
      expect(without.isError).toBe(true)
      expect(without.text).toContain("required property 'fact'")
      await expect(client.call('pensyve_dream')).rejects.toThrow('pensyve_dream')
    })
  })

  test('Profundis: look-ups are charged to the account, the rest is free', async () => {
    await inside('profundis', async (client, sandbox) => {
      const left = (): number => sandbox.accounts.get('profundis').monthlyCredits
      expect((await client.tools()).sort()).toEqual([
        'get_credits',
        'get_usage',
        'search_dns',
        'search_hosts',
        'search_subdomains',
        'whoami',
      ])
      expect(left()).toBe(10_000)

      const subdomains = (await client.call('search_subdomains', { domain: 'Example.com', limit: 2 })).json
      expect(subdomains).toEqual({
        domain: 'example.com',
        count: 2,
        subdomains: ['www.example.com', 'api.example.com'],
        credits: { charged: 1, remaining: 9999 },
      })
      const hosts = (await client.call('search_hosts', { query: 'example.com', limit: 1 })).json
      expect(hosts.hosts[0]).toMatchObject({ host: 'www.example.com', ports: [80, 443] })
      const dns = (await client.call('search_dns', { domain: 'example.com', type: 'mx' })).json
      expect(dns.records).toMatchObject([{ name: 'example.com', type: 'MX', value: '10 mail.example.com' }])
      expect(left()).toBe(9997)

      expect(await client.call('search_dns', { domain: 'no dots' })).toMatchObject({ isError: true })
      expect((await client.call('get_credits')).json).toEqual({
        plan: 'professional',
        monthly: { used: 3, limit: 10_000 },
        purchased: 0,
        remaining: 9997,
      })
      const { items } = (await client.call('get_usage', { days: 1 })).json
      expect(items).toMatchObject([
        { tool: 'search_subdomains', credits: 1, via: 'api_key' },
        { tool: 'search_hosts' },
        { tool: 'search_dns' },
      ])
      sandbox.clock.advance(2 * 24 * 60 * 60 * 1000)
      expect((await client.call('get_usage', { days: 1 })).json.items).toEqual([])
      expect((await client.call('whoami')).json).toEqual({
        account: 'ada@example.com',
        plan: 'professional',
        entitled: true,
      })
      expect(left()).toBe(9997)
      expect(sandbox.usage('profundis', { account: 'ada' })).toHaveLength(3)
    })
  })

  test('Profundis: out of credits is a tool error, so that the credential is kept', async () => {
    await inside('profundis', async (client, sandbox) => {
      sandbox.accounts.update('profundis', 'ada', { monthlyCredits: 1 })
      expect((await client.call('search_dns', { domain: 'example.com' })).isError).toBe(false)
      expect(await client.call('search_dns', { domain: 'example.com' })).toMatchObject({
        isError: true,
        text: 'Not enough credits.',
      })
      expect((await client.call('get_credits')).json).toMatchObject({ remaining: 0 })
      expect(sandbox.journal.entries.every(({ status }) => status === 200 || status === 202 || status === 405)).toBe(
        true,
      )
    })
  })

  test('Pentographer: projects, findings, evidence and playbooks', async () => {
    await inside('pentographer', async (client, sandbox) => {
      expect(client.server).toMatchObject({ name: 'pentographer', version: '1.0.0' })
      expect(await client.tools()).toHaveLength(12)
      const text = async (name: string, args = {}): Promise<string> => (await client.call(name, args)).text
      expect(await text('list_projects')).toBe('• [acme-web] Acme web application — in_progress (Acme)')
      expect(await text('list_projects', { customerId: 'acme-customer' })).toContain('acme-web')
      expect(await text('list_projects', { customerId: 'nobody' })).toBe('No projects found.')
      expect(await text('get_project', { projectId: 'acme-web' })).toContain('Status: in_progress')
      // Another organisation's.
      expect(await text('get_project', { projectId: 'umbra-web' })).toBe('Project not found.')
      expect(await text('list_customers')).toBe('• [acme-customer] Acme <security@acme.example>')
      expect(await text('list_findings', { projectId: 'acme-web' })).toBe(
        '• [acme-finding-1] [MEDIUM] Session cookie without Secure — draft',
      )
      expect(await text('list_findings', { projectId: 'umbra-web' })).toBe('Project not found.')

      const created = await text('create_finding', {
        projectId: 'acme-web',
        title: 'SQL injection',
        riskLevel: 'high',
        description: 'In the log-in form.',
        cvssScore: 9.1,
      })
      const findingId = /\[(finding-[0-9a-f]{8})\]/.exec(created)?.[1] ?? ''
      expect(created).toBe(`Created finding [${findingId}]: "SQL injection" (high) on project acme-web`)
      expect(await text('create_finding', { projectId: 'umbra-web', title: 'x', riskLevel: 'low' })).toBe(
        'Project not found.',
      )
      expect(
        (await client.call('create_finding', { projectId: 'acme-web', title: 'x', riskLevel: 'huge' })).isError,
      ).toBe(true)
      expect(await text('update_finding_status', { findingId, status: 'confirmed' })).toBe(
        `Updated finding [${findingId}] status to "confirmed".`,
      )
      expect(await text('update_finding', { findingId, riskLevel: 'medium', remediation: 'Bind the values.' })).toBe(
        `Updated finding [${findingId}] with new version.`,
      )
      expect(await text('add_evidence_note', { findingId, note: "' or 1=1", label: 'request' })).toBe(
        `Appended evidence note to finding [${findingId}] (request).`,
      )
      const file = { filename: 'a b.png', mimeType: 'image/png', base64Data: 'aGVsbG8=', caption: 'the form' }
      expect(await text('upload_evidence', { findingId, ...file })).toMatch(/^Uploaded evidence .*\nURL: .*a_b\.png$/)
      const shown = await text('get_finding', { findingId })
      for (const part of [
        'Risk: MEDIUM',
        'Status: confirmed',
        'CVSS: 9.1',
        'Bind the values.',
        "' or 1=1",
        '![the form]',
      ]) {
        expect(shown).toContain(part)
      }
      for (const name of ['get_finding', 'update_finding', 'update_finding_status', 'add_evidence_note']) {
        const args = { findingId: 'umbra-finding-1', status: 'draft', note: 'x' }
        expect(await text(name, args)).toBe('Finding not found.')
      }
      expect(await text('list_playbooks')).toBe('• [acme-playbook] Web application (yours)')
      expect(await text('get_playbook', { playbookId: 'acme-playbook' })).toContain('[MEDIUM] Cookie attributes')
      expect(await text('get_playbook', { playbookId: 'umbra-playbook' })).toBe('Playbook not found.')

      // The same workspace as GraphQL.
      const graphql = await sandbox.fetch('https://app.pentographer.com/api/graphql', {
        method: 'POST',
        headers: {
          authorization: `Bearer ${sandbox.keys.create('pentographer').key}`,
          'content-type': 'application/json',
        },
        body: '{"query":"{ projects { findings { title status } } }"}',
      })
      expect(JSON.stringify(await graphql.json())).toContain('{"title":"SQL injection","status":"confirmed"}')
    })
  })

  test('Pentographer: the token of client credentials, until its client is deleted', async () => {
    const sandbox = createSandbox()
    const { clientId, clientSecret } = sandbox.clients.create('pentographer', { as: 'outsider' })
    const issued = await sandbox.fetch('https://app.pentographer.com/api/oauth/token', {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
      }),
    })
    const { access_token } = (await issued.json()) as { access_token: string }
    await using to = await reach(sandbox, way)
    await using client = await connect(kind, to, mcpUrls.pentographer, access_token)
    expect((await client.call('list_projects')).text).toContain('umbra-web')
    expect(sandbox.journal.entries.at(-1)?.credential).toMatchObject({ kind: 'access-token', valid: true })
    sandbox.clients.delete(clientId)
    await expect(client.call('list_projects')).rejects.toThrow()
  })

  test('Pendium, with the switch for API keys: every tool', async () => {
    await inside(
      'pendium',
      async (client, sandbox) => {
        expect((await client.tools()).sort()).toEqual([
          'get_account',
          'get_factsheet',
          'get_report',
          'get_scan_status',
          'lookup_brand_score',
          'query_knowledge',
          'scan_visibility',
          'send_feedback',
        ])
        const syntheticId = 'northwind-coffee'
        expect((await client.call('get_account')).json).toMatchObject({
          plan: 'pro',
          creditBalance: 500,
          agentCount: 1,
          agents: [{ syntheticId, latestScore: null }],
          _pendium: {},
        })
        expect((await client.call('scan_visibility', { syntheticId, maxQueries: 10 })).json).toMatchObject({
          success: true,
          scanTriggered: true,
          isNewAgent: false,
          mode: 'batch',
          maxQueries: 10,
          message: 'Scan triggered. Use get_scan_status to poll for results (every 30-60 seconds).',
        })
        expect(sandbox.accounts.get('pendium').creditBalance).toBe(490)
        sandbox.clock.advance(30_000)
        expect((await client.call('get_scan_status', { syntheticId })).json.status).toBe('running')
        sandbox.clock.advance(30_000)
        expect((await client.call('get_scan_status', { syntheticId })).json).toMatchObject({ progress: 100 })
        expect((await client.call('get_report', { syntheticId })).json.latestScore).toBeTypeOf('number')
        expect((await client.call('lookup_brand_score', { brand: 'Acme' })).json.score).toBeTypeOf('number')
        const knowledge = (await client.call('query_knowledge', { syntheticId, query: 'price', topK: 1 })).json
        expect(knowledge).toMatchObject({ brandName: 'Northwind Coffee', resultCount: 1, chunks: [{ score: 1 }] })
        expect((await client.call('get_factsheet', { syntheticId })).json).toMatchObject({
          topics: ['quality', 'price'],
        })
        const added = (await client.call('scan_visibility', { url: 'https://fabrikam.example', mode: 'full' })).json
        expect(added).toMatchObject({ isNewAgent: true, mode: 'full', maxQueries: 30 })

        sandbox.accounts.update('pendium', 'ada', { creditBalance: 5 })
        expect(await client.call('scan_visibility', { syntheticId })).toMatchObject({
          isError: true,
          text: 'Insufficient credits.',
        })
        sandbox.accounts.update('pendium', 'ada', { readOnly: true })
        expect((await client.call('scan_visibility', { syntheticId })).text).toContain('READ_ONLY')
        const refused = await client.call('get_report', { syntheticId: 'contoso-tea' })
        expect(refused).toMatchObject({
          isError: true,
          text: "Agent with syntheticId=contoso-tea not found or you don't have access. Use the get_account tool to see your agents.",
        })
        const note = { category: 'praise', summary: 'Good.' }
        for (let sent = 0; sent < 10; sent += 1) expect((await client.call('send_feedback', note)).isError).toBe(false)
        expect((await client.call('send_feedback', note)).isError).toBe(true)
        sandbox.clock.advance(60 * 60 * 1000)
        expect((await client.call('send_feedback', note)).isError).toBe(false)
      },
      { pendium: { apiKeyOnMcp: true } },
    )
  })
})

test.each(['pendium', 'pensyve', 'profundis', 'pentographer'] as const)(
  '%s: the facts name its tools',
  async (service) => {
    const sandbox = createSandbox({ pendium: { apiKeyOnMcp: true } })
    await using to = await reach(sandbox, 'in process')
    await using client = await connect('v2', to, mcpUrls[service], sandbox.keys.create(service).key)
    const known = facts[service].resources.find(({ kind }) => kind === 'mcp')?.tools ?? {}
    expect((await client.tools()).sort()).toEqual(Object.keys(known).sort())
  },
)

test('twenty calls at once are charged one by one', async () => {
  const sandbox = createSandbox()
  sandbox.accounts.update('profundis', 'ada', { monthlyCredits: 15 })
  await using to = await reach(sandbox, 'over HTTP')
  await using client = await connect('v2', to, mcpUrls.profundis, sandbox.keys.create('profundis').key)
  const calls = Array.from({ length: 20 }, () => client.call('search_dns', { domain: 'example.com' }))
  const refused = (await Promise.all(calls)).filter(({ isError }) => isError)
  expect(refused).toHaveLength(5)
  expect(sandbox.accounts.get('profundis').monthlyCredits).toBe(0)
  expect(sandbox.usage('profundis')).toHaveLength(15)
})
