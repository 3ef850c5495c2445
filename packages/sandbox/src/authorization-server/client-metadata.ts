import { isJsonObject, type JsonObject, stringField } from '../request-body.ts'
import { keysOf } from './client-assertion.ts'
import type { Configuration } from './configuration.ts'
import type { OAuthClient, TokenEndpointAuthMethod } from './oauth-client.ts'
import { isRegistrable } from './redirect-uri.ts'

/** Why metadata of a client is not accepted: the codes of RFC 7591 section 3.2.2. */
export interface MetadataProblem {
  readonly error: 'invalid_redirect_uri' | 'invalid_client_metadata'
  readonly description: string
}

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

/** Grant types that the server has. */
export function grantTypesOf(deviceAuthorization: boolean | undefined): readonly string[] {
  return ['authorization_code', 'refresh_token', ...(deviceAuthorization === true ? [deviceGrant] : [])]
}

/** Reads the metadata of a client, which may be anything, or says what is wrong with it. */
export function readClientMetadata(
  metadata: unknown,
  { authMethods, scopes }: Pick<Configuration, 'authMethods' | 'scopes'>,
  grantTypes: readonly string[],
): Omit<OAuthClient, 'id'> | MetadataProblem {
  if (!isJsonObject(metadata)) return wrong('The metadata must be a JSON object.')
  const asked = listField(metadata, 'grant_types')
  // RFC 7591 section 2: without grant types it is authorization_code alone; assumed that a refresh token is not refused.
  const grants = asked ?? grantTypes.slice(0, 2)
  if (grants === 'wrong' || !grants.every((grant) => grantTypes.includes(grant))) {
    return wrong(`grant_types must be among ${grantTypes.join(', ')}.`)
  }
  const responses = listField(metadata, 'response_types') ?? ['code']
  if (responses === 'wrong' || !responses.every((type) => type === 'code')) return wrong('response_types must be code.')
  const uris = listField(metadata, 'redirect_uris') ?? []
  if (uris === 'wrong' || !uris.every(isRegistrable) || (uris.length === 0 && grants.includes('authorization_code'))) {
    const description = 'redirect_uris must be https addresses, or http addresses of loopback, without a fragment.'
    return { error: 'invalid_redirect_uri', description }
  }
  const authMethod = authMethodOf(metadata, authMethods)
  if (authMethod === undefined) return wrong(`token_endpoint_auth_method must be ${authMethods.join(' or ')}.`)
  const keys = keysOf(metadata.jwks)
  if (authMethod === 'private_key_jwt' && keys === undefined) return wrong('jwks must hold public keys.')
  const names = stringField(metadata, 'scope')?.split(' ')
  if (names?.some((name) => !Object.hasOwn(scopes, name))) return wrong('scope names a scope that does not exist.')
  const problem = smallPrint(metadata)
  if (problem !== undefined) return wrong(problem)
  return {
    name: stringField(metadata, 'client_name') ?? 'An app without a name',
    redirectUris: uris,
    authMethod,
    grantTypes: grants,
    ...(keys === undefined ? {} : { keys }),
    ...(names === undefined ? {} : { scopes: names }),
  }
}

/** Tells whether metadata was refused. */
export function isMetadataProblem(read: Omit<OAuthClient, 'id'> | MetadataProblem): read is MetadataProblem {
  return 'error' in read
}

const wrong = (description: string): MetadataProblem => ({ error: 'invalid_client_metadata', description })

// RFC 7591 section 2 makes client_secret_basic the default; where only `none` is known, that is.
function authMethodOf(
  metadata: JsonObject,
  methods: readonly TokenEndpointAuthMethod[],
): TokenEndpointAuthMethod | undefined {
  const fallback = methods.includes('client_secret_basic') ? 'client_secret_basic' : 'none'
  const asked = metadata.token_endpoint_auth_method ?? fallback
  return methods.find((method) => method === asked)
}

function smallPrint(metadata: JsonObject): string | undefined {
  const name = metadata.client_name
  if (name !== undefined && (typeof name !== 'string' || name.length > 200)) return 'client_name must be a short text.'
  const type = metadata.application_type
  if (type !== undefined && type !== 'native' && type !== 'web') return 'application_type must be native or web.'
  const links = ['client_uri', 'logo_uri', 'tos_uri', 'policy_uri'].filter((field) => metadata[field] !== undefined)
  const bad = links.find(
    (field) => !/^https?:\/\//.test(String(metadata[field])) || !URL.canParse(String(metadata[field])),
  )
  return bad === undefined ? undefined : `${bad} must be a web address.`
}

function listField(metadata: JsonObject, name: string): readonly string[] | undefined | 'wrong' {
  const value = metadata[name]
  if (value === undefined) return undefined
  if (!Array.isArray(value)) return 'wrong'
  return value.every((item): item is string => typeof item === 'string') ? value : 'wrong'
}
