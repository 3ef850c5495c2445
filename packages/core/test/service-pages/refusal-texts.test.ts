import type { SandboxOptions } from '@pentauth/sandbox'
import { describe, expect, it } from 'vitest'
import { apiKey, type Service } from '../../src/index.ts'
import { pendium, pendra, pensyve, pentographer, profundis } from '../../src/services.ts'
import { describeOnBoth, refusalOf, send } from './world.ts'

// What REST, GraphQL and inference endpoints say to a missing and to a refused key, letter by letter; MCP is in mcp-refusals.test.ts.

interface Row {
  readonly service: Service
  readonly resource: string
  readonly path: string
  readonly body?: unknown
  readonly options?: SandboxOptions
  /** Status and the fields that hold the text. */
  readonly missing: readonly [status: number, body: Record<string, unknown>]
  readonly refused: readonly [status: number, body: Record<string, unknown>]
}

const noToken = { error: 'Authentication required. Connect via OAuth.' }
const badToken = { error: 'Invalid or expired OAuth token. Re-authenticate via OAuth.' }
const noPensyve = {
  error: 'unauthorized',
  message: 'Missing or invalid Authorization header. Use: Bearer psy_your_key',
}
const badPensyve = { error: 'forbidden', message: 'Invalid or revoked API key' }
const detail = { detail: 'Invalid or expired token' }
const messages = { model: 'qwen3.6:27b', max_tokens: 8, messages: [{ role: 'user', content: 'Hello' }] }

const rows: readonly Row[] = [
  // The page's texts speak of OAuth for every 401.
  { service: pendium, resource: 'rest', path: '/account', missing: [401, noToken], refused: [401, badToken] },
  {
    service: pendium,
    resource: 'rest',
    path: '/account',
    options: { pendium: { refusalTexts: 'older-page' } },
    missing: [
      401,
      { error: 'API key required. Add your Pendium API key as a Bearer token. Get one at https://pendium.ai/mcp' },
    ],
    refused: [401, { error: 'Invalid API key. Check your key at https://pendium.ai/mcp' }],
  },
  // Found in the gateway's source; the page has none.
  {
    service: pensyve,
    resource: 'rest',
    path: '/recall',
    body: { query: 'user preferences', namespace: 'my-agent' },
    missing: [401, noPensyve],
    refused: [403, badPensyve],
  },
  // Assumed.
  {
    service: profundis,
    resource: 'rest',
    path: '/subdomains',
    body: { domain: 'example.com' },
    missing: [401, { error: 'invalid_token', error_description: 'A Profundis credential is required.' }],
    refused: [401, { error: 'invalid_token', error_description: 'The credential is invalid or has been renewed.' }],
  },
  // The page: "a 401 Unauthorized status".
  {
    service: pentographer,
    resource: 'graphql',
    path: '',
    body: { query: '{ me { id } }' },
    missing: [401, { error: 'Unauthorized' }],
    refused: [401, { error: 'Unauthorized' }],
  },
  // Found in its error documentation.
  { service: pendra, resource: 'rest', path: '/models', missing: [401, detail], refused: [401, detail] },
  { service: pendra, resource: 'messages', path: '', body: messages, missing: [401, detail], refused: [401, detail] },
  {
    service: pendra,
    resource: 'responses',
    path: '',
    body: { model: 'qwen3.6:27b', input: 'Hello' },
    missing: [401, detail],
    refused: [401, detail],
  },
]

const codes: Readonly<Record<string, string>> = {
  'Authentication required. Connect via OAuth.': 'authentication_required',
  'API key required. Add your Pendium API key as a Bearer token. Get one at https://pendium.ai/mcp':
    'authentication_required',
  'Missing or invalid Authorization header. Use: Bearer psy_your_key': 'authentication_required',
}

const titleOf = ({ service, resource, path, options }: Row) =>
  `${service.name} ${resource} ${path} ${options ? JSON.stringify(options) : ''}`.trim()

describeOnBoth('The texts of a refusal', (world) => {
  const titled = rows.map((row) => ({ ...row, title: titleOf(row) }))
  describe.each(titled)('$title', ({ service, resource, path, body, options, ...row }) => {
    const url = () => `${world.at(service).resources[resource]?.url}${path}`
    const json = { 'content-type': 'application/json' }
    const init = body === undefined ? {} : { method: 'POST', headers: json, body: JSON.stringify(body) }
    const restart = () => (options ? world.restart(options) : undefined)
    const textOf = (said: Record<string, unknown>) =>
      String(said.message ?? said.error_description ?? said.detail ?? said.error)

    it('without a key', async () => {
      await restart()
      const [status, said] = row.missing
      const response = await fetch(url(), init)
      expect([response.status, await response.json()]).toEqual([status, expect.objectContaining(said)])
      expect(world.entries()[0]?.credential).toBeUndefined()
      const { key } = world.sandbox.keys.create(service.id as 'pendra')
      // The same answer to a request of ours, whose key got lost on the way.
      world.sandbox.faults.add({ service: service.id as 'pendium', times: 2, status, body: said })
      const error = await refusalOf(await send(world.auth(service, key), url(), body))
      expect(error).toMatchObject({ status, code: codes[textOf(said)] ?? 'credential_refused' })
      expect(error.message).toContain(`${status} ${JSON.stringify(textOf(said))}`)
    })

    it('with a key that was deleted', async () => {
      await restart()
      const [status, said] = row.refused
      const { id, key } = world.sandbox.keys.create(service.id as 'pendra')
      world.sandbox.keys.revoke(service.id as 'pendra', id)
      const response = await send(world.auth(service, apiKey(key)), url(), body)
      expect([response.status, await response.clone().json()]).toEqual([status, expect.objectContaining(said)])
      const error = await refusalOf(response)
      expect(error).toMatchObject({ status, code: 'credential_refused', service: service.id })
      expect(error.message).toContain(`refused the API key from option "credential" (${key.slice(0, 8)}…): ${status} `)
      expect(error.message).toContain(JSON.stringify(textOf(said)))
    })
  })

  it('other refusals', async () => {
    await world.restart({ pensyve: { rateLimit: 1 }, pendra: { rateLimit: 2 } })
    const { key } = world.sandbox.keys.create('pensyve', { scope: 'mcp:read' })
    const memory = `${world.at(pensyve).resources.rest.url}/remember`
    const said = async (service: Service, credential: string, url: string, body?: unknown) => {
      const response = await send(world.auth(service, credential), url, body)
      return [response.status, await response.clone().json(), (await refusalOf(response)).code]
    }
    const scope = "This API key's scope does not allow this operation."
    expect(await said(pensyve, key, memory, { entity: 'ada', fact: 'tea' })).toEqual([
      403,
      { error: 'forbidden', message: scope },
      'insufficient_scope',
    ])
    const limited = { error: 'rate_limited', message: 'Too many requests. Please retry later.', retryAfter: 60 }
    expect(await said(pensyve, key, memory, { entity: 'ada', fact: 'tea' })).toEqual([429, limited, 'rate_limited'])

    const pendraKey = world.sandbox.keys.create('pendra').key
    const base = world.at(pendra).resources.rest.url
    const model = { model: 'llama3.1:405b', messages: messages.messages }
    expect(await said(pendra, pendraKey, `${base}/chat/completions`, model)).toEqual([
      404,
      { detail: "Model 'llama3.1:405b' is in the catalogue but no connected worker has it installed yet" },
      'not_found',
    ])
    await send(world.auth(pendra, pendraKey), `${base}/models`)
    expect(await said(pendra, pendraKey, `${base}/models`)).toEqual([
      429,
      { detail: 'Rate limit exceeded' },
      'rate_limited',
    ])
  })
})
