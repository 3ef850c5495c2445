import type * as oauth from 'oauth4webapi'
import { type CheckedClient, type ClientCredentials, type ClientOrigin, checkClient } from './client-format.ts'
import type { AccessToken } from './credential.ts'
import type { CredentialRequest } from './credential-source.ts'
import type { ProgramKey } from './dpop.ts'
import { withHint } from './error-hint.ts'
import { PentauthError } from './errors.ts'
import { type IdentityToken, nameOf } from './identity-token.ts'
import { rulesOf } from './metadata.ts'
import { part } from './part.ts'
import { printable } from './printable.ts'
import { clientCredentialsGrant, jwtBearerGrant, type TokenWish, tokenExchangeGrant } from './program-grants.ts'
import { type ReadToken, readIdentityToken } from './read-identity-token.ts'
import { resourceParameter } from './resource-parameter.ts'
import { shownAddress } from './shown-address.ts'
import type { Grant } from './token-answer.ts'
import { requestToken } from './token-request.ts'
import { checkOffer, clientAt, forgetTokenServer, type Offer, type TokenServer, tokenServer } from './token-server.ts'
import type { PreparedRequest } from './token-source.ts'

// What a program asks for a token of its own with: a client's credentials, or who it is.

export interface ClientTokenOptions {
  /** Name of the source, for the token and messages. */
  readonly source: string
  readonly client: ClientCredentials
  readonly from: ClientOrigin
  readonly issuer: string | undefined
  readonly trustsResource: boolean
  readonly scope: string | undefined
  /** What the tokens are bound to; Bearer tokens unless given. */
  readonly key: ProgramKey | undefined
}

/**
 * Prepares a client's request for a token of its own.
 *
 * @throws PentauthError as `clientCredentials` says.
 */
export async function prepareClientToken(
  request: CredentialRequest,
  { source, client, from, scope, key, ...whose }: ClientTokenOptions,
): Promise<PreparedRequest> {
  const offer = { grant: 'client_credentials', what: 'client credentials', from: from.clientId, ...whose } as const
  checkOffer(request, offer)
  const checked = checkClient(request.service, client, from, isOwn(request, offer))
  const place = await tokenServer(request, offer)
  const grant = clientCredentialsGrant({ scope, resource: resourceParameter(request.service, place.resource) })
  const ask = await asker(request, source, place, key)
  if (checked.privateKey || checked.clientSecret)
    return prepared(place, () => ask(grant, clientAt(request, place, checked)))
  const { assertion } = client as { readonly assertion: IdentityToken }
  const proven = clientAt(request, place, checked, true)
  return prepared(place, () =>
    withIdentity(request, assertion, { isJwt: true, refusals: ['invalid_client'] }, ({ secret }) =>
      ask(grant, { ...proven, assertion: secret }),
    ),
  )
}

export interface WorkloadTokenOptions extends TokenWish {
  /** Name of the source, for the token and messages. */
  readonly source: string
  readonly token: IdentityToken
  readonly subjectTokenType?: string | undefined
  readonly requestedTokenType?: string | undefined
  readonly grant: 'jwt-bearer' | 'token-exchange'
  readonly issuer: string | undefined
  readonly trustsResource: boolean
  /** The client that asks, where the server wants one. */
  readonly client: Partial<ClientCredentials> | undefined
  /** What the tokens are bound to; Bearer tokens unless given. */
  readonly key: ProgramKey | undefined
}

/**
 * Prepares a workload's request for an access token.
 *
 * @throws PentauthError as `workloadIdentity` says.
 */
export async function prepareWorkloadToken(
  request: CredentialRequest,
  { source, token, grant, issuer, trustsResource, client, key, ...options }: WorkloadTokenOptions,
): Promise<PreparedRequest> {
  const type = `urn:ietf:params:oauth:grant-type:${grant}` as const
  const offer = { grant: type, what: `identity tokens (${grant})`, from: nameOf(token), issuer, trustsResource }
  checkOffer(request, offer)
  const checked = client && checkWorkloadClient(request, client, source, isOwn(request, offer))
  const place = await tokenServer(request, offer)
  const asking = checked && clientAt(request, place, checked)
  const ask = await asker(request, source, place, key)
  const { scope, audience, resource, requestedTokenType, subjectTokenType = types.jwt } = options
  // Who names an audience has said what the token is for.
  const own = audience === undefined ? resourceParameter(request.service, place.resource) : undefined
  const wish = { scope, audience, resource: resource ?? own }
  const isBearer = grant === 'jwt-bearer'
  const isJwt = isBearer || subjectTokenType === types.jwt
  const way = { isJwt, refusals: ['invalid_grant', ...(isBearer ? [] : ['invalid_request'])] }
  return prepared(place, () =>
    withIdentity(request, token, way, ({ secret }) =>
      ask(
        isBearer
          ? jwtBearerGrant(secret, wish)
          : tokenExchangeGrant(secret, { subjectTokenType, requestedTokenType }, wish),
        asking,
      ),
    ),
  )
}

/** Whether the server is the one that the definition is about, whose clients look as it says. */
export function isOwn({ service }: CredentialRequest, { issuer }: Offer): boolean {
  const { tokenEndpoint, issuer: own } = rulesOf(service)
  return issuer === undefined && (tokenEndpoint !== undefined || own !== undefined)
}

const types = { jwt: 'urn:ietf:params:oauth:token-type:jwt' } as const

/** A client beside an identity token needs no proof of its own. */
export function checkWorkloadClient(
  { service }: CredentialRequest,
  client: Partial<ClientCredentials>,
  source: string,
  isHome: boolean,
): CheckedClient {
  const isPublic = !('clientSecret' in client) && !('privateKey' in client)
  const from = { clientId: source, clientSecret: source }
  // Only its ID is looked at then.
  const given = isPublic ? { ...client, assertion: () => '' } : client
  return checkClient(service, given as ClientCredentials, from, isHome)
}

type Ask = (grant: Grant, client: Parameters<typeof requestToken>[0]['client']) => Promise<AccessToken>

export async function asker(
  request: CredentialRequest,
  source: string,
  { server, resource, source: from }: TokenServer,
  key?: ProgramKey | undefined,
): Promise<Ask> {
  const { service, runtime, emit } = request
  const steps = key && (await part(import('./dpop-steps.ts')))
  const boundTo = key && (await steps?.keyForProgram({ service, server, source: from }, key))
  return async (grant, client) => {
    try {
      return (await requestToken({ service, runtime, emit, server, client, grant, boundTo, source })).accessToken
    } catch (error) {
      if (resource !== undefined && PentauthError.isInstance(error) && !error.retryable) forgetTokenServer(request)
      throw error
    }
  }
}

export function prepared(
  { server }: { readonly server: oauth.AuthorizationServer },
  send: PreparedRequest['send'],
): PreparedRequest {
  return { tokenEndpoint: shownAddress(new URL(server.token_endpoint ?? server.issuer)), send }
}

interface IdentityUse {
  readonly isJwt: boolean
  /** The codes by which a server may refuse the identity token. */
  readonly refusals: readonly string[]
}

/** Asks with an identity token; where it is refused, once more with another one, if there is another by now. */
export async function withIdentity(
  request: CredentialRequest,
  token: IdentityToken,
  { isJwt, refusals }: IdentityUse,
  ask: (token: ReadToken) => Promise<AccessToken>,
): Promise<AccessToken> {
  const first = await readIdentityToken(token, request, isJwt)
  try {
    return await ask(first)
  } catch (error) {
    const isRefused = PentauthError.isInstance(error) && refusals.includes(error.parameters?.error ?? '')
    if (!isRefused) throw error
    const second = await readIdentityToken(token, request, isJwt).catch(() => undefined)
    if (!second || second.secret.reveal() === first.secret.reveal()) throw explained(error, first)
    return await ask(second).catch((again) => {
      throw explained(again, second)
    })
  }
}

/** The refusal of an identity token, with what a person compares with the trust that the service was told. */
function explained(error: unknown, { claims }: ReadToken): unknown {
  if (!PentauthError.isInstance(error) || error.retryable || !claims) return error
  const said = ['iss', 'sub', 'aud'].flatMap((name) => {
    const value = claims[name]
    return value === undefined ? [] : [`${name} ${JSON.stringify(printable([value].flat().join(' '), 200))}`]
  })
  if (said.length === 0) return error
  return withHint(
    error,
    error.code,
    `Compare with what the service was told to trust: the token says ${said.join(', ')}.`,
  )
}
