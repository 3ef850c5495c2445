import type { ErrorFacts, FactSource, ServiceFacts } from '../facts.ts'

type PendraError = 'invalidCredential' | 'consoleOnly' | 'noWorker' | 'rateLimited'

const detail = (status: number, text: string, source: FactSource): ErrorFacts => ({
  status,
  text,
  body: { detail: text },
  source,
})

/** Pendra, from its authentication page; the shapes of its errors are from its error reference. */
export const pendraFacts: ServiceFacts<PendraError> = {
  name: 'pendra',
  title: 'Pendra',
  origins: ['https://api.pendra.ai', 'https://console.pendra.ai'],
  resources: [
    {
      name: 'api',
      kind: 'inference',
      url: 'https://api.pendra.ai/api/v1',
      source: 'page',
      headers: { apiKey: ['authorization', 'x-api-key'] },
      emulated: true,
    },
    {
      name: 'messages',
      kind: 'inference',
      url: 'https://api.pendra.ai/v1/messages',
      source: 'page',
      headers: { apiKey: ['x-api-key', 'authorization'] },
      extraHeaders: { 'anthropic-version': '2023-06-01' },
      emulated: true,
    },
    {
      name: 'root',
      kind: 'inference',
      url: 'https://api.pendra.ai/v1',
      source: 'page',
      headers: { apiKey: ['authorization', 'x-api-key'] },
      emulated: true,
    },
  ],
  // 32 bytes in base64url are 43 characters, 50 with the prefix: the page says "~50 characters total".
  key: { prefix: 'pdr_sk_', pattern: '^pdr_sk_[A-Za-z0-9_-]{43}$', source: 'page' },
  env: { apiKey: 'PENDRA_API_KEY', source: 'found' },
  // The page names the console and its API Keys, the address is from the package index.
  keysPage: { url: 'https://console.pendra.ai/api-keys', source: 'found' },
  scopes: {},
  errors: {
    // One text for a missing and for an invalid key: the error reference groups them.
    invalidCredential: detail(401, 'Invalid or expired token', 'found'),
    // That a key cannot do this is the page's; status is the reference's "role not allowed", the text is assumed.
    consoleOnly: detail(403, 'This action needs a console session, not an API key', 'assumed'),
    // X stands for the model.
    noWorker: detail(404, "Model 'X' is in the catalogue but no connected worker has it installed yet", 'found'),
    rateLimited: detail(429, 'Rate limit exceeded', 'assumed'),
  },
}
