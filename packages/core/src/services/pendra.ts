import { frozenService } from '../frozen-service.ts'
import type { Service } from '../service.ts'

/** Pendra: inference endpoints, an API key as Bearer, or in `x-api-key` where the Anthropic SDK talks to it. */
export const pendra: Service<'rest' | 'messages' | 'responses' | 'v1'> = /* @__PURE__ */ frozenService({
  id: 'pendra',
  name: 'Pendra',
  resources: {
    rest: {
      url: 'https://api.pendra.ai/api/v1',
      protocol: 'rest',
      // The page accepts a key on either header and recommends Bearer.
      apiKey: ['authorization', 'x-api-key'],
      operations: [
        { name: 'chat', method: 'POST', path: '/chat/completions' },
        { name: 'embeddings', method: 'POST', path: '/embeddings' },
        { name: 'images', method: 'POST', path: '/images/generations' },
        { name: 'transcriptions', method: 'POST', path: '/audio/transcriptions' },
        // Found: an alias of /v1/completions.
        { name: 'completions', method: 'POST', path: '/completions' },
        { name: 'models', method: 'GET', path: '/models' },
        // Found: public, while the page lists it among what a key can call. Both hold.
        { name: 'catalogue', method: 'GET', path: '/catalogue', public: true },
      ],
    },
    messages: {
      url: 'https://api.pendra.ai/v1/messages',
      protocol: 'rest',
      apiKey: ['x-api-key', 'authorization'],
      headers: { 'anthropic-version': '2023-06-01' },
      operations: [{ name: 'messages', method: 'POST', path: '' }],
    },
    responses: {
      url: 'https://api.pendra.ai/v1/responses',
      protocol: 'rest',
      apiKey: ['authorization', 'x-api-key'],
      operations: [{ name: 'responses', method: 'POST', path: '' }],
    },
    v1: {
      url: 'https://api.pendra.ai/v1',
      protocol: 'rest',
      apiKey: ['authorization', 'x-api-key'],
      // Found in its API docs; not in the page's list of what a key can call.
      operations: [
        { name: 'completions', method: 'POST', path: '/completions' },
        { name: 'transcriptions', method: 'POST', path: '/audio/transcriptions' },
      ],
    },
  },
  apiKey: {
    prefix: 'pdr_sk_',
    prefixSource: 'documented',
    // The page says a 32-byte URL-safe string, about 50 characters in all: 43 characters of base64url behind the prefix.
    pattern: '^pdr_sk_[A-Za-z0-9_-]{43}$',
    patternSource: 'documented',
    // Found in its Python package.
    env: 'PENDRA_API_KEY',
    rotation: { method: 'replace' },
    consoleOnly: ['managing keys', 'billing', 'worker provisioning'],
  },
  errors: [
    {
      // Found in its API docs: missing and invalid keys are answered alike, with 401. Without a status here, so that the text
      // is not taken for a console-only action where a gateway answers a missing key with 403.
      code: 'credential_refused',
      message: 'Invalid or expired token',
      source: 'found',
      hint: 'Deleted keys stop working at once. Make a new key and deploy it.',
      link: 'keys',
    },
    {
      // That console actions need an account is documented, the status found.
      code: 'console_only',
      status: 403,
      source: 'found',
      hint: 'Keys call inference endpoints and read-only listings; managing keys, billing and worker provisioning are for the console.',
      link: 'keys',
    },
    {
      // Found in its Python package's page.
      code: 'not_found',
      status: 404,
      message: "Model '{model}' is in the catalogue but no connected worker has it installed yet",
      source: 'found',
      hint: 'Take a model from GET /api/v1/models, or have a worker install this one in the console.',
    },
  ],
  links: {
    docs: { where: 'Pendra authentication docs', url: 'https://pendra.ai/docs/api/authentication' },
    // Found in its Python package's page.
    keys: { where: 'Pendra console > API Keys', url: 'https://console.pendra.ai/api-keys' },
  },
  recommendations: [{ client: 'every client', method: 'api-key' }],
  // The page's paths are those of the two SDKs; that the Anthropic SDK wants the bare host is found in its API docs.
  sdk: { openai: 'https://api.pendra.ai/api/v1', anthropic: 'https://api.pendra.ai' },
  access: 'Holders of a key; every key belongs to exactly one organisation.',
})
