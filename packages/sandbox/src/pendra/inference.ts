import { serverSentEvent } from '../event-stream.ts'
import { isJsonObject, type JsonObject } from '../request-body.ts'
import { randomHex } from '../secrets.ts'
import { lastText, type Reply, replyTo, tokensIn } from './prompt.ts'

/** What an inference endpoint makes: a JSON body, or the parts of an event stream. */
export interface Inference {
  readonly body?: unknown
  readonly stream?: readonly string[]
  readonly inputTokens: number
  readonly outputTokens: number
}

/** One inference call that has passed every check. */
export interface InferenceCall {
  readonly model: string
  readonly body: JsonObject
  /** Seconds since 1970. */
  readonly created: number
}

function inference(reply: Reply, result: Pick<Inference, 'body' | 'stream'>): Inference {
  return { ...result, inputTokens: reply.inputTokens, outputTokens: reply.outputTokens }
}

function openAIUsage(reply: Reply): JsonObject {
  return {
    prompt_tokens: reply.inputTokens,
    completion_tokens: reply.outputTokens,
    total_tokens: reply.inputTokens + reply.outputTokens,
  }
}

/** `/chat/completions`: the OpenAI form, streamed as `data:` lines that end with `[DONE]`. */
export function chatCompletion({ model, body, created }: InferenceCall): Inference {
  const reply = replyTo(lastText(body.messages), body.max_completion_tokens ?? body.max_tokens)
  const id = `chatcmpl-${randomHex(24)}`
  const finish_reason = reply.cut ? 'length' : 'stop'
  if (body.stream !== true) {
    return inference(reply, {
      body: {
        id,
        object: 'chat.completion',
        created,
        model,
        choices: [{ index: 0, message: { role: 'assistant', content: reply.text }, finish_reason }],
        usage: openAIUsage(reply),
      },
    })
  }
  const head = { id, object: 'chat.completion.chunk', created, model }
  const wantsUsage = isJsonObject(body.stream_options) && body.stream_options.include_usage === true
  const chunk = (delta: JsonObject, reason: string | null): string =>
    serverSentEvent({ ...head, choices: [{ index: 0, delta, finish_reason: reason }] })
  return inference(reply, {
    stream: [
      chunk({ role: 'assistant', content: '' }, null),
      ...reply.parts.map((content) => chunk({ content }, null)),
      chunk({}, finish_reason),
      // Only on request, as OpenAI has it: a client that reads the first choice of every chunk finds none here.
      ...(wantsUsage ? [serverSentEvent({ ...head, choices: [], usage: openAIUsage(reply) })] : []),
      serverSentEvent('[DONE]'),
    ],
  })
}

/** `/completions`: the older OpenAI form. */
export function completion({ model, body, created }: InferenceCall): Inference {
  const reply = replyTo(lastText(body.prompt), body.max_tokens)
  const head = { id: `cmpl-${randomHex(24)}`, object: 'text_completion', created, model }
  const finish_reason = reply.cut ? 'length' : 'stop'
  if (body.stream !== true) {
    return inference(reply, {
      body: { ...head, choices: [{ text: reply.text, index: 0, finish_reason }], usage: openAIUsage(reply) },
    })
  }
  const chunk = (text: string, reason: string | null): string =>
    serverSentEvent({ ...head, choices: [{ text, index: 0, finish_reason: reason }] })
  return inference(reply, {
    stream: [...reply.parts.map((text) => chunk(text, null)), chunk('', finish_reason), serverSentEvent('[DONE]')],
  })
}

/** `/v1/messages`: the Anthropic form, with its named events when streamed. */
export function message({ model, body }: InferenceCall): Inference {
  const reply = replyTo(lastText(body.messages), body.max_tokens)
  const stop_reason = reply.cut ? 'max_tokens' : 'end_turn'
  const whole = {
    id: `msg_${randomHex(24)}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [{ type: 'text', text: reply.text }],
    stop_reason,
    stop_sequence: null,
    usage: { input_tokens: reply.inputTokens, output_tokens: reply.outputTokens },
  }
  if (body.stream !== true) return inference(reply, { body: whole })
  const event = (type: string, fields: JsonObject): string => serverSentEvent({ type, ...fields }, type)
  const started = {
    ...whole,
    content: [],
    stop_reason: null,
    usage: { input_tokens: reply.inputTokens, output_tokens: 0 },
  }
  return inference(reply, {
    stream: [
      event('message_start', { message: started }),
      event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
      ...reply.parts.map((text) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })),
      event('content_block_stop', { index: 0 }),
      event('message_delta', {
        delta: { stop_reason, stop_sequence: null },
        usage: { output_tokens: reply.outputTokens },
      }),
      event('message_stop', {}),
    ],
  })
}

/** `/v1/responses`: the OpenAI Responses form. The page names the path only; the shape is assumed from OpenAI's. */
export function response({ model, body, created }: InferenceCall): Inference {
  const reply = replyTo(lastText(body.input), body.max_output_tokens)
  const item = `msg_${randomHex(24)}`
  const part = (text: string): JsonObject => ({ type: 'output_text', text, annotations: [] })
  const output = (text: string, status: string): JsonObject => ({
    id: item,
    type: 'message',
    role: 'assistant',
    status,
    content: status === 'completed' ? [part(text)] : [],
  })
  const id = `resp_${randomHex(24)}`
  const head = { id, object: 'response', created_at: created, model, error: null, incomplete_details: null }
  const whole = {
    ...head,
    ...(reply.cut ? { incomplete_details: { reason: 'max_output_tokens' } } : {}),
    status: reply.cut ? 'incomplete' : 'completed',
    output: [output(reply.text, 'completed')],
    usage: {
      input_tokens: reply.inputTokens,
      output_tokens: reply.outputTokens,
      total_tokens: reply.inputTokens + reply.outputTokens,
    },
  }
  if (body.stream !== true) return inference(reply, { body: whole })
  const at = { item_id: item, output_index: 0, content_index: 0 }
  const events: [string, JsonObject][] = [
    ['response.created', { response: { ...head, status: 'in_progress', output: [] } }],
    ['response.output_item.added', { output_index: 0, item: output('', 'in_progress') }],
    ['response.content_part.added', { ...at, part: part('') }],
    ...reply.parts.map((delta): [string, JsonObject] => ['response.output_text.delta', { ...at, delta }]),
    ['response.output_text.done', { ...at, text: reply.text }],
    ['response.content_part.done', { ...at, part: part(reply.text) }],
    ['response.output_item.done', { output_index: 0, item: output(reply.text, 'completed') }],
    [reply.cut ? 'response.incomplete' : 'response.completed', { response: whole }],
  ]
  return inference(reply, {
    stream: events.map(([type, fields], index) => serverSentEvent({ type, sequence_number: index, ...fields }, type)),
  })
}

/** `/embeddings`: the OpenAI form (assumed), eight numbers that are always the same for the same text. */
export function embeddings({ model, body }: InferenceCall): Inference {
  const inputs = Array.isArray(body.input) ? body.input.map(String) : [String(body.input ?? '')]
  const tokens = inputs.reduce((total, input) => total + tokensIn(input), 0)
  return {
    body: {
      object: 'list',
      data: inputs.map((input, index) => ({ object: 'embedding', index, embedding: vectorOf(input) })),
      model,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    },
    inputTokens: tokens,
    outputTokens: 0,
  }
}

function vectorOf(text: string): number[] {
  const sums = Array.from({ length: 8 }, () => 0)
  for (const [index, letter] of [...text].entries()) {
    sums[index % 8] = (sums[index % 8] ?? 0) + (letter.codePointAt(0) ?? 0)
  }
  const length = Math.hypot(...sums) || 1
  return sums.map((sum) => sum / length)
}

// One transparent pixel.
const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** `/images/generations`: the OpenAI form (assumed), one pixel an image. */
export function images({ body, created }: InferenceCall): Inference {
  const count = typeof body.n === 'number' ? Math.min(10, Math.max(1, Math.floor(body.n))) : 1
  const data = Array.from({ length: count }, () => ({ b64_json: pixel }))
  return { body: { created, data }, inputTokens: tokensIn(String(body.prompt ?? '')), outputTokens: 0 }
}
