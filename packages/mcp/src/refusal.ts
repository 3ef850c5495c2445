import { type Challenge, errorFrom, PentauthError, parseChallenge } from '@pentauth/core'

/** A refused answer of an MCP server: what it says in our words, and what it asks for. */
export interface Refusal {
  readonly error: PentauthError
  /** All that `WWW-Authenticate` asks for. */
  readonly challenge: readonly Challenge[]
  /** Whether it is about the credential: 401 can also mean that an agent is not yours. */
  readonly isOfCredential: boolean
}

/** Answers about who calls: everything else is the protocol's own, and the SDKs do with it what it says. */
const aboutCaller = [401, 402, 403, 429]

/** What an answer says about the caller: a 401 always does, a 403 unless nothing is known of it, and so do credits and limits. */
export async function refusalIn(response: Response): Promise<Refusal | undefined> {
  if (!aboutCaller.includes(response.status)) return undefined
  const error = await errorFrom(response)
  if (!error || (error.code === 'forbidden' && response.status !== 401)) return undefined
  const isOfCredential = /^(?:authentication_required|credential_refused|insufficient_scope)$/.test(error.code)
  return { error, challenge: parseChallenge(response.headers.get('www-authenticate')), isOfCredential }
}

/** Whether a person who signs in would help: no credential was found, or the session is over. */
export function asksForSignIn(error: unknown): error is PentauthError {
  return PentauthError.isInstance(error) && (error.code === 'sign_in_required' || error.code === 'no_credential')
}

/**
 * Finds the `PentauthError` behind what an SDK has made of it, such as a failed version negotiation.
 *
 * @example
 * ```ts
 * const failure = pentauthErrorIn(await client.connect(transport).catch((error: unknown) => error))
 * console.log(failure?.code, failure?.signIn?.url)
 * ```
 */
export function pentauthErrorIn(error: unknown): PentauthError | undefined {
  const seen = new Set<unknown>()
  const waiting = [error]
  // What is added is gone through, too.
  for (const one of waiting) {
    if (PentauthError.isInstance(one)) return one
    if (typeof one !== 'object' || one === null || seen.has(one) || seen.size > 30) continue
    seen.add(one)
    const { cause, errors, data, error: inner } = one as Record<string, unknown>
    waiting.push(cause, inner, (data as { cause?: unknown } | undefined)?.cause)
    if (Array.isArray(errors)) waiting.push(...errors)
  }
  return undefined
}
