import type { AuthContext } from './auth-context.ts'
import { explained, inBrackets, reasonOf } from './connection-reason.ts'
import type { Secret } from './credential.ts'
import { PentauthError } from './errors.ts'
import { withoutSecrets } from './redaction.ts'
import type { NamedResource } from './resource-lookup.ts'

/** Node's error about an answer that is no HTTP holds that answer, which may repeat the request. */
function hideEchoes(error: unknown, secret: Secret): void {
  let link = error as { data?: unknown; cause?: unknown } | undefined
  for (let depth = 0; typeof link === 'object' && link !== null && depth < 5; depth++) {
    if (typeof link.data === 'string') Reflect.set(link, 'data', withoutSecrets(link.data, secret))
    link = link.cause as typeof link
  }
}

/** Tells why a request came to nothing, and what to set. */
export async function connectionFailed(
  auth: AuthContext,
  resource: NamedResource,
  secret: Secret,
  input: string | URL | Request,
  { signal }: RequestInit,
  error: unknown,
): Promise<void> {
  hideEchoes(error, secret)
  if (signal?.aborted || isAbort(error) || PentauthError.isInstance(error)) return
  const url = input instanceof URL ? input.href : typeof input === 'string' ? input : input.url
  // A redirect may have led to a host whose name repeats the secret.
  const explanation = await explained(auth.runtime, error, url)
  const hint = explanation === undefined ? undefined : withoutSecrets(explanation, secret)
  if (hint !== undefined) remember(error, hint)
  auth.emit?.({
    type: 'connection_failed',
    resource: resource.name,
    origin: withoutSecrets(new URL(url).origin, secret),
    reason: reasonOf(error),
    ...(hint === undefined ? {} : { hint }),
  })
}

// By name: a signal's own reason may be any error, and the platforms' aborts have two.
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')
}

// A registered symbol: ky.ts may be the ES module of this package and `auth` from its CommonJS twin.
const hintKey: unique symbol = Symbol.for('pentauth.connectionHint')

/** Notes the hint on the platform's error, invisible to loops, JSON and spreads, for those who replace that error. */
function remember(error: unknown, hint: string): void {
  if (typeof error !== 'object' || error === null) return
  Reflect.defineProperty(error, hintKey, { value: hint, configurable: true })
}

/** The failure of a connection as a typed error, for those whose users never see the platform's own. */
export function unreachable(service: string, url: string, error: unknown): PentauthError {
  return new PentauthError({
    code: 'network_error',
    message: `${new URL(url).origin} could not be reached${inBrackets(reasonOf(error))}.`,
    service,
    hint: hintOf(error) ?? 'Check the network (proxy, DNS, VPN) and the service URL.',
    retryable: true,
  })
}

/** The hint that was found when this error, or what it was made of, came out of `fetch`. */
function hintOf(error: unknown): string | undefined {
  const { [hintKey]: hint, cause } = (error ?? {}) as { readonly [hintKey]?: string; readonly cause?: unknown }
  return hint ?? (cause as { readonly [hintKey]?: string } | undefined)?.[hintKey]
}
