import { type ClientAuthMethod, checkKey, type OAuthClient, type SigningKey } from './client-authentication.ts'
import { checkMetadataUrl, checkRedirectUri, invalidClient } from './client-metadata.ts'
import {
  deleteRegistration,
  isDoubtful,
  noteSent,
  type RegistrationPlace,
  readRegistration,
  registrationKey,
  type StoredRegistration,
  writeRegistration,
} from './client-store.ts'
import { createSecret, type Secret } from './credential.ts'
import type { Discovered, DiscoveryCache } from './discovered.ts'
import { type DynamicClient, registerClient, registrationFailed, supportedMethods } from './dynamic-registration.ts'
import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'
import { withoutKeyLike } from './printable.ts'
import type { Store } from './store.ts'

/** A client that somebody registered by hand. */
export interface PreRegisteredClient {
  readonly clientId: string
  readonly clientSecret?: string | undefined
  readonly privateKey?: SigningKey | undefined
  /** Where it is registered; needed with a secret or a key, so that no server can ask for one that is not its own. */
  readonly issuer?: string | undefined
}

/**
 * A client whose ID leads to a document about it, see `clientMetadata`; with a name beside it, it registers itself at servers that take no
 * such ID.
 */
export interface DocumentedClient extends DynamicClient {
  readonly metadataUrl: string
}

/** How the authorization server knows this program. */
export type ClientOptions = PreRegisteredClient | DocumentedClient | DynamicClient

/** A client that an authorization server knows. */
export interface RegisteredClient extends OAuthClient {
  readonly clientId: string
  readonly clientSecret?: Secret
  readonly authMethod: ClientAuthMethod
  readonly privateKey?: SigningKey
  /** The only server that may see it. */
  readonly issuer: string
  /** Whether it registered itself and is kept in the store, so that forgetting it leads to another. */
  readonly stored: boolean
}

export interface ClientForOptions {
  readonly client: ClientOptions
  /** None for a device. */
  readonly redirectUri?: string | undefined
  readonly store: Store
  /** Forgets the server where no client is to be had: it may register elsewhere by now. */
  readonly cache?: DiscoveryCache | undefined
}

/**
 * The client for a sign-in: as it was registered by hand, as its metadata document says, or registered now and kept in the store.
 *
 * @throws PentauthError `invalid_option` for options that fit no client, `registration_failed` when the server does not take the
 *   client or is not the one that knows it, `temporarily_unavailable`, `store_failed`.
 * @see https://www.rfc-editor.org/rfc/rfc7591
 */
export function clientFor(flow: Flow, discovered: Discovered, options: ClientForOptions): Promise<RegisteredClient> {
  return clientAt(flow, discovered, options).catch((error) => {
    options.cache?.forget(flow)
    throw error
  })
}

async function clientAt(
  flow: Flow,
  { server }: Discovered,
  { client, redirectUri, store }: ClientForOptions,
): Promise<RegisteredClient> {
  const { issuer } = server
  if (redirectUri !== undefined) checkRedirectUri(redirectUri)
  // Own properties, also where they are undefined: an unset variable must not become a registration.
  if (Object.hasOwn(client, 'clientId')) return preRegistered(flow, server, client as PreRegisteredClient)
  if (Object.hasOwn(client, 'metadataUrl')) {
    const { metadataUrl } = client as DocumentedClient
    checkMetadataUrl(metadataUrl)
    if (server.client_id_metadata_document_supported === true)
      return { clientId: metadataUrl, authMethod: 'none', issuer, stored: false }
    if ((client as DocumentedClient).name === undefined)
      throw registrationFailed(flow, issuer, {
        what: 'takes no client ID that is a URL',
        hint: 'Give a name beside metadataUrl to register with such servers, or pass the clientId and issuer of a client made by hand.',
      })
  }
  const place = { issuer, redirectUri, store }
  const kept = await readRegistration(flow, place)
  // A device is told of it where it asks for its code.
  if (kept && redirectUri === undefined) return asClient(kept)
  if (kept && !isDoubtful(kept, flow.runtime.now())) {
    await noteSent(flow, place, kept)
    return asClient(kept)
  }
  const own: DynamicClient = Object.assign(Object.create(null), client)
  return once(place, async () => {
    const fresh = await registerClient(flow, server, own, redirectUri)
    await (redirectUri === undefined ? writeRegistration : noteSent)(flow, place, fresh)
    return asClient(fresh)
  })
}

/**
 * Forgets a client that its server does not know any more, so that the next `clientFor` registers another; says whether that leads to
 * another client. With `clientId`, a newer registration than the refused one stays.
 *
 * @throws PentauthError `store_failed`.
 */
export async function forgetClient(
  flow: Flow,
  { clientId, ...place }: RegistrationPlace & { readonly clientId?: string | undefined },
): Promise<boolean> {
  const kept = await readRegistration(flow, place)
  if (!kept) return false
  if (clientId !== undefined && kept.clientId !== clientId) return true
  await deleteRegistration(flow, place)
  flow.emit?.({ type: 'client_forgotten', issuer: kept.issuer, clientId: kept.clientId })
  return true
}

/**
 * Runs an operation with the client for it; where the server refuses a client that registered itself, once more with another.
 *
 * @throws PentauthError as `clientFor` and the operation do.
 */
export async function withClient<T>(
  flow: Flow,
  discovered: Discovered,
  options: ClientForOptions,
  run: (client: RegisteredClient) => Promise<T>,
): Promise<T> {
  const client = await clientFor(flow, discovered, options)
  try {
    return await run(client)
  } catch (error) {
    if (!client.stored || !PentauthError.isInstance(error) || error.code !== 'client_refused') throw error
    const { issuer, clientId } = client
    await forgetClient(flow, { issuer, clientId, redirectUri: options.redirectUri, store: options.store })
  }
  return run(await clientFor(flow, discovered, options))
}

const pending = /* @__PURE__ */ new WeakMap<Store, Map<string, Promise<RegisteredClient>>>()

/** One registration for all who need the same client now. */
function once(place: RegistrationPlace, register: () => Promise<RegisteredClient>): Promise<RegisteredClient> {
  const running = pending.get(place.store) ?? new Map<string, Promise<RegisteredClient>>()
  pending.set(place.store, running)
  const key = registrationKey(place)
  const known = running.get(key)
  if (known) return known
  const mine = register().finally(() => running.delete(key))
  running.set(key, mine)
  return mine
}

function asClient({ clientId, clientSecret, authMethod, issuer }: StoredRegistration): RegisteredClient {
  const client = { clientId, authMethod, issuer, stored: true }
  return clientSecret === undefined ? client : { ...client, clientSecret: createSecret(clientSecret) }
}

function preRegistered(flow: Flow, server: Discovered['server'], given: PreRegisteredClient): RegisteredClient {
  const {
    clientId,
    clientSecret,
    privateKey,
    issuer: home,
  }: PreRegisteredClient = Object.assign(Object.create(null), given)
  const { issuer } = server
  if (!isSendable(clientId)) throw invalidClient('its clientId is empty or cannot be sent')
  if (clientSecret !== undefined && !isSendable(clientSecret))
    throw invalidClient('its clientSecret is empty or cannot be sent')
  if (privateKey !== undefined) checkKey(privateKey)
  if ((clientSecret !== undefined || privateKey) && home === undefined)
    throw invalidClient('a clientSecret or privateKey needs the issuer that it belongs to')
  if (home !== undefined && home !== issuer) {
    throw registrationFailed(flow, issuer, {
      what: `is not where the client ${JSON.stringify(withoutKeyLike(clientId))} was registered`,
      hint: 'If the service has moved, register the client there and pass its new clientId and issuer.',
    })
  }
  const client = { clientId: clientId.trim(), issuer, stored: false }
  if (!privateKey && clientSecret === undefined) return { ...client, authMethod: 'none' }
  const authMethod = authMethodAt(flow, server, privateKey ? 'private key' : 'client secret')
  if (privateKey) return { ...client, authMethod, privateKey }
  return { ...client, authMethod, clientSecret: createSecret(String(clientSecret).trim()) }
}

const methodsWith = {
  'private key': ['private_key_jwt'],
  'signed token': ['private_key_jwt'],
  'client secret': ['client_secret_basic', 'client_secret_post'],
} as const

/**
 * How a client proves itself at a server with what it has.
 *
 * @throws PentauthError `registration_failed` where the server takes no such proof.
 */
export function authMethodAt(
  flow: Flow,
  server: Discovered['server'],
  proof: keyof typeof methodsWith,
): Exclude<ClientAuthMethod, 'none'> {
  const supported = supportedMethods(flow, server)
  const method = methodsWith[proof].find((name) => supported.includes(name))
  if (method) return method
  throw registrationFailed(flow, server.issuer, {
    what: `takes no ${proof} as a proof`,
    hint: `It takes ${supported.join(', ')}.`,
  })
}

function isSendable(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e][\x20-\x7e]*$/.test(value.trim())
}
