import { apiKey, createAuth, memoryStore, type PentauthErrorCode, pendra, pensyve, type Service } from '@pentauth/core'
import { authProvider, createTransport, mcpService, pentauthErrorIn, signInAsError } from '@pentauth/mcp'
import { testKey } from '@pentauth/tooling/canary'

type Ways = readonly (() => unknown)[]

/** A transport that sends one request when it is started, as those of the SDKs do with each message. */
class Transport {
  readonly #url: URL
  readonly #options: { fetch?(url: URL, init: object): Promise<unknown> } | undefined
  constructor(url: URL, options?: { fetch?(url: URL, init: object): Promise<unknown> }) {
    this.#url = url
    this.#options = options
  }
  start = () => this.#options?.fetch?.(this.#url, { method: 'POST', body: '{}' })
}

/** Ways to the errors of the MCP adapter, by code; `here` moves a service to the sandbox. */
export function mcpProvocations(here: (service: Service) => Service): Partial<Record<PentauthErrorCode, Ways>> {
  const withKey = () => createAuth(here(pensyve), { credential: apiKey(testKey.pensyve('unknown')) })
  return {
    invalid_option: [
      () => mcpService('https://mcp.acme.example', { headers: { 'mcp.acme.example': {} } }),
      () => mcpService('https://mcp.acme.example/sse', { messages: 'https://api.acme.example/messages' }),
      () => createTransport(Transport, createAuth(pendra, { credential: apiKey(testKey.pendra('any')) })),
      () => createTransport(Transport, withKey(), { resource: 'tea' }),
      () => createTransport(Transport, withKey(), { signIn: {} as never }),
      () => createTransport(Transport, pensyve as never),
    ],
    credential_refused: [
      async () => {
        const provider = authProvider(withKey())
        await provider.token()
        return provider.onUnauthorized({ response: new Response(null, { status: 401 }) })
      },
    ],
    sign_in_required: [
      async () => {
        const service = here(pensyve)
        const store = memoryStore()
        const { signedIn } = await import('@pentauth/core')
        const auth = createAuth(service, { credential: signedIn({ store }) })
        const client = { clientId: 'notes' }
        const signIn = signInAsError({ store, client, redirectUri: 'http://127.0.0.1/callback' })
        const failed: unknown = await createTransport(Transport, auth, { signIn })
          .start()
          ?.catch((error) => error)
        return pentauthErrorIn(failed)
      },
    ],
  }
}
