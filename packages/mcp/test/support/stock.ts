import { onTestFinished, vi } from 'vitest'
import { redirectUri } from './small-world.ts'

/** What a program keeps for its own provider. */
export interface Kept {
  tokens?: { access_token: string; refresh_token?: string } | undefined
  client?: object | undefined
  verifier?: string
  discovery?: unknown
}

/** An `OAuthClientProvider` as a program writes it by the SDKs' documents: the twin of what the adapter does. */
export interface StockProvider {
  readonly kept: Kept
  /** The pages that a browser was opened for. */
  readonly pages: URL[]
}

export function stockProvider(kept: Kept = {}): StockProvider {
  const pages: URL[] = []
  // What the SDK thinks of it is not the tests' business.
  const silent = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  onTestFinished(() => silent.mockRestore())
  return {
    kept,
    pages,
    redirectUrl: redirectUri,
    clientMetadata: { redirect_uris: [redirectUri], client_name: 'Stock' },
    state: () => 'the-state',
    clientInformation: () => kept.client,
    saveClientInformation: (client: object) => void Object.assign(kept, { client }),
    tokens: () => kept.tokens,
    saveTokens: (tokens: object) => void Object.assign(kept, { tokens }),
    redirectToAuthorization: (page: URL) => void pages.push(page),
    saveCodeVerifier: (verifier: string) => void Object.assign(kept, { verifier }),
    codeVerifier: () => kept.verifier,
    saveDiscoveryState: (discovery: unknown) => void Object.assign(kept, { discovery }),
    discoveryState: () => kept.discovery,
    invalidateCredentials: (what: 'all' | 'client' | 'tokens' | 'verifier' | 'discovery') => {
      const over = what === 'all' ? (['client', 'tokens', 'verifier', 'discovery'] as const) : [what]
      for (const one of over) delete kept[one]
    },
  } as StockProvider
}
