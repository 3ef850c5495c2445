import type { Resource, Service } from '@pentauth/core'
import type { ClientCredential, ClientRow } from './clients.ts'
import { refusedOption } from './refusal.ts'

/** How the client will come to a credential: as asked, or what fits the service and the client best. */
export function credentialWay(
  service: Service,
  resource: Resource,
  row: ClientRow,
  asked: ClientCredential | undefined,
): ClientCredential {
  const able = possibleWays(service, resource, row)
  if (asked === undefined) return bestWay(service, resource, row, able)
  if (able.includes(asked)) return asked
  throw refusedOption(
    `cannot give ${row.title} the credential of ${service.name} by ${words[asked] ?? 'that way'}`,
    `${reasonAgainst(service, resource, row, asked)} The option "credential" can be ${able.join(', ')}.`,
    service.id,
  )
}

/** Whether people can sign in; where the definition says nothing, discovery will tell. */
export function signsPeopleIn({ oauth }: Service, { accessToken }: Resource): boolean {
  return accessToken === true && (oauth === undefined || oauth.grants.includes('authorization_code'))
}

const words: Readonly<Record<ClientCredential, string>> = {
  'api-key': 'reference to an API key',
  oauth: 'OAuth',
  helper: 'a helper command',
  bridge: 'the bridge',
}

function possibleWays(service: Service, resource: Resource, row: ClientRow): readonly ClientCredential[] {
  const able: Readonly<Record<ClientCredential, boolean | undefined>> = {
    'api-key': Boolean(resource.apiKey?.length && row.reference),
    oauth: row.oauth && signsPeopleIn(service, resource),
    helper: row.helper,
    bridge: true,
  }
  return (Object.keys(able) as ClientCredential[]).filter((way) => able[way])
}

/** What the service advises for this client, else for MCP clients, where client and resource are able to. */
function bestWay(
  { recommendations }: Service,
  resource: Resource,
  row: ClientRow,
  able: readonly ClientCredential[],
): ClientCredential {
  const advice =
    recommendations.find(({ client }) => client === row.title) ??
    recommendations.find(({ client }) => client.includes('MCP client'))
  const wanted = advice?.method === 'oauth' || !resource.apiKey?.length ? 'oauth' : 'api-key'
  if (able.includes(wanted)) return wanted
  return able.includes('api-key') ? 'api-key' : 'bridge'
}

function reasonAgainst(service: Service, resource: Resource, row: ClientRow, asked: ClientCredential): string {
  if (asked === 'api-key') {
    return resource.apiKey?.length
      ? `${row.title} knows no variables in its file, and a key does not belong there.`
      : `${service.name} takes no API keys there.`
  }
  if (asked === 'oauth') {
    return signsPeopleIn(service, resource)
      ? `${row.title} signs nobody in from its file.`
      : `${service.name} signs no people in.`
  }
  return asked === 'helper' ? `${row.title} runs no command for headers.` : ''
}
