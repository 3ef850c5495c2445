import type * as oauth from 'oauth4webapi'
import type { Asker, NoteReason } from './asker.ts'
import { bounded } from './bounded.ts'
import { createSecret, type Secret } from './credential.ts'
import type { RequestPurpose } from './events.ts'

/**
 * The options of every request that the protocol library makes: sent by us, within our limits, to addresses that we have checked.
 *
 * The library knows its options by symbols of its own, so they come from the file that makes the request: in pages there may be more
 * than one copy of it.
 *
 * @param proofs gets what the client proved itself with and no message may repeat
 * @param prove adds the proof of the key that tokens are to be bound to
 */
export function endpointOptions(
  asker: Asker,
  purpose: RequestPurpose,
  proofs: Secret[] = [],
  prove?: Prove,
): LibraryOptions {
  return (customFetch, allowInsecureRequests) => ({
    [customFetch]: (url: string, init: RequestInit) => {
      const assertion = init.body instanceof URLSearchParams ? init.body.get('client_assertion') : null
      if (assertion) proofs.push(createSecret(assertion))
      const send = (own: RequestInit) => ask(asker, purpose, url, own)
      return prove ? prove(url, init, send) : send(init)
    },
    // What may be plain http was decided when the address was taken: loopback, or a named option.
    [allowInsecureRequests]: true,
    // Its own: the library would take those of a polluted Object.prototype.
    headers: new Headers(),
  })
}

/** Sends with a proof that it adds to the headers. */
export type Prove = (
  url: string,
  init: RequestInit,
  send: (init: RequestInit) => Promise<Response>,
) => Promise<Response>

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
  // A page that has somebody to tell and cannot load how goes on without.
  const told = emit && (await import('./told-request.ts').catch(() => undefined))
  const work = (noteReason?: NoteReason) => bounded(runtime, url, init, noteReason)
  return told ? told.toldRequest({ runtime, emit }, purpose, url, init, work) : work()
}
