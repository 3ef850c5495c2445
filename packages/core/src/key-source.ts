import type { ApiKey } from './credential.ts'
import { type Absent, type CredentialRequest, type CredentialSource, isAbsent } from './credential-source.ts'
import { PentauthError } from './errors.ts'
import { createKeyRing, isSame, type KeyReadings, type KeyRing } from './key-ring.ts'
import { perKey } from './per-key.ts'
import type { Service } from './service.ts'
import { inWords } from './service-link.ts'
import { isThenable } from './thenable.ts'

export interface KeySourceOptions {
  /**
   * When the reader is asked: `once`; again `after-refusal`, where that can help; or before `each-use`, so that it must be cheap.
   * `once` unless given.
   */
  readonly reads?: 'once' | 'after-refusal' | 'each-use' | undefined
  /**
   * Seconds in which a refused key is taken for one whose successor is on its way: calls fail with `temporarily_unavailable` instead
   * of a refusal. 60 unless given where the service's renewal stops the old key at once and the source can hold a new one, else 0.
   */
  readonly refusedGrace?: number | undefined
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
  checkGrace(refusedGrace)
  const newState = (): State => ({ ring: createKeyRing(name), reading: undefined, renewing: undefined })
  // By service, so that two deployments share no key and no refusal; and what passed for a relocated resource has not passed for others.
  const statesOf = perKey<Service, Record<'strict' | 'relocated', State>>(() => ({
    strict: newState(),
    relocated: newState(),
  }))
  const stateOf = ({ service, resource }: CredentialRequest) =>
    statesOf(service)[resource.relocated ? 'relocated' : 'strict']

  return {
    name,
    kind: 'api-key',
    get(request) {
      const { ring } = stateOf(request)
      const found = currentKey(request)
      if (ring.refusals.isEmpty()) return found
      const ready = (key: ApiKey | Absent) => {
        const { runtime, service, sends } = request
        const wait = isAbsent(key) ? undefined : ring.refusals.waitFor(key, runtime.now(), graceOf(service), sends)
        if (wait !== undefined) throw successorAwaited(key as ApiKey, request, wait, graceOf(service))
        return key
      }
      return isThenable(found) ? found.then(ready) : ready(found)
    },
    async renew(refused, request) {
      const state = stateOf(request)
      const current = state.ring.current()
      // Another caller may have found the new key while this one's request was on its way.
      if (refused.kind !== 'api-key' || (current && !isSame(current, refused))) return current
      state.renewing ??= otherKey(refused, request).finally(() => {
        state.renewing = undefined
      })
      return state.renewing
    },
    accepted(key, request) {
      if (key.kind === 'api-key') stateOf(request).ring.accepted(key, request)
    },
    refusedAgain(key, request) {
      if (key.kind === 'api-key') stateOf(request).ring.refusedAgain(key, request)
    },
  }

  /** The key in use; a reading that is of no use now leaves it as it is. */
  function currentKey(request: CredentialRequest): ApiKey | Absent | Promise<ApiKey | Absent> {
    const { ring } = stateOf(request)
    const known = ring.current()
    if (known && reads !== 'each-use') return known
    const orKnown = (error: unknown) => {
      if (!known) throw error
      ring.tellKept(error, request)
      return known
    }
    try {
      const found = readKeys(request, 'changed')
      if (isThenable(found)) return found.then((key) => (isAbsent(key) ? (known ?? key) : key), orKnown)
      return isAbsent(found) ? (known ?? found) : found
    } catch (error) {
      return orKnown(error)
    }
  }

  /** Looks for a key other than the refused one: in the source, then among those it held. */
  async function otherKey(refused: ApiKey, request: CredentialRequest): Promise<ApiKey | undefined> {
    const { ring } = stateOf(request)
    const grace = graceOf(request.service)
    const isWorthALook = ring.refusals.note(refused, request.runtime.now())
    if (isWorthALook && reads !== 'once') {
      try {
        await readKeys(request, 'refused')
      } catch (error) {
        ring.tellKept(error, request)
        // A successor that cannot be read yet is one that is still on its way.
        if (grace === 0) throw error
      }
    }
    const current = ring.current()
    const other =
      current && !isSame(current, refused) ? current : isWorthALook ? ring.replace(refused, request) : undefined
    await ring.told()
    if (!other && ring.refusals.isAwaited(refused, request.runtime.now(), grace)) {
      throw successorAwaited(
        refused,
        request,
        ring.refusals.waitFor(refused, request.runtime.now(), grace, false),
        grace,
      )
    }
    return other
  }

  /** One reading for all who need it now. */
  function readKeys(request: CredentialRequest, reason: 'changed' | 'refused') {
    const state = stateOf(request)
    if (state.reading) return state.reading
    const found = read(request.service)
    if (!isThenable(found)) return state.ring.keep(found, request, reason)
    const reading = Promise.resolve(found)
      .then((readings) => state.ring.keep(readings, request, reason))
      .finally(() => {
        state.reading = undefined
      })
    state.reading = reading
    return reading
  }

  function graceOf({ apiKey }: Service): number {
    return 1000 * (refusedGrace ?? (reads !== 'once' && apiKey?.rotation.method === 'renew' ? 60 : 0))
  }
}

interface State {
  readonly ring: KeyRing
  reading: Promise<ApiKey | Absent> | undefined
  renewing: Promise<ApiKey | undefined> | undefined
}

/** The refusal of a key whose successor is on its way, as an error that passes. */
function successorAwaited(
  key: ApiKey,
  { service }: CredentialRequest,
  wait: number | undefined,
  grace: number,
): PentauthError {
  const page = service.links.keys ?? service.links.docs
  return new PentauthError({
    code: 'temporarily_unavailable',
    message: `${service.name} refused the API key from ${key.source} (${key.secret.preview}…), and its successor has not arrived yet.`,
    service: service.id,
    hint: `A key that was renewed is awaited for ${grace / 1000} s; if nobody renewed it, make a new one at ${inWords(page)}.`,
    link: page.url ?? service.links.docs.url,
    retryable: true,
    retryAfter: Math.ceil((wait ?? 1000) / 1000),
  })
}

function checkGrace(seconds: number | undefined): void {
  if (seconds === undefined || (Number.isFinite(seconds) && seconds >= 0)) return
  throw new PentauthError({
    code: 'invalid_option',
    message: 'The option "refusedGrace" is no number of seconds.',
    hint: 'Give 0 or more, such as { refusedGrace: 60 }.',
  })
}
