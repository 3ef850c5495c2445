import { createHash } from 'node:crypto'
import { testKey } from '@pentauth/tooling/canary'
import { defineService, type Service } from '../../src/index.ts'
import { type Answer, json, type Seen, serve, type TestServer } from './server.ts'

/** An authorization server and a resource of a made-up service, on this machine; each endpoint can answer otherwise. */
export interface World {
  readonly service: Service<'mcp'>
  readonly origin: string
  readonly server: TestServer
  /** The forms that were posted to the token endpoint. */
  readonly tokenRequests: () => readonly URLSearchParams[]
  /** What the person's browser comes back with. */
  readonly approve: (url: URL, changes?: Readonly<Record<string, string | null>>) => URL
}

export interface Endpoints {
  readonly metadata?: (origin: string) => Readonly<Record<string, unknown>>
  readonly resourceMetadata?: (origin: string) => Readonly<Record<string, unknown>>
  readonly token?: Answer
  readonly register?: Answer
  readonly revoke?: Answer
  /** The endpoint for pushed requests, where the metadata names `/par`. */
  readonly push?: Answer
  readonly mcp?: Answer
}

export async function authorizationServer(endpoints: Endpoints = {}): Promise<World> {
  const codes = new Map<string, { readonly challenge: string | null; readonly redirectUri: string | null }>()
  let made = 0
  let refreshToken: string | undefined

  const grant: Answer = (response, { body }) => {
    const form = new URLSearchParams(body)
    const fail = (error: string) => json(response, 400, { error })
    if (form.get('grant_type') === 'refresh_token') {
      if (form.get('refresh_token') !== refreshToken) return fail('invalid_grant')
    } else {
      const known = codes.get(form.get('code') ?? '')
      codes.delete(form.get('code') ?? '')
      const challenge = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url')
      if (!known || challenge !== known.challenge || form.get('redirect_uri') !== known.redirectUri)
        return fail('invalid_grant')
    }
    made += 1
    refreshToken = testKey.token(`refresh ${made}`)
    const tokens = { access_token: testKey.token(`access ${made}`), refresh_token: refreshToken }
    return json(response, 200, { ...tokens, token_type: 'Bearer', expires_in: 3600, scope: 'read' })
  }

  const server = await serve((response, seen, { origin }) => {
    const path = seen.path.split('?')[0]
    const answers: Readonly<Record<string, () => unknown>> = {
      '/.well-known/oauth-protected-resource/mcp': () =>
        json(response, 200, {
          resource: `${origin}/mcp`,
          authorization_servers: [origin],
          scopes_supported: ['read'],
          ...endpoints.resourceMetadata?.(origin),
        }),
      '/.well-known/oauth-authorization-server': () =>
        json(response, 200, {
          issuer: origin,
          authorization_endpoint: `${origin}/authorize`,
          token_endpoint: `${origin}/token`,
          registration_endpoint: `${origin}/register`,
          revocation_endpoint: `${origin}/revoke`,
          response_types_supported: ['code'],
          code_challenge_methods_supported: ['S256'],
          token_endpoint_auth_methods_supported: ['none'],
          authorization_response_iss_parameter_supported: true,
          ...endpoints.metadata?.(origin),
        }),
      '/register': () => (endpoints.register ?? register)(response, seen, server),
      '/token': () => (endpoints.token ?? grant)(response, seen, server),
      '/revoke': () => (endpoints.revoke ?? ((answer) => answer.end()))(response, seen, server),
      '/par': () => endpoints.push?.(response, seen, server) ?? response.writeHead(404).end(),
      '/mcp': () => (endpoints.mcp ?? ((answer) => json(answer, 200, { ok: true })))(response, seen, server),
    }
    return answers[path as string]?.() ?? response.writeHead(404).end()
  })

  const service = defineService({
    id: 'acme',
    name: 'Acme',
    // One that speaks MCP would be asked what it wants before each sign-in: challenge-probe.test.ts.
    resources: { mcp: { url: `${server.origin}/mcp`, protocol: 'rest', accessToken: true } },
    errors: [],
    recommendations: [],
    links: { docs: { where: 'Acme docs', url: 'https://acme.example/docs' } },
  }) as Service<'mcp'>

  return {
    service,
    origin: server.origin,
    server,
    tokenRequests: () =>
      server.seen.filter(({ path }) => path === '/token').map(({ body }) => new URLSearchParams(body)),
    approve(url, changes = {}) {
      const code = testKey.token(`code ${codes.size} ${url.searchParams.get('state')}`)
      const { searchParams: asked } = url
      codes.set(code, { challenge: asked.get('code_challenge'), redirectUri: asked.get('redirect_uri') })
      const callback = new URL(asked.get('redirect_uri') as string)
      const answer = { code, state: asked.get('state'), iss: server.origin, ...changes }
      for (const [name, value] of Object.entries(answer)) if (value !== null) callback.searchParams.set(name, value)
      return callback
    },
  }
}

const register: Answer = (response, { body }: Seen) =>
  json(response, 201, { ...JSON.parse(body), client_id: 'client-1', client_id_issued_at: 1 })
