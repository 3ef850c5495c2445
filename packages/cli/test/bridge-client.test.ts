import { testKey } from '@pentauth/tooling/canary'
import { describe, expect, it, vi } from 'vitest'
import { greeted, peer } from './support/peer.ts'
import { smallServer } from './support/small-server.ts'

describe('pentauth bridge, whose client', () => {
  it('writes nonsense, several messages at once, and one in pieces', async () => {
    const server = await smallServer()
    const client = await greeted([server.url])
    client.write('no JSON\n\n')
    client.write('{"jsonrpc":"2.0","id":"a"}\n{"method":"ping","id":"b"}\n[]\n')
    await vi.waitFor(() => expect(client.lines()).toHaveLength(5))
    const refused = client.lines().slice(1)
    expect(refused.map(({ id, error }) => [id, error?.code])).toEqual([
      [null, -32_700],
      ['a', -32_600],
      ['b', -32_600],
      [null, -32_600],
    ])

    const ping = (id: string) => JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' })
    client.write(`${ping('c')}\r\n${ping('d')}\n[${ping('e')},${ping('f')}]\n`)
    for (const id of ['c', 'd', 'e', 'f']) await client.comes((line) => line.id === id)
    client.write(`${ping('twice')}\n${ping('twice')}\n`)
    await vi.waitFor(() => expect(client.lines().filter(({ id }) => id === 'twice')).toHaveLength(2))
    const twice = client.lines().filter(({ id }) => id === 'twice')
    expect(twice.map(({ error }) => error?.code)).toEqual([-32_600, undefined])

    const long = '\u{1f375}\u2028'.repeat(100_000)
    const params = { name: 'echo', arguments: { text: long } }
    const bytes = Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', id: 'g', method: 'tools/call', params })}\n`)
    // In the middle of a character.
    const middle = bytes.indexOf(0xf0) + 2
    await new Promise((resolve) => client.child.stdin?.write(bytes.subarray(0, middle), resolve))
    client.child.stdin?.write(bytes.subarray(middle))
    const { result } = await client.comes(({ id }) => id === 'g')
    expect(result?.content?.[0]?.text === long).toBe(true)
  })

  it('leaves: what it has asked for is still answered, and the session ended', async () => {
    const server = await smallServer()
    const client = await greeted([server.url])
    server.instead = ({ rpc }, response) => {
      if (rpc !== 'tools/call') return false
      const answer = { jsonrpc: '2.0', id: 'last', result: { content: [] } }
      setTimeout(() => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
      }, 200)
      return true
    }
    client.child.stdin?.end('{"jsonrpc":"2.0","id":"last","method":"tools/call","params":{"name":"echo"}}\n')
    expect(await client.ended).toEqual({ code: 0, signal: null })
    expect(client.lines().map(({ id }) => id)).toEqual([1, 'last'])
    expect(server.asked.at(-1)).toMatchObject({ method: 'DELETE', headers: { 'mcp-session-id': 'session-1' } })
    expect(client.said.stderr).toBe('')
  })

  it('is ended, or reads no longer', async () => {
    const server = await smallServer()
    const [stopped, deaf] = await Promise.all([greeted([server.url]), greeted([server.url])])
    server.instead = ({ rpc }) => rpc === 'tools/call'
    stopped.write('{"jsonrpc":"2.0","id":"never","method":"tools/call","params":{"name":"echo"}}\n')
    await vi.waitFor(() => expect(server.times('tools/call')).toBe(1))
    stopped.child.kill('SIGTERM')
    expect(await stopped.ended).toEqual({ code: 0, signal: null })
    expect(server.asked.filter(({ method }) => method === 'DELETE')).toHaveLength(1)
    deaf.child.stdout?.destroy()
    deaf.write('no JSON\n')
    expect(await deaf.ended).toEqual({ code: 0, signal: null })
    expect(server.asked.filter(({ method }) => method === 'DELETE')).toHaveLength(2)
  })

  it('cancels: the server hears it, and nothing is answered', async () => {
    const server = await smallServer()
    const client = await greeted([server.url])
    server.instead = ({ rpc }) => rpc === 'tools/call'
    client.write('{"jsonrpc":"2.0","id":"long","method":"tools/call","params":{"name":"echo"}}\n')
    await vi.waitFor(() => expect(server.times('tools/call')).toBe(1))
    client.notify('notifications/cancelled', { requestId: 'long' })
    await vi.waitFor(() => expect(server.times('notifications/cancelled')).toBe(1))
    await client.ask('ping')
    expect(client.lines().map(({ id }) => id)).toEqual([1, 2])
  })

  it('hears of an answer that is nested too deeply to be passed on', async () => {
    const server = await smallServer()
    const client = await greeted([server.url])
    server.instead = ({ rpc }, response) => {
      if (rpc !== 'tools/call') return false
      response.setHeader('content-type', 'application/json')
      response.end(`{"jsonrpc":"2.0","id":2,"result":{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`)
      return true
    }
    const { error } = await client.ask('tools/call', { name: 'echo' })
    expect(error).toMatchObject({ code: -32_603, message: 'The answer is nested too deeply to be passed on.' })
  })

  it('is not to know of some tools', async () => {
    const server = await smallServer()
    const client = await greeted([server.url, '--ignore-tool', 'delete_*', '--ignore-tool', 'other'])
    const { result } = await client.ask('tools/list')
    expect(result?.tools?.map(({ name }) => name)).toEqual(['echo'])
    const { error } = await client.ask('tools/call', { name: 'delete_all' })
    expect([error, server.times('tools/call')]).toEqual([{ code: -32_602, message: 'Unknown tool: delete_all' }, 0])
  })

  it('speaks the newer wire: arguments that belong into headers are there', async () => {
    const server = await smallServer()
    server.instead = (_, response) => {
      const region = { type: 'string', 'x-mcp-header': 'Region' }
      const inner = { type: 'object', properties: { count: { type: 'integer', 'x-mcp-header': 'Count' } } }
      const inputSchema = { type: 'object', properties: { region, inner, text: { type: 'string' } } }
      const id = server.asked.length
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result: { tools: [{ name: 'echo', inputSchema }] } }))
      return true
    }
    const client = peer([server.url])
    const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }
    await client.ask('tools/list', { _meta })
    const given = { region: 'Zürich', inner: { count: 3 }, text: 'tea' }
    await client.ask('tools/call', { _meta, name: 'echo', arguments: given })
    const { headers } = server.asked[1] ?? {}
    expect(Object.entries(headers ?? {}).filter(([name]) => name.startsWith('mcp-'))).toEqual([
      ['mcp-protocol-version', '2026-07-28'],
      ['mcp-method', 'tools/call'],
      ['mcp-name', 'echo'],
      ['mcp-param-region', '=?base64?WsO8cmljaA==?='],
      ['mcp-param-count', '3'],
    ])
  })

  it('is watched: each message on a line of stderr, and nothing of what is in it', async () => {
    const server = await smallServer()
    const client = await greeted([server.url, '--debug'])
    await client.call('a secret')
    const said = client.said.stderr.split('\n').filter((line) => line.startsWith('pentauth bridge'))
    expect(said.map((line) => line.replace(/\d+ ms/, 'n ms'))).toEqual([
      'pentauth bridge -> initialize 1',
      'pentauth bridge <- initialize 1 n ms',
      'pentauth bridge -> notifications/initialized',
      'pentauth bridge -> tools/call 2',
      'pentauth bridge <- tools/call 2 n ms',
    ])
    expect(client.said.stderr).not.toContain('a secret')
  })

  it('is told where the options make no sense, before anything is said', async () => {
    const { code } = await peer(['https://mcp.acme.example/mcp', '--header', `X-Team:\${NOT_SET}`]).ended
    expect(code).toBe(2)
  })
})

describe('pentauth bridge --header', () => {
  it('sends a header to the origin of the server and to no other, and keeps values off the command line', async () => {
    const [server, other] = [await smallServer(), await smallServer()]
    server.instead = ({ rpc }, response) => {
      if (rpc !== 'tools/call') return false
      response.writeHead(307, { location: `${other.origin}/mcp` }).end()
      return true
    }
    const client = await greeted([server.url, '--header', `X-Team:\${TEAM}`, '--header', 'x-gateway-key: literal'], {
      env: { TEAM: 'blue tea' },
    })
    expect(server.asked[0]?.headers).toMatchObject({ 'x-team': 'blue tea', 'x-gateway-key': 'literal' })
    expect((await client.ask('tools/call', { name: 'echo' })).error).toBeDefined()
    expect(other.asked.filter(({ headers }) => 'x-team' in headers)).toEqual([])
    expect(client.said.stderr).toContain('every program here can read the value of the header x-gateway-key')
    expect(client.said.stderr).not.toContain('x-team')
  })

  it('takes a key, and says that it was refused without a sign-in', async () => {
    const good = testKey.token('acme')
    const server = await smallServer()
    server.instead = ({ headers }, response) => {
      if (headers.authorization === `Bearer ${good}`) return false
      response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end()
      return true
    }
    const args = [server.url, '--header', `Authorization:\${ACME_AUTH}`]
    const client = await greeted(args, { env: { ACME_AUTH: `Bearer ${good}` } })
    expect(await client.call()).toBe('tea')
    const refused = peer(args, { env: { ACME_AUTH: `Bearer ${testKey.token('old')}` } })
    const { error } = await refused.ask('initialize')
    expect(error?.data).toMatchObject({ code: 'credential_refused', retryable: false })
    expect(error?.message).toContain('--header authorization')
    expect(server.asked.every(({ path }) => path === '/mcp')).toBe(true)
  })
})
