import { describe, expect, it, vi } from 'vitest'
import { greeted, peer } from './support/peer.ts'
import { smallServer } from './support/small-server.ts'

describe('pentauth bridge, whose server', () => {
  it('forgets its sessions: one new session for all calls, and none of them fails', async () => {
    const server = await smallServer()
    const client = await greeted([server.url])
    expect(await client.call('first')).toBe('first')
    for (const uri of ['memo://1', 'memo://2']) await client.ask('resources/subscribe', { uri })
    await client.ask('resources/unsubscribe', { uri: 'memo://1' })
    await client.ask('logging/setLevel', { level: 'debug' })
    server.forget()
    const texts = Array.from({ length: 10 }, (_, index) => `call ${index}`)
    expect(await Promise.all(texts.map((text) => client.call(text)))).toEqual(texts)
    expect([server.times('initialize'), server.times('notifications/initialized')]).toEqual([2, 2])
    expect([server.times('resources/subscribe'), server.times('logging/setLevel')]).toEqual([3, 2])
    expect(client.lines().filter(({ id }) => typeof id === 'string')).toEqual([])
  })

  it('says with 400 that it has forgotten them', async () => {
    const server = await smallServer()
    const client = await greeted([server.url])
    server.instead = ({ headers, rpc }, response) => {
      if (rpc !== 'tools/call' || headers['mcp-session-id'] !== 'session-1') return false
      response.writeHead(400, { 'content-type': 'application/json' })
      response.end(
        '{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: No valid session ID provided"},"id":null}',
      )
      return true
    }
    expect(await client.call()).toBe('tea')
    expect(server.times('initialize')).toBe(2)
  })

  it('is away for a while: errors that say so, then answers, and its own messages again', async () => {
    const server = await smallServer()
    const client = await greeted([server.url])
    await vi.waitFor(() => expect(server.tell('before')).toBe(1))
    await server.stop()
    const { error } = await client.ask('tools/call', { name: 'echo' })
    expect(error?.data).toMatchObject({ code: 'network_error', retryable: true })
    expect(error?.message).toContain('could not be reached')
    await server.startAgain()
    server.forget()
    expect(await client.call()).toBe('tea')
    await vi.waitFor(() => expect(server.tell('after')).toBeGreaterThan(0), { timeout: 10_000 })
    await client.comes(({ params }) => params?.data === 'after')
    expect(
      client
        .lines()
        .map(({ id }) => id)
        .filter((id) => id !== undefined),
    ).toEqual([1, 2, 3])
  })

  it('is not there at first', async () => {
    const server = await smallServer()
    await server.stop()
    const client = peer([server.url])
    expect((await client.ask('initialize')).error?.data).toMatchObject({ code: 'network_error', retryable: true })
    await server.startAgain()
    expect((await client.ask('initialize', { protocolVersion: '2025-11-25' })).result).toBeDefined()
  })

  it('is busy, breaks off, or answers nonsense: each request is answered once', async () => {
    const server = await smallServer()
    const client = await greeted([server.url])
    let answer: [status: number, type: string, body: string] = [503, 'text/plain', 'try later']
    server.instead = ({ rpc }, response) => {
      if (rpc !== 'tools/call') return false
      response.writeHead(answer[0], { 'content-type': answer[1] }).end(answer[2])
      return true
    }
    const errors: unknown[] = []
    for (const next of [
      answer,
      [200, 'text/event-stream', ': nothing more\n\n'],
      [202, 'text/plain', ''],
      [200, 'application/json', '[]'],
      [200, 'application/json', '{"jsonrpc":"2.0","id":"another","result":{}}'],
      [200, 'text/html', '<p>hello</p>'],
      [400, 'application/json', '{"jsonrpc":"2.0","id":null,"error":{"code":-32602,"message":"of its own"}}'],
    ] as const) {
      answer = [...next]
      const { error } = await client.ask('tools/call', { name: 'echo' })
      errors.push([error?.code, error?.data?.code ?? error?.message, error?.data?.retryable])
    }
    expect(errors).toEqual([
      [-32_603, 'service_unavailable', true],
      ...Array.from({ length: 4 }, () => [-32_603, 'network_error', true]),
      [-32_603, 'request_rejected', false],
      [-32_602, 'of its own', undefined],
    ])
    server.instead = undefined
    expect(await client.call()).toBe('tea')
    expect(client.lines().map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('wants a credential for one of its tools only: says which command brings one', async () => {
    const server = await smallServer()
    const client = await greeted([server.url, '--no-sign-in'])
    server.instead = ({ rpc }, response) => {
      if (rpc !== 'tools/call') return false
      response.writeHead(403, { 'www-authenticate': 'Bearer error="insufficient_scope", scope="tea"' }).end()
      return true
    }
    const { error } = await client.ask('tools/call', { name: 'echo' })
    expect(error?.message).toContain(`pentauth login ${server.url}`)
    expect(error?.data).toMatchObject({ code: 'no_credential', retryable: false })
  })

  it('speaks the older transport alone', async () => {
    const server = await smallServer('sse')
    const client = await greeted([server.url])
    expect(await client.call()).toBe('tea')
    expect(server.asked.slice(0, 2).map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /sse', 'GET /sse'])
    // Its stream is the session: what waits for an answer by it has none, and a new one is begun for the next call.
    server.instead = ({ rpc }, response) => rpc === 'tools/call' && Boolean(response.writeHead(202).end())
    const waiting = client.ask('tools/call', { name: 'echo' })
    await vi.waitFor(() => expect(server.times('tools/call')).toBe(2))
    await server.stop()
    expect((await waiting).error?.data).toMatchObject({ code: 'network_error', retryable: true })
    server.instead = undefined
    await server.startAgain()
    await vi.waitFor(async () => expect(await client.call('again')).toBe('again'), { timeout: 10_000 })
    expect(server.times('initialize')).toBe(3)
  })
})
