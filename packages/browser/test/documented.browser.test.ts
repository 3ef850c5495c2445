import { pendium, pensyve, profundis, type Resource, type Service } from '@pentauth/core'
import { type ErrorFacts, facts, type JournalEntry } from '@pentauth/sandbox'
import { describe, expect, it, vi } from 'vitest'
import { type BrowserAuth, errorFrom, parseChallenge } from '../src/index.ts'
import { openWorld, type World } from './support/world.ts'

// What a page can ask of the services, at the addresses that their pages name: endpoints and refusals are the sandbox's own table.

vi.mock('../src/framed.ts', () => ({ isFramed: () => false }))

type Name = 'pendium' | 'pensyve' | 'profundis'
const services: readonly (readonly [Name, Service])[] = [
  ['pendium', pendium],
  ['pensyve', pensyve],
  ['profundis', profundis],
]
/** Resources that a person's token is good for. */
const resourcesOf = (service: Service) =>
  Object.entries<Resource>(service.resources).filter(([, { accessToken }]) => accessToken)

/** Arguments that some calls need to get so far as to be answered. */
const needed: Record<string, unknown> = {
  ...{ syntheticId: 'northwind-coffee', query: 'tea', entity: 'ada', fact: 'drinks tea', confidence: 1, name: 'ada' },
  ...{ content: 'tea', source_entity: 'ada', about_entity: 'ada', participants: ['ada'], outcome: 'success' },
  ...{ category: 'praise', summary: 'fine', domain: 'example.com', brand: 'contoso', namespace: 'notes' },
}

function post(auth: BrowserAuth, url: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  return auth.fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
}
const callTool = (auth: BrowserAuth, url: string, name: string, args: object = {}) =>
  post(auth, url, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } })

async function signedIn(service: Service, scope?: string) {
  const world = await openWorld()
  const auth = world.open(service)
  await world.signIn(auth, { scope })
  return { world, auth }
}

/** What arrived at a resource since the journal was cleared: each with one good token, in the header of the page. */
function expectGood(world: World, path: string): JournalEntry {
  const entries = world.sandbox.journal.entries.filter(({ url }) => url.startsWith(path))
  expect(entries).toHaveLength(1)
  expect(entries[0]?.credential).toMatchObject({ kind: 'access-token', header: 'authorization', valid: true })
  expect(world.requests.at(-1)?.headers.has('x-api-key')).toBe(false)
  return entries[0] as JournalEntry
}

describe.each(services)('%s', (name, service) => {
  const server = facts[name].authorizationServer
  const { tools = {}, url: mcp = '' } = facts[name].resources.find(({ kind }) => kind === 'mcp') ?? {}

  it('asks each endpoint of the sign-in where the page has it', async () => {
    const world = await openWorld()
    const auth = world.open(service)
    const refused = await fetch(mcp, { method: 'POST' })
    await world.signIn(auth, { challenge: parseChallenge(refused.headers.get('www-authenticate')) })
    await auth.signOut()
    const asked = new Set(world.requests.map(({ url, method }) => `${method} ${url.split('?')[0]}`))
    const wellKnown = `${new URL(server?.issuer ?? '').origin}/.well-known/oauth-authorization-server`
    const expected = [
      `GET ${server?.resourceMetadata}`,
      `GET ${wellKnown}`,
      `POST ${server?.register}`,
      `POST ${server?.token}`,
      ...(server?.revoke ? [`POST ${server.revoke}`] : []),
    ]
    expect([...asked].filter((call) => !expected.includes(call))).toEqual([`POST ${new URL(mcp)}`])
    expect(expected.filter((call) => !asked.has(call))).toEqual([])
    expect((await world.leaves(auth)).href.split('?')[0]).toBe(server?.authorize)
    expect(world.sandbox.apps.list(name)).toHaveLength(server?.revoke ? 0 : 1)
  })

  it.each(Object.keys(tools))('MCP: %s', async (tool) => {
    const { world, auth } = await signedIn(service)
    world.sandbox.journal.clear()
    const response = await callTool(auth, mcp, tool, needed)
    expect([response.status, await errorFrom(response)]).toEqual([200, undefined])
    expect(expectGood(world, mcp)).toMatchObject({ operation: 'mcp', method: 'POST' })
  })

  const rest = resourcesOf(service).filter(([, { protocol }]) => protocol === 'rest')
  const operations = rest.flatMap(([, resource]) =>
    (resource.operations ?? []).map((operation) => ({ ...operation, base: resource.url })),
  )
  it.runIf(operations.length > 0).each(operations)('REST: $method $path', async ({ base, path, method }) => {
    const { world, auth } = await signedIn(service)
    const episode = await post(auth, `${base}/episodes/start`, needed)
    const { episode_id } = episode.ok ? await episode.json() : {}
    world.sandbox.journal.clear()
    const body = { ...needed, episode_id }
    const response = method === 'GET' ? await auth.fetch(base + path) : await post(auth, base + path, body)
    expect([response.status, await errorFrom(response)]).toEqual([200, undefined])
    expect(expectGood(world, base + path).operation).toBeDefined()
  })

  const codes: Readonly<Record<string, string>> = {
    missingCredential: name === 'profundis' ? 'credential_refused' : 'authentication_required',
    invalidCredential: 'credential_refused',
    agentNotAccessible: 'agent_not_accessible',
    readOnly: 'read_only_account',
    insufficientScope: 'insufficient_scope',
    rateLimited: 'rate_limited',
    notEntitled: 'not_entitled',
    outOfCredits: 'insufficient_credits',
  }
  const refusals = Object.entries<ErrorFacts>(facts[name].errors).flatMap(([error, fact]) =>
    resourcesOf(service).map(([resource, { url }]) => ({ error, resource, url, fact })),
  )
  it.each(refusals)('$resource says $error', async ({ error, url, fact: { status, body, text } }) => {
    const { world, auth } = await signedIn(service)
    const headers: Record<string, string> =
      error === 'insufficientScope'
        ? { 'www-authenticate': 'Bearer error="insufficient_scope", scope="mcp:write"' }
        : {}
    const fault = world.sandbox.faults.add({
      origin: new URL(url).origin,
      path: /mcp|anything|^\/$/,
      status,
      body,
      headers,
    })
    const address = url === mcp ? url : `${url}/anything`
    const response = await auth.fetch(address)
    const refused = await errorFrom(response)
    fault.remove()
    expect(refused).toMatchObject({ code: codes[error], status, service: name })
    expect(refused?.hint?.length).toBeGreaterThan(20)
    if (error !== 'insufficientScope') expect(refused?.message).toContain(text.split('(')[0])
    // As fetch would have it.
    expect([response.status, await response.json()]).toEqual([status, body])
    expect(auth.session.status).toBe('signed_in')
  })

  it('a person says no', async () => {
    const world = await openWorld()
    const auth = world.open(service)
    await expect(world.signIn(auth, {}, { allow: false })).rejects.toMatchObject({
      code: 'sign_in_failed',
      parameters: { error: 'access_denied' },
    })
    expect(auth.session.status).toBe('signed_out')
    expect(world.sandbox.tokens.requests(name)).toBe(0)
  })
})

describe('what an authorization server may answer (RFC 6749 sections 4.1.2.1 and 5.2, RFC 7591 section 3.2.2, RFC 8707)', () => {
  const passing = ['server_error', 'temporarily_unavailable']
  const said = ['invalid_request', 'unauthorized_client', 'access_denied', 'unsupported_response_type', 'invalid_scope']

  it.each([...said, 'invalid_target', ...passing, 'of_its_own'])('in the callback: %s', async (error) => {
    const world = await openWorld()
    const auth = world.open(pensyve)
    const url = await world.leaves(auth)
    const callback = new URL('/callback', location.href)
    const state = url.searchParams.get('state') ?? ''
    const text = 'words that anybody may have made up'
    for (const [key, value] of Object.entries({
      error,
      state,
      iss: 'https://mcp.pensyve.com',
      error_description: text,
    }))
      callback.searchParams.set(key, value)
    const failure = await auth.finishSignIn(callback).catch((caught) => caught)
    const isPassing = passing.includes(error)
    expect(failure).toMatchObject({
      code: isPassing ? 'temporarily_unavailable' : 'sign_in_failed',
      retryable: isPassing,
    })
    expect(JSON.stringify(failure) + failure.message).not.toContain(text)
    expect(world.sandbox.tokens.requests('pensyve')).toBe(0)
    await expect.poll(() => auth.session.status).toBe('signed_out')
  })

  const atToken: readonly (readonly [string, string, Parameters<World['sandbox']['faults']['add']>[0]])[] = [
    ['invalid_grant', 'sign_in_failed', { status: 400, body: { error: 'invalid_grant' } }],
    ['invalid_client', 'client_refused', { status: 401, body: { error: 'invalid_client' } }],
    ['unauthorized_client', 'sign_in_failed', { status: 400, body: { error: 'unauthorized_client' } }],
    ['invalid_request', 'sign_in_failed', { status: 400, body: { error: 'invalid_request' } }],
    ['unsupported_grant_type', 'sign_in_failed', { status: 400, body: { error: 'unsupported_grant_type' } }],
    ['invalid_scope', 'sign_in_failed', { status: 400, body: { error: 'invalid_scope' } }],
    ['invalid_target', 'sign_in_failed', { status: 400, body: { error: 'invalid_target' } }],
    ['an answer that is no JSON', 'token_response_invalid', { garbage: true }],
    ['503', 'temporarily_unavailable', { status: 503, body: 'busy' }],
    ['429', 'temporarily_unavailable', { status: 429, headers: { 'retry-after': '0' }, body: {} }],
    ['a connection that breaks', 'temporarily_unavailable', { drop: true }],
  ]
  it.each(atToken)('for a code: %s', async (_, code, fault) => {
    const world = await openWorld()
    const auth = world.open(pensyve)
    world.sandbox.faults.add({ ...fault, path: '/oauth/token' })
    await expect(world.signIn(auth)).rejects.toMatchObject({ code })
    await expect.poll(() => auth.session.status).toBe('signed_out')
  })

  it.each(atToken)('for a refresh token: %s', async (what, _code, fault) => {
    const { world, auth } = await signedIn(pensyve)
    world.sandbox.clock.advance(3_600_000)
    world.sandbox.faults.add({ ...fault, path: '/oauth/token' })
    const failure = await auth.fetch(`${pensyve.resources.rest.url}/account`).catch((caught) => caught)
    const ends = /invalid_grant|invalid_client/.test(what)
    expect(failure.code === 'sign_in_required' || failure.code === 'client_refused').toBe(ends)
    await expect.poll(() => auth.session.status).toBe(ends ? 'ended' : 'signed_in')
  })

  it.each([
    'invalid_redirect_uri',
    'invalid_client_metadata',
    'invalid_software_statement',
    'unapproved_software_statement',
  ])('for a client: %s', async (error) => {
    const world = await openWorld()
    world.sandbox.faults.add({ path: '/oauth/register', status: 400, body: { error } })
    await expect(world.open(pensyve).signIn()).rejects.toMatchObject({ code: 'registration_failed' })
  })

  it.each<[string, RegExp]>([
    ['the resource', /oauth-protected-resource/],
    ['the server', /oauth-authorization-server|openid-configuration/],
  ])('for the metadata of %s: 503 is waited for, nonsense is not believed', async (_, path) => {
    const world = await openWorld()
    const busy = world.sandbox.faults.add({ path, status: 503 })
    await expect(world.open(pensyve).signIn()).rejects.toMatchObject({
      code: 'temporarily_unavailable',
      retryable: true,
    })
    busy.remove()
    world.sandbox.faults.add({ path, body: { issuer: 'https://evil.example', resource: 'https://evil.example/mcp' } })
    await expect(world.open(pensyve).signIn()).rejects.toMatchObject({ code: 'discovery_failed' })
  })

  it.each<[string, object]>([
    ['503', { status: 503 }],
    ['unsupported_token_type', { status: 400, body: { error: 'unsupported_token_type' } }],
    ['a connection that breaks', { drop: true }],
  ])('for a revocation: %s, and the person is signed out all the same', async (_, fault) => {
    const { world, auth } = await signedIn(pensyve)
    world.sandbox.faults.add({ path: '/oauth/revoke', ...fault } as never)
    await auth.signOut()
    expect(auth.session.status).toBe('signed_out')
    await expect
      .poll(() => world.events.find(({ type }) => type === 'signed_out'))
      .toMatchObject({ revocation: 'failed' })
    await expect(auth.fetch(`${pensyve.resources.rest.url}/account`)).rejects.toMatchObject({
      code: 'sign_in_required',
    })
  })
})
