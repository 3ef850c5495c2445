import type { Auth } from '@pentauth/core'

/**
 * The same `Auth`, for a server that may want no credential: where there is none, it is asked without one before anybody has to sign in.
 *
 * @param headers for the gateway before it, which are all that some servers want
 */
export function perhapsOpen(auth: Auth, url: string, headers: Readonly<Record<string, string>> = {}): Auth {
  /** Until a credential is found, or the server asks for one. */
  let mayBeOpen = true
  const hasNone = async (): Promise<boolean> => {
    if (!mayBeOpen) return false
    const found = await auth.credential(url).catch((error: unknown) => error)
    mayBeOpen = (found as { code?: unknown }).code === 'no_credential'
    return mayBeOpen
  }
  return {
    ...auth,
    async credential(...args) {
      // Nobody looks at it before the server has asked for one.
      if (await hasNone()) return undefined as never
      return auth.credential(...args)
    },
    async fetch(input, init) {
      if (await hasNone()) {
        const own = new Headers(init?.headers)
        for (const [name, value] of Object.entries(headers)) own.set(name, value)
        // The transport follows no redirect to another origin.
        const response = await fetch(input, { ...init, headers: own })
        if (!asksForCredential(response)) return response
        await response.body?.cancel()
        mayBeOpen = false
      }
      return auth.fetch(input, init)
    },
  }
}

/** A server whose tools want one says so with 403, too. */
function asksForCredential({ status, headers }: Response): boolean {
  return (
    status === 401 || (status === 403 && /\bbearer\b.*insufficient_scope/i.test(headers.get('www-authenticate') ?? ''))
  )
}
