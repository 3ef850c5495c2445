import type * as oauth from 'oauth4webapi'
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
 * The library knows its options by symbols of its own, so they come from the file that makes the request: in pages there may be more
 * than one copy of it.
 *
 * @param proofs gets what the client proved itself with and no message may repeat
 */
export function endpointOptions(asker: Asker, purpose: RequestPurpose, proofs: Secret[] = []): LibraryOptions {
  return (customFetch, allowInsecureRequests) => ({
    [customFetch]: (url: string, init: RequestInit) => {
      const assertion = init.body instanceof URLSearchParams ? init.body.get('client_assertion') : null
      if (assertion) proofs.push(createSecret(assertion))
      return ask(asker, purpose, url, init)
    },
    // What may be plain http was decided when the address was taken: loopback, or a named option.
    [allowInsecureRequests]: true,
    // Its own: the library would take those of a polluted Object.prototype.
    headers: new Headers(),
  })
}

/** Makes the options with the library's names for them. */
export type LibraryOptions = (
  customFetch: typeof oauth.customFetch,
  allowInsecureRequests: typeof oauth.allowInsecureRequests,
) => oauth.ClientCredentialsGrantRequestOptions

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
    const part = response.status < 400 ? undefined : await import('./standard-error.ts').catch(() => undefined)
    tellEnd(response.status, await part?.standardError(response))
    return response
  } catch (error) {
    tellEnd(undefined, undefined)
    throw error
  }
}
