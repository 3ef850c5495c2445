import type { Auth, Callback, PentauthError } from '@pentauth/core'
import type { FetchLike } from './authorized-connection.ts'
import { clientBook, unusable } from './client-book.ts'
import { checkedOptions, type OAuthClientProviderOptions } from './oauth-client-options.ts'
import type { OAuthClientProvider } from './oauth-client-types.ts'
import { providerFetch } from './provider-fetch.ts'
import { refuseKeys } from './refuse-keys.ts'
import { resourceParameter } from './resource-parameter.ts'
import { serverRules } from './server-rules.ts'
import { signInBook } from './sign-in-book.ts'
import { tokenBook } from './token-book.ts'

/** Both options of a transport that must be given together, and what checks the callback between them. */
export interface OAuthClientConnection {
  readonly authProvider: OAuthClientProvider
  /** Renews once for all calls, and keeps secrets from other servers. */
  readonly fetch: FetchLike
  /**
   * Checks `state` and `iss` of a callback, which no SDK does, and returns its parameters for `transport.finishAuth`: whole in v2,
   * `get('code')` in v1.
   *
   * Rejects with `sign_in_response_invalid` for what is no answer to a sign-in of this store, `sign_in_failed` where the person or the
   * server said no, `temporarily_unavailable`, `store_failed`.
   */
  readonly callback: (callback: Callback) => Promise<URLSearchParams>
}

/**
 * The session of a host that insists on the SDK's own sign-in: `OAuthClientProvider` of v1 and v2, and the `fetch` that it must have
 * beside it. `createTransport` does more with less.
 *
 * The SDK discovers, registers and asks for tokens; what it leaves out is done here: `state`, `iss` and PKCE are checked, `resource` is
 * always sent, N refused calls are one renewal, an expired token is renewed before it is sent, a server in trouble opens no browser, and
 * headers for the MCP server reach no other.
 *
 * @throws PentauthError `invalid_option` for options that cannot be used; (when used) `invalid_option` where `auth` has an API key or
 *   `fetch` was left out, `url_not_covered`, `redirect_refused`, `discovery_failed`, `unsafe_address`, `temporarily_unavailable`, `store_failed`.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization
 * @example
 * ```ts
 * const session = oauthClientProvider(auth, { store, redirectUri, redirect: (page) => console.log(`Open ${page}`) })
 * const transport = new StreamableHTTPClientTransport(url, { ...session })
 * // When the person is back:
 * await transport.finishAuth(await session.callback(request.url))
 * ```
 */
export function oauthClientProvider(auth: Auth, options: OAuthClientProviderOptions): OAuthClientConnection {
  const { place, redirectUri, redirect, scope, ...given } = checkedOptions(auth, options)
  const { service, adapter } = place
  const tokens = tokenBook(place)
  const client = clientBook(place, { client: given.client ?? adapter.client ?? {}, redirectUri, scope })
  const signIns = signInBook(place, given.dangerouslyAllowUncheckedCallbacks === true)
  const rules = serverRules(service, given.dangerouslyAllowMissingPkceMetadata === true)
  const ready = refuseKeys(auth, adapter.resource)
  const { shared } = tokens
  let isPaired = false
  let trouble: PentauthError | undefined

  const watched = providerFetch({
    place,
    tokens,
    client,
    signIns,
    checkServer: rules.check,
    noteTrouble: (error) => {
      trouble = error
    },
  })
  const throwTrouble = () => {
    const { error, until } = shared.trouble ?? {}
    if (error && until !== undefined && adapter.runtime.now() < until) throw error
  }
  const requirePair = () => {
    if (!isPaired) throw unusable('is used without its fetch', 'Give the transport both: { authProvider, fetch }.')
  }

  const authProvider: OAuthClientProvider = {
    redirectUrl: redirectUri,
    get clientMetadata() {
      return client.describe(signIns.server)
    },
    ...(client.metadataUrl === undefined ? {} : { clientMetadataUrl: client.metadataUrl }),
    async state() {
      // The SDKs come here when a renewal has failed, whatever the reason.
      throwTrouble()
      return randomState()
    },
    clientInformation: (context) => client.find(context?.issuer),
    ...(client.save === undefined ? {} : { saveClientInformation: client.save }),
    async tokens(context) {
      await ready()
      const set = await tokens.find(context?.issuer)
      return set && tokens.give(set)
    },
    async saveTokens(value, context) {
      await tokens.save(value, context)
      shared.trouble = undefined
      signIns.finished()
    },
    saveCodeVerifier: (verifier) => signIns.saveVerifier(verifier),
    codeVerifier: () => signIns.verifier(),
    async redirectToAuthorization(page) {
      const target = new URL(page)
      await adapter.checkAddress(`${target.origin}${target.pathname}`, 'authorization_endpoint')
      const set = await tokens.find()
      // What the person has allowed already is not lost with what is asked for now; v2 sees to it itself.
      if (set && shared.tooNarrow === set.value.access_token)
        target.searchParams.set('scope', union(set.value.scope, target))
      if (await signIns.send(target)) await redirect(target)
    },
    addClientAuthentication: async (headers, params, endpoint, server) => {
      if (rules.omitsResource) params.delete('resource')
      if (rules.scopeOnRefresh && params.get('grant_type') === 'refresh_token' && !params.has('scope')) {
        const set = await tokens.find()
        if (set?.value.scope) params.set('scope', set.value.scope)
      }
      await client.authenticate(headers, params, endpoint, server)
    },
    validateResourceURL: async (_serverUrl, named) =>
      rules.omitsResource ? undefined : resourceParameter(service, adapter.resource, named),
    scopeForRefresh({ scope: granted }) {
      throwTrouble()
      return rules.scopeOnRefresh ? granted : undefined
    },
    async invalidateCredentials(what) {
      const isAll = what === 'all'
      const isLate = [
        (isAll || what === 'client') && (await client.forget()),
        (isAll || what === 'tokens') && (await tokens.forget()),
      ].includes(true)
      if (what === 'verifier' || (isAll && !isLate)) await signIns.forgetVerifiers()
      // With the tokens, since a server that refuses them may have been replaced by another.
      if (what === 'discovery' || (what !== 'verifier' && !isLate)) await signIns.forgetDiscovery()
    },
    async saveDiscoveryState(state) {
      requirePair()
      // The SDKs take a document that cannot be had now for one that does not exist.
      if (trouble) throw trouble
      rules.checkState(state)
      await signIns.saveDiscovery(state)
    },
    async discoveryState() {
      await ready()
      trouble = undefined
      return signIns.discovery()
    },
  }
  const fetch: FetchLike = async (input, init) => {
    isPaired = true
    await ready()
    return watched(input, init)
  }
  return { authProvider, fetch, callback: (callback) => signIns.callback(callback) }
}

function randomState(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(24))
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
}

function union(granted: string | undefined, { searchParams }: URL): string {
  return [...new Set(`${granted ?? ''} ${searchParams.get('scope') ?? ''}`.split(' ').filter(Boolean))].join(' ')
}
