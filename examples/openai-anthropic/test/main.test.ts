import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const run = promisify(execFile)
const main = join(import.meta.dirname, '..', 'src', 'main.mjs')
const answer = 'This is the Pendra sandbox. You said: Hello'

it('calls through both SDKs and shows what they say of a wrong key', async () => {
  const { stdout, stderr } = await run(process.execPath, [main, '--json'])
  expect(stderr).toBe('')
  const [chat, stream, message, quoted, revoked, ...rest] = JSON.parse(stdout)
  expect(rest).toEqual([])
  expect(chat).toEqual({ call: 'openai.chat.completions.create', header: 'authorization', text: answer })
  expect(stream).toMatchObject({ header: 'authorization', text: answer })
  expect(message).toEqual({ call: 'anthropic.messages.create', header: 'x-api-key', text: answer })
  expect(quoted.header).toBe('nothing was sent')
  expect(quoted.text).toMatch(
    /^OpenAIError: .*The Pendra API key from PENDRA_API_KEY is wrapped in quotes; remove them/,
  )
  expect(revoked.header).toBe('x-api-key')
  expect(revoked.text).toMatch(/^AuthenticationError: 401 Pendra refused the API key from PENDRA_API_KEY \(pdr_sk_.…\)/)
  for (const { text } of [quoted, revoked]) expect(text).toMatch(/\(http:\/\/127\.0\.0\.1:\d+\/api-keys\)/)
})

it('prints the same for people', async () => {
  const { stdout } = await run(process.execPath, [main])
  expect(stdout).toContain(`anthropic.messages.create (x-api-key)\n  ${answer}\n`)
})
