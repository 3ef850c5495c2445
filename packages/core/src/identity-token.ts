import type { Absent } from './credential-source.ts'
import { PentauthError } from './errors.ts'
import type { Service } from './service.ts'

/** For whom an identity token is read, and with what. */
export interface IdentityTokenRequest {
  readonly service: Service
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /**
   * Asks who makes the token: no redirect is followed, at most 10 s, at most 256 KiB are read. Rejects with `temporarily_unavailable`
   * when nobody answers, also for 429 and from 500 on.
   *
   * @param what names whom is asked, in messages
   */
  readonly ask: (what: string, url: string, init?: RequestInit) => Promise<Response>
}

/** Where the token comes from that says which workload this is: who runs the program signs it, and it lives for minutes. */
export interface IdentityTokenSource {
  /** For people: `GitHub Actions`, `/var/run/secrets/tokens/acme`. */
  readonly name: string
  /** Called for each token request, so that the token is never older than that. */
  read(request: IdentityTokenRequest): string | Promise<string>
  /** What there is instead where this is no place for such a token; a chain of sources then goes on. Told without any work. */
  missing?(): Absent | undefined
}

/** A source of identity tokens, or a function that gives one. */
export type IdentityToken = IdentityTokenSource | (() => string | Promise<string>)

/**
 * Refuses what cannot give an identity token.
 *
 * @throws PentauthError `invalid_option`.
 */
export function requireIdentityToken(option: string, token: unknown): void {
  if (typeof token === 'function') return
  const { name, read }: Partial<IdentityTokenSource> = Object(token)
  if (typeof name === 'string' && typeof read === 'function') return
  throw new PentauthError({
    code: 'invalid_option',
    message: `The option "${option}" gives no identity token.`,
    hint: 'Give a function that returns the token, or a source of @pentauth/node such as identityTokenFile(path): it is read anew each time.',
  })
}

/** What there is instead of a token, where the source knows that there is none. */
export function missingIn(token: IdentityToken): Absent | undefined {
  return typeof token === 'function' ? undefined : token.missing?.()
}

/** How the source of an identity token is called in messages. */
export function nameOf(token: IdentityToken): string {
  return typeof token === 'function' ? 'the function' : token.name
}
