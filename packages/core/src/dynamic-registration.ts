import * as oauth from 'oauth4webapi'
import type { ClientAuthMethod } from './client-authentication.ts'
import { applicationTypeOf, deviceGrant } from './client-metadata.ts'
import { isSameRedirect, type StoredRegistration } from './client-store.ts'
import { throwIfTemporary } from './document-refusal.ts'
import { PentauthError, type PentauthErrorInit } from './errors.ts'
import { failureFacts } from './events.ts'
import type { Flow } from './flow.ts'
import { endpointOptions } from './http-oauth.ts'
import { printable } from './printable.ts'
import { shownAddress } from './shown-address.ts'

/** A client that introduces itself. */
export interface DynamicClient {
  /** Name for people, who see it when they are asked for consent. */
  readonly name?: string | undefined
  /** The program's home page. */
  readonly uri?: string | undefined
  /** Decided by the redirect URI unless given. */
  readonly applicationType?: 'native' | 'web' | undefined
}

/** The error about a registration. */
export function registrationFailed(
  { service }: Flow,
  issuer: string,
  { what, ...init }: { readonly what: string } & Pick<PentauthErrorInit, 'hint' | 'status' | 'parameters'>,
): PentauthError {
  return new PentauthError({
    code: 'registration_failed',
    message: `${service.name}: the authorization server ${shownAddress(new URL(issuer))} ${what}.`,
    service: service.id,
    link: service.links.docs.url,
    ...init,
  })
}

/**
 * Registers a client at an authorization server, and believes of the answer only what can be used.
 *
 * A registration access token in it is dropped: nothing here manages registrations.
 *
 * @throws PentauthError `registration_failed`, `temporarily_unavailable`.
 * @see https://www.rfc-editor.org/rfc/rfc7591#section-3
 */
export async function registerClient(
  flow: Flow,
  server: oauth.AuthorizationServer,
  client: DynamicClient,
  redirectUri: string | undefined,
): Promise<StoredRegistration> {
  try {
    const kept = await register(flow, server, client, redirectUri)
    const { issuer, clientId, authMethod, secretExpiresAt } = kept
    flow.emit?.({ type: 'client_registered', issuer, clientId, authMethod, secretExpiresAt })
    return kept
  } catch (error) {
    if (PentauthError.isInstance(error))
      flow.emit?.({ type: 'registration_failed', issuer: server.issuer, ...failureFacts(error) })
    throw error
  }
}

async function register(
  flow: Flow,
  server: oauth.AuthorizationServer,
  client: DynamicClient,
  redirectUri: string | undefined,
): Promise<StoredRegistration> {
  const { issuer, registration_endpoint: endpoint } = server
  if (endpoint === undefined) {
    throw registrationFailed(flow, issuer, {
      what: 'registers no clients by itself',
      hint: 'Make a client by hand and pass its clientId and issuer.',
    })
  }
  const authMethod = methodFor(flow, server)
  const way = wayBack(redirectUri)
  const metadata = {
    ...(client.name === undefined ? {} : { client_name: client.name }),
    ...(client.uri === undefined ? {} : { client_uri: client.uri }),
    redirect_uris: way.redirects,
    grant_types: [way.grant, ...refreshGrant(server)],
    response_types: way.responses,
    token_endpoint_auth_method: authMethod,
    application_type: client.applicationType ?? applicationTypeOf(way.redirects),
  }
  const options = endpointOptions(flow, 'registration')(
    oauth.customFetch,
    oauth.allowInsecureRequests,
  ) as object as oauth.DynamicClientRegistrationRequestOptions
  const response = await oauth.dynamicClientRegistrationRequest(server, metadata, options)
  throwIfTemporary(flow, 'registration endpoint', endpoint, response)
  const answer = await oauth.processDynamicClientRegistrationResponse(await asCreated(response)).catch((error) => {
    throw refusal(flow, issuer, response.status, error)
  })
  return registrationFrom(flow, issuer, answer, { authMethod, redirectUri })
}

/** How tokens reach a client: by the code that a person is sent back with, or by asking until a person has agreed elsewhere. */
function wayBack(redirectUri: string | undefined) {
  return redirectUri === undefined
    ? { redirects: [], grant: deviceGrant, responses: [] }
    : { redirects: [redirectUri], grant: 'authorization_code', responses: ['code'] }
}

/** 200 instead of 201 is a common mistake, and says the same; so is a secret that does not say that it stays. */
async function asCreated(response: Response): Promise<Response> {
  const { status, headers } = response
  if (status !== 200 && status !== 201) return response
  const text = await response.text()
  return new Response(withLifetime(text), { status: 201, headers })
}

function withLifetime(text: string): string {
  try {
    const answer = JSON.parse(text)
    const isSilent = answer.client_secret !== undefined && (answer.client_secret_expires_at ?? undefined) === undefined
    return isSilent ? JSON.stringify({ ...answer, client_secret_expires_at: 0 }) : text
  } catch {
    return text
  }
}

/** No secret where that is possible: one that is in every copy of a program is none. */
function methodFor(flow: Flow, server: oauth.AuthorizationServer): StoredRegistration['authMethod'] {
  const supported = supportedMethods(flow, server)
  const method = (['none', 'client_secret_basic', 'client_secret_post'] as const).find((name) =>
    supported.includes(name),
  )
  if (method) return method
  throw registrationFailed(flow, server.issuer, {
    what: 'takes no client that could register itself',
    hint: 'Make a client by hand and pass its clientId, issuer and privateKey.',
  })
}

/** How clients may prove themselves; of servers that do not say the standard assumes Basic (RFC 8414 section 2). */
export function supportedMethods({ service }: Flow, server: oauth.AuthorizationServer): readonly string[] {
  const { oauth: rules } = service
  const documented = rules && rules.issuer === server.issuer ? rules.tokenEndpointAuthMethod : 'client_secret_basic'
  return server.token_endpoint_auth_methods_supported ?? [documented]
}

function refreshGrant({ grant_types_supported: supported }: oauth.AuthorizationServer): readonly string[] {
  return !supported || supported.includes('refresh_token') ? ['refresh_token'] : []
}

interface Asked {
  readonly authMethod: StoredRegistration['authMethod']
  readonly redirectUri: string | undefined
}

/** Takes out of the answer what is used later; a server may change what was asked for, and not into something unusable. */
function registrationFrom(flow: Flow, issuer: string, answer: object, asked: Asked): StoredRegistration {
  const refuse = (flaw: string) =>
    registrationFailed(flow, issuer, {
      what: `answered the registration with ${flaw}`,
      hint: 'Nothing was stored. Make a client by hand and pass its clientId and issuer, or ask who runs the server.',
    })
  const own: Record<string, unknown> = Object.assign(Object.create(null), answer)
  const { client_id: clientId, client_secret: secret, client_secret_expires_at: expiresAt } = own
  if (!isPrintable(clientId)) throw refuse('a client ID that cannot be sent')
  const way = wayBack(asked.redirectUri)
  const redirects = listOf(own.redirect_uris, way.redirects)
  const isSame = way.redirects.every((uri, index) => isSameRedirect(String(redirects?.[index]), uri))
  if (redirects?.length !== way.redirects.length || !isSame) throw refuse('other redirect URIs')
  if (!listOf(own.grant_types, [way.grant])?.includes(way.grant)) throw refuse('grants that allow no sign-in')
  const responses = listOf(own.response_types, way.responses)
  if (!responses || !way.responses.every((type) => responses.includes(type)))
    throw refuse('response types that allow no sign-in')
  const given = own.token_endpoint_auth_method ?? (secret === undefined ? 'none' : secretMethod(asked))
  const authMethod = usableMethods.find((name) => name === given)
  if (!authMethod) throw refuse('another way to prove the client')
  const { redirectUri } = asked
  const kept = {
    version: 1,
    issuer,
    ...(redirectUri === undefined ? {} : { redirectUri }),
    clientId,
    authMethod,
  } as const
  if (authMethod === 'none') return kept
  if (!isPrintable(secret)) throw refuse('no usable client secret')
  // 0 means that it stays.
  if (typeof expiresAt !== 'number' || expiresAt === 0) return { ...kept, clientSecret: secret }
  if (expiresAt * 1000 <= flow.runtime.now()) throw refuse('a client secret that has expired')
  return { ...kept, clientSecret: secret, secretExpiresAt: expiresAt }
}

const usableMethods = ['none', 'client_secret_basic', 'client_secret_post'] as const

function secretMethod({ authMethod }: Asked): ClientAuthMethod {
  return authMethod === 'none' ? 'client_secret_basic' : authMethod
}

/** RFC 6749 appendix A: visible characters and spaces. */
function isPrintable(value: unknown): value is string {
  return typeof value === 'string' && /^[\x20-\x7e]{1,4096}$/.test(value)
}

/** A list as the answer has it, what was asked for where it has none, or `undefined` for something else. */
function listOf(value: unknown, asked: readonly string[]): readonly unknown[] | undefined {
  if (value === undefined || value === null) return asked
  return Array.isArray(value) ? value : undefined
}

const hints: Readonly<Record<string, string>> = {
  invalid_redirect_uri: 'The server does not allow this redirect URI: pass another, or register a client by hand.',
  invalid_client_metadata:
    'The server does not allow such clients: pass another applicationType, or register a client by hand.',
}

function refusal(flow: Flow, issuer: string, status: number, error: unknown): PentauthError {
  const byHand = 'Make a client by hand and pass its clientId and issuer.'
  if (!(error instanceof oauth.ResponseBodyError)) {
    // The library's own errors hold the answer, in which a secret can be.
    const needsLeave = error instanceof oauth.WWWAuthenticateChallengeError || status === 401 || status === 403
    const what = needsLeave ? `registers no clients without leave (${status})` : `sent no registration (${status})`
    return registrationFailed(flow, issuer, { what, hint: byHand, status })
  }
  const code = printable(String(error.error), 60)
  const description = typeof error.error_description === 'string' ? `: ${printable(error.error_description)}` : ''
  return registrationFailed(flow, issuer, {
    what: `refused to register this client: ${status} ${JSON.stringify(code + description)}`,
    hint: (Object.hasOwn(hints, code) && hints[code]) || byHand,
    status,
    parameters: { error: code },
  })
}
