import { type ApiKey, createSecret, summarize } from './credential.ts'
import { type Absent, type CredentialRequest, isAbsent } from './credential-source.ts'
import { PentauthError } from './errors.ts'
import { checkKey } from './key-format.ts'
import { type KeyRefusals, keyRefusals, provenFor } from './key-refusals.ts'
import { isWithin } from './pause.ts'

/** What a key reader found: a raw key, a raw key with a more exact source (`.env:3`), or nothing. */
export type KeyReading = string | { readonly value: string; readonly source: string } | Absent

/** Several keys are tried in their order, each after the one before was refused. */
export type KeyReadings = KeyReading | readonly KeyReading[]

/** The keys that a source holds for one service, and the one in use. */
export interface KeyRing {
  readonly refusals: KeyRefusals
  /** The key in use: the same until another was accepted in its place, or it was taken out of the source. */
  current(request: CredentialRequest): ApiKey | undefined
  /** The key for a new request: the one in use, or, where that is refused again and again, whichever was refused longest ago. */
  toSend(request: CredentialRequest): ApiKey | undefined
  /** Takes over what was read; nothing read changes nothing. */
  keep(readings: KeyReadings, request: CredentialRequest): Absent | undefined
  /** Another key to try after a refusal: first those that were never refused, then the one whose refusal is longest ago. */
  other(refused: ApiKey, request: CredentialRequest): ApiKey | undefined
  /** The service took the key of a request that was sent then, and uses it from now on; settles when a switch has been told. */
  accepted(key: ApiKey, request: CredentialRequest, sent: number): void | Promise<void>
  /** Tells, once, that a reading was of no use and the known key stays. */
  tellKept(why: unknown, request: CredentialRequest): void
}

/**
 * How long (ms) the key that worked serves after it was taken out of the source, when its successor is refused: that may be half of a
 * key, from a file that is being written. A key that somebody took out on purpose is not used any longer.
 */
const rewriting = 5_000

export function createKeyRing(name: string): KeyRing {
  const refusals = keyRefusals()
  let keys: readonly ApiKey[] = []
  let inUse: ApiKey | undefined
  let isHeld = false
  let lastGood: ApiKey | undefined
  let removedAt: number | undefined
  let flaw: string | undefined
  let flaws: readonly string[] = []

  const ring: KeyRing = {
    refusals,
    current(request) {
      // The hot path: nothing was taken out of the source.
      if (isHeld && removedAt === undefined) return inUse
      const isRefused = inUse !== undefined && refusals.refusedAt(inUse) > 0
      const stays = isHeld && !isRefused
      if (!stays && keys.length > 0) use(choose(request), request, isRefused ? 'refused' : 'changed')
      return inUse
    },
    toSend(request) {
      const key = ring.current(request)
      if (!key || refusals.isEmpty()) return key
      const trust = key === lastGood ? provenFor : 0
      return refusals.isRepeated(key, trust, request.runtime.now()) ? (byRefusal(keys)[0] ?? key) : key
    },
    keep(readings, request) {
      const several: readonly KeyReading[] = Array.isArray(readings) ? readings : [readings as KeyReading]
      const found = several.filter((reading) => !isNothing(reading)) as readonly RawKey[]
      const absent = several.find(isNothing)
      if (absent && found.length === 0) {
        if (inUse) ring.tellKept(absent, request)
        return absent
      }
      keys = usable(found.length > 0 ? found : [''], request)
      flaw = undefined
      isHeld = inUse !== undefined && keys.includes(inUse)
      if (lastGood) removedAt = keys.includes(lastGood) ? undefined : (removedAt ?? request.runtime.now())
      if (!refusals.isEmpty()) refusals.retain(lastGood ? [...keys, lastGood] : keys)
      return undefined
    },
    other(refused, { runtime }) {
      const now = runtime.now()
      const rest = [...keys, ...spare(now)].filter((key) => !isSame(key, refused) && !refusals.isPaused(key, now))
      return byRefusal(rest)[0]
    },
    accepted(key, request, sent) {
      if (key === lastGood && key === inUse && refusals.isEmpty()) return
      if (!refusals.accept(key, sent, request.runtime.now()) || !keys.includes(key)) return
      lastGood = key
      removedAt = undefined
      return use(key, request, 'refused')
    },
    tellKept(why, { emit }) {
      const reason = reasonOf(why)
      if (flaw === reason) return
      flaw = reason
      emit?.({ type: 'key_kept', source: name, reason })
    },
  }
  return ring

  function byRefusal(several: readonly ApiKey[]): readonly ApiKey[] {
    return several.toSorted((one, two) => refusals.refusedAt(one) - refusals.refusedAt(two))
  }

  /** The key that worked last, for a while after it was taken out of the source. */
  function spare(now: number): readonly ApiKey[] {
    return lastGood && isWithin(removedAt, rewriting, now) ? [lastGood] : []
  }

  /** The first key that was not refused, or that is worth another try. */
  function choose({ runtime }: CredentialRequest): ApiKey {
    const known = [...keys, ...spare(runtime.now())]
    return known.find((key) => !refusals.refusedAt(key)) ?? (keys[0] as ApiKey)
  }

  /** The keys that pass the check; the flaw of another is only told as long as one does. */
  function usable(readings: readonly RawKey[], request: CredentialRequest): readonly ApiKey[] {
    const before = flaws
    const found: string[] = []
    const failures: unknown[] = []
    const suspect = (source: string, reason: string) => {
      found.push(reason)
      if (!before.includes(reason)) request.emit?.({ type: 'credential_suspect', source, reason })
    }
    const good = readings.flatMap((reading) => {
      try {
        return [keyOf(reading, request, suspect)]
      } catch (error) {
        failures.push(error)
        return []
      }
    })
    if (good.length === 0) throw failures[0]
    for (const error of failures) suspect(name, reasonOf(error))
    flaws = found
    return good
  }

  /** A reading as a checked key; the one that is known where it is the same, so that nobody takes it for a new one. */
  function keyOf(
    reading: RawKey,
    request: CredentialRequest,
    suspect: (source: string, reason: string) => void,
  ): ApiKey {
    const isPlaced = typeof reading === 'object' && reading !== null
    const { value, source } = isPlaced ? reading : { value: reading, source: name }
    const known = [...keys, ...(lastGood ? [lastGood] : [])]
    const same = known.find(({ secret }) => secret.reveal() === value)
    if (same) return same
    // Whatever JavaScript callers give instead of a string is reported by the check.
    const { key, suspicion } = checkKey(request, value, source)
    if (suspicion) suspect(source, suspicion)
    const trimmed = known.find(({ secret }) => secret.reveal() === key)
    return trimmed ?? { kind: 'api-key', secret: createSecret(key), source }
  }

  function use(key: ApiKey, { emit, runtime }: CredentialRequest, reason: 'changed' | 'refused'): void | Promise<void> {
    const last = inUse
    inUse = key
    isHeld = keys.includes(key)
    if (!last || last === key || !emit) return
    return Promise.all([summarize(last, runtime.crypto), summarize(key, runtime.crypto)]).then(
      ([from, to]) => emit({ type: 'key_switched', from, to, reason }),
      () => undefined,
    )
  }
}

type RawKey = Exclude<KeyReading, Absent>

/** Whether two keys are the same secret. */
export function isSame(one: ApiKey, other: ApiKey): boolean {
  return one === other || one.secret.reveal() === other.secret.reveal()
}

function isNothing(reading: unknown): reading is Absent {
  return typeof reading === 'object' && reading !== null && isAbsent(reading)
}

// The text of an error that is not ours may hold anything.
function reasonOf(why: unknown): string {
  if (PentauthError.isInstance(why)) return why.message
  return isNothing(why) ? why.absent : 'reading it failed'
}
