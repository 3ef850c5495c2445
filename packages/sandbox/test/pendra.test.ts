import { describe, expect, test } from 'vitest'
import { createSandbox, type Sandbox, type SandboxOptions } from '../src/index.ts'
import { type Answer, apiKey, bearer, call } from './call.ts'

const origin = 'https://api.pendra.ai'
const model = 'qwen3.6:27b'
const messages = [{ role: 'user', content: 'Hello there' }]
const chat = `${origin}/api/v1/chat/completions`

function keyed(options?: SandboxOptions): { sandbox: Sandbox; key: string } {
  const sandbox = createSandbox(options)
  return { sandbox, key: sandbox.keys.create('pendra').key }
}

async function streamed(url: string, body: object): Promise<{ chunks: number; events: string[]; response: Response }> {
  const { sandbox, key } = keyed()
  const response = await sandbox.fetch(url, {
    method: 'POST',
    headers: bearer(key),
    body: JSON.stringify({ model, stream: true, ...body }),
  })
  let text = ''
  let chunks = 0
  for await (const chunk of response.body ?? []) {
    text += new TextDecoder().decode(chunk)
    chunks += 1
  }
  return { chunks, events: text.trim().split('\n\n'), response }
}

const data = (event: string | undefined): ReturnType<typeof JSON.parse> =>
  JSON.parse(
    event
      ?.split('\n')
      .find((line) => line.startsWith('data: '))
      ?.slice(6) ?? 'null',
  )
const named = (events: string[]): (string | undefined)[] => events.map((event) => /^event: (.*)$/m.exec(event)?.[1])

describe('the credential', () => {
  test('Bearer or x-api-key, on both surfaces', async () => {
    const { sandbox, key } = keyed()
    for (const headers of [bearer(key), apiKey(key), { ...bearer(key), ...apiKey(key) }]) {
      expect((await call(sandbox, chat, headers, { model, messages })).status).toBe(200)
      expect((await call(sandbox, `${origin}/v1/messages`, headers, { model, messages })).status).toBe(200)
    }
  })

  test('missing, invalid or deleted: 401 with the documented text', async () => {
    const { sandbox, key } = keyed()
    const wrong: Record<string, string>[] = [
      {},
      bearer('pdr_sk_unknown'),
      apiKey('pdr_sk_unknown'),
      { authorization: `Basic ${key}` },
    ]
    for (const headers of wrong) {
      for (const url of [chat, `${origin}/v1/messages`, `${origin}/api/v1/models`]) {
        const answer = await call(sandbox, url, headers, url.endsWith('models') ? undefined : { model, messages })
        expect([answer.status, answer.json]).toEqual([401, { detail: 'Invalid or expired token' }])
        expect(answer.headers.get('x-request-id')).toMatch(/^req_/)
      }
    }
  })

  test('two headers with different values: 401, even when both are good', async () => {
    const { sandbox, key } = keyed()
    const second = sandbox.keys.create('pendra').key
    const answer = await call(sandbox, `${origin}/api/v1/models`, { ...bearer(key), ...apiKey(second) })
    expect([answer.status, answer.json]).toEqual([401, { detail: 'Invalid or expired token' }])
  })

  test('the switches', async () => {
    const only = keyed({ pendra: { apiKeyHeader: 'messages' } })
    expect((await call(only.sandbox, `${origin}/api/v1/models`, apiKey(only.key))).status).toBe(401)
    expect((await call(only.sandbox, `${origin}/v1/messages`, apiKey(only.key), { model, messages })).status).toBe(200)
    const missing = createSandbox({ pendra: { missingKeyStatus: 403 } })
    expect((await call(missing, `${origin}/api/v1/models`)).status).toBe(403)
    expect((await call(missing, `${origin}/api/v1/models`, bearer('pdr_sk_x'))).status).toBe(401)
    const anthropic = createSandbox({ pendra: { messagesRefusal: 'anthropic' } })
    const refused = await call(anthropic, `${origin}/v1/messages`, {}, { model, messages })
    expect([refused.status, refused.json]).toEqual([
      401,
      { type: 'error', error: { type: 'authentication_error', message: 'Invalid or expired token' } },
    ])
    const strict = keyed({ pendra: { requireAnthropicVersion: true } })
    expect((await call(strict.sandbox, `${origin}/v1/messages`, apiKey(strict.key), { model, messages })).status).toBe(
      400,
    )
    const versioned = { ...apiKey(strict.key), 'anthropic-version': '2023-06-01' }
    expect((await call(strict.sandbox, `${origin}/v1/messages`, versioned, { model, messages })).status).toBe(200)
  })

  test('console-only routes: 403 with a key, 401 without', async () => {
    const { sandbox, key } = keyed()
    for (const path of ['api-keys', 'api-keys/1', 'billing', 'workers']) {
      const answer = await call(sandbox, `${origin}/api/v1/${path}`, bearer(key))
      expect([answer.status, typeof answer.json.detail]).toEqual([403, 'string'])
      expect((await call(sandbox, `${origin}/api/v1/${path}`)).status).toBe(401)
    }
  })
})

describe('answers', () => {
  const ask = async (path: string, body: object): Promise<Answer> => {
    const { sandbox, key } = keyed()
    return call(sandbox, origin + path, bearer(key), { model, ...body })
  }

  test('chat completions', async () => {
    const { json, headers } = await ask('/api/v1/chat/completions', { messages })
    expect(json).toMatchObject({ object: 'chat.completion', model, choices: [{ index: 0, finish_reason: 'stop' }] })
    expect(json.id).toMatch(/^chatcmpl-/)
    expect(json.choices[0].message.content).toContain('Hello there')
    expect(json.usage.total_tokens).toBe(json.usage.prompt_tokens + json.usage.completion_tokens)
    expect(headers.get('x-worker-id')).toBeTruthy()
    const cut = await ask('/api/v1/chat/completions', { messages, max_tokens: 2 })
    expect(cut.json.choices[0]).toMatchObject({ message: { content: 'This is' }, finish_reason: 'length' })
  })

  test('messages', async () => {
    const { json } = await ask('/v1/messages', {
      max_tokens: 2,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
    })
    expect(json).toMatchObject({
      type: 'message',
      role: 'assistant',
      content: [{ type: 'text', text: 'This is' }],
      stop_reason: 'max_tokens',
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 2 },
    })
    expect(json.id).toMatch(/^msg_/)
  })

  test('responses, completions on both paths, embeddings, images', async () => {
    const response = (await ask('/v1/responses', { input: 'Hello there' })).json
    expect(response).toMatchObject({ object: 'response', status: 'completed' })
    expect(response.output[0].content[0].text).toContain('Hello there')
    for (const path of ['/v1/completions', '/api/v1/completions']) {
      const { json } = await ask(path, { prompt: 'Hello there' })
      expect(json).toMatchObject({ object: 'text_completion', choices: [{ index: 0, finish_reason: 'stop' }] })
      expect(json.choices[0].text).toContain('Hello there')
    }
    const vectors = (await ask('/api/v1/embeddings', { model: 'nomic-embed-text:latest', input: ['a', 'b', 'a'] })).json
    expect(vectors.data).toHaveLength(3)
    expect(vectors.data[0].embedding).toEqual(vectors.data[2].embedding)
    expect(vectors.data[0].embedding).toHaveLength(8)
    expect(
      (await ask('/api/v1/images/generations', { model: 'flux.1-schnell', prompt: 'x', n: 2 })).json.data,
    ).toHaveLength(2)
  })

  test.each(['/api/v1/audio/transcriptions', '/v1/audio/transcriptions'])('transcription at %s', async (path) => {
    const { sandbox, key } = keyed()
    const body = new FormData()
    body.set('model', 'whisper-large-v3')
    body.set('file', new Blob(['sound']), 'sound.wav')
    const response = await sandbox.fetch(origin + path, { method: 'POST', headers: bearer(key), body })
    expect([response.status, await response.json()]).toEqual([200, { text: expect.any(String) }])
  })

  test('models need a key, the catalogue does not', async () => {
    const { sandbox, key } = keyed()
    const models = (await call(sandbox, `${origin}/api/v1/models`, bearer(key))).json
    expect(models.data).toContainEqual({ id: model, object: 'model', created: expect.any(Number), owned_by: 'pendra' })
    const embedding = (await call(sandbox, `${origin}/api/v1/models?type=embedding`, bearer(key))).json
    expect(embedding.data.map(({ id }: { id: string }) => id)).toEqual(['nomic-embed-text:latest'])
    expect(
      (await call(sandbox, `${origin}/api/v1/models?client_version=1`, bearer(key))).json.models.length,
    ).toBeGreaterThan(1)
    expect((await call(sandbox, `${origin}/api/v1/catalogue`)).json.data.length).toBeGreaterThan(models.data.length)
  })

  test('models that cannot answer', async () => {
    const missing = await ask('/api/v1/chat/completions', { model: 'llama3.1:405b', messages })
    expect([missing.status, missing.json.detail]).toEqual([
      404,
      "Model 'llama3.1:405b' is in the catalogue but no connected worker has it installed yet",
    ])
    expect((await ask('/api/v1/chat/completions', { model: 'nothing', messages })).status).toBe(404)
    expect((await ask('/api/v1/chat/completions', { model: 'nomic-embed-text:latest', messages })).status).toBe(400)
    expect((await ask('/api/v1/chat/completions', { model: undefined, messages })).status).toBe(400)
    expect((await ask('/api/v1/nowhere', {})).json).toEqual({ detail: 'Not Found' })
  })
})

describe('streams', () => {
  test('chat completions: data lines that end with [DONE]', async () => {
    const { chunks, events, response } = await streamed(chat, { messages, stream_options: { include_usage: true } })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(chunks).toBeGreaterThan(5)
    expect(events.at(-1)).toBe('data: [DONE]')
    const deltas = events.slice(0, -1).map(data)
    expect(deltas[0].choices[0].delta).toEqual({ role: 'assistant', content: '' })
    const text = deltas.map(({ choices }) => choices[0]?.delta.content ?? '').join('')
    expect(text).toBe('This is the Pendra sandbox. You said: Hello there')
    expect(deltas.at(-2).choices[0].finish_reason).toBe('stop')
    expect(deltas.at(-1).usage.completion_tokens).toBeGreaterThan(0)
    const plain = (await streamed(chat, { messages })).events.slice(0, -1).map(data)
    expect(plain.every(({ choices, usage }) => choices.length === 1 && usage === undefined)).toBe(true)
  })

  test('messages: the events of the Anthropic form', async () => {
    const { chunks, events } = await streamed(`${origin}/v1/messages`, { messages, max_tokens: 3 })
    expect(chunks).toBeGreaterThan(5)
    expect([...new Set(named(events))]).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
    expect(
      events
        .map(data)
        .map(({ delta }) => delta?.text ?? '')
        .join(''),
    ).toBe('This is the')
    expect(data(events.at(-2)).delta.stop_reason).toBe('max_tokens')
  })

  test('responses: numbered events from created to completed', async () => {
    const { events } = await streamed(`${origin}/v1/responses`, { input: 'Hello there' })
    expect([named(events)[0], named(events).at(-1)]).toEqual(['response.created', 'response.completed'])
    expect(events.map((event) => data(event).sequence_number)).toEqual(events.map((_, index) => index))
    expect(data(events.at(-1)).response.output[0].content[0].text).toContain('Hello there')
  })

  test('completions', async () => {
    const { events } = await streamed(`${origin}/v1/completions`, { prompt: 'Hello there' })
    expect(events.at(-1)).toBe('data: [DONE]')
  })
})

test('a deleted key stops at once, and its usage stays', async () => {
  const sandbox = createSandbox({ now: () => 5000 })
  const { id, key } = sandbox.keys.create('pendra', { name: 'production', account: 'member' })
  await call(sandbox, chat, bearer(key), { model, messages })
  sandbox.keys.revoke('pendra', id)
  expect((await call(sandbox, chat, bearer(key), { model, messages })).status).toBe(401)
  expect(sandbox.usage('pendra', { keyId: id })).toEqual([
    {
      at: 5000,
      keyId: id,
      keyName: 'production',
      account: 'member',
      organisation: 'analytical-engines',
      operation: 'chat_completions',
      model,
      inputTokens: 2,
      outputTokens: 9,
    },
  ])
  expect(sandbox.usage('pendra', { keyId: 'other' })).toEqual([])
})

test('the limit is per organisation', async () => {
  const sandbox = createSandbox({ now: () => 0, pendra: { rateLimit: 1 } })
  const ask = (account: string): Promise<Answer> =>
    call(sandbox, `${origin}/api/v1/models`, bearer(sandbox.keys.create('pendra', { account }).key))
  expect((await ask('ada')).status).toBe(200)
  const refused = await ask('member')
  expect([refused.status, refused.json, refused.headers.get('retry-after')]).toEqual([
    429,
    { detail: 'Rate limit exceeded' },
    '1',
  ])
  expect((await ask('outsider')).status).toBe(200)
})
