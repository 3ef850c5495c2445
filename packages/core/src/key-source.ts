import type { ApiKey } from './credential.ts'
import { type Absent, type CredentialRequest, type CredentialSource, isAbsent } from './credential-source.ts'
import { PentauthError } from './errors.ts'
import { createRing, isSame, type KeyReadings, type KeyRing, keep, tellKept, use } from './key-ring.ts'
import type { Service } from './service.ts'
import { inWords } from './service-link.ts'
import { isThenable } from './thenable.ts'

export interface KeySourceOptions {
  /**
   * When the reader is asked: `once`; again `after-refusal`, where that can help; or before `each-use`, so that it must be cheap.
   * `once` unless given.
   */
  readonly reads?: 'once' | 'after-refusal' | 'each-use'
  /**
   * Seconds in which a refused key is taken for one whose successor is on its way: calls fail with `temporarily_unavailable` instead
   * of a refusal. 60 unless given where the service's renewal stops the old key at once and the source can hold a new one, else 0.
   */
  readonly refusedGrace?: number
}

/**
 * A source of API keys from any reader: checks the key, remembers it, and after a refusal reads again or takes the other key.
 *
 * The reader returns the raw key, several, or an `Absent` that says what it found instead. A later reading that fails or holds nothing
 * usable changes nothing: the known key stays in use, and an event says so. After a refusal without another key, the source is not
 * read again for 1 s, 2 s, 4 s, at most 10 s.
 *
 * @throws PentauthError (when first used) `malformed_credential`, `wrong_credential`; `temporarily_unavailable` while a refused key's
 *   successor is awaited (`refusedGrace`).
 * @example
 * ```ts
 * const read = () => process.env.AGENT_KEY ?? { absent: 'not set', next: 'export AGENT_KEY=pdr_sk_…' }
 * const auth = createAuth(pendra, { credential: keySource('AGENT_KEY', read, { reads: 'after-refusal' }) })
 * ```
 */
export function keySource(
  name: string,
  read: (service: Service) => KeyReadings | Promise<KeyReadings>,
  { reads = 'once', refusedGrace }: KeySourceOptions = {},
): CredentialSource {
  const rings = new WeakMap<Service, KeyRing>()

  let last: { readonly service: Service; readonly ring: KeyRing } | undefined

  const ringOf = (service: Service): KeyRing => {
    if (last?.service === service) return last.ring
    const ring = rings.get(service) ?? createRing()
    rings.set(service, ring)
    last = { service, ring }
    return ring
  }

  /** One reading for all who need it now. */
  const readKeys = (ring: KeyRing, request: CredentialRequest, reason: 'changed' | 'refused') => {
    const strictly = !request.resource.relocated
    if (ring.reading && (ring.reading.strictly || !strictly)) return ring.reading.result
    const found = read(request.service)
    if (!isThenable(found)) return keep(name, ring, request, found, reason)
    const result = Promise.resolve(found)
      .then((readings) => keep(name, ring, request, readings, reason))
      .finally(() => {
        if (ring.reading?.result === result) ring.reading = undefined
      })
    ring.reading = { strictly, result }
    return result
  }

  /** The key in use; a reading that is of no use now leaves it as it is. */
  const currentKey = (ring: KeyRing, request: CredentialRequest): ApiKey | Absent | Promise<ApiKey | Absent> => {
    const { current, strictly } = ring
    const known = strictly || request.resource.relocated ? current : undefined
    if (known && reads !== 'each-use') return known
    const orKnown = (error: unknown) => {
      if (!known) throw error
      tellKept(name, ring, request, error)
      return known
    }
    try {
      const found = readKeys(ring, request, 'changed')
      if (isThenable(found)) return found.then((key) => (isAbsent(key) ? (known ?? key) : key), orKnown)
      return isAbsent(found) ? (known ?? found) : found
    } catch (error) {
      return orKnown(error)
    }
  }

  /** Looks for a key other than the refused one: in the source, then among those it held. */
  const replace = async (ring: KeyRing, refused: ApiKey, request: CredentialRequest): Promise<ApiKey | undefined> => {
    const grace = graceOf(request.service)
    const isWorthALook = ring.refusals.note(refused, request.runtime.now())
    if (isWorthALook && reads !== 'once') {
      try {
        await readKeys(ring, request, 'refused')
      } catch (error) {
        tellKept(name, ring, request, error)
        // A successor that cannot be read yet is one that is still on its way.
        if (grace === 0) throw error
      }
    }
    if (ring.current && !isSame(ring.current, refused)) return ring.current
    const isFresh = (key: ApiKey) => !isSame(key, refused) && !ring.refusals.isPaused(key, request.runtime.now())
    const { keys, previous, refusals } = ring
    const held = previous && !refusals.has(previous) ? [...keys, previous] : keys
    const other = isWorthALook ? held.find(isFresh) : undefined
    if (other) return use(ring, request, other, 'refused')
    awaitSuccessor(ring, request, refused, grace)
    return undefined
  }

  const graceOf = ({ apiKey }: Service): number =>
    1000 * (refusedGrace ?? (reads !== 'once' && apiKey?.rotation.method === 'renew' ? 60 : 0))

  return {
    name,
    kind: 'api-key',
    get(request) {
      const ring = ringOf(request.service)
      const found = currentKey(ring, request)
      if (ring.refusals.isEmpty()) return found
      const ready = (found: ApiKey | Absent) => {
        if (!isAbsent(found)) awaitSuccessor(ring, request, found, graceOf(request.service))
        return found
      }
      return isThenable(found) ? found.then(ready) : ready(found)
    },
    async renew(refused, request) {
      const ring = ringOf(request.service)
      // Another caller may have found the new key while this one's request was on its way.
      if (refused.kind !== 'api-key' || (ring.current && !isSame(ring.current, refused))) return ring.current
      ring.renewing ??= replace(ring, refused, request).finally(() => {
        ring.renewing = undefined
      })
      return ring.renewing
    },
    accepted(key, { service }) {
      const { refusals } = ringOf(service)
      if (!refusals.isEmpty() && key.kind === 'api-key') refusals.forget(key)
    },
  }
}

/** Throws while a refused key is taken for one whose successor is on its way. */
function awaitSuccessor(ring: KeyRing, { service, runtime }: CredentialRequest, key: ApiKey, grace: number): void {
  const wait = ring.refusals.waitFor(key, runtime.now(), grace)
  if (wait === undefined) return
  const page = service.links.keys ?? service.links.docs
  throw new PentauthError({
    code: 'temporarily_unavailable',
    message: `${service.name} refused the API key from ${key.source} (${key.secret.preview}…), and its successor has not arrived yet.`,
    service: service.id,
    hint: `A key that was renewed is awaited for ${grace / 1000} s; if nobody renewed it, make a new one at ${inWords(page)}.`,
    link: page.url ?? service.links.docs.url,
    retryable: true,
    retryAfter: Math.ceil(wait / 1000),
  })
}
