import Anthropic from '@anthropic-ai/sdk'
import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { type Auth, apiKey, createAuth, keySource, PentauthError, relocate } from '../../src/index.ts'
import { anthropicOptions, openaiOptions } from '../../src/sdk.ts'
import { pendra } from '../../src/services.ts'
import { serve } from '../support/server.ts'
import { calls, carried, clientsOf, keyOf, page, pendraHere } from './support.ts'

const whole = { openai: OpenAI.OpenAIError, anthropic: Anthropic.AnthropicError }

describe.each(calls)('%s, without a usable key', (sdk, call) => {
  it.each([
    ['a missing one', '', 'malformed_credential', 'The Pendra API key from MY_KEY is empty'],
    ['one in quotes', '"pdr_sk_x"', 'malformed_credential', 'The Pendra API key from MY_KEY is wrapped in quotes'],
  ])('%s: says so at the first attempt, with our error as cause', async (_which, value, code, text) => {
    const { as, sandbox, origins } = await pendraHere()
    const { credential, counted } = keyOf(() => value)
    const error = await caught(call(as(credential)))
    expect(error).toBeInstanceOf(whole[sdk])
    expect(error.message).toContain(text)
    expect(error.message).toContain(page(origins))
    expect(PentauthError.isInstance(error.cause)).toBe(true)
    expect(error.cause).toMatchObject({ code, service: 'pendra' })
    expect(counted.reads).toBe(1)
    expect(sandbox.journal.entries).toEqual([])
    expectNoMarker(error)
  })

  it('another service’s: says so at the first attempt', async () => {
    let sent = 0
    const fetch = async () => {
      sent++
      return new Response('{}')
    }
    const { credential, counted } = keyOf(() => testKey.pensyve())
    const error = await caught(call(clientsOf(createAuth(pendra, { credential, runtime: { fetch } }))))
    expect(error).toBeInstanceOf(whole[sdk])
    expect(error.message).toContain('from MY_KEY')
    expect(error.message).toContain(page())
    expect(error.cause).toMatchObject({ code: 'wrong_credential', service: 'pendra' })
    expect([counted.reads, sent]).toEqual([1, 0])
    expectNoMarker(error)
  })

  it('a source that has nothing: says what was tried, at the first attempt', async () => {
    const { as, sandbox } = await pendraHere()
    let reads = 0
    const source = keySource('MY_KEY', () => {
      reads++
      return { absent: 'not set', next: 'export MY_KEY=pdr_sk_…' }
    })
    const error = await caught(call(as(source)))
    expect(error).toBeInstanceOf(whole[sdk])
    expect(error.message).toMatch(/MY_KEY.*not set/s)
    expect(error.cause).toMatchObject({ code: 'no_credential' })
    expect(reads).toBe(1)
    expect(sandbox.journal.entries).toEqual([])
  })

  it('recovers when the key has come', async () => {
    const { as, sandbox } = await pendraHere()
    let value = ''
    const clients = as(keyOf(() => value).credential)
    await caught(call(clients))
    value = sandbox.keys.create('pendra').key
    await call(clients)
    expect(sandbox.journal.entries.map(({ status }) => status)).toEqual([200])
  })
})

describe('a URL that no resource covers', () => {
  it.each(calls)('is an error of the %s SDK at the first attempt', async (sdk, call) => {
    const elsewhere = await serve()
    const { auth, sandbox } = await pendraHere()
    let attempts = 0
    const baseURL = `${elsewhere.origin}/v1`
    const counting = <T extends { fetch: Auth['fetch'] }>(options: T) => {
      const fetch: Auth['fetch'] = (input, init) => {
        attempts++
        return options.fetch(input, init)
      }
      return { ...options, fetch, baseURL }
    }
    const clients = {
      openai: new OpenAI(counting(openaiOptions(auth))),
      anthropic: new Anthropic(counting(anthropicOptions(auth))),
    }
    const error = await caught(call(clients))
    expect(error).toBeInstanceOf({ openai: OpenAI.BadRequestError, anthropic: Anthropic.BadRequestError }[sdk])
    const path = sdk === 'openai' ? '/v1/chat/completions' : '/v1/v1/messages'
    expect(error.message).toContain(`400 No resource of Pendra covers ${elsewhere.origin}${path}`)
    expect(error.headers.get('x-pentauth-error')).toBe('url_not_covered')
    expect(sdk === 'openai' ? error.code : error.errorCode).toBe('url_not_covered')
    expect([attempts, elsewhere.seen, sandbox.journal.entries]).toEqual([1, [], []])
  })

  it.each(calls)('is the same for the option of ours, %s', async (_sdk, call) => {
    const elsewhere = await serve()
    const { auth } = await pendraHere()
    const clients = {
      openai: new OpenAI(openaiOptions(auth, { baseURL: elsewhere.origin })),
      anthropic: new Anthropic(anthropicOptions(auth, { baseURL: elsewhere.origin })),
    }
    const error = await caught(call(clients))
    expect(error.message).toContain(`400 No resource of Pendra covers ${elsewhere.origin}`)
    expect(elsewhere.seen).toEqual([])
  })
})

it.each(calls)('a redirect that would take the request elsewhere is an error of the %s SDK', async (_sdk, call) => {
  const elsewhere = await serve()
  const { sandbox, ...clients } = await pendraHere()
  sandbox.faults.add({ redirect: `${elsewhere.origin}/steal` })
  const error = await caught(call(clients))
  expect(error.status).toBe(400)
  expect(error.headers.get('x-pentauth-error')).toBe('redirect_refused')
  expect(error.message).toContain(elsewhere.origin)
  expect([sandbox.journal.entries.length, elsewhere.seen]).toEqual([1, []])
})

it('shows no key in a client that has called', async () => {
  const { sandbox, ...clients } = await pendraHere()
  for (const [, call] of calls) await call(clients)
  expect(sandbox.journal.entries.map(({ status }) => status)).toEqual([200, 200])
  expectNoMarker(clients.openai)
  expectNoMarker(clients.anthropic)
})

it('prints no key at the SDKs’ debug level', async () => {
  const { auth, sandbox } = await pendraHere()
  const lines: unknown[] = []
  const line = (...values: unknown[]) => void lines.push(values)
  const logging = { logLevel: 'debug', logger: { debug: line, info: line, warn: line, error: line } } as const
  const clients = {
    openai: new OpenAI({ ...openaiOptions(auth), ...logging }),
    anthropic: new Anthropic({ ...anthropicOptions(auth), ...logging }),
  }
  for (const [, call] of calls) await call(clients)
  sandbox.faults.add({ status: 401, body: { detail: 'Invalid or expired token' } })
  for (const [, call] of calls) await caught(call(clients))
  expect(lines.length).toBeGreaterThan(8)
  expectNoMarker(lines)
  expect(carried(sandbox)).toHaveLength(4)
})

it.each(calls)('%s says what to set when the connection fails', async (_name, call) => {
  const explainConnection = () => 'HTTPS_PROXY is set, and is not used: set NODE_USE_ENV_PROXY=1.'
  const service = relocate(pendra, { 'https://api.pendra.ai': 'http://127.0.0.1:9' })
  const auth = createAuth(service, { credential: apiKey(testKey.pendra()), runtime: { explainConnection } })
  const options = { maxRetries: 0 }
  const error = await caught(
    call({
      openai: new OpenAI({ ...openaiOptions(auth), ...options }),
      anthropic: new Anthropic({ ...anthropicOptions(auth), ...options }),
    }),
  )
  expect(error.message).toBe('Connection error.')
  expect(error.cause).toMatchObject({
    code: 'network_error',
    message: expect.stringContaining('http://127.0.0.1:9 could not be reached'),
    hint: expect.stringContaining('NODE_USE_ENV_PROXY=1'),
  })
})
