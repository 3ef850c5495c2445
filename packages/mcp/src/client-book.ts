import { type ClientOptions, PentauthError } from '@pentauth/core'
import type {
  ClientDescription,
  IssuerContext,
  OAuthClientProvider,
  ServerMetadata,
  StoredClient,
} from './oauth-client-types.ts'
import { type ProviderPlace, slotOf } from './provider-place.ts'
import { remember } from './token-book.ts'

interface ClientRecord {
  readonly version: 1
  readonly redirectUri: string
  readonly latest: string
  readonly clients: Readonly<Record<string, StoredClient>>
}

/** The client of a provider, as far as it is not the same for everybody. */
export interface ClientBook {
  readonly metadataUrl: string | undefined
  /** Absent where the client was registered by hand: it is presented to no other server, and none is registered in its place. */
  readonly save: ((client: StoredClient, context?: IssuerContext) => Promise<void>) | undefined
  describe(server: ServerMetadata | undefined): ClientDescription
  find(issuer?: string): Promise<StoredClient | undefined>
  /** Says whether it came too late: another client may be there by now. */
  forget(): Promise<boolean>
  /** How the client proves itself; the proof in a header is noted by the body that it belongs to. */
  readonly authenticate: OAuthClientProvider['addClientAuthentication']
  proofOf(body: unknown): string | undefined
  /** Notes that the server does not know the client that the request with that body was for. */
  noteRefused(body: unknown): void
}

export interface ClientBookOptions {
  readonly client: ClientOptions
  readonly redirectUri: string
  readonly scope: string | undefined
}

/**
 * The client of a provider.
 *
 * @throws PentauthError `invalid_option` for a client that cannot be used here.
 */
export function clientBook(place: ProviderPlace, options: ClientBookOptions): ClientBook {
  const { redirectUri, scope } = options
  const client: Partial<Record<string, string>> = Object.assign(Object.create(null), options.client)
  const { clientId, clientSecret, issuer, metadataUrl, name, uri, applicationType } = client
  if (client.privateKey !== undefined) throw unusable('signs nothing with a "privateKey"')
  if (clientId === '') throw unusable('was given an empty "clientId"')
  if (clientSecret !== undefined && issuer === undefined)
    throw unusable('was given a "clientSecret" without the "issuer" that knows it')
  const slot = slotOf<ClientRecord>(place, 'client')
  const proofs = new WeakMap<object, string>()
  /** Whom a request was for, by its body. */
  const users = new WeakMap<object, string>()
  const refused = new Set<string>()
  let refusals = 0
  const isWeb = redirectUri.startsWith('https:')

  const find = async (wanted?: string): Promise<StoredClient | undefined> => {
    if (clientId !== undefined)
      return {
        client_id: clientId,
        ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
        ...(issuer === undefined ? {} : { issuer }),
      }
    const kept = await slot.read()
    if (kept?.redirectUri !== redirectUri) return undefined
    const found = kept.clients[wanted ?? kept.latest]
    const end = found?.client_secret_expires_at || Number.POSITIVE_INFINITY
    return end * 1000 <= place.adapter.runtime.now() ? undefined : found
  }

  return {
    metadataUrl,
    save:
      clientId !== undefined
        ? undefined
        : async (saved, context) => {
            const latest = context?.issuer ?? saved.issuer ?? ''
            const kept = await slot.read()
            const others = kept?.redirectUri === redirectUri ? kept.clients : {}
            await slot.write({ version: 1, redirectUri, latest, clients: { ...others, [latest]: saved } })
          },
    describe: (server) => ({
      redirect_uris: [redirectUri],
      client_name: name ?? 'Pentauth',
      ...(uri === undefined ? {} : { client_uri: uri }),
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: preferred(server?.token_endpoint_auth_methods_supported),
      application_type: applicationType === 'web' || (applicationType === undefined && isWeb) ? 'web' : 'native',
      ...(scope === undefined ? {} : { scope }),
    }),
    find,
    async forget() {
      const kept = await slot.read()
      const isOwed = refusals > 0
      refusals = Math.max(0, refusals - 1)
      if (isOwed && !refused.has(kept?.clients[kept.latest]?.client_id ?? '')) return true
      await slot.remove()
      return false
    },
    // An arrow: the SDKs pass it around by itself.
    authenticate: async (headers, params, _url, server) => {
      const found = (server && (await find(server.issuer))) ?? (await find())
      if (!found) return
      users.set(params, found.client_id)
      const method = methodOf(found, server?.token_endpoint_auth_methods_supported)
      if (method === 'client_secret_basic') {
        const proof = `Basic ${btoa([found.client_id, found.client_secret ?? ''].map(formEncoded).join(':'))}`
        proofs.set(params, proof)
        headers.set('authorization', proof)
        return
      }
      params.set('client_id', found.client_id)
      if (method === 'client_secret_post') params.set('client_secret', found.client_secret ?? '')
    },
    noteRefused(body) {
      const id = typeof body === 'object' && body !== null ? users.get(body) : undefined
      if (id === undefined) return
      remember(refused, id)
      refusals += 1
    },
    proofOf: (body) => (typeof body === 'object' && body !== null ? proofs.get(body) : undefined),
  }
}

function preferred(supported: readonly string[] | undefined): string {
  if (!supported || supported.includes('none')) return 'none'
  return supported.includes('client_secret_basic') ? 'client_secret_basic' : 'client_secret_post'
}

function methodOf(client: StoredClient, supported: readonly string[] = []): string {
  const { client_secret: secret, token_endpoint_auth_method: told } = client
  if (secret === undefined) return 'none'
  if (told !== undefined && /^(?:none|client_secret_basic|client_secret_post)$/.test(told)) return told
  return supported.length > 0 && !supported.includes('client_secret_basic')
    ? 'client_secret_post'
    : 'client_secret_basic'
}

/** As RFC 6749 section 2.3.1 has it, which also makes any secret fit `btoa`. */
function formEncoded(text: string): string {
  return new URLSearchParams({ text }).toString().slice('text='.length)
}

/** The error about an option of `oauthClientProvider`. */
export function unusable(what: string, hint = 'Use createTransport, which can.'): PentauthError {
  return new PentauthError({ code: 'invalid_option', message: `oauthClientProvider ${what}.`, hint })
}
