import type { ClientCredentials } from './client-format.ts'
import type { CredentialRequest } from './credential-source.ts'
import type { ProgramKey } from './dpop.ts'
import { withHint } from './error-hint.ts'
import { PentauthError } from './errors.ts'
import { identityAssertionGrant } from './identity-assertion.ts'
import { findProvider, type IdentityProvider } from './identity-provider.ts'
import { type IdentityToken, nameOf } from './identity-token.ts'
import { asker, checkWorkloadClient, isOwn, prepared, withIdentity } from './own-token.ts'
import { jwtBearerGrant } from './program-grants.ts'
import { resourceParameter } from './resource-parameter.ts'
import { checkOffer, clientAt, tokenServer } from './token-server.ts'
import type { PreparedRequest } from './token-source.ts'

export interface EnterpriseTokenOptions {
  /** Name of the source, for the token and messages. */
  readonly source: string
  readonly idToken: IdentityToken
  readonly subjectTokenType: string
  readonly identityProvider: IdentityProvider
  /** The client at the service's authorization server. */
  readonly client: Partial<ClientCredentials>
  readonly issuer: string | undefined
  readonly trustsResource: boolean
  readonly scope: string | undefined
  /** What the access tokens are bound to; Bearer tokens unless given. */
  readonly key: ProgramKey | undefined
}

const idTokenType = 'urn:ietf:params:oauth:token-type:id_token'

/**
 * Prepares the two requests for a person's access token: what the identity provider says of them, and the token for that.
 *
 * @throws PentauthError as `enterpriseManaged` says.
 */
export async function prepareEnterpriseToken(
  request: CredentialRequest,
  {
    source,
    idToken,
    subjectTokenType,
    identityProvider,
    client,
    issuer,
    trustsResource,
    scope,
    key,
  }: EnterpriseTokenOptions,
): Promise<PreparedRequest> {
  const { service, resource } = request
  const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
  const offer = { grant, what: 'identity assertions', from: nameOf(idToken), issuer, trustsResource } as const
  checkOffer(request, offer)
  const checked = checkWorkloadClient(request, client, source, isOwn(request, offer))
  const place = await tokenServer(request, offer)
  const asking = clientAt(request, place, checked)
  const target = place.resource ?? resource.audience ?? resource.url
  const ask = await asker(request, source, place, key)
  const provider = await findProvider(request, identityProvider, source)
  const there = { server: provider.server, resource: undefined, source: 'documented' } as const
  const exchange = await asker(provider.request, source, there, undefined)
  return prepared(place, async () => {
    const isJwt = subjectTokenType === idTokenType
    const refusals = ['invalid_grant', 'invalid_request']
    // For this server, and for this resource: good for nobody else who might be named to us.
    const wish = { audience: place.server.issuer, resource: target, scope }
    const assertion = await withIdentity(request, idToken, { isJwt, refusals }, ({ secret }) =>
      exchange(identityAssertionGrant(secret, subjectTokenType, wish), provider.client),
    )
    const sent = { resource: resourceParameter(service, target) }
    return ask(jwtBearerGrant(assertion.secret, sent), asking).catch((error) => {
      throw untrusted(error, provider.request.service.name)
    })
  })
}

/** The refusal of an assertion, with what somebody has to do who knows both sides. */
function untrusted(error: unknown, provider: string): unknown {
  if (!PentauthError.isInstance(error) || error.parameters?.error !== 'invalid_grant') return error
  return withHint(
    error,
    error.code,
    `Ask who runs the service whether it trusts ${provider}, for this client and resource.`,
  )
}
