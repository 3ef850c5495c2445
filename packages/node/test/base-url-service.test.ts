import { createSandbox, signInAt } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  createAuth,
  listAccounts,
  memoryStore,
  pendium,
  pensyve,
  profundis,
  type SignInRequest,
  signIn,
  signOut,
  switchAccount,
} from '../src/index.ts'

// One variable moves a service whole, where its new place says so itself: REST, MCP, and where people sign in.

const rest = {
  pendium: (url: string, call: typeof fetch) => call(`${url}/account`),
  pensyve: (url: string, call: typeof fetch) => call(`${url}/recall`, { method: 'POST', body: '{"query":"tea"}' }),
  profundis: (url: string, call: typeof fetch) =>
    call(`${url}/subdomains`, { method: 'POST', body: '{"domain":"contoso.example"}' }),
}
const initialize = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
})

async function place(service: typeof pendium | typeof pensyve | typeof profundis) {
  const sandbox = createSandbox()
  const server = await listen(sandbox, { onePortPerService: true })
  onTestFinished(() => server.close())
  const id = service.id as keyof typeof rest
  const origin = server.baseUrls[id]
  const asked: string[] = []
  const recording: typeof fetch = (input, init) => {
    asked.push(new URL(input instanceof Request ? input.url : input).origin)
    return fetch(input, init)
  }
  const env: Record<string, string> = { [`${id.toUpperCase()}_BASE_URL`]: origin }
  const options = { env, store: memoryStore(), runtime: { fetch: recording } }
  const present = (request: SignInRequest) =>
    request.way === 'redirect' && signInAt(fetch, request.url).then((callback) => fetch(callback))
  return { sandbox, id, origin, asked, env, options, present }
}

describe.each([pendium, pensyve, profundis])('$name by one base URL', (service) => {
  it('takes a key', async () => {
    const { sandbox, id, origin, asked, env, options } = await place(service)
    env[`${id.toUpperCase()}_API_KEY`] = sandbox.keys.create(id).key
    const auth = createAuth(service, options)
    expect((await rest[id](String(auth.service.resources.rest.url), auth.fetch)).status).toBe(200)
    expect(new Set(asked)).toEqual(new Set([origin]))
  })

  it('signs a person in, renews, and signs them out, and asks nobody else', async () => {
    const { sandbox, id, origin, asked, options, present } = await place(service)
    const auth = await signIn(service, { ...options, present, browser: true })
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
    const mcp = () => auth.fetch(String(auth.service.resources.mcp.url), { method: 'POST', headers, body: initialize })
    expect((await mcp()).status).toBe(200)
    sandbox.tokens.expire(id)
    expect((await mcp()).status).toBe(200)
    expect(sandbox.tokens.requests(id, 'refresh_token')).toBe(1)
    expect(await listAccounts(service, options)).toMatchObject([{ account: 'default', isCurrent: true }])
    await switchAccount(service, 'default', options)
    await signOut(service, options)
    expect(await listAccounts(service, options)).toEqual([])
    // Of the three only Pensyve has an endpoint for it.
    if (id === 'pensyve') expect(sandbox.apps.list(id)).toEqual([])
    expect(new Set(asked)).toEqual(new Set([origin]))
    expect(sandbox.journal.entries.filter(({ operation }) => operation === undefined)).toEqual([])
  })
})
