import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type ClientOptions, PentauthError, type Resource, type Service, withSettings } from '@pentauth/core'
import { services } from '@pentauth/core/services'
import type { Host } from './host.ts'
import type { ServiceOptions } from './service-options.ts'
import { typed } from './words.ts'

/**
 * The service that an argument names: one of ours by its id, any MCP server by its address, or a definition in a JSON file.
 *
 * @throws PentauthError `invalid_option` for what is none of them, `invalid_service` for a file that is no definition.
 */
export async function serviceFor(name: string, options: ServiceOptions, { cwd }: Pick<Host, 'cwd'>): Promise<Service> {
  if (/^https?:\/\//i.test(name)) return serverAt(name, options)
  if (/\.json$/i.test(name)) return described(await definitionIn(resolve(cwd, name)), options)
  const known = services.find(({ id }) => id === name.toLowerCase())
  if (known) return described(known, options)
  throw new PentauthError({
    code: 'invalid_option',
    message: `There is no service ${JSON.stringify(typed(name.slice(0, 60)))}.`,
    hint: `Name one of ${services.map(({ id }) => id).join(', ')}, the https:// address of an MCP server, or a definition in a .json file.`,
  })
}

/** Ours where the address is one of theirs, so that it has its key and its session; any other MCP server by discovery. */
async function serverAt(address: string, options: ServiceOptions): Promise<Service> {
  const ours = services.find(({ resources }) =>
    Object.values(resources).some(({ url, protocol }) => protocol === 'mcp' && url === address.replace(/\/+$/, '')),
  )
  if (ours) return described(ours, options)
  const { mcpService } = await import('@pentauth/mcp')
  const { apiKeyEnv: env, apiKeyHeader, name, headers, messages } = options
  return mcpService(address, {
    name,
    ...(env ? { apiKey: { env, ...(apiKeyHeader ? { header: apiKeyHeader } : {}) } } : {}),
    client: clientIn(options),
    ...(headers ? { headers: { [new URL(address).origin]: headers } } : {}),
    messages,
    ...(options.resourceParameter === false ? { omitResourceParameter: true } : {}),
    ...(options.scopeOnRefresh ? { scopeOnRefresh: true } : {}),
    ...(options.legacyEndpoints ? { legacyEndpoints: true } : {}),
  })
}

/**
 * A service whose definition is there, with a client of one's own and the headers that the gateway before its MCP server asks for.
 *
 * @throws PentauthError `invalid_option` for what the definition says itself: an option without an effect would be believed.
 */
function described(service: Service, options: ServiceOptions): Service {
  const { apiKeyEnv, apiKeyHeader, resourceParameter, scopeOnRefresh, legacyEndpoints, headers } = options
  const noResourceParameter = resourceParameter === false || undefined
  const ofServers = { apiKeyEnv, apiKeyHeader, noResourceParameter, scopeOnRefresh, legacyEndpoints }
  for (const [name, value] of Object.entries(ofServers)) {
    if (value !== undefined) throw ofNoEffect(service, name)
  }
  const client = clientIn(options)
  const mcp = Object.values<Resource>(service.resources).find(({ protocol }) => protocol === 'mcp')
  const gatewayHeaders = headers && mcp ? { [new URL(mcp.url).origin]: headers } : undefined
  return client || gatewayHeaders ? withSettings(service, { client, gatewayHeaders }) : service
}

function clientIn({ clientId, clientMetadata }: ServiceOptions): ClientOptions | undefined {
  if (clientMetadata !== undefined) return { metadataUrl: clientMetadata, name: 'Pentauth' }
  return clientId === undefined ? undefined : { clientId }
}

function ofNoEffect({ id, name }: Service, option: string): PentauthError {
  return new PentauthError({
    code: 'invalid_option',
    message: `The option "${option}" describes a server by its address; what ${name} takes is known.`,
    service: id,
    hint: 'Leave it out, or give the address of the server.',
  })
}

async function definitionIn(path: string): Promise<Service> {
  const { parseService } = await import('@pentauth/core/schema')
  const unreadable = (what: string, cause?: unknown): PentauthError =>
    new PentauthError({
      code: 'invalid_option',
      message: `The definition ${path} ${what}.`,
      hint: 'Give the path of a JSON file with a service definition.',
      cause,
    })
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw unreadable('cannot be read', cause)
  })
  let definition: unknown
  try {
    definition = JSON.parse(text)
  } catch {
    // What the parser says quotes the file.
    throw unreadable('is no JSON')
  }
  try {
    return withOwnAudiences(parseService(definition))
  } catch (error) {
    if (!PentauthError.isInstance(error)) throw error
    throw new PentauthError({ code: error.code, message: `${path}: ${error.message}` })
  }
}

/** A file may come from anybody, and saved sign-ins are found by audience: it names none that another server's sign-in may have. */
function withOwnAudiences(service: Service): Service {
  for (const [name, { url, audience }] of Object.entries<Resource>(service.resources)) {
    if (audience === undefined || (URL.canParse(audience) && new URL(audience).origin === new URL(url).origin)) continue
    throw new PentauthError({
      code: 'invalid_service',
      message: `The audience of its resource "${typed(name)}" is not at the origin of its address, and could have somebody else's sign-in sent there.`,
      hint: 'In a file, name an audience at the same origin, or none; a program may define another one.',
    })
  }
  return service
}
