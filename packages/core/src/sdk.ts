import type { Auth } from './auth.ts'
import { isAbort, unreachable } from './connection-failure.ts'
import { PentauthError } from './errors.ts'
import { resourceFor } from './resource-for.ts'
import { type Envelope, inAnthropicForm, inOpenAIForm, ownAnswer, refusalInForm } from './sdk-refusal.ts'

export interface SdkOptions {
  /** The service's address for this SDK, where the definition has none or another is meant. */
  readonly baseURL?: string | undefined
}

/** Options of `new OpenAI(…)`; by shape, so that nothing here depends on that package. */
export interface OpenAIOptions {
  readonly apiKey: () => Promise<string>
  readonly adminAPIKey: null
  readonly organization: null
  readonly project: null
  readonly webhookSecret: null
  readonly baseURL: string
  readonly fetch: Auth['fetch']
}

/** Options of `new Anthropic(…)`; by shape, so that nothing here depends on that package. */
export interface AnthropicOptions {
  readonly apiKey: () => Promise<string>
  readonly authToken: null
  readonly webhookKey: null
  readonly baseURL: string
  readonly defaultHeaders: Readonly<Record<string, string>>
  readonly fetch: Auth['fetch']
}

/**
 * Options for the OpenAI SDK, version 7: `new OpenAI(openaiOptions(auth))` calls the service of this `Auth`.
 *
 * The SDK's own errors carry our text, at the first attempt where trying again cannot help. It never holds the key, and what its
 * environment variables say stays home, all but `OPENAI_CUSTOM_HEADERS`: it has no option against that one.
 *
 * @throws PentauthError `invalid_option` when neither the definition nor `baseURL` says where the SDK finds the service.
 * @example
 * ```ts
 * import OpenAI from 'openai'
 *
 * const openai = new OpenAI(openaiOptions(auth))
 * const { data } = await openai.models.list()
 * ```
 */
export function openaiOptions(auth: Auth, options: SdkOptions = {}): OpenAIOptions {
  const baseURL = baseURLOf(auth, 'openai', options)
  return {
    apiKey: keyFunction(auth, under(baseURL, '/chat/completions')),
    // An option that is not given is read from the environment: another company's keys and ids are not for this service.
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    baseURL,
    fetch: fetchFor(auth, inOpenAIForm),
  }
}

/**
 * Options for the Anthropic SDK, version 1: `new Anthropic(anthropicOptions(auth))` calls the service of this `Auth`.
 *
 * As for `openaiOptions`; the variable that cannot be turned off is `ANTHROPIC_CUSTOM_HEADERS`. `defaultHeaders` has the
 * `anthropic-version` that the service documents: add headers of your own to it, `{ ...options.defaultHeaders, 'x-team': 'a' }`.
 *
 * @throws PentauthError `invalid_option` when neither the definition nor `baseURL` says where the SDK finds the service.
 * @example
 * ```ts
 * import Anthropic from '@anthropic-ai/sdk'
 *
 * const anthropic = new Anthropic(anthropicOptions(auth))
 * const messages = [{ role: 'user' as const, content: 'Hello' }]
 * const { content } = await anthropic.messages.create({ model: 'qwen3.6:27b', max_tokens: 100, messages })
 * ```
 */
export function anthropicOptions(auth: Auth, options: SdkOptions = {}): AnthropicOptions {
  const baseURL = baseURLOf(auth, 'anthropic', options)
  const messages = under(baseURL, '/v1/messages')
  return {
    apiKey: keyFunction(auth, messages),
    authToken: null,
    webhookKey: null,
    baseURL,
    // Else the SDK sends the version of its own maker's API, which need not be the one that this service speaks.
    defaultHeaders: headersOf(auth, messages),
    fetch: fetchFor(auth, inAnthropicForm),
  }
}

const sdkNames = { openai: 'OpenAI', anthropic: 'Anthropic' } as const

function baseURLOf({ service }: Auth, sdk: keyof typeof sdkNames, { baseURL }: SdkOptions): string {
  const url = baseURL ?? service.sdk?.[sdk]
  if (typeof url === 'string' && /^https?:\/\//i.test(url) && URL.canParse(url)) return url
  throw new PentauthError({
    code: 'invalid_option',
    message:
      url === undefined
        ? `The definition of ${service.name} has no base URL for the ${sdkNames[sdk]} SDK.`
        : `The option "baseURL" for the ${sdkNames[sdk]} SDK is not an absolute http(s) URL.`,
    service: service.id,
    hint: `If it speaks that SDK's protocol, say where: ${sdk}Options(auth, { baseURL }), or "sdk" in its definition.`,
  })
}

function under(baseURL: string, path: string): string {
  return baseURL.replace(/\/+$/, '') + path
}

function headersOf({ service }: Auth, url: string): Record<string, string> {
  try {
    return { ...resourceFor(service, url).headers }
  } catch {
    // The request itself will say that nothing covers it.
    return {}
  }
}

// What the SDKs hold in place of the key: they insist on one, and `auth.fetch` replaces the header they make of it.
const placeholder = 'set-by-pentauth'

/** The SDK calls this before each attempt and fails at once, with our text and our error as `cause`, when it throws. */
function keyFunction(auth: Auth, url: string): () => Promise<string> {
  let found = false
  return async () => {
    // Only until there is a credential: the request asks for it again, and sources count how often they are asked.
    if (!found) {
      try {
        await auth.credential(url)
        found = true
      } catch (error) {
        if (!isForTheRequest(error)) throw error
      }
    }
    return placeholder
  }
}

/** What the request meets too and answers better: the SDK tries it again, or it goes to another resource than the one asked about. */
function isForTheRequest(error: unknown): boolean {
  if (!PentauthError.isInstance(error)) return false
  // A source that failed has had its time: the SDK would let it fail again at each attempt.
  if (error.code === 'source_failed') return false
  return error.retryable || /^(?:url_not_covered|invalid_url|credential_not_accepted)$/.test(error.code)
}

/** `auth.fetch` in the SDK's own terms: what goes wrong is an answer in the form that the SDK reads. */
function fetchFor(auth: Auth, envelope: Envelope): Auth['fetch'] {
  return async (input, init) => {
    const signal = init?.signal
    try {
      const response = await auth.fetch(input, init)
      return response.status < 400 ? response : await refusalInForm(response, envelope, signal)
    } catch (error) {
      // Of an error that fetch throws, the SDKs make three attempts and "Connection error."; aborts and the network's are theirs.
      if (PentauthError.isInstance(error) && !signal?.aborted) return ownAnswer(error, envelope)
      // The SDKs try again, and show what they caught as the cause of their own error.
      throw signal?.aborted || isAbort(error) ? error : unreachable(auth.service.id, urlOf(input), error)
    }
  }
}

function urlOf(input: string | URL | Request): string {
  return typeof input === 'string' ? input : input instanceof URL ? input.href : input.url
}
