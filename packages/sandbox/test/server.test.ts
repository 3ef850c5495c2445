import { Agent, get, request } from 'node:http'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterEach, describe, expect, test } from 'vitest'
import { createSandbox, facts, type Sandbox, SandboxError, type ServiceName } from '../src/index.ts'
import { type ListenOptions, listen, type SandboxServer } from '../src/server.ts'
import { bearer, probe, probes } from './call.ts'

const open: SandboxServer[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

async function start(sandbox: Sandbox, options?: ListenOptions): Promise<(origin: string) => string> {
  const server = await listen(sandbox, options)
  open.push(server)
  return (origin) => server.origins[origin] ?? 'no such origin'
}

const statusWithHost = (url: string, host: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    get(url, { headers: { host } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work
    return 'nothing was thrown'
  } catch (error) {
    return SandboxError.isInstance(error) ? error.code : error
  }
}

test('one port of this machine for each documented origin', async () => {
  const sandbox = createSandbox()
  const at = await start(sandbox)
  const origins = sandbox.origins.map(at)
  expect(new Set(origins).size).toBe(10)
  expect(origins.every((origin) => /^http:\/\/127\.0\.0\.1:\d+$/.test(origin))).toBe(true)
  for (const origin of sandbox.origins) expect((await fetch(`${at(origin)}/nowhere`)).status).toBe(404)
})

describe('one port for each service', () => {
  test('has all that the service has on its origins', async () => {
    const sandbox = createSandbox({ pensyve: { workloadIdentity: [{ subject: 'repo:octo/agent:*' }] } })
    const server = await listen(sandbox, { onePortPerService: true })
    open.push(server)
    expect(Object.keys(server.baseUrls).sort()).toEqual(Object.keys(facts).sort())
    // The sandbox's CI system belongs to none of them.
    expect(new Set(Object.values(server.origins)).size).toBe(6)
    for (const { name, resources, authorizationServer, keysPage } of Object.values(facts)) {
      const { authorize, resourceMetadata } = authorizationServer ?? {}
      const pages = [keysPage.url, authorize, resourceMetadata].filter((url) => url !== undefined)
      const known = [...resources.filter(({ kind }) => kind === 'mcp').map(({ url }) => url), ...pages]
      for (const documented of known) {
        sandbox.journal.clear()
        await fetch(server.baseUrls[name] + new URL(documented).pathname, { redirect: 'manual' })
        const [entry] = sandbox.journal.entries
        expect(entry?.url).toBe(new URL(documented).href)
        expect([documented, entry?.operation]).not.toEqual([documented, undefined])
      }
      const nowhere = await fetch(`${server.baseUrls[name]}/nowhere`)
      expect([nowhere.status, sandbox.journal.entries.at(-1)?.url]).toEqual([404, `${facts[name].origins[0]}/nowhere`])
    }
  })

  test('the method decides, too, and a page’s preflight by the method that it asks about', async () => {
    const sandbox = createSandbox()
    const at = await start(sandbox, { onePortPerService: true })
    const url = `${at('https://api.profundis.io')}/api/v2/common/data/subdomains`
    const headers = { 'access-control-request-method': 'POST', origin: 'https://page.example' }
    expect((await fetch(url, { method: 'OPTIONS', headers })).status).toBe(204)
    expect((await fetch(url)).status).toBe(404)
    const { key } = sandbox.keys.create('profundis')
    expect(
      (await fetch(url, { method: 'POST', headers: { 'x-api-key': key }, body: '{"domain":"a.example"}' })).ok,
    ).toBe(true)
    sandbox.faults.add({ origin: 'https://mcp.profundis.io', status: 503, times: 1 })
    expect((await fetch(at('https://mcp.profundis.io'), { method: 'POST' })).status).toBe(503)
  })
})

test('keys, bodies and the journal work as in the kernel', async () => {
  const sandbox = createSandbox()
  const at = await start(sandbox)
  const headers = { ...bearer(sandbox.keys.create('pensyve').key), 'content-type': 'application/json' }
  const body = JSON.stringify({ entity: 'ada', fact: 'drinks tea' })
  const url = `${at('https://api.pensyve.com')}/v1/remember?q=1`
  expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(200)
  expect((await fetch(url, { method: 'POST', body })).status).toBe(401)
  expect(sandbox.journal.entries.map(({ url, status }) => [url, status])).toEqual([
    ['https://api.pensyve.com/v1/remember?q=***', 200],
    ['https://api.pensyve.com/v1/remember?q=***', 401],
  ])
})

test('metadata names the address that was called', async () => {
  const sandbox = createSandbox()
  const at = await start(sandbox)
  const local = at('https://app.pentographer.com').replace('127.0.0.1', 'localhost')
  const { issuer, token_endpoint } = await (await fetch(`${local}/api/oauth/discovery`)).json()
  expect([issuer, token_endpoint]).toEqual([local, `${local}/api/oauth/token`])
})

test('GraphQL over HTTP', async () => {
  const sandbox = createSandbox()
  const at = await start(sandbox)
  const headers = { ...bearer(sandbox.keys.create('pentographer').key), 'content-type': 'application/json' }
  const url = `${at('https://app.pentographer.com')}/api/graphql`
  const response = await fetch(url, { method: 'POST', headers, body: '{"query":"{ me { id } }"}' })
  expect(await response.json()).toEqual({ data: { me: { id: 'ada' } } })
})

test('an event stream arrives while it is made', async () => {
  const sandbox = createSandbox({ streamInterval: 20 })
  const at = await start(sandbox)
  const response = await fetch(`${at('https://api.pendra.ai')}/api/v1/chat/completions`, {
    method: 'POST',
    headers: bearer(sandbox.keys.create('pendra').key),
    body: JSON.stringify({ model: 'qwen3.6:27b', stream: true, messages: [{ role: 'user', content: 'hi' }] }),
  })
  const times: number[] = []
  let text = ''
  for await (const chunk of response.body ?? []) {
    times.push(performance.now())
    text += new TextDecoder().decode(chunk)
  }
  expect(times.length).toBeGreaterThan(5)
  expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(80)
  expect(text.trim().endsWith('data: [DONE]')).toBe(true)
})

test('a stream without pauses still comes in several chunks', async () => {
  const sandbox = createSandbox()
  const at = await start(sandbox)
  const { key } = sandbox.keys.create('pendra')
  const body = JSON.stringify({ model: 'qwen3.6:27b', stream: true, messages: [{ role: 'user', content: 'hi' }] })
  const chunks = await new Promise<number>((resolve, reject) => {
    const call = request(`${at('https://api.pendra.ai')}/v1/messages`, { method: 'POST', headers: bearer(key) })
    call.on('error', reject).on('response', (response) => {
      let count = 0
      expect(response.headers['transfer-encoding']).toBe('chunked')
      response.on('data', () => {
        count += 1
      })
      response.on('end', () => resolve(count))
    })
    call.end(body)
  })
  expect(chunks).toBeGreaterThan(2)
})

test('a caller who leaves during a delay ends it', async () => {
  const sandbox = createSandbox()
  sandbox.faults.add({ delay: 60_000 })
  const at = await start(sandbox)
  const url = `${at('https://api.pensyve.com')}/v1/health`
  expect(await codeOf(fetch(url, { signal: AbortSignal.timeout(50) }))).toMatchObject({ name: 'TimeoutError' })
  while (sandbox.journal.entries.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(sandbox.journal.entries[0]?.status).toBe(0)
})

test('a stream is no longer made when its reader leaves', async () => {
  let stop = (): void => undefined
  const stopped = new Promise<void>((resolve) => {
    stop = resolve
  })
  const endless = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      controller.enqueue(new TextEncoder().encode('more\n'))
    },
    cancel: () => stop(),
  })
  const at = await start({ ...createSandbox(), fetch: async () => new Response(endless) })
  const response = await fetch(at('https://api.pendra.ai'))
  const reader = response.body?.getReader()
  await reader?.read()
  await reader?.cancel()
  await stopped
})

test('a refused upload does not block the next request of the connection', async () => {
  const sandbox = createSandbox()
  const at = await start(sandbox)
  const url = `${at('https://api.pensyve.com')}/v1/recall`
  const body = new Uint8Array(4_000_000)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const send = (): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const call = request(url, { method: 'POST', agent, headers: { 'content-length': body.length } })
      call.on('error', reject).on('response', (response) => {
        response.resume().on('end', () => resolve(response.statusCode))
      })
      call.end(body)
    })
  expect([await send(), await send(), await send()]).toEqual([401, 401, 401])
  agent.destroy()
})

test('a body of 10 MiB is taken, a larger one is refused, and the connection goes on', async () => {
  const sandbox = createSandbox()
  const at = await start(sandbox)
  const url = `${at('https://api.pensyve.com')}/v1/recall`
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const limit = 10 * 1024 * 1024
  const send = (size: number, chunked: boolean): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const headers = chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': size }
      const call = request(url, { method: 'POST', agent, headers })
      call.on('error', reject).on('response', (response) => {
        response.resume().on('end', () => resolve(response.statusCode))
      })
      call.end(Buffer.alloc(size))
    })
  for (const chunked of [false, true]) {
    expect([await send(limit, chunked), await send(limit + 1, chunked)]).toEqual([401, 413])
    expect([await send(3 * limit, chunked), await send(2, chunked)]).toEqual([413, 401])
  }
  // What is refused for its size reaches no service.
  expect(sandbox.journal.entries).toHaveLength(4)
  agent.destroy()
})

test('an upload without an end is refused before its end', async () => {
  const at = await start(createSandbox())
  const status = await new Promise((resolve, reject) => {
    const call = request(`${at('https://api.pensyve.com')}/v1/recall`, { method: 'POST' })
    const chunk = Buffer.alloc(1024 * 1024)
    const more = (): void => void call.write(chunk, () => setImmediate(more))
    call.on('error', reject).on('response', (response) => {
      resolve(response.statusCode)
      call.removeAllListeners('error').on('error', () => undefined)
      call.destroy()
    })
    more()
  })
  expect(status).toBe(413)
})

test('a GET with a body is answered as one without', async () => {
  const at = await start(createSandbox())
  const status = await new Promise((resolve, reject) => {
    const call = request(`${at('https://api.pensyve.com')}/v1/health`, { headers: { 'content-length': 2 } })
    call.on('error', reject).on('response', (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    call.end('{}')
  })
  expect(status).toBe(200)
})

test.each(Object.keys(probes) as ServiceName[])('%s answers on its port', async (service) => {
  const sandbox = createSandbox()
  const at = await start(sandbox)
  const local: Pick<Sandbox, 'fetch'> = {
    fetch: (input, init) => {
      const { origin, pathname, search } = new URL(String(input))
      return fetch(at(origin) + pathname + search, init)
    },
  }
  expect(await probe(local, service, sandbox.keys.create(service).key)).toBe(200)
  expect([401, 403]).toContain(await probe(local, service, 'wrong'))
})

describe('loopback only', () => {
  test.each(['0.0.0.0', '::', '192.0.2.1', 'example.com', ''])('%j is refused', async (host) => {
    expect(await codeOf(listen(createSandbox(), { host }))).toBe('host_not_loopback')
  })

  test('unless it is asked for by the name that says the risk', async () => {
    const sandbox = createSandbox()
    const at = await start(sandbox, { host: '0.0.0.0', dangerouslyListenBeyondLoopback: true })
    const url = new URL(`${at('https://api.pensyve.com')}/v1/health`)
    expect(url.hostname).toBe('0.0.0.0')
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
    for (const { address } of addresses.filter(({ family }) => family === 'IPv4')) {
      const local = `http://${address}:${url.port}/v1/health`
      expect(await statusWithHost(local, `${address}:${url.port}`)).toBe(200)
      expect(await statusWithHost(local, `evil.example:${url.port}`)).toBe(403)
    }
  })

  test('a host name that is not ours is refused, with or without the port', async () => {
    const sandbox = createSandbox()
    const at = await start(sandbox)
    const url = `${at('https://api.pensyve.com')}/v1/health`
    const { port, host } = new URL(url)
    for (const own of [host, `localhost:${port}`, `[::1]:${port}`]) expect(await statusWithHost(url, own)).toBe(200)
    for (const foreign of [`evil.example:${port}`, '127.0.0.1', '127.0.0.1:1', `127.0.0.1.evil.example:${port}`]) {
      expect(await statusWithHost(url, foreign)).toBe(403)
    }
    expect(sandbox.journal.entries).toHaveLength(3)
  })
})

test('ports follow each other from the one given, and a taken one is an error that leaves nothing open', async () => {
  const blocker = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => blocker.once('listening', resolve))
  const taken = (blocker.address() as { port: number }).port
  expect(await codeOf(listen(createSandbox(), { port: taken - 1 }))).toBe('listen_failed')
  expect(await codeOf(fetch(`http://127.0.0.1:${taken - 1}/`))).toBeInstanceOf(TypeError)
  blocker.close()
})

test('close ends open connections and frees the ports', async () => {
  let arrive = (): void => undefined
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve
  })
  const never = (): Promise<Response> => {
    arrive()
    return new Promise(() => undefined)
  }
  const server = await listen({ ...createSandbox(), fetch: never })
  const url = `${server.origins['https://pendium.ai']}/api/visibility/score?brand=x`
  const waiting = fetch(url).catch((error: unknown) => error)
  await arrived
  await server.close()
  expect(await waiting).toBeInstanceOf(TypeError)
  expect(await codeOf(fetch(url))).toBeInstanceOf(TypeError)
})

test('await using closes it', async () => {
  let url = ''
  {
    await using server = await listen(createSandbox())
    url = `${server.origins['https://api.pensyve.com']}/v1/health`
    expect((await fetch(url)).status).toBe(200)
  }
  expect(await codeOf(fetch(url))).toBeInstanceOf(TypeError)
})

test('a dropped connection is a network error, garbage is not JSON, a redirect is one', async () => {
  const sandbox = createSandbox()
  const at = await start(sandbox)
  const url = `${at('https://api.pensyve.com')}/v1/health`
  sandbox.faults.add({ drop: true, times: 1 })
  expect(await codeOf(fetch(url))).toBeInstanceOf(TypeError)
  expect(sandbox.journal.entries.map(({ status, faulted }) => [status, faulted])).toEqual([[0, true]])
  sandbox.faults.add({ garbage: true, times: 1 })
  expect(await codeOf(fetch(url).then((response) => response.json()))).toBeInstanceOf(SyntaxError)
  sandbox.faults.add({ redirect: 'https://evil.example/', times: 1 })
  const redirected = await fetch(url, { redirect: 'manual' })
  expect([redirected.status, redirected.headers.get('location')]).toEqual([307, 'https://evil.example/'])
  expect((await fetch(url)).status).toBe(200)
})

test('a path with two slashes stays on its origin', async () => {
  const sandbox = createSandbox()
  const at = await start(sandbox)
  const { hostname, port } = new URL(at('https://pendium.ai'))
  const status = await new Promise((resolve, reject) => {
    get({ hostname, port, path: '//api.pendra.ai/api/v1/catalogue' }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })
  expect(status).toBe(404)
  expect(sandbox.journal.entries[0]?.service).toBe('pendium')
})
