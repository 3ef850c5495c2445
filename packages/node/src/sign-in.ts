import { type Auth, type Service, signedIn } from '@pentauth/core'
import { createAuth } from './auth.ts'
import { debugListener } from './debug.ts'
import { fileStoreFor } from './file-store.ts'
import type { NodeSignInOptions } from './sign-in-options.ts'

/**
 * Signs a person in from a terminal, and returns what calls the service with their tokens.
 *
 * Their browser opens, and comes back to a port of this machine. Where none opens (SSH, containers, CI) it says why, and shows a code to
 * allow on another device, where the authorization server has that, or else the page to open; the address that the browser ends at can
 * then be pasted. Everything is said on stderr; stdin and stdout are left alone.
 *
 * The account is the one that `createAuth` uses from then on where none is named.
 *
 * One person is asked one thing at a time: who wants the same sign-in in another process waits, and uses the session of the first.
 *
 * @throws PentauthError `sign_in_failed` when the server or the person said no, nobody came in time, it was interrupted or the port is
 *   taken; `sign_in_required` where nobody can sign in, as in CI; `discovery_failed`, `unsafe_address` or `registration_failed` when the
 *   service's own documents do not lead to a sign-in; `sign_in_response_invalid`, `insufficient_scope`, `invalid_option`,
 *   `invalid_service`, `client_refused`, `token_response_invalid`, `temporarily_unavailable`, `store_failed`; the signal's reason.
 * @see https://www.rfc-editor.org/rfc/rfc8252
 * @example
 * ```ts
 * const auth = await signIn(profundis)
 * const response = await auth.fetch('https://mcp.profundis.io/mcp', { method: 'POST', body: '{}' })
 * ```
 */
export async function signIn<Names extends string>(
  service: Service<Names>,
  options: NodeSignInOptions = {},
): Promise<Auth<Names>> {
  // A program that is signed in already loads nothing of it. What there may be only one of is handed over.
  const { signInHere } = await import('./terminal-sign-in.ts')
  return signInHere(service, options, { createAuth, debugListener, fileStoreFor, signedIn })
}
