// The public contract of @pentauth/mcp: this file is compiled, not run. A change that breaks it breaks users.
import { SSEClientTransport, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { SSEClientTransport as SseV1 } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport as StreamableV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { type Auth, createAuth, memoryStore, type PentauthError, type Service, signedIn } from '@pentauth/core'
import {
  type AuthProvider,
  authProvider,
  createTransport,
  type FetchLike,
  type McpKeyRules,
  type McpServiceOptions,
  mcpService,
  type OAuthClientConnection,
  type OAuthClientProvider,
  type OAuthClientProviderOptions,
  oauthClientProvider,
  pentauthErrorIn,
  type SignInAsErrorOptions,
  type SignInWanted,
  type SignInWay,
  signInAsError,
} from '@pentauth/mcp'

const store = memoryStore()

export function describes(): Service<'mcp'> {
  const apiKey: McpKeyRules = { env: 'ACME_API_KEY', header: 'x-api-key', prefix: 'acme_' }
  const options: McpServiceOptions = {
    name: 'Acme',
    client: { clientId: 'notes', clientSecret: 'a secret', issuer: 'https://login.acme.example' },
    apiKey,
    headers: { 'https://mcp.acme.example': { 'cf-access-client-id': 'id' } },
    legacyEndpoints: false,
  }
  mcpService(new URL('https://mcp.acme.example/mcp'))
  return mcpService('https://mcp.acme.example/mcp', options)
}

/** The one thing to learn, for both SDKs and both transports. */
export async function connects(auth: Auth): Promise<void> {
  const wishes: SignInAsErrorOptions = { store, redirectUri: 'https://app.example/callback', account: 'work' }
  const signIn: SignInWay = signInAsError(wishes)
  const transport: StreamableHTTPClientTransport = createTransport(StreamableHTTPClientTransport, auth, {
    resource: 'mcp',
    signIn,
    transport: { sessionId: 'a' },
  })
  createTransport(SSEClientTransport, auth)
  createTransport(StreamableV1, auth, {
    signIn: async ({ service, resource, challenge, reason }: SignInWanted) => {
      console.log(service.id, resource, challenge?.length, reason.code)
    },
  })
  createTransport(SseV1, auth)
  try {
    await transport.start()
  } catch (error) {
    const failure: PentauthError | undefined = pentauthErrorIn(error)
    console.log(failure?.code, failure?.signIn?.url, failure?.signIn?.userCode, failure?.signIn?.expiresAt)
    const { account } = (await failure?.signIn?.complete('https://app.example/callback?code=a&state=b')) ?? {}
    console.log(account)
  }
}

/** For hosts that insist: one of these or `auth.fetch`, never two. */
export async function insists(callbackUrl: string): Promise<void> {
  const service = describes()
  const auth = createAuth(service, { credential: signedIn({ store }) })
  const url = new URL(service.resources.mcp.url)

  const fetchOnly: FetchLike = auth.fetch
  new StreamableHTTPClientTransport(url, { fetch: fetchOnly })

  const least: AuthProvider = authProvider(auth, { resource: 'mcp' })
  new StreamableHTTPClientTransport(url, { authProvider: least })

  const options: OAuthClientProviderOptions = {
    store,
    redirectUri: 'https://app.example/callback',
    redirect: (page) => console.log(page.href),
    resource: 'mcp',
    client: { name: 'Notes' },
    scope: 'read',
    account: 'work',
    lock: (_name, run) => run(),
    runtime: { now: () => 0 },
    onEvent: ({ type }) => console.log(type),
    dangerouslyAllowMissingPkceMetadata: false,
    dangerouslyAllowUncheckedCallbacks: false,
  }
  const connection: OAuthClientConnection = oauthClientProvider(auth, options)
  const whole: OAuthClientProvider = connection.authProvider
  const v1 = new StreamableV1(url, { authProvider: whole, fetch: connection.fetch })
  const v2 = new StreamableHTTPClientTransport(url, { ...connection })
  const params: URLSearchParams = await connection.callback(callbackUrl)
  await v1.finishAuth(params.get('code') ?? '')
  await v2.finishAuth(params)
  await whole.invalidateCredentials('all')
}
