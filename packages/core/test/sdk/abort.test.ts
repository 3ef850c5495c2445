import Anthropic from '@anthropic-ai/sdk'
import { caught, testKey } from '@pentauth/tooling/canary'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import {
  type Auth,
  apiKey,
  type CredentialSource,
  createAuth,
  createSecret,
  PentauthError,
  relocate,
} from '../../src/index.ts'
import { pendra } from '../../src/services.ts'
import { offline } from '../support/auth.ts'
import { type Answer, serve } from '../support/server.ts'
import { chat, clientsOf, message } from './support.ts'

type Clients = Pick<ReturnType<typeof clientsOf>, 'openai' | 'anthropic'>

const aborts = { openai: OpenAI.APIUserAbortError, anthropic: Anthropic.APIUserAbortError }
const timeouts = { openai: OpenAI.APIConnectionTimeoutError, anthropic: Anthropic.APIConnectionTimeoutError }
const streams = {
  openai: ({ openai }: Clients, signal: AbortSignal) =>
    openai.chat.completions.create({ ...chat, stream: true }, { signal }),
  anthropic: ({ anthropic }: Clients, signal: AbortSignal) =>
    anthropic.messages.create({ ...message, stream: true }, { signal }),
}
const once = {
  openai: ({ openai }: Clients, options: object) => openai.chat.completions.create(chat, options),
  anthropic: ({ anthropic }: Clients, options: object) => anthropic.messages.create(message, options),
}
const events = {
  openai: (index: number) =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content: `${index}` } }] })}\n\n`,
  anthropic: (index: number) =>
    `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: `${index}` } })}\n\n`,
}

async function clientsHere(answer: Answer) {
  // Resolves when the first request's connection was closed before its answer was complete.
  let tell = () => {}
  const closed = new Promise<void>((resolve) => {
    tell = resolve
  })
  const server = await serve((response, seen, handle) => {
    response.once('close', () => response.writableEnded || tell())
    return answer(response, seen, handle)
  })
  const service = relocate(pendra, { 'https://api.pendra.ai': server.origin })
  const auth: Auth = createAuth(service, { credential: apiKey(testKey.pendra()) })
  return { server, closed, ...clientsOf(auth) }
}

describe.each(['openai', 'anthropic'] as const)('an abort, %s', (sdk) => {
  it('before the call: nothing is sent', async () => {
    const { server, ...clients } = await clientsHere((response) => response.end('{}'))
    const error = await caught(once[sdk](clients, { signal: AbortSignal.abort() }))
    expect(error).toBeInstanceOf(aborts[sdk])
    expect(server.seen).toEqual([])
  })

  it('while the service thinks: the SDK’s own error, one request, and the connection is closed', async () => {
    const abort = new AbortController()
    const { server, closed, ...clients } = await clientsHere(() => abort.abort())
    const error = await caught(once[sdk](clients, { signal: abort.signal }))
    expect(error).toBeInstanceOf(aborts[sdk])
    await closed
    expect(server.seen).toHaveLength(1)
  })

  it('while a refusal arrives: the same', async () => {
    const abort = new AbortController()
    const { server, closed, ...clients } = await clientsHere((response) => {
      response.writeHead(400, { 'content-type': 'application/json', 'content-length': '1000' }).write('{"detail":')
      setTimeout(() => abort.abort(), 20)
    })
    const error = await caught(once[sdk](clients, { signal: abort.signal }))
    expect(error).toBeInstanceOf(aborts[sdk])
    await closed
    expect(server.seen).toHaveLength(1)
  })

  it('while a credential is being found out to be of no use: the same', async () => {
    const abort = new AbortController()
    const secret = createSecret(testKey.pendra())
    let asked = 0
    const credential: CredentialSource = {
      name: 'vault',
      get() {
        if (++asked === 1) return { kind: 'api-key', source: 'vault', secret }
        abort.abort()
        throw new PentauthError({ code: 'no_credential', message: 'The vault is empty.' })
      },
    }
    const clients = clientsOf(createAuth(pendra, { credential, runtime: offline }))
    const error = await caught(once[sdk](clients, { signal: abort.signal }))
    expect(error).toBeInstanceOf(aborts[sdk])
    expect(asked).toBe(2)
  })

  it('during a stream: as without us, and the connection is closed', async () => {
    const { closed, server, ...ours } = await clientsHere(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (let index = 0; !response.destroyed; index++) {
        response.write(events[sdk](index))
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    })
    const bare = {
      openai: new OpenAI({ apiKey: 'none', baseURL: `${server.origin}/bare` }),
      anthropic: new Anthropic({ apiKey: 'none', baseURL: `${server.origin}/bare` }),
    }
    const outcomes = []
    for (const clients of [ours, bare]) {
      const abort = new AbortController()
      let parts = 0
      const reading = async () => {
        for await (const _ of await streams[sdk](clients, abort.signal)) if (++parts === 3) abort.abort()
        return 'ended'
      }
      const outcome = await reading().catch((error: Error) => error.constructor)
      outcomes.push({ parts, outcome })
      if (clients === ours) await closed
    }
    expect(outcomes[0]?.parts).toBe(3)
    expect(outcomes[0]).toEqual(outcomes[1])
  })

  it('a time limit of the SDK’s is its own error', async () => {
    const clients = await clientsHere(() => undefined)
    const error = await caught(once[sdk](clients, { timeout: 30, maxRetries: 0 }))
    expect(error).toBeInstanceOf(timeouts[sdk])
  })
})
