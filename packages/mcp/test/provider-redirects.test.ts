import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { memoryStore } from '@pentauth/core'
import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { expect, it, onTestFinished } from 'vitest'
import { mcpService, oauthClientProvider } from '../src/index.ts'
import { authFor, issuer, mcpUrl, providerWorld, tokenAnswer } from './support/provider-world.ts'
import { redirectUri } from './support/sign-in.ts'

// The fetch beside a provider goes with a redirect as far as the origin reaches.

const bearer = { authorization: `Bearer ${tokenAnswer('one').access_token}` }
const post = { method: 'POST', body: '{}', headers: bearer }
const to = (location: string, status = 307) => new Response(null, { status, headers: { location } })

async function origin(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function signedInWorld(): Promise<ReturnType<typeof providerWorld>> {
  const world = providerWorld()
  await world.authProvider.saveTokens({ ...tokenAnswer('one'), issuer })
  await world.authProvider.tokens()
  return world
}

it.each([true, false])('takes nothing to another origin (a token of its own: %s)', async (isOwn) => {
  const stolen: unknown[] = []
  const foreign = await origin((request, response) => {
    stolen.push(request.headers)
    response.end()
  })
  const home = await origin((_, response) => void response.writeHead(307, { location: `${foreign}/mcp` }).end())
  const service = mcpService(`${home}/mcp`, { headers: { [home]: { 'cf-secret': testKey.token('gateway') } } })
  const { authProvider, fetch } = oauthClientProvider(authFor(service), {
    store: memoryStore(),
    redirectUri,
    redirect: () => undefined,
  })
  await authProvider.saveTokens({ ...tokenAnswer('one'), issuer })
  if (isOwn) await authProvider.tokens()
  const headers = { ...bearer, 'x-own': testKey.token('own') }
  for (const init of [{ headers }, { ...post, headers }, { ...post, headers, redirect: 'follow' as const }]) {
    const failure = await caught(fetch(`${home}/mcp`, init))
    expect(failure).toMatchObject({ code: 'redirect_refused', status: 307, service: service.id })
    expect(failure.message).toContain('with a redirect that leads to another origin. ')
    expectNoMarker(failure)
  }
  expect(stolen).toEqual([])
})

it.each([
  [307, post],
  [308, post],
  [302, { headers: bearer }],
])('follows a %i within the origin', async (status, init) => {
  const world = await signedInWorld()
  world.answer = ({ url }) => (url === mcpUrl ? to('/mcp/', status) : new Response('good'))
  const answer = await world.fetch(mcpUrl, init)
  expect([await answer.text(), answer.redirected]).toEqual(['good', true])
  const [first, second] = world.asked
  expect(second).toEqual({ ...first, url: `${mcpUrl}/` })
  expect(second?.headers.authorization).toBe(bearer.authorization)
})

it.each([
  ['leads to no http(s) URL', to('data:,x'), post],
  ['leads to a URL with a user or password', to('https://a:b@mcp.acme.example/mcp/'), post],
  ['leads to another origin', to('http://mcp.acme.example/mcp'), post],
  ['leads to another origin', to('https://mcp.acme.example:8443/mcp'), { headers: bearer }],
  ['would drop the request body', to('/mcp/', 303), post],
  ['needs a body that cannot be sent twice', to('/mcp/'), { ...post, body: new ReadableStream() }],
])('refuses a redirect that %s', async (why, answer, init) => {
  const world = await signedInWorld()
  world.answer = () => answer
  expect(await caught(world.fetch(mcpUrl, init))).toMatchObject({
    code: 'redirect_refused',
    message: expect.stringContaining(`Acme answered ${answer.status} at ${mcpUrl} with a redirect that ${why}. `),
  })
  expect(world.asked).toHaveLength(1)
})

it('ends a chain', async () => {
  const world = await signedInWorld()
  world.answer = () => to('/mcp')
  expect(await caught(world.fetch(mcpUrl))).toMatchObject({ message: expect.stringContaining('never ends') })
  expect(world.asked).toHaveLength(21)
})

it('leaves a redirect to the SDK that asks for it, and to the platform in a browser', async () => {
  const world = await signedInWorld()
  world.answer = () => to('https://evil.example/mcp')
  expect((await world.fetch(mcpUrl, { ...post, redirect: 'manual' })).status).toBe(307)
  const seen: unknown[] = []
  const page = providerWorld({
    runtime: {
      redirects: 'platform',
      fetch: async (_, init) => {
        seen.push(init?.redirect)
        return new Response()
      },
    },
  })
  for (const redirect of [undefined, 'follow', 'manual'] as const)
    await page.fetch(mcpUrl, redirect ? { ...post, redirect } : post)
  expect(seen).toEqual(['error', 'error', 'manual'])
})
