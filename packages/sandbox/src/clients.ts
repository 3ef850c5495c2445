import type { JSONWebKeySet } from 'jose'
import type { Accounts } from './accounts.ts'
import { grantTypesOf } from './authorization-server/client-metadata.ts'
import type { SignInService } from './authorization-server/configuration.ts'
import type { TokenEndpointAuthMethod } from './authorization-server/oauth-client.ts'
import { newClientSecret } from './authorization-server/registration.ts'
import type { AuthorizationServers } from './authorization-server/servers.ts'
import type { Clock } from './clock.ts'
import type { ActorOptions } from './keys.ts'
import { mayManage } from './pentographer/accounts.ts'
import { SandboxError } from './sandbox-error.ts'
import { markedSecret, randomHex, sha256 } from './secrets.ts'

/** What is still shown of an OAuth client after it was made. */
export interface ClientInfo {
  readonly clientId: string
  /** The account that made it. */
  readonly account: string
  readonly name: string
  /** Milliseconds since 1970, on the sandbox's clock. */
  readonly createdAt: number
}

/** An OAuth client at the one moment when its secret is shown. */
export interface NewClient extends ClientInfo {
  readonly clientSecret: string
}

/** What an app is registered with. */
export interface AppRegistration {
  /** Exact addresses; the port of a loopback address may differ when it is used. */
  readonly redirectUris: readonly string[]
  /** Shown to people. */
  readonly name?: string | undefined
  /** Default `private_key_jwt` with `keys` or `workload`, else `none`: an app that cannot keep a secret. */
  readonly authMethod?: TokenEndpointAuthMethod | undefined
  /** The public keys of an app that signs assertions (`private_key_jwt`). */
  readonly keys?: JSONWebKeySet | undefined
  /** The scopes it may ask for (default: all). */
  readonly scopes?: readonly string[] | undefined
  /** The subject whose identity tokens of `sandbox.ci` speak for the app, in the place of keys. */
  readonly workload?: string | undefined
  /** Default: all that the service has for people. */
  readonly grantTypes?: readonly string[] | undefined
}

/** A registered app at the one moment when its secret, if it has one, is shown. */
export interface RegisteredApp {
  readonly clientId: string
  readonly clientSecret?: string
}

/** OAuth clients: a secret is shown once and kept only as SHA-256. */
export interface Clients {
  /**
   * Makes a client for the organisation of `as` (default `ada`).
   *
   * @throws {SandboxError} `unknown_account`
   * @example
   * const { clientId, clientSecret } = sandbox.clients.create('pentographer', { name: 'nightly import' })
   */
  create(service: 'pentographer', options?: ActorOptions & { readonly name?: string | undefined }): NewClient
  /**
   * Registers an app by hand that signs people in, where others register themselves.
   *
   * @example
   * const { clientId } = sandbox.clients.register('pendium', { redirectUris: ['http://127.0.0.1/callback'] })
   */
  register(service: SignInService, app: AppRegistration): RegisteredApp
  /**
   * Deletes a client; its access tokens stop at once. An app is then unknown to its authorization server.
   *
   * @throws {SandboxError} `unknown_client`, `not_allowed`
   */
  delete(clientId: string, options?: ActorOptions): void
  /** The clients, or those of them that `as` may see; never a secret. */
  list(service: 'pentographer', options?: ActorOptions): readonly ClientInfo[]
}

/** The clients, with the look-ups that only the service uses. */
export interface ClientStore extends Clients {
  find(clientId: string): ClientInfo | undefined
  /** The client with this id and this secret. */
  authenticate(clientId: string, clientSecret: string): Promise<ClientInfo | undefined>
}

/** Makes the client store of one sandbox. */
export function createClients(accounts: Accounts, clock: Clock, servers: AuthorizationServers): ClientStore {
  const stored = new Map<string, { readonly info: ClientInfo; readonly digest: Promise<string> }>()

  // The page gives the visibility rule for API keys only; assumed to hold for clients, which are managed beside them.
  const manages = (actor: string, info: ClientInfo): boolean =>
    mayManage(accounts.get('pentographer', actor), accounts.get('pentographer', info.account))

  return {
    create(_service, options = {}) {
      const account = accounts.get('pentographer', options.as).id
      const clientSecret = markedSecret('ptgs_', randomHex(64))
      const info: ClientInfo = {
        clientId: `ptgc_${randomHex(24)}`,
        account,
        name: options.name ?? 'client',
        createdAt: clock.now(),
      }
      stored.set(info.clientId, { info, digest: sha256(clientSecret) })
      return { ...info, clientSecret }
    },
    register(service, app) {
      const {
        keys,
        workload,
        authMethod = keys === undefined && workload === undefined ? 'none' : 'private_key_jwt',
        name = 'A registered app',
        redirectUris,
        scopes,
        grantTypes = grantTypesOf(true),
      } = app
      const secret = authMethod.startsWith('client_secret') ? newClientSecret() : undefined
      const metadata = { name, redirectUris, authMethod, keys, workload, scopes, grantTypes }
      const client = servers[service].clients.add(metadata, secret)
      return { clientId: client.id, ...(secret === undefined ? {} : { clientSecret: secret }) }
    },
    delete(clientId, options = {}) {
      if (Object.values(servers).some((server) => server.forget(clientId))) return
      const client = stored.get(clientId)
      if (client === undefined) {
        throw new SandboxError({
          code: 'unknown_client',
          message: 'The sandbox has no OAuth client with this id.',
          hint: 'clients.list shows the ids that are left.',
        })
      }
      if (options.as !== undefined && !manages(options.as, client.info)) {
        throw new SandboxError({
          code: 'not_allowed',
          message: `${JSON.stringify(options.as)} may not manage this OAuth client.`,
          hint: 'Act as the account that made it, or as an admin or owner of its organisation.',
        })
      }
      stored.delete(clientId)
    },
    list(_service, options = {}) {
      const infos = [...stored.values()].map(({ info }) => info)
      const actor = options.as
      return actor === undefined ? infos : infos.filter((info) => manages(actor, info))
    },
    find: (clientId) => stored.get(clientId)?.info,
    async authenticate(clientId, clientSecret) {
      const client = stored.get(clientId)
      if (client === undefined) return undefined
      return (await client.digest) === (await sha256(clientSecret)) ? client.info : undefined
    },
  }
}
