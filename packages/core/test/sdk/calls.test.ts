import { testKey } from '@pentauth/tooling/canary'
import OpenAI, { toFile } from 'openai'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { apiKey, createAuth, relocate } from '../../src/index.ts'
import { openaiOptions } from '../../src/sdk.ts'
import { pendra } from '../../src/services.ts'
import { serve } from '../support/server.ts'
import { carried, chat, clientsOf, message, pendraHere, reply } from './support.ts'

describe('the OpenAI SDK', () => {
  it('chats, lists models and embeds, with the key as Bearer alone', async () => {
    const { openai, sandbox } = await pendraHere()
    const completion = await openai.chat.completions.create(chat)
    expect(completion.choices[0]?.message.content).toBe(reply)
    const models = await openai.models.list()
    expect(models.data.map(({ id }) => id)).toContain(chat.model)
    const { data } = await openai.embeddings.create({ model: 'nomic-embed-text:latest', input: ['a', 'b'] })
    expect(data.map(({ embedding }) => embedding.length)).toEqual([8, 8])
    expect(carried(sandbox)).toEqual([
      'chat_completions 200 authorization',
      'models 200 authorization',
      'embeddings 200 authorization',
    ])
  })

  it('streams', async () => {
    const { openai, sandbox } = await pendraHere()
    const parts: string[] = []
    for await (const { choices } of await openai.chat.completions.create({ ...chat, stream: true })) {
      parts.push(choices[0]?.delta.content ?? '')
    }
    expect(parts.length).toBeGreaterThan(5)
    expect(parts.join('')).toBe(reply)
    expect(carried(sandbox)).toEqual(['chat_completions 200 authorization'])
  })

  it('uploads a file', async () => {
    const { openai, sandbox } = await pendraHere()
    const file = await toFile(new Uint8Array(8), 'speech.wav')
    const { text } = await openai.audio.transcriptions.create({ model: 'whisper-large-v3', file })
    expect(text).toBe('This is the Pendra sandbox.')
    expect(carried(sandbox)).toEqual(['audio_transcriptions 200 authorization'])
  })

  it('finds Responses at the address that the service has for them', async () => {
    const { auth, origins, sandbox } = await pendraHere()
    const openai = new OpenAI(openaiOptions(auth, { baseURL: `${origins['https://api.pendra.ai']}/v1` }))
    const { output_text } = await openai.responses.create({ model: chat.model, input: 'Hello there' })
    expect(output_text).toBe(reply)
    expect(carried(sandbox)).toEqual(['responses 200 authorization'])
  })
})

describe('the Anthropic SDK', () => {
  it('sends messages, with the key as x-api-key alone', async () => {
    const { anthropic, sandbox } = await pendraHere({ pendra: { requireAnthropicVersion: true } })
    const { content } = await anthropic.messages.create(message)
    expect(content).toEqual([expect.objectContaining({ type: 'text', text: reply })])
    expect(carried(sandbox)).toEqual(['messages 200 x-api-key'])
  })

  it('streams', async () => {
    const { anthropic, sandbox } = await pendraHere()
    const stream = anthropic.messages.stream(message)
    const parts: string[] = []
    stream.on('text', (text) => void parts.push(text))
    expect(await stream.finalText()).toBe(reply)
    expect(parts.length).toBeGreaterThan(5)
    expect(carried(sandbox)).toEqual(['messages 200 x-api-key'])
  })
})

const ambient = {
  OPENAI_API_KEY: testKey.token('openai key'),
  OPENAI_ADMIN_KEY: testKey.token('openai admin'),
  OPENAI_ORG_ID: testKey.token('openai organization'),
  OPENAI_PROJECT_ID: testKey.token('openai project'),
  OPENAI_WEBHOOK_SECRET: testKey.token('openai webhook'),
  OPENAI_BASE_URL: 'http://127.0.0.1:1/openai',
  OPENAI_CUSTOM_HEADERS: `Authorization: Bearer ${testKey.token('openai custom')}`,
  ANTHROPIC_API_KEY: testKey.token('anthropic key'),
  ANTHROPIC_AUTH_TOKEN: testKey.token('anthropic token'),
  ANTHROPIC_WEBHOOK_SIGNING_KEY: testKey.token('anthropic webhook'),
  ANTHROPIC_BASE_URL: 'http://127.0.0.1:1/anthropic',
  ANTHROPIC_PROFILE: 'a-profile-that-does-not-exist',
  ANTHROPIC_IDENTITY_TOKEN: testKey.token('anthropic identity'),
  ANTHROPIC_FEDERATION_RULE_ID: 'rule',
  ANTHROPIC_ORGANIZATION_ID: testKey.token('anthropic organization'),
  ANTHROPIC_CUSTOM_HEADERS: `X-Api-Key: ${testKey.token('anthropic custom')}`,
}

afterEach(() => void vi.unstubAllEnvs())

describe('what the SDKs would send of their own', () => {
  it.each([
    ['OpenAI', '/api/v1/chat/completions', 'authorization', `Bearer ${testKey.pendra()}`],
    ['Anthropic', '/v1/messages', 'x-api-key', testKey.pendra()],
  ])('stays home, and the %s client holds nothing of it', async (name, path, header, value) => {
    for (const [variable, text] of Object.entries(ambient)) vi.stubEnv(variable, text)
    const server = await serve()
    const service = relocate(pendra, { 'https://api.pendra.ai': server.origin })
    const { openai, anthropic } = clientsOf(createAuth(service, { credential: apiKey(testKey.pendra()) }))
    await (name === 'OpenAI' ? openai.chat.completions.create(chat) : anthropic.messages.create(message))

    const [seen] = server.seen
    expect([server.seen.length, seen?.path]).toEqual([1, path])
    const { [header]: credential, ...others } = seen?.headers ?? {}
    expect(credential === value, 'the selected header has the key').toBe(true)
    expect('authorization' in others || 'x-api-key' in others).toBe(false)
    const sent = JSON.stringify([others, seen?.body])
    const leaked = Object.entries(ambient).filter(([, text]) => sent.includes(text.replace(/^[^:]+: /, '')))
    expect(leaked.map(([variable]) => variable)).toEqual([])
    expect(Object.keys(others).filter((one) => /organi[sz]ation|project|workspace/.test(one))).toEqual([])
    expect([openai.adminAPIKey, openai.webhookSecret, anthropic.authToken, anthropic.webhookKey]).toEqual(
      Array(4).fill(null),
    )
  })

  it('is the version of the service’s API and not of Anthropic’s, unless the caller says otherwise', async () => {
    const server = await serve()
    const service = relocate(pendra, { 'https://api.pendra.ai': server.origin })
    const { anthropic } = clientsOf(createAuth(service, { credential: apiKey(testKey.pendra()) }))
    await anthropic.messages.create(message)
    await anthropic.messages.create(message, { headers: { 'anthropic-version': '2099-01-01' } })
    expect(server.seen.map(({ headers }) => headers['anthropic-version'])).toEqual(['2023-06-01', '2099-01-01'])
  })
})
