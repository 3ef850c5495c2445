import * as oauth from 'oauth4webapi'
import { shownAddress } from './address.ts'
import { bounded } from './bounded.ts'
import { createSecret, type Secret } from './credential.ts'
import type { RequestPurpose } from './events.ts'
import type { Flow } from './flow.ts'
import { nextSerial } from './serial.ts'

/** Who asks an endpoint: by which platform, and who is told. */
export type Asker = Pick<Flow, 'runtime' | 'emit'>

/**
 * The options of every request that the protocol library makes: sent by us, within our limits, to addresses that we have checked.
 *
 * @param proofs gets what the client proved itself with and no message may repeat
 */
export function endpointOptions(
  asker: Asker,
  purpose: RequestPurpose,
  proofs: Secret[] = [],
): oauth.ClientCredentialsGrantRequestOptions {
  return {
    [oauth.customFetch]: (url: string, init: RequestInit) => {
      const assertion = init.body instanceof URLSearchParams ? init.body.get('client_assertion') : null
      if (assertion) proofs.push(createSecret(assertion))
      return ask(asker, purpose, url, init)
    },
    // What may be plain http was decided when the address was taken: loopback, or a named option.
    [oauth.allowInsecureRequests]: true,
    // Its own: the library would take those of a polluted Object.prototype.
    headers: new Headers(),
  }
}

/**
 * Sends a request to an OAuth endpoint and tells what becomes of it, whoever it is for.
 *
 * @throws PentauthError `temporarily_unavailable`.
 */
export async function ask(
  { runtime, emit }: Asker,
  purpose: RequestPurpose,
  url: string,
  init: RequestInit,
): Promise<Response> {
  if (!emit) return bounded(runtime, url, init)
  const facts = { id: nextSerial(), purpose, method: init.method ?? 'GET', url: shownAddress(new URL(url)) }
  const sentAt = runtime.now()
  let reason: string | undefined
  emit({ type: 'request_sent', ...facts })
  const tellEnd = (status: number | undefined, error: string | undefined) =>
    emit({ type: 'request_ended', ...facts, status, error, reason, duration: runtime.now() - sentAt })
  try {
    const response = await bounded(runtime, url, init, (why) => {
      reason = why
    })
    tellEnd(response.status, await standardError(response))
    return response
  } catch (error) {
    tellEnd(undefined, undefined)
    throw error
  }
}

// Of RFC 6749, 7009, 7591, 8628, 8707 and 9449. Servers may send any text in this place, also one that repeats a secret.
const standard =
  /^(?:invalid_(?:request|client|grant|scope|target|redirect_uri|client_metadata|software_statement|dpop_proof)|un(?:authorized_client|supported_grant_type|supported_token_type|approved_software_statement)|access_denied|authorization_pending|slow_down|expired_token|use_dpop_nonce|server_error|temporarily_unavailable)$/

/** The error code of an answer, if it is a code of the standards; the answer stays as readable as it was. */
async function standardError(response: Response): Promise<string | undefined> {
  if (response.status < 400) return undefined
  try {
    const answer: { readonly error?: unknown } = Object.assign(Object.create(null), await response.clone().json())
    return typeof answer.error === 'string' && standard.test(answer.error) ? answer.error : undefined
  } catch {
    return undefined
  }
}

/** An answer as the protocol library gets it: only with what is used of a good one, since it judges the rest, too. */
export async function withUsed(response: Response, usedParts: (text: string) => string | undefined): Promise<Response> {
  if (response.status !== 200) return response
  const { status, headers } = response
  const text = await response.text()
  return new Response(usedParts(text) ?? text, { status, headers })
}
