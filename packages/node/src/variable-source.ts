import {
  type Absent,
  type CredentialSource,
  clientCredentials,
  isAbsent,
  type KeyReading,
  type KeySourceOptions,
  keySource,
  type Service,
} from '@pentauth/core'
import { checkPath, holdsKey, type KeyFileReader, keyFileReader } from './key-file.ts'
import { shownPath } from './mistaken-key.ts'
import type { Variables } from './variables.ts'

/** What a place says of the service: a key, a file that holds one, a client; in this order. */
export function sourcesIn(place: Variables, service: Service): CredentialSource[] {
  return [keyFrom(place, service), keyFileFrom(place, service), clientFrom(place, service)].filter(
    (source) => source !== undefined,
  )
}

/** Only the program itself can change a variable of its environment, so nobody waits for a new key to arrive there. */
export const variableReading: KeySourceOptions = { reads: 'after-refusal', refusedGrace: 0 }

/** The service's API key from its variable, if the service has keys. */
function keyFrom(place: Variables, service: Service): CredentialSource | undefined {
  // What is no service is refused by core, which knows how to say it.
  const name = service?.apiKey?.env
  if (!name) return undefined
  const source = keySource(place.label(name), () => keyReading(place, name, service), variableReading)
  return { ...source, present: () => place.has(name) }
}

/** A variable as a reading of a key. */
export function keyReading(place: Variables, name: string, { apiKey }: Service): KeyReading {
  return place.find(name) ?? { absent: place.missing(name), next: place.next(name, `${apiKey?.prefix ?? ''}…`) }
}

/** The service's API key from the file that a variable names. */
function keyFileFrom(place: Variables, service: Service): CredentialSource | undefined {
  if (!service?.apiKey) return undefined
  const name = `${service.apiKey.env}_FILE`
  const label = place.label(name)
  let path: string | undefined
  let reader: KeyFileReader | undefined
  const read: KeyFileReader = () => {
    const found = place.find(name)
    if (!found) return { absent: place.missing(name), next: place.next(name, `/run/secrets/${service.id}`) }
    const value = found.value.trim()
    if (!reader || path !== value) {
      checkPath(value, found.source)
      path = value
      reader = keyFileReader(path, (file) => `${found.source} (${file})`)
    }
    const reading = reader()
    return isAbsent(reading) ? { ...reading, absent: `${shownPath(path)}: ${reading.absent}` } : reading
  }
  const source = keySource(label, read, { reads: 'each-use' })
  return {
    ...source,
    present: () => place.has(name) && holdsKey(read),
    get(request) {
      const found = source.get(request)
      // Whoever names a file means it: going on without it is told, even where another source has a key.
      if (request.emit && isAbsent(found) && place.has(name)) {
        request.emit({ type: 'source_skipped', resource: request.resource.name, source: label, reason: found.absent })
      }
      return found
    },
  }
}

/** Client credentials from the service's two variables, if it has such clients. */
function clientFrom(place: Variables, service: Service): CredentialSource | undefined {
  const { clientIdEnv: idName, clientSecretEnv: secretName, clientIdPrefix, clientSecretPrefix } = service?.oauth ?? {}
  if (!idName || !secretName) return undefined
  const name = `${place.label(idName)} and ${place.label(secretName)}`
  let source: CredentialSource | undefined
  return {
    name,
    kind: 'access-token',
    present: () => place.has(idName) && place.has(secretName),
    get(request) {
      if (source) return source.get(request)
      const id = place.find(idName)
      const secret = place.find(secretName)
      if (id && secret) {
        const stranded = strandedTokens(service)
        if (stranded) return stranded
        const from = { clientId: id.source, clientSecret: secret.source }
        source = clientCredentials({ clientId: id.value, clientSecret: secret.value }, { name, from })
        return source.get(request)
      }
      if (id)
        return {
          absent: `${secretName} ${place.missing(secretName)}`,
          next: place.next(secretName, `${clientSecretPrefix ?? ''}…`),
        }
      if (secret)
        return { absent: `${idName} ${place.missing(idName)}`, next: place.next(idName, `${clientIdPrefix ?? ''}…`) }
      return { absent: place.missing(idName), next: `set ${idName} and ${secretName}` }
    },
    renew: async (refused, request, sent) => source?.renew?.(refused, request, sent),
  }
}

/**
 * Why client credentials are not used: a base URL moved the API, and the token endpoint has another origin and stayed.
 *
 * Nobody can tell whose client it is then: a gateway's own secret would be sent to the service, or the service's token to a gateway.
 */
function strandedTokens({ id, relocatedBy, oauth }: Service): Absent | undefined {
  if (!relocatedBy || !oauth?.tokenEndpoint || oauth.relocated) return undefined
  const origin = new URL(oauth.tokenEndpoint).origin
  return {
    absent: `not used: ${relocatedBy} moved the API and not the token endpoint at ${origin}`,
    next: `unset it and move both in the program: relocate(${id}, { … })`,
  }
}
