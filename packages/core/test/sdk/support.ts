import Anthropic from '@anthropic-ai/sdk'
import { createSandbox, type Sandbox, type SandboxOptions } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import OpenAI from 'openai'
import { afterEach } from 'vitest'
import { type Auth, apiKey, type CredentialSource, createAuth, type Runtime, relocate } from '../../src/index.ts'
import { anthropicOptions, openaiOptions } from '../../src/sdk.ts'
import { pendra } from '../../src/services.ts'

export const chat = { model: 'qwen3.6:27b', messages: [{ role: 'user' as const, content: 'Hello there' }] }
export const message = { ...chat, max_tokens: 100 }
export const reply = 'This is the Pendra sandbox. You said: Hello there'

/** Both SDKs behind one `Auth`. */
export interface Clients {
  readonly auth: Auth
  readonly openai: OpenAI
  readonly anthropic: Anthropic
}

export function clientsOf(auth: Auth): Clients {
  return {
    auth,
    openai: new OpenAI(openaiOptions(auth)),
    anthropic: new Anthropic(anthropicOptions(auth)),
  }
}

/** One call of each SDK. */
export const calls: readonly [
  sdk: 'openai' | 'anthropic',
  call: (clients: Pick<Clients, 'openai' | 'anthropic'>) => Promise<unknown>,
][] = [
  ['openai', async ({ openai }) => openai.chat.completions.create(chat)],
  ['anthropic', async ({ anthropic }) => anthropic.messages.create(message)],
]

export interface World extends Clients {
  readonly sandbox: Sandbox
  readonly origins: Readonly<Record<string, string>>
  /** The same service with another source of credentials. */
  readonly as: (credential: CredentialSource, runtime?: Partial<Runtime>) => Clients
}

const closing: (() => Promise<void>)[] = []

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

/** The sandbox's Pendra as a real server, closed after the test, and both SDKs with a key of it. */
export async function pendraHere(options: SandboxOptions = {}): Promise<World> {
  const sandbox = createSandbox(options)
  const server = await listen(sandbox)
  closing.push(() => server.close())
  const service = relocate(pendra, server.origins)
  const as = (credential: CredentialSource, runtime: Partial<Runtime> = {}) =>
    clientsOf(createAuth(service, { credential, runtime }))
  const { key } = sandbox.keys.create('pendra')
  return { sandbox, origins: server.origins, as, ...as(apiKey(key)) }
}

/** How each request carried its credential, in words. */
export function carried({ journal }: Sandbox): string[] {
  return journal.entries.map(({ operation, status, credential, headers }) => {
    const both = headers.includes('authorization') && headers.includes('x-api-key') ? ' and another' : ''
    return `${operation} ${status} ${credential?.header ?? 'none'}${both}`
  })
}

/** Where keys are made, as every error about one says: the service's own console, or that of the sandbox. */
export function page(origins: Readonly<Record<string, string>> = {}): string {
  const origin = 'https://console.pendra.ai'
  return `Pendra console > API Keys (${origins[origin] ?? origin}/api-keys)`
}

/** A key that can be counted and changed. */
export function keyOf(values: () => string) {
  const counted = { reads: 0 }
  const credential = apiKey(
    () => {
      counted.reads++
      return values()
    },
    { name: 'MY_KEY' },
  )
  return { credential, counted }
}
