import * as oauth from 'oauth4webapi'
import { unlessAborted } from './abort.ts'
import { checkAddress } from './address.ts'
import { clientAuthentication } from './client-authentication.ts'
import { createSecret, type ProofKey, type Secret } from './credential.ts'
import type { Discovered } from './discovered.ts'
import { throwIfTemporary } from './document-refusal.ts'
import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'
import { endpointOptions } from './http-oauth.ts'
import { printable } from './printable.ts'
import { deviceCodeGrant } from './program-grants.ts'
import { withoutSecrets } from './redaction.ts'
import type { RegisteredClient } from './registration.ts'
import { resourceParameter } from './resource-parameter.ts'
import { shownAddress } from './shown-address.ts'
import { given, type Tokens } from './token-answer.ts'
import { requestToken } from './token-request.ts'

/** What a person needs to sign a device in. */
export interface DevicePrompt {
  /** A page that is short enough to be typed. */
  readonly verificationUri: URL
  /** The same page with the code in it, for links and QR codes; absent where the server gives none. */
  readonly verificationUriComplete?: URL
  /** The code, as it is to be shown. */
  readonly userCode: string
  /** Milliseconds since the epoch after which the code is of no use. */
  readonly expiresAt: number
}

/** A device that waits for its person. */
export interface WaitingDevice {
  readonly prompt: DevicePrompt
  readonly deviceCode: Secret
  /** How long (ms) to wait between two questions. */
  readonly interval: number
}

/** Limits (s) of what a server says: nobody waits for an hour, or is asked more than once a second. */
const longestLife = 3_600
const [shortestInterval, usualInterval, longestInterval] = [1, 5, 60] as const
/** What an interval grows by (ms) when the server finds it too short (RFC 8628 section 3.5). */
const slower = 5_000

/**
 * The code that a person is to allow, and what the device asks with meanwhile.
 *
 * @throws PentauthError `sign_in_failed` when the server says no or answers something else, `client_refused`, `unsafe_address`,
 *   `temporarily_unavailable`.
 * @see https://www.rfc-editor.org/rfc/rfc8628#section-3.1
 */
export async function deviceAuthorization(
  flow: Flow,
  { server, resource }: Discovered,
  client: RegisteredClient,
  scope: string | undefined,
): Promise<WaitingDevice> {
  const { runtime } = flow
  const endpoint = server.device_authorization_endpoint as string
  const requestedAt = runtime.now()
  const asked = given({ resource: resourceParameter(flow.service, resource), scope })
  const named = { client_id: client.clientId }
  const proofs: Secret[] = client.clientSecret ? [client.clientSecret] : []
  const options = endpointOptions(flow, 'device_authorization', proofs)(oauth.customFetch, oauth.allowInsecureRequests)
  const response = await oauth.deviceAuthorizationRequest(
    server,
    named,
    clientAuthentication(client, runtime.now),
    asked,
    options,
  )
  throwIfTemporary(flow, 'device authorization endpoint', endpoint, response)
  const answer = await oauth
    .processDeviceAuthorizationResponse(server, named, await withUsed(response, usedParts))
    .catch((error) => Promise.reject(refusal(flow, response.status, error, proofs)))
  const userCode = answer.user_code.trim()
  if (!/^[\x20-\x7e]{1,64}$/.test(userCode)) throw failed(flow, 'sent a code that cannot be shown.')
  const page = answer.verification_uri_complete
  return {
    prompt: {
      verificationUri: await checkAddress(flow, answer.verification_uri, 'verification_uri'),
      ...(page === undefined
        ? {}
        : { verificationUriComplete: await checkAddress(flow, page, 'verification_uri_complete') }),
      userCode,
      expiresAt: requestedAt + Math.min(answer.expires_in, longestLife) * 1000,
    },
    deviceCode: createSecret(answer.device_code),
    interval: Math.min(answer.interval ?? usualInterval, longestInterval) * 1000,
  }
}

export interface DeviceTokensFor {
  readonly server: oauth.AuthorizationServer
  readonly client: RegisteredClient
  readonly resource: string
  readonly device: WaitingDevice
  readonly boundTo: ProofKey | undefined
}

/**
 * Asks until the person has decided.
 *
 * @throws PentauthError `sign_in_failed` when the person said no or the code has expired, `token_request_rejected`, `client_refused`,
 *   `token_response_invalid`; the signal's reason. Trouble that passes is waited out.
 * @see https://www.rfc-editor.org/rfc/rfc8628#section-3.4
 */
export async function deviceTokens(
  flow: Flow,
  { server, client, resource, device, boundTo }: DeviceTokensFor,
  signal: AbortSignal,
): Promise<{ readonly tokens: Tokens; readonly requestedAt: number }> {
  const { service, runtime, emit } = flow
  const { prompt, deviceCode } = device
  const grant = deviceCodeGrant(deviceCode, resourceParameter(service, resource))
  const tokenEndpoint = shownAddress(new URL(server.token_endpoint as string))
  let wait = device.interval
  let trouble: PentauthError | undefined
  // A clock that was set back makes no code last longer.
  let left = prompt.expiresAt - runtime.now()
  while (true) {
    await unlessAborted(runtime.sleep(wait, signal), signal)
    left -= wait
    const requestedAt = runtime.now()
    if (left <= 0 || requestedAt >= prompt.expiresAt) throw trouble ?? expired(flow)
    emit?.({ type: 'token_requested', tokenEndpoint, source: 'sign-in', reason: 'first' })
    try {
      const asking = requestToken({ service, runtime, emit, server, client, grant, boundTo, source: 'sign-in' })
      return { tokens: await unlessAborted(asking, signal), requestedAt }
    } catch (error) {
      wait = waitAfter(flow, wait, error)
      // Whether somebody allowed it is not known then.
      trouble = PentauthError.isInstance(error) && isPassing(error) ? error : undefined
    }
  }
}

/** Whether an answer says nothing about the person: a gateway may answer 401, too. */
function isPassing(error: PentauthError): boolean {
  return error.retryable || (error.code === 'client_refused' && !error.parameters)
}

/** How long (ms) to wait after an answer that decides nothing; one that does is thrown. */
function waitAfter(flow: Flow, wait: number, error: unknown): number {
  if (!PentauthError.isInstance(error)) throw error
  const said = error.parameters?.error
  if (said === 'authorization_pending') return wait
  if (said === 'slow_down') return wait + slower
  if (said === 'expired_token') throw expired(flow)
  if (said === 'access_denied') throw failed(flow, 'says that it was declined.', { error: said })
  if (!isPassing(error)) throw error
  const asked = Math.min(error.retryAfter ?? 0, longestInterval) * 1000
  return Math.max(wait, Math.min(wait * 2, longestInterval * 1000), asked)
}

/** The parts of an answer that are used, as far as they mean something. */
function usedParts(text: string): string | undefined {
  try {
    const answer: Partial<Record<string, unknown>> = Object.assign(Object.create(null), JSON.parse(text))
    const { device_code, user_code, verification_uri, verification_uri_complete: page, expires_in, interval } = answer
    const seconds = secondsIn(interval)
    return JSON.stringify({
      device_code,
      user_code,
      verification_uri,
      ...(typeof page === 'string' && page !== '' ? { verification_uri_complete: page } : {}),
      expires_in: secondsIn(expires_in),
      ...(seconds === undefined ? {} : { interval: Math.max(seconds, shortestInterval) }),
    })
  } catch {
    return undefined
  }
}

/** A number, also as text; other things that JavaScript counts as one say nothing. */
function secondsIn(value: unknown): number | undefined {
  const seconds = typeof value === 'number' || (typeof value === 'string' && value.trim()) ? Number(value) : Number.NaN
  return Number.isFinite(seconds) ? seconds : undefined
}

function refusal(flow: Flow, status: number, error: unknown, secrets: readonly Secret[]): PentauthError {
  if (!(error instanceof oauth.ResponseBodyError)) return failed(flow, `sent no code for the device (${status}).`)
  const safe = (text: string, length?: number) => withoutSecrets(printable(text, length), ...secrets)
  const code = safe(String(error.error), 60)
  const description = typeof error.error_description === 'string' ? `: ${safe(error.error_description)}` : ''
  const { service } = flow
  return new PentauthError({
    code: code === 'invalid_client' ? 'client_refused' : 'sign_in_failed',
    message: `${service.name} refused to sign a device in: ${status} ${JSON.stringify(code + description)}.`,
    service: service.id,
    status,
    parameters: { error: code },
    hint: 'Check how the client is registered, or sign in with a browser on this machine.',
    link: service.links.docs.url,
  })
}

function expired(flow: Flow): PentauthError {
  return failed(flow, 'waits no longer: nobody allowed the device in time.', { error: 'expired_token' })
}

function failed({ service }: Flow, what: string, parameters?: Readonly<Record<string, string>>): PentauthError {
  return new PentauthError({
    code: 'sign_in_failed',
    message: `The sign-in of a device at ${service.name} has failed: its authorization server ${what}`,
    service: service.id,
    ...(parameters ? { parameters } : {}),
    hint: `Start the sign-in again, open the page and allow the access.${service.access ? ` Who may: ${service.access}` : ''}`,
    link: service.links.docs.url,
  })
}

/** An answer as the protocol library gets it: only with what is used of a good one, since it judges the rest, too. */
async function withUsed(response: Response, usedParts: (text: string) => string | undefined): Promise<Response> {
  if (response.status !== 200) return response
  const { status, headers } = response
  const text = await response.text()
  return new Response(usedParts(text) ?? text, { status, headers })
}
