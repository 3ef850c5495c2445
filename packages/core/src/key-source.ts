import type { ApiKey } from './credential.ts'
import { type Absent, type CredentialRequest, type CredentialSource, isAbsent } from './credential-source.ts'
import { PentauthError } from './errors.ts'
import { longestPause } from './key-refusals.ts'
import { createKeyRing, isSame, type KeyReadings, type KeyRing } from './key-ring.ts'
import { isWithin, pauseAfter } from './pause.ts'
import { perKey } from './per-key.ts'
import { checkGrace } from './refused-grace.ts'
import { nextSerial } from './serial.ts'
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
  const newState = (): State => ({
    ring: createKeyRing(name),
    reading: undefined,
    looking: undefined,
    looks: 0,
    lookedAt: 0,
    lookSerial: 0,
    lookedFor: undefined,
  })
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
      return isThenable(found) ? found.then((key) => unlessAwaited(key, request)) : unlessAwaited(found, request)
    },
    async renew(refused, request, sent) {
      if (refused.kind !== 'api-key') return undefined
      const { ring } = stateOf(request)
      const known = ring.current(request)
      // Another caller may have found the new key while this one's request was on its way.
      if (known && !isSame(known, refused) && !ring.refusals.refusedAt(known)) return known
      ring.refusals.note(refused, sent, request.runtime.now())
      return otherKey(refused, request, sent)
    },
    accepted(key, request, sent) {
      if (key.kind !== 'api-key') return
      const state = stateOf(request)
      // One operation that is refused must not have the source read each time; a switch ends the pauses.
      if (state.looks > 0 && sent > state.lookSerial) state.looks = key === state.lookedFor ? 1 : 0
      return state.ring.accepted(key, request, sent)
    },
    refusedAgain(key, request, sent) {
      if (key.kind !== 'api-key') return
      stateOf(request).ring.refusals.note(key, sent, request.runtime.now())
      refuseAwaited(key, request)
    },
  }

  /** The key in use; a reading that is of no use now leaves it as it is. */
  function currentKey(request: CredentialRequest): ApiKey | Absent | Promise<ApiKey | Absent> {
    const { ring } = stateOf(request)
    const known = ring.toSend(request)
    if (known && reads !== 'each-use') return known
    const inUse = (absent: Absent | undefined) => ring.toSend(request) ?? (absent as Absent)
    const orKnown = (error: unknown) => {
      if (!known) throw error
      ring.tellKept(error, request)
      return known
    }
    try {
      const read = readKeys(request)
      return isThenable(read) ? read.then(inUse, orKnown) : inUse(read)
    } catch (error) {
      return orKnown(error)
    }
  }

  /** While the successor of a refused key is awaited, one caller at a time finds out whether it is still refused. */
  function unlessAwaited(key: ApiKey | Absent, request: CredentialRequest): ApiKey | Absent {
    if (isAbsent(key)) return key
    const { refusals } = stateOf(request).ring
    const now = request.runtime.now()
    const wait = refusals.waitFor(key, now, graceOf(request.service))
    if (wait !== undefined) throw successorAwaited(key, request, wait, graceOf(request.service))
    if (request.sends) refusals.probe(key, now)
    return key
  }

  /** Looks for a key other than the refused one: in the source, then among those it held. */
  async function otherKey(refused: ApiKey, request: CredentialRequest, sent: number): Promise<ApiKey | undefined> {
    const { ring } = stateOf(request)
    const failure = await lookAgain(refused, request, sent).then(
      () => undefined,
      (error: unknown) => ({ error }),
    )
    if (failure) ring.tellKept(failure.error, request)
    const other = ring.other(refused, request)
    if (other) return other
    // A successor that cannot be read yet is one that is still on its way.
    refuseAwaited(refused, request)
    if (failure) throw failure.error
    return undefined
  }

  /** Reads the source again, once for all who were refused: where that can help, and not soon after it did not. */
  async function lookAgain(refused: ApiKey, request: CredentialRequest, sent: number): Promise<void> {
    const state = stateOf(request)
    if (reads === 'once') return
    if (!state.looking) {
      const now = request.runtime.now()
      const isInVain = sent < state.lookSerial || isWithin(state.lookedAt, pauseAfter(state.looks, longestPause), now)
      if (reads !== 'each-use' && isInVain) return
      Object.assign(state, { lookedFor: refused, looks: state.looks + 1, lookedAt: now, lookSerial: nextSerial() })
      // What somebody else began to read before the refusal may be the old key.
      const before = Promise.resolve(state.reading).catch(() => undefined)
      state.looking = before
        .then(() => readKeys(request))
        .finally(() => {
          state.looking = undefined
        })
    }
    await state.looking
  }

  /** One reading for all who need it now. */
  function readKeys(request: CredentialRequest): Absent | undefined | Promise<Absent | undefined> {
    const state = stateOf(request)
    if (state.reading) return state.reading
    const found = read(request.service)
    if (!isThenable(found)) return state.ring.keep(found, request)
    const reading = Promise.resolve(found)
      .then((readings) => state.ring.keep(readings, request))
      .finally(() => {
        state.reading = undefined
      })
    state.reading = reading
    return reading
  }

  function refuseAwaited(key: ApiKey, request: CredentialRequest): void {
    const { refusals } = stateOf(request).ring
    const now = request.runtime.now()
    const grace = graceOf(request.service)
    if (refusals.isAwaited(key, now, grace))
      throw successorAwaited(key, request, refusals.waitFor(key, now, grace), grace)
  }

  function graceOf({ apiKey }: Service): number {
    return 1000 * (refusedGrace ?? (reads !== 'once' && apiKey?.rotation.method === 'renew' ? 60 : 0))
  }
}

interface State {
  readonly ring: KeyRing
  reading: Promise<Absent | undefined> | undefined
  /** The reading for those who were refused; how many in a row changed nothing, when the last was (ms), and when in the order of things. */
  looking: Promise<Absent | undefined> | undefined
  looks: number
  lookedAt: number
  lookSerial: number
  /** The refused key of the last one. */
  lookedFor: ApiKey | undefined
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
