import type { Exchange } from '../service.ts'
import { resourceOf, scopesOf } from './authorization-request.ts'
import type { AuthenticateClient } from './client-authentication.ts'
import type { Codes } from './codes.ts'
import type { ServerContext } from './configuration.ts'
import type { DeviceCodes } from './device-codes.ts'
import type { Grant, Grants } from './grants.ts'
import type { Issue, TokenAnswer } from './issue.ts'
import type { OAuthClient } from './oauth-client.ts'
import { formFields, noStore, type OrRefusal, oauthProblem } from './oauth-problem.ts'
import { challengeOf } from './pkce.ts'
import { exchanged, type Workloads, workloadGrants } from './workload-identity.ts'

/** What the token endpoint works with. */
export interface TokenParts {
  readonly context: ServerContext
  readonly authenticate: AuthenticateClient
  readonly grants: Grants
  readonly codes: Codes
  readonly devices: DeviceCodes
  readonly workloads: Workloads
  readonly issue: Issue
  /** Called with the grant type of every request, also of one that is refused. */
  count(grantType: string): void
}

interface TokenRequest {
  readonly fields: ReadonlyMap<string, string>
  readonly client: OAuthClient
  readonly exchange: Exchange
}

type GrantType = (request: TokenRequest) => Promise<OrRefusal<TokenAnswer>>

/** The token endpoint: a code, a refresh token or a device code for tokens. */
export function createTokenEndpoint(parts: TokenParts): (exchange: Exchange) => Promise<Response> {
  const { context, authenticate, grants, codes, devices, workloads, issue, count } = parts
  const { configuration, options, accounts } = context
  const lifetime = configuration.refreshTokenLifetime

  const add: Grants['add'] = (grant) => {
    if (options.lastLoginWins === true) grants.revoke({ account: grant.account })
    return grants.add(grant)
  }

  const begin = (grant: Grant, { exchange }: TokenRequest): Promise<TokenAnswer> => {
    const account = accounts.get(configuration.service, grant.account)
    exchange.identity = { ...exchange.identity, holder: { account } }
    const refreshToken = (): Promise<string> => grants.newRefreshToken(grant, lifetime)
    return issue(grant, { outside: exchange.outside, ...(grant.mayRefresh ? { refreshToken } : {}) })
  }

  const byCode: GrantType = async (request) => {
    const { fields, client, exchange } = request
    const value = fields.get('code')
    const verifier = fields.get('code_verifier')
    if (value === undefined || verifier === undefined) return invalid('request', 'code and code_verifier are required.')
    const [code, challenge] = [await codes.find(value), await challengeOf(verifier)]
    if (code === undefined || code.request.client.id !== client.id) return invalid('grant', 'The code is unknown.')
    // Nothing is awaited from here to where the code is used up, so that of two requests at once only one gets tokens.
    if (code.grant !== undefined) {
      code.grant.revoked = true
      return invalid('grant', 'The code was used before; its tokens were revoked.')
    }
    if (codes.isOver(code)) return invalid('grant', 'The code has expired.')
    const { redirectUri, scopes, resource } = code.request
    if (fields.get('redirect_uri') !== redirectUri) return invalid('grant', 'redirect_uri is not that of the request.')
    if (challenge !== code.request.challenge) return invalid('grant', 'code_verifier does not fit the challenge.')
    if (!names(resource, exchange, fields)) return invalid('target', 'resource is not that of the request.')
    code.grant = add({ ...belonging(client), account: code.account, scopes, resource })
    return begin(code.grant, request)
  }

  const byRefreshToken: GrantType = async ({ fields, client, exchange }) => {
    const value = fields.get('refresh_token')
    if (value === undefined) return invalid('request', 'refresh_token is required.')
    const token = await grants.findRefreshToken(value)
    if (token === undefined || token.grant.clientId !== client.id)
      return invalid('grant', 'The refresh token is unknown.')
    const { grant } = token
    if (!names(grant.resource, exchange, fields)) return invalid('target', 'resource is not that of the grant.')
    const asked = fields.get('scope')
    const scopes = asked === undefined ? grant.scopes : scopesOf(asked, configuration.scopes, { scopes: grant.scopes })
    if (scopes === undefined) return invalid('scope', 'scope has more than was granted.')
    const rotation = options.refreshRotation ?? 'strict'
    const use = grants.use(token, rotation)
    if (use !== 'good') return invalid('grant', refusals[use])
    exchange.identity = {
      ...exchange.identity,
      holder: { account: accounts.get(configuration.service, grant.account) },
    }
    const refreshToken = (): Promise<string> => grants.newRefreshToken(grant, lifetime, token)
    return issue(grant, { outside: exchange.outside, scopes, ...(rotation === 'none' ? {} : { refreshToken }) })
  }

  const byDeviceCode: GrantType = async (request) => {
    const { fields, client } = request
    const value = fields.get('device_code')
    if (value === undefined) return invalid('request', 'device_code is required.')
    const found = await devices.poll(value, client.id)
    if (typeof found === 'string') return oauthProblem(found, deviceProblems[found])
    const { account, scopes, resource } = found
    return begin(add({ ...belonging(client), account, scopes, resource }), request)
  }

  const byClient: GrantType = async (request) => {
    const { fields, client, exchange } = request
    if (client.authMethod === 'none') return oauthProblem('unauthorized_client', 'The client proves nothing.')
    const asked = fields.get('resource')
    const resource = resourceOf(asked === undefined ? [] : [asked], configuration.resources, exchange.outside)
    if (resource === undefined) return invalid('target', 'resource is none of this service.')
    const scopes = scopesOf(fields.get('scope'), configuration.scopes, client)
    if (scopes === undefined) return invalid('scope', 'scope has more than the client may have.')
    const account = accounts.get(configuration.service).id
    return begin(add({ ...belonging(client), mayRefresh: false, account, scopes, resource }), request)
  }

  const byWorkload: GrantType = async (request) => {
    const { fields, client, exchange } = request
    const grant = await workloads.grantFor(fields, exchange.outside)
    if (grant instanceof Response) return grant
    const answer = await begin(add({ ...belonging(client), mayRefresh: false, ...grant }), request)
    return { ...answer, ...exchanged(fields.get('grant_type') ?? '') }
  }

  const names = (resource: string, { outside }: Exchange, fields: ReadonlyMap<string, string>): boolean => {
    const asked = fields.get('resource')
    return asked === undefined || resourceOf([asked], [{ url: resource }], outside) === resource
  }

  const types: Readonly<Record<string, GrantType>> = {
    authorization_code: byCode,
    refresh_token: byRefreshToken,
    ...(options.deviceAuthorization === true ? { 'urn:ietf:params:oauth:grant-type:device_code': byDeviceCode } : {}),
    ...(options.workloadIdentity === undefined
      ? {}
      : { client_credentials: byClient, ...Object.fromEntries(workloadGrants.map((type) => [type, byWorkload])) }),
  }

  return async (exchange) => {
    const fields = await formFields(exchange.request)
    if (fields instanceof Response) return fields
    const type = fields.get('grant_type')
    if (type !== undefined) count(type)
    // RFC 7521 section 4.1: the token itself says who asks, and a client is optional.
    const isAlone =
      type !== undefined &&
      workloadGrants.includes(type) &&
      Object.hasOwn(types, type) &&
      !namesClient(exchange, fields)
    const client = isAlone ? workloadClient : await authenticate(exchange, fields)
    if (client instanceof Response) return client
    if (type === undefined) return invalid('request', 'grant_type is required.')
    const grantType = Object.hasOwn(types, type) ? types[type] : undefined
    if (grantType === undefined) return oauthProblem('unsupported_grant_type', 'The grant type is not supported.')
    if (!client.grantTypes.includes(type)) {
      return oauthProblem('unauthorized_client', 'The client is not registered for this grant type.')
    }
    const answer = await grantType({ fields, client, exchange })
    return answer instanceof Response ? answer : Response.json(answer, { headers: noStore })
  }
}

/** Who asks where no client does. */
const workloadClient: OAuthClient = {
  id: 'workload',
  name: 'A workload',
  redirectUris: [],
  authMethod: 'none',
  grantTypes: workloadGrants,
}

function namesClient({ request }: Exchange, fields: ReadonlyMap<string, string>): boolean {
  return request.headers.has('authorization') || fields.has('client_id') || fields.has('client_assertion')
}

const refusals = {
  expired: 'The refresh token has expired.',
  revoked: 'The connection was revoked.',
  reused: 'The refresh token was used before; the connection was revoked.',
} as const

const deviceProblems = {
  invalid_grant: 'The device code is unknown or was used.',
  authorization_pending: 'The person has not decided yet.',
  slow_down: 'Wait five seconds more between requests.',
  access_denied: 'The person did not allow it.',
  expired_token: 'The device code has expired.',
} as const

function invalid(what: 'request' | 'grant' | 'target' | 'scope', description: string): Response {
  return oauthProblem(`invalid_${what}`, description)
}

function belonging(client: OAuthClient): Pick<Grant, 'clientId' | 'clientName' | 'mayRefresh'> {
  return { clientId: client.id, clientName: client.name, mayRefresh: client.grantTypes.includes('refresh_token') }
}
