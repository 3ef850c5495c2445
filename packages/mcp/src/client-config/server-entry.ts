import type { CredentialHeader, Resource, Service } from '@pentauth/core'
import { pendium, pendra, pensyve, pentographer, profundis } from '@pentauth/core'
import type { ClientCredential, ClientRow, Entry } from './clients.ts'
import { withoutUndefined } from './entry-parts.ts'
import { refusedOption } from './refusal.ts'
import { programOf, systemLine } from './shell.ts'

/** Everything that an entry is made of. */
export interface Server {
  readonly service: Service
  readonly resource: Resource
  readonly name: string
  readonly way: ClientCredential
  readonly os: 'linux' | 'darwin' | 'win32'
  /** The variable and the header of the key; undefined where no key is referred to. */
  readonly key: { readonly variable: string; readonly header: CredentialHeader } | undefined
  /** How `pentauth` is started. */
  readonly launcher: readonly string[]
  /** Whose sign-in `pentauth` uses; the current one unless given. */
  readonly account: string | undefined
}

/** The entry of a server in the shape of the client. */
export function serverEntry(row: ClientRow, server: Server): Entry {
  const { name, key, way, os } = server
  if (way === 'bridge' || !row.remote) {
    const [command, ...args] = programOf(pentauthWords(server, 'bridge'), os)
    return complete(
      row.local({ name, command, args, env: baseUrl(server), lets: variablesOf(server.service, server.resource) }),
    )
  }
  const plain = plainHeaders(server)
  const headers = withoutUndefined({ ...keyHeader(row, server), ...plain }) as Record<string, string> | undefined
  const helper = way === 'helper' ? systemLine(pentauthWords(server, 'headers'), os) : undefined
  return complete(row.remote({ name, url: serverUrl(server.resource), headers, plain, key, helper }))
}

/** The header with the key in the client's reference; empty where no key is referred to. */
export function keyHeader({ reference }: ClientRow, { key, name }: Server): Readonly<Record<string, string>> {
  if (!key || !reference) return {}
  const value = reference(key.variable, name)
  return key.header === 'authorization' ? { Authorization: `Bearer ${value}` } : { [key.header]: value }
}

/** The address as it can stand in a file or a command: what a client or a shell could expand is percent-encoded. */
export function serverUrl({ url }: Resource): string {
  if (plainUrl.test(url)) return url
  return new URL(url).href.replace(
    /[^\w:/.~%@+,;=[\]-]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** The words that start `pentauth`; a service that it does not know by name goes by its address. */
export function pentauthWords(
  { service, resource, launcher, account }: Pick<Server, 'service' | 'resource' | 'launcher' | 'account'>,
  command: 'bridge' | 'headers' | 'login',
): readonly string[] {
  const whose = account === undefined ? [] : ['--account', account]
  if (isBuiltin(service)) return [...launcher, command, service.id, ...whose]
  return [...launcher, command, serverUrl(resource), ...serverWords(service, resource), ...whose]
}

/** What `pentauth` must be told about a server that it knows by its address only. */
function serverWords(service: Service, resource: Resource): readonly string[] {
  const { omitResourceParameter, scopeOnRefresh, authorizationEndpoint } = service.oauth ?? {}
  const [variable] = resource.apiKey ? variablesOf(service, resource) : []
  const hasOwnHeader = variable !== undefined && resource.apiKey?.[0] === 'x-api-key'
  return [
    ...(variable === undefined ? [] : ['--api-key-env', variable]),
    ...(hasOwnHeader ? ['--api-key-header', 'x-api-key'] : []),
    ...(omitResourceParameter ? ['--no-resource-parameter'] : []),
    ...(scopeOnRefresh ? ['--scope-on-refresh'] : []),
    ...(authorizationEndpoint === `${new URL(resource.url).origin}/authorize` ? ['--legacy-endpoints'] : []),
  ]
}

/** Where `pentauth` must look for a service that was moved: no secret, so its value is written. */
export function baseUrl({
  service,
  resource,
}: Pick<Server, 'service' | 'resource'>): Record<string, string> | undefined {
  if (!resource.relocated || !isBuiltin(service)) return undefined
  return { [`${service.id.toUpperCase()}_BASE_URL`]: new URL(resource.url).origin }
}

/** The headers of the resource that are no secret. */
function plainHeaders({ resource, service }: Server): Readonly<Record<string, string>> | undefined {
  for (const [header, value] of Object.entries(resource.headers ?? {})) {
    if (!/[$%{]/.test(value)) continue
    throw refusedOption(`cannot write the header ${header}`, 'Clients would fill in its "$", "%" or "{".', service.id)
  }
  return withoutUndefined(resource.headers ?? {}) as Record<string, string> | undefined
}

/** The variables in which `pentauth` looks for a credential that the resource takes. */
export function variablesOf({ id, apiKey, oauth }: Service, resource: Resource): readonly string[] {
  const client = resource.accessToken ? [oauth?.clientIdEnv, oauth?.clientSecretEnv] : []
  const names = [resource.apiKey && apiKey?.env, ...client].filter((name) => name !== undefined)
  if (names.every(isVariable)) return names
  throw refusedOption(
    'needs a service with names of variables in its definition',
    'Its "env", "clientIdEnv" and "clientSecretEnv" are names of upper-case letters, digits and underscores, and not keys.',
    id,
  )
}

/** Upper case only: a key that was taken for the name of its variable would be written into the file. */
export function isVariable(name: unknown): name is string {
  return typeof name === 'string' && /^[A-Z_][A-Z0-9_]*$/.test(name)
}

function complete(entry: Entry): Entry {
  return withoutUndefined(entry) ?? {}
}

/** Whether `pentauth` knows the service by its name. */
export function isBuiltin({ id }: Service): boolean {
  return [pendium, pendra, pensyve, pentographer, profundis].some((service) => service.id === id)
}

const plainUrl = /^[\w:/.~%@+,;=[\]-]+$/
