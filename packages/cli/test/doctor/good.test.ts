import { expect, it } from 'vitest'
import { rules } from '../../src/doctor/rules.ts'
import { broken, examined } from '../support/examined.ts'
import { site } from '../support/site.ts'

it('finds nothing at a server that does everything right, and meets every rule there', async () => {
  const { mcp, asked } = await site()
  const report = await examined(mcp, { signIn: true })
  expect(broken(report)).toEqual([])
  const met = report.steps.flatMap(({ findings }) => findings.map(({ id }) => id))
  // Of these there is nothing to say unless they are broken, or the server wants something special.
  const others = ['resource.several', 'server.pushed', 'token.audience']
  expect(Object.keys(rules).filter((id) => !met.includes(id as never))).toEqual(others)
  expect(report.counts).toEqual({ ok: met.length, info: 0, warning: 0, error: 0 })
  expect(asked.length).toBeLessThanOrEqual(report.exchanges.length + 1)
})

it('takes a client that was made by hand, and registers none', async () => {
  const { mcp, asked } = await site({
    routes: { 'GET /authorize': () => ({ body: '<h1>Sign in</h1>', headers: page }) },
  })
  const report = await examined(mcp, { server: { client: { clientId: 'by-hand' } }, register: true })
  expect(broken(report)).toEqual([])
  expect(asked.some(({ method, url }) => method === 'POST' && url.pathname === '/register')).toBe(false)
  expect(asked.find(({ url }) => url.pathname === '/authorize')?.url.searchParams.get('client_id')).toBe('by-hand')
  const { notes } = report.steps[6] ?? {}
  expect(notes).toEqual(['Not asked: there is a client already (--client-id, --client-metadata).'])
})

it('takes a metadata document where the server does', async () => {
  const { mcp, asked } = await site({
    routes: { 'GET /authorize': () => ({ body: '<h1>Sign in</h1>', headers: page }) },
  })
  const metadataUrl = 'https://app.example/client.json'
  await examined(mcp, { server: { client: { metadataUrl } } })
  expect(asked.find(({ url }) => url.pathname === '/authorize')?.url.searchParams.get('client_id')).toBe(metadataUrl)
})

it('leaves a pushed request as it is', async () => {
  const { mcp, asked } = await site((origin) => ({
    server: { require_pushed_authorization_requests: true, pushed_authorization_request_endpoint: `${origin}/push` },
    routes: {
      'POST /push': () => ({ status: 201, body: { request_uri: 'urn:example:1', expires_in: 60 } }),
      'GET /authorize': () => ({ body: '<h1>Sign in</h1>', headers: page }),
    },
  }))
  expect(broken(await examined(mcp, { register: true }))).toEqual([])
  expect(asked.filter(({ url }) => url.pathname === '/authorize')).toHaveLength(1)
})

it('goes on with the endpoints of the first revision where it is told of them', async () => {
  const gone = () => ({ status: 404 })
  const { mcp } = await site({
    challenge: 'Bearer scope="mcp"',
    routes: {
      'GET /.well-known/oauth-protected-resource/mcp': gone,
      'GET /.well-known/oauth-authorization-server': gone,
    },
  })
  const report = await examined(mcp, { server: { legacyEndpoints: true }, signIn: true })
  expect(broken(report)).toEqual(['warning challenge.resource_metadata', 'error resource.found', 'error server.found'])
  expect(JSON.stringify(report.steps[3]?.notes)).toContain('--legacy-endpoints')
  expect(report.steps[8]?.findings.map(({ id }) => id)).toContain('token.rotated')
})

it('ends the MCP sessions that it began', async () => {
  const { mcp, asked } = await site({
    routes: {
      'POST /mcp': (_, right) => ({ ...right(), headers: { ...right().headers, 'mcp-session-id': 'session-1' } }),
    },
  })
  await examined(mcp, { signIn: true })
  const ended = asked.filter(({ method, url }) => method === 'DELETE' && url.pathname === '/mcp')
  expect(ended[0]?.headers).toMatchObject({ 'mcp-session-id': 'session-1' })
})

const page = { 'content-type': 'text/html', 'x-frame-options': 'DENY' }
