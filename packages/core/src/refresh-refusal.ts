import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'

/** The failure of a renewal; a refresh token that is not taken any more ends the sign-in. */
export function refreshRefusal({ service }: Flow, error: unknown): unknown {
  if (!PentauthError.isInstance(error) || error.parameters?.error !== 'invalid_grant') return error
  return new PentauthError({
    code: 'sign_in_required',
    message: `The sign-in at ${service.name} has ended: its authorization server does not take the refresh token any more.`,
    service: service.id,
    status: error.status,
    hint: 'Sign in again.',
  })
}
