import type { Auth, Resource, Service } from '@pentauth/core'
import { services } from '@pentauth/core/services'
import { createAuth, type Environment } from '@pentauth/node'
import type { Host } from '../host.ts'
import { serviceFor } from '../service-choice.ts'
import { shownAddress } from '../words.ts'
import type { BridgeOptions } from './bridge-options.ts'
import { givenHeaders } from './given-headers.ts'
import { perhapsOpen } from './perhaps-open.ts'

/** The server behind a bridge. */
export interface BridgedServer {
  /** For people. */
  readonly name: string
  readonly url: string
  readonly auth: Auth
  /** The command that signs in where the bridge looks for it. */
  readonly login: string
  readonly env: Environment
}

/**
 * The server that the command line names, with what it says of it.
 *
 * @throws PentauthError `invalid_option`, `invalid_service`.
 */
export async function bridgedServer(name: string, options: BridgeOptions, host: Host): Promise<BridgedServer> {
  const { env, stderr } = host
  const { server, credential, readable } = givenHeaders(options.header ?? [], env)
  for (const header of readable)
    stderr.write(
      `pentauth: every program here can read the value of the header ${header}: write ${header}:\${VARIABLE} and set that.\n`,
    )
  const service = await serviceFor(name, { ...options, ...server }, host)
  const auth = createAuth(service, { env, account: options.account, credential })
  const url = mcpResource(auth.service)?.url ?? ''
  const isOurs = services.some(({ id }) => id === service.id)
  return {
    name: service.name,
    url,
    auth: isOurs ? auth : perhapsOpen(auth, url, server.headers),
    login: loginCommand(name, options),
    env,
  }
}

function mcpResource({ resources }: Service): Resource | undefined {
  return Object.values<Resource>(resources).find(({ protocol }) => protocol === 'mcp')
}

function loginCommand(name: string, options: BridgeOptions): string {
  const { account, clientId, clientMetadata, scope } = options
  const given = Object.entries({ account, 'client-id': clientId, 'client-metadata': clientMetadata, scope })
  const words = [
    // A query may hold a key.
    name.includes('?') ? shownAddress(name) : name,
    ...given.flatMap(([option, value]) => (value === undefined ? [] : [`--${option}`, value])),
    ...(options.resourceParameter === false ? ['--no-resource-parameter'] : []),
    ...(options.legacyEndpoints ? ['--legacy-endpoints'] : []),
  ]
  return `pentauth login ${words.map((word) => (/^[\w./:=@%+-]+$/.test(word) ? word : `'${word}'`)).join(' ')}`
}
