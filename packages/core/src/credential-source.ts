import { type ApiKey, type Credential, createSecret } from './credential.ts'
import { PentauthError } from './errors.ts'
import type { Emit } from './events.ts'
import { checkKey } from './key-format.ts'
import type { NamedResource } from './resource-for.ts'
import type { Runtime } from './runtime.ts'
import type { CredentialKind, Service } from './service.ts'
import { isThenable } from './thenable.ts'

/** For whom a source is asked for a credential. */
export interface CredentialRequest {
  readonly service: Service
  readonly resource: NamedResource
  readonly runtime: Runtime
  readonly emit: Emit
}

/** A source that has nothing says what it looked at and what would make it work. */
export interface Absent {
  readonly absent: string
  readonly next?: string
}

/** Whether a source had nothing; own properties only, since anybody may have polluted Object.prototype. */
export function isAbsent(found: object): found is Absent {
  return Object.hasOwn(found, 'absent')
}

/** Where a credential comes from and how it is renewed. */
export interface CredentialSource {
  /** For people: `PENSYVE_API_KEY`, `option "credential"`. */
  readonly name: string
  /** Known in advance where possible, so that a chain skips a kind the resource refuses. */
  readonly kind?: CredentialKind
  /** Answers without a promise when a fresh credential is at hand: that is the hot path. */
  get(request: CredentialRequest): Credential | Absent | Promise<Credential | Absent>
  /** After a refusal: another credential, or `undefined` when there is none. Must be safe to call concurrently. */
  renew?(refused: Credential, request: CredentialRequest): Promise<Credential | undefined>
  /** Whether something is there, told without any work; lets an event name the sources that were passed over. */
  present?(): boolean
  /** Sources behind the chosen one that hold something too. */
  passedOver?(request: CredentialRequest): readonly string[]
}

export interface ApiKeyOptions {
  /** Name of the source in messages; `option "credential"` unless given. */
  readonly name?: string
}

/**
 * An API key by value, or from a function that is called once and again after a refusal.
 *
 * @throws PentauthError (when first used) `malformed_credential`, `wrong_credential`.
 * @example
 * ```ts
 * const auth = createAuth(pendra, { credential: apiKey(() => process.env.PENDRA_API_KEY ?? '') })
 * ```
 */
export function apiKey(
  value: string | (() => string | Promise<string>),
  options: ApiKeyOptions = {},
): CredentialSource {
  const name = options.name ?? 'option "credential"'
  return keySource(name, () => (typeof value === 'function' ? value() : value), {
    rereads: typeof value === 'function',
  })
}

export interface KeySourceOptions {
  /** Whether a refused key makes the reader be asked again; a reader that always answers the same needs no second call. */
  readonly rereads?: boolean
}

/**
 * A source of API keys from any reader: checks the key, remembers it, and reads again after a refusal where that can help.
 *
 * The reader returns the raw key, or an `Absent` that says what it found instead.
 *
 * @throws PentauthError (when first used) `malformed_credential`, `wrong_credential`.
 * @example
 * ```ts
 * const read = () => process.env.AGENT_KEY ?? { absent: 'not set', next: 'export AGENT_KEY=pdr_sk_…' }
 * const auth = createAuth(pendra, { credential: keySource('AGENT_KEY', read, { rereads: true }) })
 * ```
 */
export function keySource(
  name: string,
  read: (service: Service) => KeyReading | Promise<KeyReading>,
  { rereads = false }: KeySourceOptions = {},
): CredentialSource {
  let known: { service: Service; strictly: boolean; key: ApiKey } | undefined
  let reading: { service: Service; result: Promise<ApiKey | Absent> } | undefined

  const keep = (request: CredentialRequest, found: KeyReading): ApiKey | Absent => {
    // Whatever JavaScript callers give instead of a string is reported by the check.
    const isObject = typeof found === 'object' && found !== null
    if (isObject && isAbsent(found)) return found
    const { value, source } = isObject ? found : { value: found, source: name }
    const { service, resource, emit } = request
    const { key, suspicion } = checkKey(request, value, source)
    if (suspicion) emit?.({ type: 'credential_suspect', source, reason: suspicion })
    known = { service, strictly: !resource.relocated, key: { kind: 'api-key', secret: createSecret(key), source } }
    return known.key
  }
  const readOnce = (request: CredentialRequest): ApiKey | Absent | Promise<ApiKey | Absent> => {
    if (reading?.service === request.service) return reading.result
    const found = read(request.service)
    if (!isThenable(found)) return keep(request, found)
    const result = Promise.resolve(found)
      .then((value) => keep(request, value))
      .finally(() => {
        if (reading?.result === result) reading = undefined
      })
    reading = { service: request.service, result }
    return result
  }

  const source: CredentialSource = {
    name,
    kind: 'api-key',
    get: (request) => {
      // A key that passed for a deployment of one's own has not passed for the service's own resources.
      const passed = known?.service === request.service && (known.strictly || request.resource.relocated)
      return known && passed ? known.key : readOnce(request)
    },
  }
  if (!rereads) return source
  return {
    ...source,
    async renew(refused, request) {
      // Another caller may have read the new key while this one's request was on its way.
      if (known?.service === request.service && known.key !== refused) return known.key
      const found = await readOnce(request)
      return isAbsent(found) || found.secret.reveal() === refused.secret.reveal() ? undefined : found
    },
  }
}

/** What a key reader found: a raw key, a raw key with a more exact source (`.env:3`), or nothing. */
export type KeyReading = string | { readonly value: string; readonly source: string } | Absent

/**
 * Returns a credential source, and refuses whatever else a caller gives in its place.
 *
 * @throws PentauthError `invalid_option`.
 */
export function requireSource(source: CredentialSource): CredentialSource {
  if (typeof source?.get === 'function') return source
  throw new PentauthError({
    code: 'invalid_option',
    message: 'The option "credential" is not a credential source.',
    hint: 'Wrap a key as apiKey(key); in Node, import createAuth from @pentauth/node to use the environment.',
  })
}
