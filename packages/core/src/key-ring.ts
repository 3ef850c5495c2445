import { type ApiKey, createSecret, summarize } from './credential.ts'
import { type Absent, type CredentialRequest, isAbsent } from './credential-source.ts'
import { PentauthError } from './errors.ts'
import { checkKey } from './key-format.ts'
import { type KeyRefusals, keyRefusals } from './key-refusals.ts'

/** What a key reader found: a raw key, a raw key with a more exact source (`.env:3`), or nothing. */
export type KeyReading = string | { readonly value: string; readonly source: string } | Absent

/** Several keys are tried in their order, each after the one before was refused. */
export type KeyReadings = KeyReading | readonly KeyReading[]

/** What is known of one service's keys; by service, so that two deployments share no key and no refusal. */
export interface KeyRing {
  keys: readonly ApiKey[]
  current: ApiKey | undefined
  /** What was in use before: should the new one be refused, such as half a key of a file that is being written, it may still work. */
  previous: ApiKey | undefined
  /** Whether the keys have passed the checks of the service's own resources, and not only those of a relocated one. */
  strictly: boolean
  reading: { readonly strictly: boolean; readonly result: Promise<ApiKey | Absent> } | undefined
  renewing: Promise<ApiKey | undefined> | undefined
  /** Why the last reading was of no use, so that it is told once. */
  flaw: string | undefined
  readonly refusals: KeyRefusals
}

export function createRing(): KeyRing {
  return {
    keys: [],
    current: undefined,
    previous: undefined,
    strictly: false,
    reading: undefined,
    renewing: undefined,
    flaw: undefined,
    refusals: keyRefusals(),
  }
}

/** Takes over what was read: the key in use where it is among them, else the first that was not refused just now. */
export function keep(
  name: string,
  ring: KeyRing,
  request: CredentialRequest,
  found: KeyReadings,
  reason: 'changed' | 'refused',
): ApiKey | Absent {
  const several: readonly KeyReading[] = Array.isArray(found) ? found : [found as KeyReading]
  const readings = several.length > 0 ? several : ['']
  const absent = readings.find((reading) => typeof reading === 'object' && reading !== null && isAbsent(reading))
  if (absent) {
    if (ring.current) tellKept(name, ring, request, absent)
    return absent as Absent
  }
  const keys = readings.map((reading) => keyOf(name, ring, request, reading as Exclude<KeyReading, Absent>))
  const strictly = !request.resource.relocated
  // What passed for a relocated resource only is not among the keys any more.
  if (strictly && !ring.strictly) ring.current = undefined
  ring.keys = keys
  ring.strictly = strictly
  ring.flaw = undefined
  const { current } = ring
  const isPaused = (key: ApiKey) => ring.refusals.isPaused(key, request.runtime.now())
  const known = keys.find((key) => current && isSame(key, current))
  const chosen = known ?? keys.find((key) => !isPaused(key)) ?? current ?? (keys[0] as ApiKey)
  return use(ring, request, chosen, reason)
}

/** A reading as a checked key; the one that is known where it is the same, so that nobody takes it for a new one. */
function keyOf(name: string, ring: KeyRing, request: CredentialRequest, reading: Exclude<KeyReading, Absent>): ApiKey {
  const { value, source } = typeof reading === 'object' && reading !== null ? reading : { value: reading, source: name }
  const strictly = !request.resource.relocated
  const known = ring.keys.find(({ secret }) => secret.reveal() === value)
  if (known && (ring.strictly || !strictly)) return known
  // Whatever JavaScript callers give instead of a string is reported by the check.
  const { key, suspicion } = checkKey(request, value, source)
  if (suspicion) request.emit?.({ type: 'credential_suspect', source, reason: suspicion })
  return (
    ring.keys.find(({ secret }) => secret.reveal() === key) ?? { kind: 'api-key', secret: createSecret(key), source }
  )
}

/** Makes a key the one in use, and tells who watches when it took another's place. */
export function use(
  ring: KeyRing,
  { emit, runtime }: CredentialRequest,
  key: ApiKey,
  reason: 'changed' | 'refused',
): ApiKey {
  const before = ring.current
  if (before !== key) ring.previous = before
  ring.current = key
  if (before && before !== key && emit) {
    const summaries = Promise.all([summarize(before, runtime.crypto), summarize(key, runtime.crypto)])
    void summaries.then(
      ([from, to]) => emit({ type: 'key_switched', from, to, reason }),
      () => undefined,
    )
  }
  return key
}

export function tellKept(name: string, ring: KeyRing, { emit }: CredentialRequest, why: unknown): void {
  // The text of an error that is not ours may hold anything.
  const reason = PentauthError.isInstance(why) ? why.message : isNothing(why) ? why.absent : 'reading it failed'
  if (ring.flaw === reason) return
  ring.flaw = reason
  emit?.({ type: 'key_kept', source: name, reason })
}

function isNothing(why: unknown): why is Absent {
  return typeof why === 'object' && why !== null && isAbsent(why)
}

/** Whether two keys are the same secret. */
export function isSame(one: ApiKey, other: ApiKey): boolean {
  return one === other || one.secret.reveal() === other.secret.reveal()
}
