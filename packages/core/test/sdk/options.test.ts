import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Anthropic, { type ClientOptions as TheirAnthropicOptions } from '@anthropic-ai/sdk'
import { caught, testKey } from '@pentauth/tooling/canary'
import OpenAI, { type ClientOptions as TheirOpenAIOptions } from 'openai'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { apiKey, createAuth, defineService, relocate, type Service } from '../../src/index.ts'
import { type AnthropicOptions, anthropicOptions, type OpenAIOptions, openaiOptions } from '../../src/sdk.ts'
import { pendra, pensyve } from '../../src/services.ts'
import { json, serve } from '../support/server.ts'
import { chat, message } from './support.ts'

const authOf = (service: Service, key = testKey.pendra()) => createAuth(service, { credential: apiKey(key) })

describe('the options', () => {
  it('fit both SDKs', () => {
    expectTypeOf<OpenAIOptions>().toExtend<TheirOpenAIOptions>()
    expectTypeOf<AnthropicOptions>().toExtend<TheirAnthropicOptions>()
  })

  it('are plain objects, and nothing is read or sent for them', () => {
    const auth = createAuth(pendra, {
      credential: apiKey(() => expect.unreachable()),
      runtime: { fetch: () => expect.unreachable() },
    })
    for (const options of [openaiOptions(auth), anthropicOptions(auth)]) {
      expect(Object.getPrototypeOf(options)).toBe(Object.prototype)
    }
  })

  it('know where the SDKs find Pendra, also when it is moved', () => {
    const moved = relocate(pendra, { 'https://api.pendra.ai': 'https://gateway.example' })
    expect([openaiOptions(authOf(pendra)).baseURL, anthropicOptions(authOf(pendra)).baseURL]).toEqual([
      'https://api.pendra.ai/api/v1',
      'https://api.pendra.ai',
    ])
    expect([openaiOptions(authOf(moved)).baseURL, anthropicOptions(authOf(moved)).baseURL]).toEqual([
      'https://gateway.example/api/v1',
      'https://gateway.example',
    ])
  })

  it('give the SDK no key', async () => {
    const key = testKey.pendra()
    for (const options of [openaiOptions(authOf(pendra, key)), anthropicOptions(authOf(pendra, key))]) {
      expect(await options.apiKey()).toBe('set-by-pentauth')
    }
  })

  it.each([
    ['openaiOptions', openaiOptions, 'OpenAI', 'openaiOptions(auth, { baseURL })'],
    ['anthropicOptions', anthropicOptions, 'Anthropic', 'anthropicOptions(auth, { baseURL })'],
  ])('%s says what to do about a service without an address for the SDK', async (_name, make, sdk, hint) => {
    const auth = authOf(pensyve, testKey.pensyve())
    const error = await caught(() => make(auth))
    expect(error).toMatchObject({ code: 'invalid_option', service: 'pensyve' })
    expect(error.message).toContain(`The definition of Pensyve has no base URL for the ${sdk} SDK.`)
    expect(error.hint).toContain(hint)
    expect(make(auth, { baseURL: 'https://api.pensyve.com/v1/' }).baseURL).toBe('https://api.pensyve.com/v1/')
    const notOne = await caught(() => make(auth, { baseURL: `user:${testKey.token()} no url` }))
    expect(notOne).toMatchObject({
      code: 'invalid_option',
      message: expect.stringContaining('not an absolute http(s) URL'),
    })
  })
})

describe('a service of one’s own', () => {
  const definition = (origin: string): Service => ({
    id: 'acme',
    name: 'Acme',
    resources: { llm: { url: `${origin}/llm`, protocol: 'rest', apiKey: ['authorization'] } },
    apiKey: { env: 'ACME_API_KEY', rotation: { method: 'replace' } },
    errors: [
      { code: 'insufficient_credits', status: 402, message: 'Out of {what}', source: 'documented', hint: 'Buy some.' },
    ],
    links: { docs: { where: 'Acme docs' } },
    recommendations: [],
    sdk: { openai: `${origin}/llm/v1`, anthropic: `${origin}/llm` },
  })

  it('works behind both SDKs, as Bearer where it takes that alone', async () => {
    const key = testKey.token('acme')
    const server = await serve((response, { path }) =>
      path.endsWith('/messages') ? json(response, 200, {}) : json(response, 402, { message: 'Out of tokens' }),
    )
    const auth = authOf(defineService(definition(server.origin)), key)
    await new Anthropic(anthropicOptions(auth)).messages.create(message)
    const error = await caught(new OpenAI(openaiOptions(auth)).chat.completions.create(chat))
    expect(error).toMatchObject({ status: 402, code: 'insufficient_credits', type: 'billing_error' })
    expect(error.message).toContain('402 Acme refused the request: 402 "Out of tokens". Buy some.')
    expect(server.seen.map(({ path }) => path)).toEqual(['/llm/v1/messages', '/llm/v1/chat/completions'])
    const bearers = server.seen.map(({ headers }) => headers.authorization === `Bearer ${key}` && !headers['x-api-key'])
    expect(bearers).toEqual([true, true])
  })

  it('keeps an address that others could listen to out of its definition', async () => {
    const flawed = { ...definition('https://acme.example'), sdk: { openai: 'http://acme.example/llm/v1' } }
    const error = await caught(() => defineService(flawed))
    expect(error).toMatchObject({
      code: 'invalid_service',
      message: expect.stringContaining('sdk.openai must use https'),
    })
  })
})

it('loads nothing but core itself', () => {
  const seen = new Set<string>()
  const packages = new Set<string>()
  const follow = (file: string) => {
    if (seen.has(file)) return
    seen.add(file)
    for (const [, from = ''] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|export) (?!type )[^'=(]*from '([^']+)'/gm,
    )) {
      if (from.startsWith('.')) follow(join(dirname(file), from))
      else packages.add(from)
    }
  }
  follow(join(import.meta.dirname, '..', '..', 'src', 'sdk.ts'))
  expect(seen.size).toBeGreaterThan(5)
  expect([...packages]).toEqual([])
})
