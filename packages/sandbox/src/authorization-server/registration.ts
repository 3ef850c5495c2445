import { jsonBody } from '../request-body.ts'
import { markedSecret, randomHex } from '../secrets.ts'
import type { Exchange } from '../service.ts'
import { grantTypesOf, isMetadataProblem, readClientMetadata } from './client-metadata.ts'
import type { ServerContext } from './configuration.ts'
import type { OAuthClients } from './oauth-client.ts'
import { noStore, oauthProblem } from './oauth-problem.ts'

/** The secret of a confidential client. */
export const newClientSecret = (): string => markedSecret('cs_', randomHex(64))

/** Dynamic client registration (RFC 7591): open to anybody, as clients have no id of their own before it. */
export function createRegistration(
  { configuration, options, clock }: ServerContext,
  clients: OAuthClients,
): (exchange: Exchange) => Promise<Response> {
  return async ({ request }) => {
    const metadata = await jsonBody(request)
    const read = readClientMetadata(metadata, configuration, grantTypesOf(options.deviceAuthorization))
    if (isMetadataProblem(read)) return oauthProblem(read.error, read.description)
    const secret = read.authMethod.startsWith('client_secret') ? newClientSecret() : undefined
    const client = clients.add(read, secret)
    const answer = {
      client_id: client.id,
      client_id_issued_at: Math.floor(clock.now() / 1000),
      ...(secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
      client_name: metadata?.client_name,
      client_uri: metadata?.client_uri,
      logo_uri: metadata?.logo_uri,
      application_type: metadata?.application_type,
      redirect_uris: client.redirectUris,
      grant_types: client.grantTypes,
      response_types: ['code'],
      token_endpoint_auth_method: client.authMethod,
      jwks: client.keys,
      scope: client.scopes?.join(' '),
    }
    return Response.json(answer, { status: 201, headers: noStore })
  }
}
