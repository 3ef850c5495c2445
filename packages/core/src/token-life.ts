import type { AccessToken } from './credential.ts'
import { PentauthError } from './errors.ts'
import { unusable } from './session-labels.ts'

/** Part of its life that a token must have left where all of its life is shorter than what is wanted. */
const mostOfIt = 0.8

/**
 * Whether a token has that much left (s); one that never lives so long is good while it is new, or each caller would renew it.
 *
 * @throws PentauthError `invalid_option`.
 */
export function lasts({ expiresAt }: AccessToken, obtainedAt: number, now: number, minLife: number): boolean {
  if (!(minLife >= 0))
    throw unusable('minLife', 'is no number of seconds', 'Give a number such as 600, or leave it out.')
  if (expiresAt === undefined) return true
  const wanted = minLife * 1000
  const life = expiresAt - obtainedAt
  return expiresAt - now >= (life > wanted ? wanted : life * mostOfIt)
}

/** A valid token serves where a new one cannot be had now. */
export function unlessPassing(error: unknown, token: AccessToken): AccessToken {
  if (PentauthError.isInstance(error) && error.retryable) return token
  throw error
}
