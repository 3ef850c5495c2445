import Anthropic from '@anthropic-ai/sdk'
import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import OpenAI from 'openai'
import { describe, expect, it, vi } from 'vitest'
import { apiKey, type CredentialSource, keySource, PentauthError } from '../../src/index.ts'
import { calls, keyOf, message, page, pendraHere } from './support.ts'

describe.each(calls)('%s, with a key that the service refuses', (sdk, call) => {
  it('revoked: one request, one more reading of the source, and our text', async () => {
    const { as, sandbox, origins } = await pendraHere()
    const { id, key } = sandbox.keys.create('pendra')
    const { credential, counted } = keyOf(() => key)
    const clients = as(credential)
    await call(clients)
    sandbox.keys.revoke('pendra', id)
    sandbox.journal.clear()
    const error = await caught(call(clients))
    expect(error).toBeInstanceOf({ openai: OpenAI.AuthenticationError, anthropic: Anthropic.AuthenticationError }[sdk])
    expect(error.message).toContain(`401 Pendra refused the API key from MY_KEY (${key.slice(0, 8)}…)`)
    expect(error.message).toContain('401 "Invalid or expired token"')
    expect(error.message).toContain(page(origins))
    expect(sdk === 'openai' ? error.code : error.errorCode).toBe('credential_refused')
    expect(error.type).toBe('authentication_error')
    expect(error.error.detail).toBe('Invalid or expired token')
    expect(sandbox.journal.entries.map(({ status }) => status)).toEqual([401])
    expect(counted.reads).toBe(2)
    expectNoMarker(error)
  })

  it('rotated: nobody notices', async () => {
    const { as, sandbox } = await pendraHere()
    const old = sandbox.keys.create('pendra')
    let key = old.key
    const clients = as(keyOf(() => key).credential)
    await call(clients)
    key = sandbox.keys.create('pendra').key
    sandbox.keys.revoke('pendra', old.id)
    await call(clients)
    expect(sandbox.journal.entries.map(({ status }) => status)).toEqual([200, 401, 200])
  })

  it('asks a source that reads at each use once for each attempt', async () => {
    const { as, sandbox } = await pendraHere()
    const { key } = sandbox.keys.create('pendra')
    let reads = 0
    const source = keySource(
      'MY_KEY',
      () => {
        reads++
        return key
      },
      { reads: 'each-use' },
    )
    const clients = as(source)
    await call(clients)
    reads = 0
    await call(clients)
    expect(reads).toBe(1)
  })
})

describe.each(calls)('%s, when trying again helps', (sdk, call) => {
  it('waits as a 429 says, without a word', async () => {
    const { sandbox, ...clients } = await pendraHere()
    const pauses = vi.spyOn(globalThis, 'setTimeout')
    sandbox.faults.add({ times: 1, status: 429, headers: { 'retry-after-ms': '7' }, body: { detail: 'slow down' } })
    await call(clients)
    expect(sandbox.journal.entries.map(({ status }) => status)).toEqual([429, 200])
    expect(pauses.mock.calls.map(([, ms]) => ms)).toContain(7)
    pauses.mockRestore()
  })

  it('keeps the headers that tell how long to wait and whom to ask', async () => {
    const { sandbox, ...clients } = await pendraHere()
    const ids = { 'x-request-id': 'req_1', 'request-id': 'req_2', 'retry-after': '1' }
    sandbox.faults.add({ status: 429, headers: { ...ids, 'x-should-retry': 'false' }, body: { detail: 'slow down' } })
    const error = await caught(call(clients))
    expect(error).toBeInstanceOf({ openai: OpenAI.RateLimitError, anthropic: Anthropic.RateLimitError }[sdk])
    expect(Object.fromEntries(error.headers)).toMatchObject(ids)
    expect(error.requestID).toBe(sdk === 'openai' ? 'req_1' : 'req_2')
    expect(error.message).toContain('429 Pendra refused the request: 429 "slow down". Wait before trying again')
  })

  it('says what is wrong with the service after its last attempt, whatever page a gateway sent', async () => {
    const { sandbox, ...clients } = await pendraHere()
    const headers = { 'retry-after-ms': '1', 'content-type': 'text/html' }
    sandbox.faults.add({ status: 502, headers, body: '<html>Bad gateway</html>' })
    const error = await caught(call(clients))
    expect(error.message).toBe(
      '502 Pendra refused the request: status 502. The service has a problem; try again later.',
    )
    expect(sandbox.journal.entries.map(({ status }) => status)).toEqual([502, 502, 502])
  })

  it('tries again when the credential itself is not to be had yet, and then says why', async () => {
    const { as, sandbox } = await pendraHere()
    let asked = 0
    const source: CredentialSource = {
      name: 'vault',
      get: () => {
        asked++
        throw new PentauthError({
          code: 'temporarily_unavailable',
          message: 'The vault is being restarted.',
          retryable: true,
          retryAfter: 0.001,
        })
      },
    }
    const clients = as(source)
    clients.openai.maxRetries = 1
    clients.anthropic.maxRetries = 1
    const error = await caught(call(clients))
    expect(error.message).toBe('503 The vault is being restarted.')
    expect(error.headers.get('x-pentauth-error')).toBe('temporarily_unavailable')
    expect(error.headers.get('retry-after')).toBe('1')
    expect(asked).toBe(4)
    expect(sandbox.journal.entries).toEqual([])
  })

  it('leaves a broken connection to the SDK', async () => {
    const { sandbox, ...clients } = await pendraHere()
    sandbox.faults.add({ drop: true, times: 1 })
    await call(clients)
    expect(sandbox.journal.entries.map(({ status }) => status)).toEqual([0, 200])
  })
})

describe.each(calls)('%s, when the service finds fault with the request', (sdk, call) => {
  it.each([
    [
      'in the form of the SDKs',
      { error: { message: 'temperature is too high', type: 'odd', code: 'bad_heat', param: 'temperature' } },
    ],
    ['in its own', { detail: [{ loc: ['body', 'model'], msg: 'field required' }] }],
  ])('%s: the service’s words stay', async (_form, body) => {
    const { sandbox, ...clients } = await pendraHere()
    sandbox.faults.add({ status: 422, body })
    const error = await caught(call(clients))
    const bare = await caught(
      sdk === 'openai'
        ? new OpenAI({
            apiKey: 'none',
            baseURL: 'http://127.0.0.1:9',
            fetch: async () => Response.json(body, { status: 422 }),
          }).models.list()
        : new Anthropic({ apiKey: 'none', fetch: async () => Response.json(body, { status: 422 }) }).messages.create(
            message,
          ),
    )
    expect(error.message).toBe(bare.message)
    expect(error.error).toEqual(bare.error)
    expect(error.constructor).toBe(bare.constructor)
  })

  it('a documented text becomes ours, and what programs look at stays', async () => {
    const { sandbox, ...clients } = await pendraHere()
    const said = "Model 'm' is in the catalogue but no connected worker has it installed yet"
    const inner = { message: said, type: 'model_error', code: 'no_worker', param: 'model' }
    sandbox.faults.add({ status: 404, body: { error: inner, id: 7 } })
    const error = await caught(call(clients))
    expect(error.message).toContain('Take a model from GET /api/v1/models')
    expect(error).toBeInstanceOf({ openai: OpenAI.NotFoundError, anthropic: Anthropic.NotFoundError }[sdk])
    const shown = sdk === 'openai' ? error.error : error.error.error
    expect(shown).toMatchObject({ type: 'model_error', code: 'no_worker', param: 'model' })
  })
})

describe.each(calls)('%s, when the service repeats the key', (_name, call) => {
  it.each([400, 401, 403, 500])('%i: it shows nowhere in the error', async (status) => {
    const key = testKey.pendra()
    const { as, sandbox } = await pendraHere()
    const echo = { detail: `bad key ${key}`, error: { message: key, seen: { [key]: [key, btoa(key)] } } }
    sandbox.faults.add({ status, headers: { 'x-echo': key, 'x-should-retry': 'false' }, body: echo })
    const error = await caught(call(as(apiKey(key))))
    expect(error.status).toBe(status)
    expectNoMarker(error)
    expectNoMarker(Object.fromEntries(error.headers))
    sandbox.faults.clear()
    sandbox.faults.add({ status, headers: { 'x-should-retry': 'false' }, body: `bad key ${key}` })
    expectNoMarker(await caught(call(as(apiKey(key)))))
  })
})

describe.each(calls)('%s, while the successor of a refused key is on its way', (_name, call) => {
  it('waits for it', async () => {
    const { as, sandbox } = await pendraHere()
    const old = sandbox.keys.create('pendra')
    let key = old.key
    const clients = as(apiKey(() => key, { refusedGrace: 60 }))
    await call(clients)
    sandbox.keys.revoke('pendra', old.id)
    const waiting = call(clients)
    await vi.waitUntil(() => sandbox.journal.entries.length === 2)
    key = sandbox.keys.create('pendra').key
    await waiting
    expect(sandbox.journal.entries.map(({ status }) => status)).toEqual([200, 401, 401, 200])
  })
})
