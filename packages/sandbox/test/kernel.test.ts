import { readdir } from 'node:fs/promises'
import { setupServer } from 'msw/node'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createSandbox, facts, leakMarker, type Sandbox, SandboxError, type ServiceName } from '../src/index.ts'
import { handlers } from '../src/msw.ts'
import { bearer, call, codeOf, probe, probes } from './call.ts'

const services = Object.keys(facts) as ServiceName[]
const health = 'https://api.pensyve.com/v1/health'

test('an origin that is no service is an error, not an answer', async () => {
  await expect(createSandbox().fetch('https://status.pendra.ai/')).rejects.toMatchObject({
    code: 'unknown_origin',
  })
  await expect(createSandbox().fetch('http://pendium.ai/')).rejects.toMatchObject({ code: 'unknown_origin' })
})

test('the origins are those of the facts', () => {
  expect(createSandbox().origins).toEqual(services.flatMap((service) => facts[service].origins))
})

test('two sandboxes share nothing', async () => {
  const [one, two] = [createSandbox(), createSandbox()]
  one.accounts.update('pendium', 'ada', { plan: 'free' })
  one.faults.add({ status: 500 })
  await one.fetch(health)
  expect(two.accounts.get('pendium').plan).toBe('pro')
  expect((await two.fetch(health)).status).toBe(200)
  expect(one.journal.entries).toHaveLength(1)
  expect(two.journal.entries).toHaveLength(1)
})

test('the clock runs with its source, and is moved and set', () => {
  let time = 1000
  const { clock } = createSandbox({ now: () => time })
  expect(clock.now()).toBe(1000)
  clock.advance(500)
  time += 1
  expect(clock.now()).toBe(1501)
  clock.set(0)
  time += 7
  expect(clock.now()).toBe(7)
})

describe('the journal', () => {
  test.each(services)('%s: says who asked for what, and holds no secret', async (service) => {
    const sandbox = createSandbox()
    const { key } = sandbox.keys.create(service)
    await probe(sandbox, service, key)
    const [url, headers, body] = probes[service](key)
    await call(sandbox, `${url}?token=${key}&key=${key}`, headers, body)
    await call(sandbox, `${new URL(url).origin}/lost/${key}`, headers)
    const entries = sandbox.journal.entries
    expect(entries).toHaveLength(3)
    expect(entries[0]).toMatchObject({
      service,
      status: 200,
      method: body === undefined ? 'GET' : 'POST',
      faulted: false,
    })
    expect(entries[0]?.operation).toBeTypeOf('string')
    expect(entries[0]?.credential).toMatchObject({ kind: 'api-key', valid: true, preview: key.slice(0, 8) })
    expect(entries[1]?.url.endsWith('?token=***&key=***')).toBe(true)
    expect(entries[2]).toMatchObject({ operation: undefined, status: 404 })
    expect(entries[0]?.headers).toEqual(
      [...new Headers(headers).keys(), ...(body === undefined ? [] : ['content-type'])].sort(),
    )
    expect(JSON.stringify(entries).includes(leakMarker)).toBe(false)
    expect(JSON.stringify(entries).includes(key.slice(8, 30))).toBe(false)
  })

  test('holds no client secret and no access token', async () => {
    const sandbox = createSandbox()
    const client = sandbox.clients.create('pentographer')
    const form = { grant_type: 'client_credentials', client_id: client.clientId, client_secret: client.clientSecret }
    const url = 'https://app.pentographer.com/api/oauth/token'
    const { json } = await call(sandbox, url, {}, form)
    await call(sandbox, 'https://app.pentographer.com/api/graphql?query={me{id}}', bearer(json.access_token))
    const text = JSON.stringify(sandbox.journal.entries)
    expect(sandbox.journal.entries.map(({ credential }) => credential?.kind)).toEqual(['client', 'access-token'])
    expect(text.includes(client.clientSecret.slice(8))).toBe(false)
    expect(text.includes(json.access_token.slice(8, 40))).toBe(false)
  })

  test('shows at most a quarter of what was presented, and says that it is not valid', async () => {
    const sandbox = createSandbox()
    await call(sandbox, 'https://api.pendra.ai/api/v1/models', bearer('hunter2hunter2'))
    expect(sandbox.journal.entries[0]?.credential).toEqual({
      kind: 'api-key',
      header: 'authorization',
      preview: 'hun',
      valid: false,
    })
  })

  test('keeps what is harmless in a query, hands out copies, and is cleared', async () => {
    const sandbox = createSandbox()
    await call(sandbox, 'https://pendium.ai/api/visibility/score?brand=Northwind+Tea&brand=psy_secret')
    const kept = sandbox.journal.entries
    expect(kept[0]?.url).toBe('https://pendium.ai/api/visibility/score?brand=Northwind%20Tea&brand=***')
    expect(kept[0]?.credential).toBeUndefined()
    sandbox.journal.clear()
    expect([kept.length, sandbox.journal.entries.length]).toEqual([1, 0])
  })
})

describe('faults', () => {
  test('answer in the place of the service, as often as they say', async () => {
    const sandbox = createSandbox()
    sandbox.faults.add({
      service: 'pensyve',
      times: 2,
      status: 503,
      headers: { 'retry-after': '7' },
      body: { error: 'x' },
    })
    const first = await call(sandbox, health)
    expect([first.status, first.headers.get('retry-after'), first.json]).toEqual([503, '7', { error: 'x' }])
    expect((await call(sandbox, 'https://pendium.ai/api/visibility/score?brand=x')).status).toBe(200)
    expect((await call(sandbox, health)).status).toBe(503)
    expect((await call(sandbox, health)).status).toBe(200)
    expect(sandbox.journal.entries.map(({ operation, faulted }) => [operation, faulted])).toEqual([
      ['health', true],
      ['score', false],
      ['health', true],
      ['health', false],
    ])
  })

  test.each([
    [{ path: '/v1/health' }, true],
    [{ path: '/v1/*' }, true],
    [{ path: /health$/g }, true],
    [{ path: '/v1' }, false],
    [{ method: 'get' }, true],
    [{ method: 'POST' }, false],
    [{ origin: 'https://api.pensyve.com' }, true],
    [{ origin: 'https://pendium.ai' }, false],
    [{ service: 'pendra' as const }, false],
  ])('%j matches: %j', async (match, expected) => {
    const sandbox = createSandbox()
    sandbox.faults.add({ ...match, status: 500 })
    expect((await call(sandbox, health)).status).toBe(expected ? 500 : 200)
    expect((await call(sandbox, health)).status).toBe(expected ? 500 : 200)
  })

  test('are removed one by one and all together', async () => {
    const sandbox = createSandbox()
    const one = sandbox.faults.add({ status: 500 })
    sandbox.faults.add({ status: 502, body: 'bad gateway' })
    expect((await call(sandbox, health)).status).toBe(500)
    one.remove()
    expect((await call(sandbox, health)).text).toBe('bad gateway')
    sandbox.faults.clear()
    expect((await call(sandbox, health)).status).toBe(200)
  })

  test('delay, and give up when the caller does', async () => {
    const sandbox = createSandbox()
    sandbox.faults.add({ delay: 30, times: 1 })
    const before = performance.now()
    expect((await call(sandbox, health)).status).toBe(200)
    expect(performance.now() - before).toBeGreaterThan(25)
    sandbox.faults.add({ delay: 60_000 })
    await expect(sandbox.fetch(health, { signal: AbortSignal.timeout(10) })).rejects.toMatchObject({
      name: 'TimeoutError',
    })
    await expect(sandbox.fetch(health, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' })
    expect(sandbox.journal.entries.map(({ status }) => status)).toEqual([200, 0, 0])
  })

  test('a key revoked during a delay is refused after it', async () => {
    const sandbox = createSandbox()
    const { id, key } = sandbox.keys.create('pendra')
    sandbox.faults.add({ delay: 20 })
    const answer = probe(sandbox, 'pendra', key)
    sandbox.keys.revoke('pendra', id)
    expect(await answer).toBe(401)
  })

  test('drop the connection as fetch would see it', async () => {
    const sandbox = createSandbox()
    sandbox.faults.add({ drop: true })
    const error = await sandbox.fetch(health).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(TypeError)
    expect(SandboxError.isInstance((error as TypeError).cause)).toBe(true)
  })

  test('drop the answer after the service did all', async () => {
    const sandbox = createSandbox()
    sandbox.faults.add({ drop: 'response', times: 1 })
    const headers = bearer(sandbox.keys.create('pensyve').key)
    const remember = call(sandbox, 'https://api.pensyve.com/v1/remember', headers, {
      entity: 'ada',
      fact: 'drinks tea',
    })
    await expect(remember).rejects.toBeInstanceOf(TypeError)
    const { json } = await call(sandbox, 'https://api.pensyve.com/v1/recall', headers, { query: 'tea' })
    expect(json.memories).toHaveLength(1)
    expect(sandbox.journal.entries.map(({ status, faulted }) => [status, faulted])).toEqual([
      [0, true],
      [200, false],
    ])
  })

  test('need something to do', () => {
    const { faults } = createSandbox()
    expect(codeOf(() => faults.add({}))).toBe('invalid_fault')
    expect(codeOf(() => faults.add({ status: 500, times: 0 }))).toBe('invalid_fault')
  })
})

describe('MSW handlers', () => {
  let sandbox: Sandbox
  let server: ReturnType<typeof setupServer>
  beforeEach(() => {
    sandbox = createSandbox()
    server = setupServer(...handlers(sandbox))
    server.listen({ onUnhandledFrame: 'bypass' })
  })
  afterEach(() => server.close())

  test.each(services)('%s answers on its documented origin', async (service) => {
    expect(await probe({ fetch }, service, sandbox.keys.create(service).key)).toBe(200)
    expect([401, 403]).toContain(await probe({ fetch }, service, 'wrong'))
    expect(sandbox.journal.entries.map(({ service: name }) => name)).toEqual([service, service])
  })

  test('the root path is covered, a dropped connection is a TypeError, a stream streams', async () => {
    expect((await fetch('https://api.pendra.ai')).status).toBe(404)
    sandbox.faults.add({ drop: true, times: 1 })
    await expect(fetch(health)).rejects.toBeInstanceOf(TypeError)
    const response = await fetch('https://api.pendra.ai/v1/messages', {
      method: 'POST',
      headers: bearer(sandbox.keys.create('pendra').key),
      body: JSON.stringify({ model: 'qwen3.6:27b', stream: true, messages: [] }),
    })
    let chunks = 0
    for await (const _ of response.body ?? []) chunks += 1
    expect(chunks).toBeGreaterThan(5)
  })
})

test('the sources import nothing of ours, make no bare error, log nothing, and use no Math.random', async () => {
  const { readFile } = await import('node:fs/promises')
  const folder = new URL('../src/', import.meta.url)
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts'))
  expect(files.length).toBeGreaterThan(30)
  for (const file of files) {
    const text = await readFile(new URL(file, folder), 'utf8')
    // An example in a comment shows a reader's code, not ours.
    const code = text.replace(/^ *\/?\*.*$/gm, '')
    const found = /from '@pentauth|new Error\(|(?<!\/)console\.|Math\.random|export \*/.exec(code)?.[0]
    expect([file, found]).toEqual([file, undefined])
    expect([file, text.split('\n').length <= 300]).toEqual([file, true])
  }
})

test('an error is known across copies of the package', () => {
  const { error } = (() => {
    try {
      createSandbox().accounts.get('pendra', 'nobody')
    } catch (error) {
      return { error }
    }
    return { error: undefined }
  })()
  expect(error).toBeInstanceOf(SandboxError)
  expect(SandboxError.isInstance(error)).toBe(true)
  expect(SandboxError.isInstance(new TypeError('x'))).toBe(false)
  expect(Object.keys(error as object)).toEqual(['name', 'code', 'hint'])
})
