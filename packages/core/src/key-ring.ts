import { type ApiKey, createSecret, summarize } from './credential.ts'
import { type Absent, type CredentialRequest, isAbsent } from './credential-source.ts'
import { PentauthError } from './errors.ts'
import { checkKey } from './key-format.ts'
import { type KeyRefusals, keyRefusals } from './key-refusals.ts'

/** What a key reader found: a raw key, a raw key with a more exact source (`.env:3`), or nothing. */
export type KeyReading = string | { readonly value: string; readonly source: string } | Absent

/** Several keys are tried in their order, each after the one before was refused. */
export type KeyReadings = KeyReading | readonly KeyReading[]

type SwitchReason = 'changed' | 'refused'

/** The keys that a source holds for one service, and the one in use. */
export interface KeyRing {
  readonly refusals: KeyRefusals
  current(): ApiKey | undefined
  /** Takes over what was read, and answers with the key in use now; nothing read changes nothing. */
  keep(readings: KeyReadings, request: CredentialRequest, reason: SwitchReason): ApiKey | Absent
  /** Takes another key than the refused one into use, if there is one that was not refused just now. */
  replace(refused: ApiKey, request: CredentialRequest): ApiKey | undefined
  /** The service took a key. */
  accepted(key: ApiKey, request: CredentialRequest): void
  /** The service refused what had replaced a refused key, too: the key that was accepted last is the one in use again. */
  refusedAgain(key: ApiKey, request: CredentialRequest): void
  /** Tells, once, that a reading was of no use and the known key stays. */
  tellKept(why: unknown, request: CredentialRequest): void
  /** Settles when the last switch has been told. */
  told(): Promise<void>
}

/**
 * How long (ms) a new key that was never accepted may be replaced by the one before: it may be half of a key, from a file that is
 * being written. A key that somebody took out of the source is not used any longer than that.
 */
const rewriting = 5_000

export function createKeyRing(name: string): KeyRing {
  const refusals = keyRefusals()
  let keys: readonly ApiKey[] = []
  let inUse: ApiKey | undefined
  let lastAccepted: ApiKey | undefined
  let before: { readonly key: ApiKey; readonly until: number } | undefined
  let flaw: string | undefined
  let telling = Promise.resolve()

  const ring: KeyRing = {
    refusals,
    current: () => inUse,
    keep(readings, request, reason) {
      const several: readonly KeyReading[] = Array.isArray(readings) ? readings : [readings as KeyReading]
      const absent = several.find(isNothing)
      if (absent) {
        if (inUse) ring.tellKept(absent, request)
        return absent
      }
      const found = several.length > 0 ? several : ['']
      keys = usable(found as readonly Exclude<KeyReading, Absent>[], request)
      flaw = undefined
      const chosen = use(choose(request), request, reason)
      if (!refusals.isEmpty()) refusals.retain(before ? [...keys, chosen, before.key] : [...keys, chosen])
      return chosen
    },
    replace(refused, request) {
      const now = request.runtime.now()
      const held = before && now < before.until && !refusals.has(before.key) ? [...keys, before.key] : keys
      const other = held.find((key) => !isSame(key, refused) && !refusals.isPaused(key, now))
      return other && use(other, request, 'refused')
    },
    accepted(key, { runtime }) {
      if (lastAccepted !== key) {
        lastAccepted = key
        // It is whole, so nobody needs the one before.
        if (key === inUse) before = undefined
      }
      if (!refusals.isEmpty()) refusals.accept(key, runtime.now())
    },
    refusedAgain(key, request) {
      refusals.note(key, request.runtime.now())
      const isHeld = keys.some((held) => held === lastAccepted)
      if (key === inUse && lastAccepted && lastAccepted !== key && isHeld) use(lastAccepted, request, 'refused')
    },
    tellKept(why, { emit }) {
      const reason = reasonOf(why)
      if (flaw === reason) return
      flaw = reason
      emit?.({ type: 'key_kept', source: name, reason })
    },
    told: () => telling,
  }
  return ring

  /** The key in use where it is among those read, else the first that was not refused just now. */
  function choose({ runtime }: CredentialRequest): ApiKey {
    const now = runtime.now()
    const known = keys.find((key) => inUse && isSame(key, inUse))
    const fresh = keys.find((key) => !refusals.isPaused(key, now))
    const fallback = before && now < before.until ? inUse : undefined
    return known ?? fresh ?? fallback ?? (keys[0] as ApiKey)
  }

  /** The keys that pass the check; the flaw of another is only told as long as one does. */
  function usable(readings: readonly Exclude<KeyReading, Absent>[], request: CredentialRequest): readonly ApiKey[] {
    const flaws: unknown[] = []
    const good = readings.flatMap((reading) => {
      try {
        return [keyOf(reading, request)]
      } catch (error) {
        flaws.push(error)
        return []
      }
    })
    if (good.length === 0) throw flaws[0]
    for (const error of flaws) request.emit?.({ type: 'credential_suspect', source: name, reason: reasonOf(error) })
    return good
  }

  /** A reading as a checked key; the one that is known where it is the same, so that nobody takes it for a new one. */
  function keyOf(reading: Exclude<KeyReading, Absent>, request: CredentialRequest): ApiKey {
    const isPlaced = typeof reading === 'object' && reading !== null
    const { value, source } = isPlaced ? reading : { value: reading, source: name }
    const known = keys.find(({ secret }) => secret.reveal() === value)
    if (known) return known
    // Whatever JavaScript callers give instead of a string is reported by the check.
    const { key, suspicion } = checkKey(request, value, source)
    if (suspicion) request.emit?.({ type: 'credential_suspect', source, reason: suspicion })
    const same = keys.find(({ secret }) => secret.reveal() === key)
    return same ?? { kind: 'api-key', secret: createSecret(key), source }
  }

  function use(key: ApiKey, { emit, runtime }: CredentialRequest, reason: SwitchReason): ApiKey {
    const last = inUse
    inUse = key
    if (!last || last === key) return key
    if (reason === 'changed' && !refusals.has(key)) before = { key: last, until: runtime.now() + rewriting }
    if (emit) {
      telling = Promise.all([summarize(last, runtime.crypto), summarize(key, runtime.crypto)]).then(
        ([from, to]) => emit({ type: 'key_switched', from, to, reason }),
        () => undefined,
      )
    }
    return key
  }
}

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
