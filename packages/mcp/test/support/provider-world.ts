import { type Auth, apiKey, createAuth, firstOf, memoryStore, type Service, signedIn } from '@pentauth/core'
import { testKey } from '@pentauth/tooling/canary'
import {
  mcpService,
  type OAuthClientConnection,
  type OAuthClientProviderOptions,
  oauthClientProvider,
} from '../../src/index.ts'
import { redirectUri } from './sign-in.ts'

export interface Asked {
  readonly url: string
  readonly method: string
  readonly headers: Record<string, string>
  readonly body: string
  readonly redirect: RequestInit['redirect']
}

type Answer = (asked: Asked) => Response | Promise<Response>

/** A provider on a platform that answers as the test says; what it was asked is there to be looked at. */
export interface ProviderWorld extends OAuthClientConnection {
  readonly asked: Asked[]
  readonly pages: URL[]
  readonly options: OAuthClientProviderOptions
  now: number
  answer: Answer
}

export const mcpUrl = 'https://mcp.acme.example/mcp'
export const issuer = 'https://login.acme.example'
export const acme: Service<'mcp'> = mcpService(mcpUrl, { name: 'Acme' })

export const authFor = (service: Service = acme, key?: string): Auth =>
  createAuth(service, {
    credential: firstOf(...(key === undefined ? [] : [apiKey(key)]), signedIn({ store: memoryStore() })),
  })

export function providerWorld(
  wishes: Partial<OAuthClientProviderOptions> = {},
  service: Service = acme,
): ProviderWorld {
  const asked: Asked[] = []
  const pages: URL[] = []
  const options: OAuthClientProviderOptions = {
    store: memoryStore(),
    redirectUri,
    redirect: (page) => void pages.push(page),
    client: { clientId: 'notes' },
    runtime: {
      now: () => world.now,
      fetch: async (input, init = {}) => {
        const { url, method, headers } = new Request(input, { ...init, body: null, redirect: 'follow' })
        const one: Asked = {
          url,
          method,
          headers: Object.fromEntries(headers),
          body: String(init.body ?? ''),
          redirect: init.redirect,
        }
        asked.push(one)
        return world.answer(one)
      },
    },
    ...wishes,
  }
  const world: ProviderWorld = {
    ...oauthClientProvider(authFor(service), options),
    asked,
    pages,
    options,
    now: 1_700_000_000_000,
    answer: () => Response.json({}),
  }
  return world
}

interface Metadata {
  readonly issuer: string
  readonly authorization_endpoint: string
  readonly token_endpoint: string
  readonly response_types_supported: string[]
  readonly code_challenge_methods_supported: string[]
}

export const serverMetadata: Metadata = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  response_types_supported: ['code'],
  code_challenge_methods_supported: ['S256'],
}

/** As an SDK saves it. */
export const discoveryState: {
  readonly authorizationServerUrl: string
  readonly resourceMetadata: { readonly resource: string }
  readonly authorizationServerMetadata: Metadata
} = {
  authorizationServerUrl: issuer,
  resourceMetadata: { resource: mcpUrl },
  authorizationServerMetadata: serverMetadata,
}

interface TokenAnswer {
  readonly access_token: string
  readonly token_type: string
  readonly expires_in: number
  readonly refresh_token: string
  readonly scope: string
}

/** A token answer with secrets that no message may repeat. */
export function tokenAnswer(name: string): TokenAnswer {
  return {
    access_token: testKey.token(`at-${name}`),
    token_type: 'Bearer',
    expires_in: 3600,
    refresh_token: testKey.token(`rt-${name}`),
    scope: 'read',
  }
}
