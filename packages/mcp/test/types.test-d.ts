import type * as v2 from '@modelcontextprotocol/client'
import {
  SSEClientTransport as SseV2,
  StreamableHTTPClientTransport as StreamableV2,
} from '@modelcontextprotocol/client'
import type { OAuthClientProvider as ProviderV1 } from '@modelcontextprotocol/sdk/client/auth.js'
import { SSEClientTransport as SseV1 } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport as StreamableV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { FetchLike as FetchV1 } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { Auth } from '@pentauth/core'
import {
  type AuthProvider,
  authProvider,
  createTransport,
  type FetchLike,
  type OAuthClientConnection,
  type OAuthClientProvider,
  type OAuthClientProviderOptions,
  oauthClientProvider,
} from '../src/index.ts'

// Compiled, not run: the shapes that we write down are those of both SDKs, under strict and exactOptionalPropertyTypes.

declare const auth: Auth
declare const options: OAuthClientProviderOptions
declare const connection: OAuthClientConnection
declare const Other: new (path: number) => object

/** What createTransport gives is the transport that it was given, with that one's own options and no others. */
export const transports: readonly [StreamableV1, SseV1, StreamableV2, SseV2] = [
  createTransport(StreamableV1, auth, { resource: 'mcp', transport: { sessionId: 'a', requestInit: {} } }),
  createTransport(SseV1, auth, { transport: { requestInit: { headers: { a: 'b' } } } }),
  createTransport(StreamableV2, auth, { transport: { onInsufficientScope: 'throw' } }),
  createTransport(SseV2, auth),
]

// @ts-expect-error: two layers would renew
createTransport(StreamableV1, auth, { transport: { authProvider: connection.authProvider } })
// @ts-expect-error: two layers would renew
createTransport(StreamableV2, auth, { transport: { fetch } })
// @ts-expect-error: an option of v2
createTransport(StreamableV1, auth, { transport: { onInsufficientScope: 'throw' } })
// @ts-expect-error: no transport
createTransport(Other, auth)

/** The least that v2 takes. */
export const least: v2.AuthProvider = authProvider(auth)
export const keys: 'token' | 'onUnauthorized' = null as unknown as keyof AuthProvider
// @ts-expect-error: v1 takes the whole interface only, and asks for tokens
export const leastForV1: ProviderV1 = authProvider(auth)
// @ts-expect-error: v2 must not take it for the whole interface, and go past it
export const leastAsWhole: v2.OAuthClientProvider = authProvider(auth)

/** The whole interface, of both. */
export const wholeForV1: ProviderV1 = connection.authProvider
export const wholeForV2: v2.OAuthClientProvider = connection.authProvider
// @ts-expect-error: that would leave the check of the state to nobody
export const without: OAuthClientProvider = { ...connection.authProvider, state: undefined }
// @ts-expect-error: both options, not the provider alone
export const alone: ProviderV1 = oauthClientProvider(auth, options)

/** Every `fetch` of ours, of both. */
export const fetchesV1: readonly FetchV1[] = [auth.fetch, connection.fetch]
export const fetchesV2: readonly v2.FetchLike[] = [auth.fetch, connection.fetch]
export const ours: readonly FetchLike[] = [auth.fetch, connection.fetch]
// @ts-expect-error: an answer, not a promise of one
export const wrong: FetchLike = () => new Response()

const { authProvider: whole, fetch: watched } = connection
export const stock: readonly [StreamableV1, SseV1, StreamableV2, SseV2] = [
  new StreamableV1(new URL('https://mcp.acme.example/mcp'), { authProvider: whole, fetch: watched }),
  new SseV1(new URL('https://mcp.acme.example/sse'), { authProvider: whole, fetch: watched }),
  new StreamableV2(new URL('https://mcp.acme.example/mcp'), connection),
  new SseV2(new URL('https://mcp.acme.example/sse'), { ...connection }),
]
// @ts-expect-error: no place to keep anything, and nobody to send the person
oauthClientProvider(auth, { redirectUri: 'http://127.0.0.1/callback' })
