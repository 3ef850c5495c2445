import { expect, test } from 'vitest'
import { createSandbox, type Sandbox } from '../src/index.ts'
import { type Answer, apiKey, bearer, call } from './call.ts'

const url = 'https://api.profundis.io/api/v2/common/data/subdomains'
const ask = (sandbox: Sandbox, headers: Record<string, string>, domain: unknown = 'example.com'): Promise<Answer> =>
  call(sandbox, url, headers, { domain })

test('one host a line, by X-API-KEY or Bearer', async () => {
  const sandbox = createSandbox()
  const { key } = sandbox.keys.create('profundis')
  for (const headers of [apiKey(key), bearer(key)]) {
    const answer = await ask(sandbox, headers)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/event-stream')
    const lines = answer.text.trim().split('\n')
    expect(lines.length).toBeGreaterThan(2)
    expect(lines.every((line) => line.endsWith('.example.com'))).toBe(true)
  }
})

test('the body comes in several chunks', async () => {
  const sandbox = createSandbox()
  const headers = apiKey(sandbox.keys.create('profundis').key)
  const body = JSON.stringify({ domain: 'example.com' })
  const response = await sandbox.fetch(url, { method: 'POST', headers, body })
  const chunks: Uint8Array[] = []
  for await (const chunk of response.body ?? []) chunks.push(chunk)
  expect(chunks.length).toBeGreaterThan(2)
})

test('Bearer is a switch', async () => {
  const sandbox = createSandbox({ profundis: { acceptBearer: false } })
  const { key } = sandbox.keys.create('profundis')
  expect((await ask(sandbox, bearer(key))).status).toBe(401)
  expect((await ask(sandbox, apiKey(key))).status).toBe(200)
})

test('401 without a credential and with a wrong one', async () => {
  const sandbox = createSandbox()
  const missing = await ask(sandbox, {})
  expect([missing.status, missing.json.error]).toEqual([401, 'invalid_token'])
  const metadata = 'Bearer resource_metadata="https://mcp.profundis.io/.well-known/oauth-protected-resource"'
  expect(missing.headers.get('www-authenticate')).toBe(metadata)
  const invalid = await ask(sandbox, apiKey('unknown'))
  expect([invalid.status, invalid.json.error]).toEqual([401, 'invalid_token'])
  expect(invalid.headers.get('www-authenticate')).toBe(`${metadata}, error="invalid_token"`)
  expect(missing.json.error_description).not.toBe(invalid.json.error_description)
})

test('an account that lost its entitlement: 403, though its key is good', async () => {
  const sandbox = createSandbox()
  const { key } = sandbox.keys.create('profundis')
  sandbox.accounts.update('profundis', 'ada', { plan: 'free' })
  const answer = await ask(sandbox, apiKey(key))
  expect([answer.status, answer.json.error]).toEqual([403, 'not_entitled'])
  expect(sandbox.journal.entries[0]?.credential?.valid).toBe(true)
  sandbox.accounts.update('profundis', 'ada', { plan: 'enterprise' })
  expect((await ask(sandbox, apiKey(key))).status).toBe(200)
})

test('credits are charged, the monthly ones first, and 402 follows the last', async () => {
  const sandbox = createSandbox()
  const { key, id } = sandbox.keys.create('profundis', { account: 'credited' })
  sandbox.accounts.update('profundis', 'credited', { monthlyCredits: 1, purchasedCredits: 1 })
  const left = (): unknown => {
    const { monthlyCredits, purchasedCredits } = sandbox.accounts.get('profundis', 'credited')
    return [monthlyCredits, purchasedCredits]
  }
  expect((await ask(sandbox, apiKey(key))).status).toBe(200)
  expect(left()).toEqual([0, 1])
  expect((await ask(sandbox, apiKey(key))).status).toBe(200)
  expect(left()).toEqual([0, 0])
  // Purchased credits that are spent still count as purchased: 402, not 403.
  const out = await ask(sandbox, apiKey(key))
  expect([out.status, out.json.error]).toEqual([402, 'insufficient_credits'])
  expect(sandbox.usage('profundis', { keyId: id })).toHaveLength(2)
})

test('a bad request costs nothing', async () => {
  const sandbox = createSandbox()
  const headers = apiKey(sandbox.keys.create('profundis').key)
  const before = sandbox.accounts.get('profundis').monthlyCredits
  for (const domain of [undefined, 7, '', 'no dots', 'evil.com\nhost']) {
    expect((await call(sandbox, url, headers, { domain })).status).toBe(400)
  }
  expect(sandbox.accounts.get('profundis').monthlyCredits).toBe(before)
  expect((await call(sandbox, 'https://api.profundis.io/nowhere')).status).toBe(404)
})
