import type * as v2 from '@modelcontextprotocol/client'
import type * as v1 from '@modelcontextprotocol/sdk/client/auth.js'
import type { OAuthClientProvider } from '../src/oauth-client-types.ts'

export const one = (provider: OAuthClientProvider): v1.OAuthClientProvider => provider
export const two = (provider: OAuthClientProvider): v2.OAuthClientProvider => provider
