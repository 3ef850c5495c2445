import type { Flow } from '../../src/flow.ts'
import { defineService, type PentauthEvent, type Runtime, resourceFor, type Service } from '../../src/index.ts'
import { defaultRuntime } from '../../src/runtime.ts'
import { type Answer, json, serve, type TestServer } from './server.ts'

/** What a path answers: an object as JSON, a number as a bare status, or anything by hand. */
export type Route = object | number | Answer
export type Routes = Readonly<Record<string, Route>>

/** A server of this machine with some paths; the others are not found. */
export async function site(routes: (origin: string) => Routes): Promise<TestServer> {
  return serve((response, seen, server) => {
    const route = routes(server.origin)[seen.path] ?? 404
    if (typeof route === 'function') return (route as Answer)(response, seen, server)
    if (typeof route === 'number') return response.writeHead(route).end()
    return json(response, 200, route)
  })
}

export const resourcePath = '/.well-known/oauth-protected-resource'
export const serverPath = '/.well-known/oauth-authorization-server'
export const openidPath = '/.well-known/openid-configuration'

export const resourceDocument = (origin: string, more: object = {}) => ({
  resource: `${origin}/mcp`,
  authorization_servers: [origin],
  ...more,
})
export const serverDocument = (issuer: string, more: object = {}) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  registration_endpoint: `${issuer}/register`,
  jwks_uri: `${issuer}/jwks`,
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['none', 'client_secret_basic'],
  ...more,
})

/** A service with one MCP resource, and no more than is given. */
export function acmeAt(url: string, more: Partial<Service> = {}): Service {
  return defineService({
    id: 'acme',
    name: 'Acme',
    resources: { mcp: { url, protocol: 'mcp', accessToken: true } },
    errors: [],
    recommendations: [],
    links: { docs: { where: 'Acme docs', url: 'https://acme.example/docs' } },
    ...more,
  } as Service)
}

/** A flow for the service's first resource, with what it says. */
export function flowFor(service: Service, runtime: Partial<Runtime> = {}): Flow & { readonly events: PentauthEvent[] } {
  const events: PentauthEvent[] = []
  const first = Object.values(service.resources)[0]?.url ?? ''
  return {
    service,
    resource: resourceFor(service, first),
    runtime: { ...defaultRuntime(), ...runtime },
    emit: (facts) => void events.push({ service: service.id, ...facts } as PentauthEvent),
    events,
  }
}

/** A flow for `/mcp` on a server of this machine. */
export const flowAt = (origin: string, runtime: Partial<Runtime> = {}, more: Partial<Service> = {}) =>
  flowFor(acmeAt(`${origin}/mcp`, more), runtime)

export const pathsOf = ({ seen }: TestServer) => seen.map(({ path }) => path)
