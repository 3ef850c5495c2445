#!/usr/bin/env node
// The OpenAI and Anthropic SDKs on Pendra, here the sandbox's: the same key for both, each in its own header.
import process from 'node:process'
import { parseArgs } from 'node:util'
import Anthropic from '@anthropic-ai/sdk'
import { anthropicOptions, openaiOptions } from '@pentauth/core/sdk'
import { createAuth, pendra, relocate } from '@pentauth/node'
import { createSandbox } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import OpenAI from 'openai'

const { values: options } = parseArgs({ options: { json: { type: 'boolean' } } })
const model = 'qwen3.6:27b'
const messages = [{ role: /** @type {const} */ ('user'), content: 'Hello' }]

const sandbox = createSandbox()
const server = await listen(sandbox)
const service = relocate(pendra, server.origins) // your own program takes pendra as it is
const { id, key } = sandbox.keys.create('pendra')

const auth = createAuth(service, { env: { PENDRA_API_KEY: key } })
const openai = new OpenAI(openaiOptions(auth))
const anthropic = new Anthropic(anthropicOptions(auth))
const quoted = createAuth(service, { env: { PENDRA_API_KEY: `"${key}"` } })

/** @type {{ call: string, header: string, text: string }[]} */
const rows = []
try {
  await show('openai.chat.completions.create', async () => {
    const { choices } = await openai.chat.completions.create({ model, messages })
    return choices[0]?.message.content
  })
  await show('the same as a stream', async () => {
    const parts = []
    for await (const { choices } of await openai.chat.completions.create({ model, messages, stream: true })) {
      parts.push(choices[0]?.delta.content)
    }
    return parts.join('')
  })
  await show('anthropic.messages.create', async () => {
    const { content } = await anthropic.messages.create({ model, messages, max_tokens: 100 })
    return content.map((block) => (block.type === 'text' ? block.text : '')).join('')
  })
  await show('a key in quotes', () => new OpenAI(openaiOptions(quoted)).models.list())
  sandbox.keys.revoke('pendra', id)
  await show('a revoked key', () => anthropic.messages.create({ model, messages, max_tokens: 100 }))
} finally {
  await server.close()
}
if (options.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)

/**
 * Prints what a call answers, or the SDK's own error, and the header in which the key travelled.
 * @param {string} call
 * @param {() => Promise<unknown>} run
 */
async function show(call, run) {
  sandbox.journal.clear()
  const text = await run().then(String, (error) => `${error.constructor.name}: ${error.message}`)
  const header = sandbox.journal.entries.map(({ credential }) => credential?.header).join() || 'nothing was sent'
  rows.push({ call, header, text })
  if (!options.json) process.stdout.write(`${call} (${header})\n  ${text}\n`)
}
