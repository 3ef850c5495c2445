import { withCors } from '../cors.ts'
import { streamedResponse } from '../event-stream.ts'
import { refusal } from '../facts.ts'
import { apiKeyHeaderOf, bearerOf, presentedKey } from '../presented-credential.ts'
import { createRateLimit } from '../rate-limit.ts'
import { type JsonObject, jsonBody, stringField } from '../request-body.ts'
import { randomHex } from '../secrets.ts'
import type { Exchange, Holder, Operation, Service } from '../service.ts'
import type { SandboxState } from '../state.ts'
import { createPendraConsole } from './console-page.ts'
import { pendraFacts } from './facts.ts'
import {
  chatCompletion,
  completion,
  embeddings,
  type Inference,
  type InferenceCall,
  images,
  message,
  response,
} from './inference.ts'
import { type Capability, catalogue, listCatalogue, listModels } from './models.ts'

const { errors } = pendraFacts

interface Endpoint {
  readonly name: string
  readonly paths: readonly string[]
  readonly capability: Capability
  run(call: InferenceCall): Inference
}

// Paths on both prefixes where a source shows both: /completions and /audio/transcriptions.
const endpoints: readonly Endpoint[] = [
  { name: 'chat_completions', paths: ['/api/v1/chat/completions'], capability: 'chat', run: chatCompletion },
  { name: 'completions', paths: ['/api/v1/completions', '/v1/completions'], capability: 'chat', run: completion },
  { name: 'messages', paths: ['/v1/messages'], capability: 'chat', run: message },
  { name: 'responses', paths: ['/v1/responses'], capability: 'chat', run: response },
  { name: 'embeddings', paths: ['/api/v1/embeddings'], capability: 'embedding', run: embeddings },
  { name: 'images_generations', paths: ['/api/v1/images/generations'], capability: 'image', run: images },
  {
    name: 'audio_transcriptions',
    paths: ['/api/v1/audio/transcriptions', '/v1/audio/transcriptions'],
    capability: 'transcription',
    // The shape is assumed from OpenAI's.
    run: () => ({ body: { text: 'This is the Pendra sandbox.' }, inputTokens: 0, outputTokens: 5 }),
  },
]

// "Console-only actions (managing keys, billing, worker provisioning)"; their paths are assumed.
const consolePaths = ['/api/v1/api-keys', '/api/v1/billing', '/api/v1/workers']

/** The Pendra API: inference for the organisation behind a key. */
export function createPendra(state: SandboxState): Service<'pendra'> {
  const { accounts, clock, keys, usage } = state
  const options = state.options.pendra ?? {}
  const limit = createRateLimit(options.rateLimit, clock.now)

  const refuseKey = (exchange: Exchange<'pendra'>): Response => {
    const missing = exchange.identity.presented === undefined
    const status = missing ? (options.missingKeyStatus ?? 401) : errors.invalidCredential.status
    // RFC 6750 section 3; not documented.
    const challenge = { 'www-authenticate': 'Bearer' }
    if (exchange.url.pathname === '/v1/messages' && options.messagesRefusal === 'anthropic') {
      const error = { type: 'authentication_error', message: errors.invalidCredential.text }
      return Response.json({ type: 'error', error }, { status, headers: challenge })
    }
    return refusal({ ...errors.invalidCredential, status }, challenge)
  }

  /** Runs for the holder of a good key that is within its organisation's limit. */
  const withKey =
    (run: (exchange: Exchange<'pendra'>, holder: Holder<'pendra'>) => Response | Promise<Response>) =>
    (exchange: Exchange<'pendra'>): Response | Promise<Response> => {
      const { holder } = exchange.identity
      if (holder === undefined) return refuseKey(exchange)
      if (!limit.take(holder.account.organisation)) return refusal(errors.rateLimited, { 'retry-after': '1' })
      return run(exchange, holder)
    }

  const infer = async (
    endpoint: Endpoint,
    { request }: Exchange<'pendra'>,
    holder: Holder<'pendra'>,
  ): Promise<Response> => {
    if (endpoint.name === 'messages' && options.requireAnthropicVersion && !request.headers.has('anthropic-version')) {
      return problem(400, 'The anthropic-version header is required')
    }
    const body = endpoint.capability === 'transcription' ? await formFields(request) : await jsonBody(request)
    const model = body && stringField(body, 'model')
    if (body === undefined || model === undefined) return problem(400, 'model is required')
    const refused = refuseModel(model, endpoint.capability)
    if (refused !== undefined) return refused
    const made = endpoint.run({ model, body, created: Math.floor(clock.now() / 1000) })
    usage.add('pendra', {
      at: clock.now(),
      keyId: holder.key?.id ?? '',
      keyName: holder.key?.name ?? '',
      account: holder.account.id,
      organisation: holder.account.organisation,
      operation: endpoint.name,
      model,
      inputTokens: made.inputTokens,
      outputTokens: made.outputTokens,
    })
    const answer = made.stream
      ? streamedResponse(made.stream, state.options.streamInterval ?? 0)
      : Response.json(made.body)
    answer.headers.set('x-worker-id', 'worker-sandbox')
    answer.headers.set('x-worker-name', 'sandbox')
    return answer
  }

  const api: Operation<'pendra'>[] = [
    ...endpoints.flatMap((endpoint) =>
      endpoint.paths.map(
        (path): Operation<'pendra'> => ({
          name: endpoint.name,
          method: 'POST',
          path,
          answer: withKey((exchange, holder) => infer(endpoint, exchange, holder)),
        }),
      ),
    ),
    { name: 'models', method: 'GET', path: '/api/v1/models', answer: withKey(({ url }) => listModels(url)) },
    // The page lists it among what a key may read; the models page says it is public. Both hold.
    { name: 'catalogue', method: 'GET', path: '/api/v1/catalogue', answer: listCatalogue },
    ...consolePaths.map(
      (path): Operation<'pendra'> => ({
        name: 'console_only',
        method: '*',
        path: `${path}/*`,
        answer: withKey(() => refusal(errors.consoleOnly)),
      }),
    ),
  ]

  return {
    name: 'pendra',
    origins: pendraFacts.origins,
    operations: [...withCors(api), ...createPendraConsole(state)],
    async identify({ headers, url }) {
      const bearer = bearerOf(headers)
      const takesHeader = options.apiKeyHeader !== 'messages' || new URL(url).pathname === '/v1/messages'
      const header = takesHeader ? apiKeyHeaderOf(headers) : undefined
      const presented = presentedKey('authorization', bearer) ?? presentedKey('x-api-key', header)
      // Two headers with one value are one credential. With two values: not documented; refused, since whichever was
      // taken could be the one the caller did not mean.
      const contradictory = bearer !== undefined && header !== undefined && bearer !== header
      const key = presented === undefined || contradictory ? undefined : await keys.find('pendra', presented.value)
      return { presented, holder: key && { key, account: accounts.get('pendra', key.account) } }
    },
    notFound: () => problem(404, 'Not Found'),
    stamp: (headers) => headers.set('x-request-id', `req_${randomHex(24)}`),
  }
}

function refuseModel(id: string, capability: Capability): Response | undefined {
  const model = catalogue.find((candidate) => candidate.id === id)
  if (model === undefined) return problem(404, `Model '${id}' not found`)
  const noWorker = errors.noWorker.text.replace("'X'", () => `'${id}'`)
  if (!model.served) return problem(errors.noWorker.status, noWorker)
  return model.capability === capability ? undefined : problem(400, `Model '${id}' cannot do ${capability}`)
}

const problem = (status: number, detail: string): Response => Response.json({ detail }, { status })

async function formFields(request: Request): Promise<JsonObject | undefined> {
  try {
    const form = await request.formData()
    return form.get('file') === null ? undefined : Object.fromEntries(form)
  } catch {
    return undefined
  }
}
