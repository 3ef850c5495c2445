import type { ApiKey, Credential } from './credential.ts'
import { createSecret } from './credential.ts'
import { PentauthError, type Tried } from './errors.ts'
import type { Emit } from './events.ts'
import { checkKey } from './key-format.ts'
import type { NamedResource } from './resource-for.ts'
import type { Runtime } from './runtime.ts'
import type { CredentialKind, Service } from './service.ts'

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
 * const auth = createAuth(pensyve, { credential: apiKey(() => vault.read('pensyve')) })
 * ```
 */
export function apiKey(
  value: string | (() => string | Promise<string>),
  options: ApiKeyOptions = {},
): CredentialSource {
  const name = options.name ?? 'option "credential"'
  return keySource(name, () => (typeof value === 'function' ? value() : value), typeof value === 'function')
}

/**
 * A source of API keys from any reader: checks the key, remembers it, reads again after a refusal when `rereads`.
 *
 * The reader returns the raw key, or an `Absent` that says what it found instead.
 */
export function keySource(
  name: string,
  read: (service: Service) => KeyReading | Promise<KeyReading>,
  rereads: boolean,
): CredentialSource {
  let known: { service: Service; key: ApiKey } | undefined
  let reading: { service: Service; result: Promise<ApiKey | Absent> } | undefined

  const keep = (request: CredentialRequest, found: KeyReading): ApiKey | Absent => {
    // Whatever JavaScript callers give instead of a string is reported by the check.
    const isObject = typeof found === 'object' && found !== null
    if (isObject && 'absent' in found) return found
    const { value, source } = isObject ? found : { value: found, source: name }
    const { key, suspicion } = checkKey(request.service, value, source)
    if (suspicion) request.emit?.({ type: 'credential_suspect', source, reason: suspicion })
    known = { service: request.service, key: { kind: 'api-key', secret: createSecret(key), source } }
    return known.key
  }
  const readOnce = (request: CredentialRequest): ApiKey | Absent | Promise<ApiKey | Absent> => {
    if (reading?.service === request.service) return reading.result
    const found = read(request.service)
    if (!isPromise(found)) return keep(request, found)
    const result = found
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
    get: (request) => (known?.service === request.service ? known.key : readOnce(request)),
  }
  if (!rereads) return source
  return {
    ...source,
    async renew(refused, request) {
      // Another caller may have read the new key while this one's request was on its way.
      if (known && known.key !== refused) return known.key
      const found = await readOnce(request)
      return 'absent' in found || found.secret.reveal() === refused.secret.reveal() ? undefined : found
    },
  }
}

/** What a key reader found: a raw key, a raw key with a more exact source (`.env:3`), or nothing. */
export type KeyReading = string | { readonly value: string; readonly source: string } | Absent

/**
 * The first of several sources that has a credential the resource accepts; its choice is kept for each resource.
 *
 * A source whose kind the resource refuses is skipped and an event says so.
 *
 * @throws PentauthError (when first used) `no_credential` with `tried`, one row a source.
 * @example
 * ```ts
 * const source = firstOf(apiKey(fromVault), clientCredentials({ clientId, clientSecret }))
 * ```
 */
export function firstOf(...sources: readonly CredentialSource[]): CredentialSource {
  const chosen = new WeakMap<NamedResource, CredentialSource>()

  const choose = async (request: CredentialRequest): Promise<Credential> => {
    const tried: Tried[] = []
    for (const source of sources) {
      if (source.kind && !accepts(request.resource, source.kind)) {
        const reason = `${request.resource.name} takes no ${source.kind === 'api-key' ? 'API keys' : 'access tokens'}`
        request.emit?.({ type: 'source_skipped', resource: request.resource.name, source: source.name, reason })
        tried.push({ source: source.name, result: `skipped: ${reason}` })
        continue
      }
      const found = await source.get(request)
      if (!('absent' in found)) {
        chosen.set(request.resource, source)
        return found
      }
      tried.push({ source: source.name, result: found.absent, ...(found.next ? { next: found.next } : {}) })
    }
    throw noCredential(request, tried)
  }

  return {
    name: sources.map((source) => source.name).join(', then '),
    get: (request) => chosen.get(request.resource)?.get(request) ?? choose(request),
    renew: async (refused, request) => chosen.get(request.resource)?.renew?.(refused, request),
    passedOver({ resource }) {
      const later = sources.slice(sources.indexOf(chosen.get(resource) as CredentialSource) + 1)
      return later.filter((source) => source.present?.()).map((source) => source.name)
    },
  }
}

/** Whether a resource takes that kind of credential at all. */
function accepts(resource: NamedResource, kind: CredentialKind): boolean {
  return kind === 'api-key' ? Boolean(resource.apiKey?.length) : Boolean(resource.accessToken)
}

/** The error for a chain that ended without a credential: each link, what was looked at, what to do next. */
export function noCredential({ service, resource }: CredentialRequest, tried: readonly Tried[]): PentauthError {
  const rows = tried.map(({ source, result, next }) => `  - ${source}: ${result}${next ? `; ${next}` : ''}`)
  const page = service.links.keys ?? service.links.docs
  return new PentauthError({
    code: 'no_credential',
    message: `No credential for ${service.name} ${resource.name}. Tried:\n${rows.join('\n')}\n`,
    service: service.id,
    hint: accepts(resource, 'api-key')
      ? `Make an API key at ${page.where}${page.url ? ` (${page.url})` : ''}.`
      : `${service.name} ${resource.name} takes access tokens only (OAuth).`,
    link: page.url ?? service.links.docs.url,
    tried,
  })
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return value instanceof Promise
}
