import { PentauthError, type Service } from '@pentauth/core'

/**
 * Gives work that waits for a person so much time.
 *
 * @throws PentauthError `sign_in_failed` when it is over, as the reason of the signal that the work is given.
 */
export async function within<T>(
  service: Service,
  { seconds, signal }: { readonly seconds: number; readonly signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const late = `waits no longer: nobody came back within ${seconds} s`
  const timer = setTimeout(() => {
    over.abort(stopped(service, late, 'Start it again; the option "timeout" gives people up to 600 s.'))
  }, seconds * 1_000)
  try {
    return await work(AbortSignal.any([signal, over.signal]))
  } finally {
    clearTimeout(timer)
  }
}

/** A sign-in that has come to no end. */
export function stopped(service: Service, what: string, hint: string): PentauthError {
  return new PentauthError({
    code: 'sign_in_failed',
    message: `The sign-in at ${service.name} ${what}.`,
    service: service.id,
    hint,
  })
}
