import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'
import type { Document } from './metadata-document.ts'
import { retryAfterOf } from './retry-after.ts'
import { shownAddress } from './shown-address.ts'

/**
 * Stops where an answer says nothing but that its sender is in trouble: 408, 425, 429 and from 500 on.
 *
 * @throws PentauthError `temporarily_unavailable`.
 */
export function throwIfTemporary({ service, runtime }: Flow, what: string, url: string, response: Response): void {
  const { status, headers } = response
  if (status < 500 && status !== 408 && status !== 425 && status !== 429) return
  throw new PentauthError({
    code: 'temporarily_unavailable',
    message: `${service.name}: the ${what} at ${shownAddress(new URL(url))} answered ${status}.`,
    service: service.id,
    status,
    hint: 'Try again later; nothing was refused.',
    retryable: true,
    retryAfter: retryAfterOf(headers, runtime.now()),
  })
}

/** The error about a document. */
export function failed(
  { service }: Flow,
  { what, url }: Pick<Document, 'what' | 'url'>,
  flaw: string,
  hint = 'Ask who runs the service: its clients cannot find out where to sign in.',
): PentauthError {
  return new PentauthError({
    code: 'discovery_failed',
    message: `${service.name}: the ${what} at ${shownAddress(new URL(url))} ${flaw}.`,
    service: service.id,
    hint,
    link: service.links.docs.url,
  })
}
