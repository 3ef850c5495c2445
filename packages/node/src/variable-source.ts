import { type CredentialSource, clientCredentials, keySource, type Service } from '@pentauth/core'
import type { Variables } from './variables.ts'

/** The service's API key from its variable, if the service has keys. */
export function keyFrom(place: Variables, service: Service): CredentialSource | undefined {
  // What is no service is refused by core, which knows how to say it.
  const rules = service?.apiKey
  if (!rules) return undefined
  const { env: name, prefix = '' } = rules
  const read = () => place.find(name) ?? { absent: place.missing(name), next: place.next(name, `${prefix}…`) }
  return { ...keySource(place.label(name), read), present: () => place.find(name) !== undefined }
}

/** Client credentials from the service's two variables, if it has such clients. */
export function clientFrom(place: Variables, service: Service): CredentialSource | undefined {
  const { clientIdEnv: idName, clientSecretEnv: secretName, clientIdPrefix, clientSecretPrefix } = service?.oauth ?? {}
  if (!idName || !secretName) return undefined
  const name = `${place.label(idName)} and ${place.label(secretName)}`
  let source: CredentialSource | undefined
  return {
    name,
    kind: 'access-token',
    present: () => Boolean(place.find(idName) && place.find(secretName)),
    get(request) {
      if (source) return source.get(request)
      const id = place.find(idName)
      const secret = place.find(secretName)
      if (id && secret) {
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
    renew: async (refused, request) => source?.renew?.(refused, request),
  }
}
