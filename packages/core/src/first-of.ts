import type { Credential } from './credential.ts'
import {
  type Absent,
  type CredentialRequest,
  type CredentialSource,
  isAbsent,
  requireSource,
} from './credential-source.ts'
import { PentauthError, type Tried } from './errors.ts'
import { accepts, noCredential } from './no-credential.ts'
import type { NamedResource } from './resource-lookup.ts'
import { isThenable } from './thenable.ts'

/**
 * The first of several sources that has a credential the resource accepts; its choice is kept for each resource.
 *
 * A source whose kind the resource refuses is skipped and an event says so.
 *
 * @throws PentauthError `invalid_option` for a link that is no source; (when first used) `no_credential` with `tried`, one row a
 *   source.
 * @example
 * ```ts
 * const source = firstOf(apiKey('ptg_your_key_here'), clientCredentials({ clientId, clientSecret }))
 * ```
 */
export function firstOf(...sources: readonly CredentialSource[]): CredentialSource {
  for (const source of sources) requireSource(source)
  const chosen = new WeakMap<NamedResource, CredentialSource>()
  let last: { readonly resource: NamedResource; readonly source: CredentialSource } | undefined

  /** Goes from link to link; without a promise as long as none is met, which is the way of every key at hand. */
  const choose = (
    request: CredentialRequest,
    from = 0,
    tried: readonly Tried[] = [],
  ): Credential | Promise<Credential> => {
    const rows = [...tried]
    for (const [index, source] of sources.entries()) {
      if (index < from) continue
      if (source.kind && !accepts(request.resource, source.kind)) {
        const reason = `${request.resource.name} takes no ${source.kind === 'api-key' ? 'API keys' : 'access tokens'}`
        request.emit?.({ type: 'source_skipped', resource: request.resource.name, source: source.name, reason })
        rows.push({ source: source.name, result: `skipped: ${reason}` })
        continue
      }
      const found = lookIn(source, request)
      if (isThenable(found)) {
        return found.then(({ credential, tried: more, error }) => {
          if (credential) return remember(source, credential, request)
          if (error && sources.length === 1) throw error
          return choose(request, index + 1, [...rows, ...more])
        })
      }
      if (found.credential) return remember(source, found.credential, request)
      // Where there is no other link, its own error says more than a table of one row.
      if (found.error && sources.length === 1) throw found.error
      rows.push(...found.tried)
    }
    throw noCredential(request, rows)
  }

  const remember = (source: CredentialSource, credential: Credential, { resource }: CredentialRequest): Credential => {
    chosen.set(resource, source)
    last = { resource, source }
    return credential
  }

  return {
    name: sources.map((source) => source.name).join(', then '),
    get(request) {
      const source = last?.resource === request.resource ? last.source : chosen.get(request.resource)
      if (!source) return choose(request)
      const found = source.get(request)
      // A link that has nothing any more, such as after a sign-out, gives way to the others.
      if (isThenable(found)) return found.then((one) => (isAbsent(one) ? choose(request) : one))
      return isAbsent(found) ? choose(request) : found
    },
    renew: async (refused, request, sent) => chosen.get(request.resource)?.renew?.(refused, request, sent),
    refusedAgain: (refused, request, sent) => chosen.get(request.resource)?.refusedAgain?.(refused, request, sent),
    accepted: (credential, request, sent) => chosen.get(request.resource)?.accepted?.(credential, request, sent),
    passedOver({ resource }) {
      const later = sources.slice(sources.indexOf(chosen.get(resource) as CredentialSource) + 1)
      return later.filter((source) => source.present?.()).map((source) => source.name)
    },
  }
}

/** What a source has, or what was tried there in vain: a chain within a chain has a row for each of its links. */
function lookIn(source: CredentialSource, request: CredentialRequest): Found | Promise<Found> {
  const asFound = (found: Credential | Absent): Found => {
    if (!isAbsent(found)) return { credential: found, error: undefined, tried: [] }
    const { absent: result, next } = found
    const error = Object.hasOwn(found, 'error') ? found.error : undefined
    return { credential: undefined, error, tried: [{ source: source.name, result, ...(next ? { next } : {}) }] }
  }
  try {
    const found = source.get(request)
    return isThenable(found) ? found.then(asFound, nothingIn) : asFound(found)
  } catch (error) {
    return nothingIn(error)
  }
}

function nothingIn(error: unknown): Found {
  if (!PentauthError.isInstance(error) || error.code !== 'no_credential' || !error.tried) throw error
  return { credential: undefined, error: undefined, tried: error.tried }
}

// Each property its own: a polluted Object.prototype would be taken for a credential.
interface Found {
  readonly credential: Credential | undefined
  readonly error: PentauthError | undefined
  readonly tried: readonly Tried[]
}
