import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { discover } from '../src/discovery.ts'
import { type NamedResource, pendium, pensyve, profundis, resourceFor, type Service } from '../src/index.ts'
import { clientFor } from '../src/registration.ts'
import { memoryStore } from '../src/store.ts'
import { flowFor } from './support/discovery.ts'

// At the documented origins, with the documented endpoints: what a program meets that signs somebody in.

const server = setupServer()
const asked: string[] = []
server.events.on('request:start', ({ request }) => void asked.push(`${request.method} ${request.url}`))
beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
afterEach(() => {
  server.resetHandlers()
  asked.length = 0
})
afterAll(() => server.close())

const services: Record<string, Service> = { pendium, pensyve, profundis }
const names = Object.keys(services)
const flowOf = (service: Service) => {
  const resource = service.resources.mcp as NamedResource
  return { ...flowFor(service), resource: resourceFor(service, resource.url) }
}
/** The service's own metadata, with the endpoints that its definition documents. */
const documents = (service: Service) => {
  const rules = service.oauth ?? ({} as never)
  const mcp = service.resources.mcp?.url ?? ''
  return [
    http.get(String(rules.protectedResourceMetadata), () =>
      HttpResponse.json({ resource: mcp, authorization_servers: [rules.issuer] }),
    ),
    http.get(String(rules.authorizationServerMetadata), () =>
      HttpResponse.json({
        issuer: rules.issuer,
        authorization_endpoint: rules.authorizationEndpoint,
        token_endpoint: rules.tokenEndpoint,
        registration_endpoint: rules.registrationEndpoint,
        ...(rules.revocationEndpoint ? { revocation_endpoint: rules.revocationEndpoint } : {}),
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['none'],
      }),
    ),
    http.post(String(rules.registrationEndpoint), async ({ request }) =>
      HttpResponse.json({ client_id: 'registered', ...((await request.json()) as object) }, { status: 201 }),
    ),
  ]
}
const nothing = http.get('*/.well-known/*', () => new HttpResponse(null, { status: 404 }))

describe.each(names)('%s', (name) => {
  const service = services[name] as Service
  const rules = service.oauth

  it('is found by its own metadata, and registers a client', async () => {
    server.use(...documents(service), nothing)
    const flow = flowOf(service)
    const found = await discover(flow)
    expect(found).toMatchObject({ source: 'metadata', resource: service.resources.mcp?.url })
    expect(found.server).toMatchObject({
      issuer: rules?.issuer,
      authorization_endpoint: rules?.authorizationEndpoint,
      token_endpoint: rules?.tokenEndpoint,
    })
    expect(asked.at(-1)).toBe(`GET ${rules?.authorizationServerMetadata}`)
    const options = { client: { name: 'Example' }, redirectUri: 'http://127.0.0.1:5000/callback', store: memoryStore() }
    expect(await clientFor(flow, found, options)).toMatchObject({
      clientId: 'registered',
      authMethod: 'none',
      issuer: rules?.issuer,
    })
    expect(asked.at(-1)).toBe(`POST ${rules?.registrationEndpoint}`)
  })

  it('is found by its definition where it has no metadata', async () => {
    server.use(nothing)
    const found = await discover(flowOf(service))
    expect(found).toMatchObject({ source: 'documented', resource: service.resources.mcp?.url })
    expect(found.server).toMatchObject({
      issuer: rules?.issuer,
      authorization_endpoint: rules?.authorizationEndpoint,
      token_endpoint: rules?.tokenEndpoint,
      registration_endpoint: rules?.registrationEndpoint,
    })
  })
})

it('gives Pensyve’s REST API the server and the resource of its MCP server', async () => {
  server.use(...documents(pensyve), nothing)
  const found = await discover({ ...flowFor(pensyve), resource: resourceFor(pensyve, 'https://api.pensyve.com/v1') })
  expect(found.resource).toBe('https://mcp.pensyve.com/mcp')
  expect(asked.every((request) => request.startsWith('GET https://mcp.pensyve.com/'))).toBe(true)
})
