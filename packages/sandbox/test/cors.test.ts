import { afterEach, describe, expect, test } from 'vitest'
import { createSandbox, type Fault, type Sandbox, type SandboxOptions, type ServiceName } from '../src/index.ts'
import { listen, type SandboxServer } from '../src/server.ts'

// What a browser would see: a page of another origin, over real HTTP, by the rules of the Fetch standard.

const page = 'http://localhost:5173'
const open: SandboxServer[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

interface Call {
  readonly service: ServiceName
  readonly url: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

const mcp = {
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2025-06-18',
  'mcp-session-id': 's',
}
const listTools = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
const surfaces: Readonly<Record<string, Call>> = {
  'Pendium REST': { service: 'pendium', url: 'https://pendium.ai/api/visibility/account' },
  'Pendium MCP': { service: 'pendium', url: 'https://pendium.ai/mcp', method: 'POST', headers: mcp, body: listTools },
  'Pensyve REST': {
    service: 'pensyve',
    url: 'https://api.pensyve.com/v1/recall',
    method: 'POST',
    body: '{"query":"a"}',
  },
  'Pensyve MCP': {
    service: 'pensyve',
    url: 'https://mcp.pensyve.com/mcp',
    method: 'POST',
    headers: mcp,
    body: listTools,
  },
  'Profundis REST': {
    service: 'profundis',
    url: 'https://api.profundis.io/api/v2/common/data/subdomains',
    method: 'POST',
    body: '{"domain":"example.com"}',
  },
  'Profundis MCP': {
    service: 'profundis',
    url: 'https://mcp.profundis.io/',
    method: 'POST',
    headers: mcp,
    body: listTools,
  },
  'Pentographer GraphQL': {
    service: 'pentographer',
    url: 'https://app.pentographer.com/api/graphql',
    method: 'POST',
    body: '{"query":"{ me { id } }"}',
  },
  'Pentographer MCP': {
    service: 'pentographer',
    url: 'https://app.pentographer.com/api/mcp',
    method: 'POST',
    headers: mcp,
    body: listTools,
  },
  'Pendra REST': { service: 'pendra', url: 'https://api.pendra.ai/api/v1/models' },
}
const names = Object.keys(surfaces)

async function start(
  options?: SandboxOptions,
): Promise<{ sandbox: Sandbox; origins: Readonly<Record<string, string>> }> {
  const sandbox = createSandbox(options)
  const server = await listen(sandbox)
  open.push(server)
  return { sandbox, origins: server.origins }
}

type Origins = Readonly<Record<string, string>>

/** What the page gets: a `TypeError` where its browser would refuse to send the request or to show the answer. */
async function fromPage(
  origins: Origins,
  name: string,
  credential: Record<string, string>,
  path?: string,
): Promise<Response> {
  const call = surfaces[name] as Call
  const { origin, pathname } = new URL(call.url)
  const url = origins[origin] + (path ?? pathname)
  const headers = {
    ...call.headers,
    ...credential,
    ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  const unsafe = Object.keys(headers).filter((one) => one !== 'accept')
  const method = call.method ?? 'GET'
  if (unsafe.length > 0) {
    const asked = { 'access-control-request-method': method, 'access-control-request-headers': unsafe.join(',') }
    const preflight = await fetch(url, { method: 'OPTIONS', headers: { origin: page, ...asked } })
    const list = (header: string): string[] => (preflight.headers.get(header) ?? '').toLowerCase().split(/\s*,\s*/)
    const allowed = preflight.ok && isFor(page, preflight)
    if (!allowed || !unsafe.every((one) => list('access-control-allow-headers').includes(one.toLowerCase())))
      throw new TypeError('preflight')
    if (!list('access-control-allow-methods').includes(method.toLowerCase())) throw new TypeError('method')
  }
  const response = await fetch(url, { method, headers: { ...headers, origin: page }, body: call.body ?? null })
  if (!isFor(page, response)) throw new TypeError('answer')
  return response
}

const isFor = (origin: string, { headers }: Response): boolean =>
  ['*', origin].includes(headers.get('access-control-allow-origin') ?? '')

const bearer = (secret: string): Record<string, string> => ({ authorization: `Bearer ${secret}` })

async function credentialOf(sandbox: Sandbox, name: string): Promise<Record<string, string>> {
  const { service } = surfaces[name] as Call
  if (name === 'Pendium REST') return { 'x-api-key': sandbox.keys.create('pendium').key }
  if (service === 'pentographer' || service === 'pendra') return bearer(sandbox.keys.create(service).key)
  const resource = name === 'Pendium MCP' ? { resource: 'https://pendium.ai/mcp' } : {}
  return bearer((await sandbox.tokens.issue(service, resource)).accessToken)
}

const caught = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'readable',
    (error: unknown) => (error instanceof TypeError ? error.message : error),
  )

describe.each(names)('%s', (name) => {
  const { service, url } = surfaces[name] as Call

  test('a page calls it with its credential', async () => {
    const { sandbox, origins } = await start()
    const response = await fromPage(origins, name, await credentialOf(sandbox, name))
    expect(response.status).toBe(200)
    expect(sandbox.journal.entries.map(({ method, status }) => [method, status])).toEqual([
      ['OPTIONS', 204],
      [(surfaces[name] as Call).method ?? 'GET', 200],
    ])
  })

  test('a page reads why it is refused, and faults too', async () => {
    const { sandbox, origins } = await start()
    const credential = name === 'Pendium REST' ? { 'x-api-key': 'wrong' } : bearer('wrong')
    const refused = await fromPage(origins, name, credential)
    expect([401, 403]).toContain(refused.status)
    const shown = (refused.headers.get('access-control-expose-headers') ?? '').split(', ')
    expect(shown).toEqual(expect.arrayContaining(['www-authenticate', 'mcp-session-id', 'retry-after']))
    for (const fault of [
      { status: 503, headers: { 'retry-after': '1' } },
      { garbage: true as const },
      { status: 429 },
    ]) {
      sandbox.faults.add({ ...fault, times: 1 })
      expect((await fromPage(origins, name, credential)).status).toBe('status' in fault ? fault.status : 200)
    }
  })

  test('unless the switch of the service is off', async () => {
    const { sandbox, origins } = await start({ [service]: { cors: false } })
    expect(await caught(fromPage(origins, name, await credentialOf(sandbox, name)))).toBe('preflight')
    const bare = await fetch(`${origins[new URL(url).origin]}${new URL(url).pathname}`, { headers: { origin: page } })
    expect(bare.headers.has('access-control-allow-origin')).toBe(false)
  })

  test('or a fault takes it away', async () => {
    const { sandbox, origins } = await start()
    const credential = await credentialOf(sandbox, name)
    const fault = sandbox.faults.add({ service, cors: false })
    expect(await caught(fromPage(origins, name, credential))).toBe('preflight')
    fault.remove()
    expect((await fromPage(origins, name, credential)).status).toBe(200)
  })
})

test('a path that an API does not have is a 404 that a page can read', async () => {
  const { sandbox, origins } = await start()
  expect(
    (await fromPage(origins, 'Pensyve REST', bearer(sandbox.keys.create('pensyve').key), '/v1/nowhere')).status,
  ).toBe(404)
  expect((await fromPage(origins, 'Pendra REST', bearer('wrong'), '/api/v1/nowhere')).status).toBe(404)
})

test('a rate limit is readable, with the time to wait', async () => {
  const { sandbox, origins } = await start({ pensyve: { rateLimit: 1 } })
  const credential = await credentialOf(sandbox, 'Pensyve REST')
  await fromPage(origins, 'Pensyve REST', credential)
  const response = await fromPage(origins, 'Pensyve REST', credential)
  expect([response.status, response.headers.get('retry-after')]).toEqual([429, '60'])
})

test('pages for people are for no other page', async () => {
  const { origins } = await start()
  for (const path of ['/settings/api-keys', '/authorize?client_id=x']) {
    const response = await fetch(origins['https://pendium.ai'] + path, { headers: { origin: page } })
    expect([path, response.headers.has('access-control-allow-origin')]).toEqual([path, false])
  }
})

describe('faults and preflights', () => {
  const token = 'https://mcp.pensyve.com/oauth/token'
  const ask = (sandbox: Sandbox, method: string) =>
    sandbox.fetch(token, { method: 'OPTIONS', headers: { origin: page, 'access-control-request-method': method } })

  test.each<Fault>([{ status: 503 }, { drop: true }, { status: 503, method: 'POST' }])(
    '%j is kept for the request',
    async (fault) => {
      const sandbox = createSandbox()
      sandbox.faults.add({ ...fault, times: 1 })
      expect((await ask(sandbox, 'POST')).status).toBe(204)
      const outcome = await sandbox.fetch(token, { method: 'POST' }).then(
        ({ status }) => status,
        () => 'dropped',
      )
      expect(outcome).toBe(fault.status ?? 'dropped')
    },
  )

  test('one for OPTIONS meets the preflight', async () => {
    const sandbox = createSandbox()
    sandbox.faults.add({ method: 'OPTIONS', status: 500 })
    expect((await ask(sandbox, 'POST')).status).toBe(500)
    expect((await sandbox.fetch(token, { method: 'POST' })).status).toBe(400)
  })

  test('`cors: false` with a method meets the preflight for that method', async () => {
    const sandbox = createSandbox()
    sandbox.faults.add({ path: '/oauth/token', method: 'POST', cors: false, status: 503 })
    expect((await ask(sandbox, 'GET')).headers.get('access-control-allow-origin')).toBe('*')
    expect((await ask(sandbox, 'POST')).headers.has('access-control-allow-origin')).toBe(false)
    const refused = await sandbox.fetch(token, { method: 'POST' })
    expect([refused.status, refused.headers.has('access-control-allow-origin')]).toEqual([503, false])
  })

  test('what a fault says of its own stays', async () => {
    const sandbox = createSandbox()
    const headers = { 'access-control-allow-origin': 'https://other.example' }
    sandbox.faults.add({ status: 200, headers })
    const response = await sandbox.fetch(token, { method: 'POST' })
    expect(response.headers.get('access-control-allow-origin')).toBe('https://other.example')
  })
})
