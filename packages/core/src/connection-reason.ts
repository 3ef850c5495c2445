import type { Runtime } from './runtime.ts'

/**
 * Why a request failed, by the platform's code, such as `ECONNREFUSED`.
 *
 * The platform's errors themselves are not passed on: parser errors hold what the server sent, which may repeat a secret.
 */
export function reasonOf(error: unknown): string | undefined {
  const codes: string[] = []
  // A tunnel that a proxy refused is the cause of a cause.
  for (let link = error, depth = 0; link !== null && typeof link === 'object' && depth < 5; depth++) {
    const { code, cause } = link as { code?: unknown; cause?: unknown }
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code)) codes.push(code)
    link = cause
  }
  return codes.at(-1)
}

/** A reason as messages show it after what failed. */
export function inBrackets(reason: string | undefined): string {
  return reason ? ` (${reason})` : ''
}

/** What this platform knows about a failed connection; its explanation must never hide the failure itself. */
export async function explained(runtime: Runtime, error: unknown, url: string): Promise<string | undefined> {
  try {
    return await runtime.explainConnection?.(error, new URL(url))
  } catch {
    return undefined
  }
}
