import { createServer } from 'node:http'
import { testKey } from '@pentauth/tooling/canary'
import { onTestFinished } from 'vitest'

export interface Asked {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** An answer: a status, a body (what is no text is sent as JSON), headers beside those that every answer has. */
export interface Said {
  readonly status?: number
  readonly body?: unknown
  /** An empty value takes a header away. */
  readonly headers?: Readonly<Record<string, string>>
}

export type Fields = Readonly<Record<string, unknown>>

/** What is unlike a server that does everything right. */
export interface Flaws {
  /** Fields of the protected resource metadata; `undefined` takes one away. */
  readonly resource?: Fields
  /** Fields of the authorization server metadata. */
  readonly server?: Fields
  /** Fields of the answer to a registration. */
  readonly client?: Fields
  /** Fields of token responses. */
  readonly tokens?: Fields
  /** The challenge, as a header. */
  readonly challenge?: string
  /** Headers of every answer. */
  readonly headers?: Readonly<Record<string, string>>
  /** Answers by method and path, in place of the right ones. */
  readonly routes?: Readonly<Record<string, (asked: Asked, right: () => Said) => Said>>
}

export interface Site {
  readonly origin: string
  readonly mcp: string
  readonly asked: readonly Asked[]
}

const forPages = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'www-authenticate, mcp-session-id',
  'access-control-allow-headers': 'authorization, content-type, mcp-protocol-version',
}

/** An MCP server and its authorization server on one port of this machine, right in everything but its flaws. */
export async function site(flaws: Flaws | ((origin: string) => Flaws) = {}): Promise<Site> {
  const asked: Asked[] = []
  let answer: (asked: Asked) => Said = () => ({})
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const one = {
      method: request.method ?? '',
      url: new URL(request.url ?? '/', origin),
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    }
    asked.push(one)
    const { status = 200, body = '', headers = {} } = answer(one)
    const isText = typeof body === 'string'
    const own = { ...forPages, ...(isText ? {} : { 'content-type': 'application/json' }), ...headers }
    response.writeHead(status, Object.fromEntries(Object.entries(own).filter(([, value]) => value !== '')))
    response.end(isText ? body : JSON.stringify(body))
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const own = typeof flaws === 'function' ? flaws(origin) : flaws
  answer = answers(origin, own)
  return { origin, mcp: `${origin}/mcp`, asked }
}

const noStore = { 'cache-control': 'no-store' }

function answers(origin: string, flaws: Flaws): (asked: Asked) => Said {
  const codes = new Map<string, URLSearchParams>()
  const refreshTokens = new Set<string>()
  const accessTokens = new Set<string>()
  const redirectUris = new Set<string>()
  let count = 0
  const challenge =
    flaws.challenge ?? `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp", scope="mcp"`
  const portless = (uri: string) => uri.replace(/^(http:\/\/127\.0\.0\.1):\d+/, '$1')

  const issue = (): Said => {
    count += 1
    const access_token = `${testKey.token(`access${count}`)}`
    const refresh_token = `${testKey.token(`refresh${count}`)}`
    accessTokens.add(access_token)
    refreshTokens.add(refresh_token)
    const body = { access_token, refresh_token, token_type: 'Bearer', expires_in: 600, scope: 'mcp', ...flaws.tokens }
    return { body, headers: noStore }
  }
  const invalid = (error: string): Said => ({ status: 400, body: { error }, headers: noStore })

  const routes: Record<string, (asked: Asked) => Said> = {
    'POST /mcp': ({ headers }) => {
      const { authorization } = headers
      if (accessTokens.has(String(authorization).replace('Bearer ', '')))
        return { body: { jsonrpc: '2.0', id: 1, result: {} } }
      const error = authorization === undefined || challenge.includes('error=') ? '' : ', error="invalid_token"'
      return { status: 401, body: { error: 'unauthorized' }, headers: { 'www-authenticate': challenge + error } }
    },
    'GET /.well-known/oauth-protected-resource/mcp': () => ({
      body: {
        resource: `${origin}/mcp`,
        authorization_servers: [origin],
        scopes_supported: ['mcp'],
        bearer_methods_supported: ['header'],
        ...flaws.resource,
      },
    }),
    'GET /.well-known/oauth-authorization-server': () => ({
      body: {
        issuer: origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        registration_endpoint: `${origin}/register`,
        revocation_endpoint: `${origin}/revoke`,
        device_authorization_endpoint: `${origin}/device`,
        response_types_supported: ['code'],
        grant_types_supported: ['authorization_code', 'refresh_token'],
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['none'],
        authorization_response_iss_parameter_supported: true,
        client_id_metadata_document_supported: true,
        ...flaws.server,
      },
    }),
    'POST /register': ({ body }) => {
      const metadata = JSON.parse(body)
      for (const uri of metadata.redirect_uris) redirectUris.add(portless(uri))
      const registration_client_uri = `${origin}/register/c1`
      const client = {
        client_id: 'c1',
        registration_client_uri,
        registration_access_token: testKey.token('registration'),
      }
      return { status: 201, body: { ...metadata, ...client, ...flaws.client } }
    },
    'DELETE /register/c1': () => ({ status: 204 }),
    'GET /authorize': ({ url }) => {
      const page = { 'content-type': 'text/html', 'content-security-policy': "frame-ancestors 'none'" }
      const { searchParams: query } = url
      const isKnown = redirectUris.has(portless(query.get('redirect_uri') ?? ''))
      return isKnown ? { body: '<h1>Sign in</h1>', headers: page } : { status: 400, body: '<h1>No</h1>', headers: page }
    },
    // What the page does when the person agrees.
    'GET /authorize/allow': ({ url }) => {
      const { searchParams: query } = url
      const code = `code${codes.size}-${testKey.token('code')}`
      codes.set(code, query)
      const back = new URL(query.get('redirect_uri') ?? '')
      back.search = new URLSearchParams({ code, state: query.get('state') ?? '', iss: origin }).toString()
      return { status: 302, headers: { location: back.href } }
    },
    'POST /token': ({ body }) => {
      const fields = new URLSearchParams(body)
      if (fields.get('grant_type') === 'refresh_token') {
        return refreshTokens.delete(fields.get('refresh_token') ?? '') ? issue() : invalid('invalid_grant')
      }
      return codes.delete(fields.get('code') ?? '') ? issue() : invalid('invalid_grant')
    },
    'POST /revoke': ({ body }) => {
      const token = new URLSearchParams(body).get('token') ?? ''
      accessTokens.delete(token)
      refreshTokens.delete(token)
      return {}
    },
  }
  return (asked) => {
    const name = `${asked.method} ${asked.url.pathname}`
    const missing = (): Said => ({ status: 404, body: { error: 'not_found' } })
    const preflight = (): Said => ({ status: 204 })
    const right = routes[name] ?? (asked.method === 'OPTIONS' ? preflight : missing)
    const said = flaws.routes?.[name]?.(asked, () => right(asked)) ?? right(asked)
    return { ...said, headers: { ...said.headers, ...flaws.headers } }
  }
}
