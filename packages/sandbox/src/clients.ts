import type { Accounts } from './accounts.ts'
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

/** Pentographer's OAuth clients: the secret is shown once and kept only as SHA-256. */
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
   * Deletes a client; its access tokens stop at once.
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
export function createClients(accounts: Accounts, clock: Clock): ClientStore {
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
    delete(clientId, options = {}) {
      const client = stored.get(clientId)
      if (client === undefined) {
        throw new SandboxError({
          code: 'unknown_client',
          message: 'Pentographer has no OAuth client with this id.',
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
