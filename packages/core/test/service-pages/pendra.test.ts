import { testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { errorFrom } from '../../src/index.ts'
import { pendra } from '../../src/services.ts'
import { describeOnBoth, expectHeader, expectOnly, operationsOf, send } from './world.ts'

type Name = keyof typeof pendra.resources

interface Row {
  readonly resource: Name
  readonly name: string
  readonly path: string
  readonly body?: () => unknown
  /** What the answer of the right endpoint looks like. */
  readonly answer: Record<string, unknown>
}

const chat = 'qwen3.6:27b'
const messages = [{ role: 'user', content: 'Hello' }]
const audio = () => {
  const form = new FormData()
  form.set('model', 'whisper-large-v3')
  form.set('file', new Blob(['RIFF']), 'speech.wav')
  return form
}
const image = () => ({ model: 'flux.1-schnell', prompt: 'a lighthouse' })
const embed = () => ({ model: 'nomic-embed-text:latest', input: 'Hello' })

// What a key may call by the page, and /completions, which is found.
const rows: readonly Row[] = [
  {
    resource: 'rest',
    name: 'chat',
    path: '/chat/completions',
    body: () => ({ model: chat, messages }),
    answer: { object: 'chat.completion' },
  },
  { resource: 'rest', name: 'embeddings', path: '/embeddings', body: embed, answer: { object: 'list' } },
  { resource: 'rest', name: 'images', path: '/images/generations', body: image, answer: { data: [{}] } },
  {
    resource: 'rest',
    name: 'transcriptions',
    path: '/audio/transcriptions',
    body: audio,
    answer: { text: expect.any(String) },
  },
  {
    resource: 'rest',
    name: 'completions',
    path: '/completions',
    body: () => ({ model: chat, prompt: 'Hello' }),
    answer: { object: 'text_completion' },
  },
  { resource: 'rest', name: 'models', path: '/models', answer: { object: 'list' } },
  { resource: 'rest', name: 'catalogue', path: '/catalogue', answer: { data: expect.any(Array) } },
  {
    resource: 'messages',
    name: 'messages',
    path: '',
    body: () => ({ model: chat, max_tokens: 256, messages }),
    answer: { type: 'message' },
  },
  {
    resource: 'responses',
    name: 'responses',
    path: '',
    body: () => ({ model: chat, input: 'Hello' }),
    answer: { object: 'response' },
  },
  {
    resource: 'v1',
    name: 'completions',
    path: '/completions',
    body: () => ({ model: chat, prompt: 'Hello' }),
    answer: { object: 'text_completion' },
  },
  {
    resource: 'v1',
    name: 'transcriptions',
    path: '/audio/transcriptions',
    body: audio,
    answer: { text: expect.any(String) },
  },
]
const defaultHeader = (resource: Name) => (resource === 'messages' ? 'x-api-key' : 'authorization')
const otherHeader = (resource: Name) => (resource === 'messages' ? 'authorization' : 'x-api-key')

describe('Pendra: the tables of its page', () => {
  it('has the addresses of the two curl examples', () => {
    expect(`${pendra.resources.rest.url}/chat/completions`).toBe('https://api.pendra.ai/api/v1/chat/completions')
    expect(pendra.resources.messages.url).toBe('https://api.pendra.ai/v1/messages')
  })

  it('has rows for every operation of the definition and no other', () => {
    for (const resource of Object.keys(pendra.resources) as Name[]) {
      const tested = rows.filter((row) => row.resource === resource)
      const names = tested.map(({ name, path, body }) => `${name} ${body ? 'POST' : 'GET'} ${path}`)
      expect(operationsOf(pendra, resource)).toEqual(names.sort())
    }
  })

  it('makes, deploys and deletes keys, in the console only', () => {
    expect(pendra.apiKey?.rotation).toEqual({ method: 'replace' })
    expect(pendra.apiKey?.consoleOnly).toEqual(['managing keys', 'billing', 'worker provisioning'])
    expect(pendra.oauth).toBeUndefined()
  })
})

describeOnBoth('Pendra', (world) => {
  const urlOf = ({ resource, path }: Pick<Row, 'resource' | 'path'>) => world.at(pendra).resources[resource].url + path
  const newKey = (account = 'ada', name?: string) => world.sandbox.keys.create('pendra', { account, name })
  const models = () => urlOf({ resource: 'rest', path: '/models' })

  describe('a key calls every endpoint', () => {
    it.each(rows)('$name of $resource, in the header of its SDKs', async (row) => {
      const { key } = newKey()
      const response = await send(world.auth(pendra, key), urlOf(row), row.body?.())
      expect([response.status, await errorFrom(response)]).toEqual([200, undefined])
      expect(await response.json()).toMatchObject(row.answer)
      const entry = expectOnly(world, defaultHeader(row.resource), key)
      expect(entry).toMatchObject({ status: 200, credential: { kind: 'api-key', valid: true } })
      expect(entry.headers.includes('anthropic-version')).toBe(row.resource === 'messages')
    })

    it.each(rows)('$name of $resource, in the other header on request', async (row) => {
      const { key } = newKey()
      const header = otherHeader(row.resource)
      const headers = await world.auth(pendra, key).headers(urlOf(row), { header })
      const body = row.body?.()
      const isForm = body instanceof FormData
      const response = await fetch(urlOf(row), {
        headers: isForm || !body ? headers : { ...headers, 'content-type': 'application/json' },
        ...(body ? { method: 'POST', body: isForm ? body : JSON.stringify(body) } : {}),
      })
      expect(response.status).toBe(200)
      expectOnly(world, header, key)
    })

    it('and the catalogue answers without one', async () => {
      expect((await fetch(urlOf({ resource: 'rest', path: '/catalogue' }))).status).toBe(200)
      expect(world.entries()[0]?.credential).toBeUndefined()
    })
  })

  describe('the Anthropic endpoint', () => {
    const body = { model: chat, max_tokens: 8, messages }
    const url = () => urlOf({ resource: 'messages', path: '' })
    const version = () => world.arrivals[0]?.headers.get('anthropic-version')

    it.each([
      ['the documented version', {}, '2023-06-01'],
      ["the caller's own version", { 'Anthropic-Version': '2024-10-22' }, '2024-10-22'],
    ])('gets %s', async (_, own, sent) => {
      await world.restart({ pendra: { requireAnthropicVersion: true } })
      expect((await send(world.auth(pendra, newKey().key), url(), body, own)).status).toBe(200)
      expect(version()).toBe(sent)
    })

    it("has no credential of the SDK's own", async () => {
      const { key } = newKey()
      const own = {
        authorization: `Bearer ${testKey.token()}`,
        'x-api-key': testKey.token('sdk'),
        'x-stainless-lang': 'js',
      }
      expect((await send(world.auth(pendra, key), url(), body, own)).status).toBe(200)
      expect(expectOnly(world, 'x-api-key', key).headers).toContain('x-stainless-lang')
    })

    it.each(rows)('is where x-api-key is needed; $name of $resource works where only it takes that', async (row) => {
      await world.restart({ pendra: { apiKeyHeader: 'messages' } })
      expect((await send(world.auth(pendra, newKey().key), urlOf(row), row.body?.())).status).toBe(200)
    })

    it('lists its extra header among auth.headers, which are fresh objects', async () => {
      const auth = world.auth(pendra, newKey().key)
      const headers = await auth.headers(url())
      expectHeader(headers, 'x-api-key')
      expect(headers['anthropic-version']).toBe('2023-06-01')
      headers['x-api-key'] = ''
      expect((await auth.headers(url()))['x-api-key']).not.toBe('')
    })
  })

  describe('streams', () => {
    it.each([
      ['rest', '/chat/completions', { messages }, 'chat.completion.chunk', 'data: [DONE]'],
      ['messages', '', { messages, max_tokens: 64 }, 'event: message_start', 'event: message_stop'],
      ['responses', '', { input: 'Hello' }, 'event: response.created', 'event: response.completed'],
    ] as const)('of %s%s are read chunk by chunk', async (resource, path, fields, first, last) => {
      await world.restart({ streamInterval: 5 })
      const body = { model: chat, stream: true, ...fields }
      const response = await send(world.auth(pendra, newKey().key), urlOf({ resource, path }), body)
      expect(response.headers.get('content-type')).toContain('text/event-stream')
      const chunks: string[] = []
      for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) chunks.push(chunk)
      expect(chunks.length).toBeGreaterThan(3)
      expect(chunks[0]).toContain(first)
      expect(chunks[0]).not.toContain(last)
      expect(chunks.at(-1)).toContain(last)
    })

    it('can be left before their end', async () => {
      await world.restart({ streamInterval: 5 })
      const body = { model: chat, stream: true, messages }
      const auth = world.auth(pendra, newKey().key)
      const reader = (await send(auth, urlOf({ resource: 'rest', path: '/chat/completions' }), body)).body?.getReader()
      expect((await reader?.read())?.done).toBe(false)
      await reader?.cancel()
      expect((await send(auth, models())).status).toBe(200)
    })
  })
})

describe('Pendra: the format of its keys', () => {
  it('is the literal prefix and 32 bytes in URL-safe characters, about 50 in all', async () => {
    const { pattern = '', prefix } = pendra.apiKey ?? {}
    expect(prefix).toBe('pdr_sk_')
    const form = new RegExp(pattern)
    const [key, short] = [testKey.pendra(), testKey.pendra().slice(0, 20)]
    expect([key.length, form.test(key), form.test(short)]).toEqual([50, true, false])
  })
})
