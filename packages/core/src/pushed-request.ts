import * as oauth from 'oauth4webapi'
import { authorizationRequest, type ClientRequest, type RequestWishes } from './authorization-request.ts'
import { clientAuthentication } from './client-authentication.ts'
import type { Secret } from './credential.ts'
import type { Discovered } from './discovered.ts'
import { failed, throwIfTemporary } from './document-refusal.ts'
import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'
import { endpointOptions } from './http-oauth.ts'
import { printable } from './printable.ts'
import { withoutSecrets } from './redaction.ts'
import { type ClientForOptions, type RegisteredClient, withClient } from './registration.ts'
import { given } from './token-answer.ts'

/**
 * An authorization request that the server gets from the program itself: the person's browser carries no more than its name.
 *
 * A client that registered itself, and that the server does not know any more, is registered anew.
 *
 * @throws PentauthError `discovery_failed` where the server has no such endpoint, `client_refused`, `sign_in_failed` when it does not
 *   take the request, `temporarily_unavailable`, and what `clientFor` throws.
 * @see https://www.rfc-editor.org/rfc/rfc9126
 */
export async function pushedRequest(
  flow: Flow,
  discovered: Discovered,
  options: ClientForOptions,
  wishes: RequestWishes,
): Promise<ClientRequest> {
  const { pushed_authorization_request_endpoint: endpoint, authorization_endpoint: page, issuer } = discovered.server
  if (endpoint === undefined) {
    const about = { what: 'authorization server metadata', url: issuer }
    throw failed(flow, about, 'has no "pushed_authorization_request_endpoint"', 'Leave the option "pushed" out.')
  }
  return withClient(flow, discovered, options, async (client) => {
    const request = await authorizationRequest(flow, discovered, client, wishes)
    const url = new URL(page as string)
    url.searchParams.set('client_id', client.clientId)
    url.searchParams.set('request_uri', await push(flow, discovered.server, client, given(request.parameters)))
    return { ...request, url, client }
  })
}

/** Has the server keep a request, and returns the name that it gives it. */
async function push(
  flow: Flow,
  server: oauth.AuthorizationServer,
  client: RegisteredClient,
  parameters: Record<string, string>,
): Promise<string> {
  const named = { client_id: client.clientId }
  const proofs: Secret[] = client.clientSecret ? [client.clientSecret] : []
  const options = endpointOptions(
    flow,
    'pushed_authorization',
    proofs,
  )(oauth.customFetch, oauth.allowInsecureRequests) as object as oauth.PushedAuthorizationRequestOptions
  const authentication = clientAuthentication(client, flow.runtime.now)
  const response = await oauth.pushedAuthorizationRequest(server, named, authentication, parameters, options)
  const endpoint = server.pushed_authorization_request_endpoint as string
  throwIfTemporary(flow, 'pushed authorization request endpoint', endpoint, response)
  const { request_uri } = await oauth
    .processPushedAuthorizationResponse(server, named, await asKept(response))
    .catch((error) => Promise.reject(refusal(flow, response.status, error, proofs)))
  if (/^[\x21-\x7e]{1,2048}$/.test(request_uri)) return request_uri
  throw refusal(flow, response.status, undefined, proofs)
}

/** With what is used of a good answer; 200 instead of 201 is a common mistake, and says the same. */
async function asKept(response: Response): Promise<Response> {
  const { status, headers } = response
  if (status !== 200 && status !== 201) return response
  const text = await response.text()
  return new Response(usedParts(text) ?? text, { status: 201, headers })
}

function usedParts(text: string): string | undefined {
  try {
    const { request_uri, error }: Partial<Record<string, unknown>> = Object.assign(
      Object.create(null),
      JSON.parse(text),
    )
    // How long it lasts is for the person's browser to find out.
    return error === undefined ? JSON.stringify({ request_uri, expires_in: 60 }) : undefined
  } catch {
    return undefined
  }
}

function refusal({ service }: Flow, status: number, error: unknown, secrets: readonly Secret[]): PentauthError {
  const isBody = error instanceof oauth.ResponseBodyError
  const safe = (text: string, length?: number) => withoutSecrets(printable(text, length), ...secrets)
  const code = isBody ? safe(String(error.error), 60) : undefined
  const facts = {
    service: service.id,
    status,
    ...(code === undefined ? {} : { parameters: { error: code } }),
    link: service.links.docs.url,
  }
  if (code === 'temporarily_unavailable' || code === 'server_error') {
    return new PentauthError({
      code: 'temporarily_unavailable',
      message: `${service.name}'s authorization server cannot sign anybody in now.`,
      hint: 'Try again later.',
      retryable: true,
      ...facts,
    })
  }
  const description = isBody && typeof error.error_description === 'string' ? `: ${safe(error.error_description)}` : ''
  // Servers answer a bad client with 401 and sometimes only with a challenge (RFC 6749 section 5.2).
  const isClient = code === 'invalid_client' || (status === 401 && !isBody)
  if (isBody || isClient) {
    return new PentauthError({
      code: isClient ? 'client_refused' : 'sign_in_failed',
      message: `${service.name} refused the request of a sign-in: ${status} ${JSON.stringify((code ?? '') + description)}.`,
      hint: 'Check how the client is registered, and the scopes that the sign-in asks for.',
      ...facts,
    })
  }
  return new PentauthError({
    code: 'sign_in_failed',
    message: `${service.name}'s authorization server did not keep the request of a sign-in (${status}).`,
    hint: 'Ask who runs the service: where it takes pushed requests, it answers with their "request_uri".',
    ...facts,
  })
}
