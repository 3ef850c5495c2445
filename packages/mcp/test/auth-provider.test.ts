import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { type Auth, apiKey, createAuth, pendium, pensyve, signedIn } from '@pentauth/core'
import { caught, testKey } from '@pentauth/tooling/canary'
import { expect, it, onTestFinished } from 'vitest'
import { authProvider, pentauthErrorIn } from '../src/index.ts'
import { signInBy } from './support/sign-in.ts'
import { worldOf } from './support/world.ts'

// A stock transport of v2 with nothing but our `{ token, onUnauthorized }`.

const status = { name: 'pensyve_status', arguments: {} }

async function connected(auth: Auth, mode: 'legacy' | 'auto' = 'legacy'): Promise<Client> {
  const url = new URL(auth.service.resources.mcp?.url ?? '')
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } })
  onTestFinished(() => client.close())
  await client.connect(new StreamableHTTPClientTransport(url, { authProvider: authProvider(auth) }))
  return client
}

it('is these two functions and nothing else', async () => {
  const world = await worldOf(pensyve)
  expect(Object.keys(authProvider(world.auth()))).toEqual(['token', 'onUnauthorized'])
  expect(() => authProvider(world.auth(), { resource: 'tea' })).toThrow(/has no resource "tea"/)
})

it.each(['with a clock that is right', 'with one that stands still'])(
  'renews once for 20 calls, where refresh tokens work once, %s',
  async (clock) => {
    const world = await worldOf(pensyve, { pensyve: { refreshRotation: 'strict' } })
    await signInBy(world.service, world.shared)
    const runtime = clock === 'with a clock that is right' ? world.shared.runtime : {}
    const credential = signedIn({ store: world.store })
    const client = await connected(createAuth(world.service, { credential, runtime }))
    world.sandbox.clock.advance(7200_000)
    const before = world.sandbox.tokens.requests('pensyve', 'refresh_token')
    const calls = Array.from({ length: 20 }, () => client.callTool(status))
    expect(await Promise.all(calls)).toHaveLength(20)
    expect(world.sandbox.tokens.requests('pensyve', 'refresh_token') - before).toBe(1)
  },
)

it('sends a key, and says that it was refused', async () => {
  const world = await worldOf(pensyve)
  const { key, id } = world.sandbox.keys.create('pensyve')
  const auth = world.auth(apiKey(key))
  const client = await connected(auth)
  expect((await client.listTools()).tools).toHaveLength(9)
  world.sandbox.keys.revoke('pensyve', id)
  const failure = await caught(client.callTool(status))
  expect(pentauthErrorIn(failure)).toMatchObject({ code: 'credential_refused', status: 401 })
})

it.each(['legacy', 'auto'] as const)('says that nobody is signed in, as it is (%s)', async (mode) => {
  const world = await worldOf(pensyve)
  expect(await caught(connected(world.auth(), mode))).toMatchObject({ code: 'sign_in_required' })
})

it('says that a session is over', async () => {
  const world = await worldOf(pensyve)
  await signInBy(world.service, world.shared)
  const client = await connected(world.auth())
  world.sandbox.clock.advance(7200_000)
  world.sandbox.faults.add({ service: 'pensyve', path: '/oauth/token', status: 400, body: { error: 'invalid_grant' } })
  expect(pentauthErrorIn(await caught(client.callTool(status)))).toMatchObject({ code: 'sign_in_required' })
})

it('says that the server is in trouble', async () => {
  const world = await worldOf(pensyve)
  await signInBy(world.service, world.shared)
  const client = await connected(world.auth())
  world.sandbox.clock.advance(7200_000)
  world.sandbox.faults.add({ service: 'pensyve', path: '/oauth/token', status: 503, headers: { 'retry-after': '9' } })
  const failure = pentauthErrorIn(await caught(client.callTool(status)))
  expect(failure).toMatchObject({ code: 'temporarily_unavailable', retryAfter: 9 })
})

it('gives nothing that does not travel as Bearer', async () => {
  const world = await worldOf(pendium)
  const key = testKey.pendium()
  expect(await caught(authProvider(world.auth(apiKey(key))).token())).toMatchObject({ code: 'credential_not_accepted' })
  const bound: Auth = { ...world.auth(), headers: async () => ({ authorization: `DPoP ${testKey.token()}`, dpop: '' }) }
  expect(await caught(authProvider(bound).token())).toMatchObject({
    code: 'credential_not_accepted',
    message: expect.stringContaining('do not travel as Bearer'),
  })
})
