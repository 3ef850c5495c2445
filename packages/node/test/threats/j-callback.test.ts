import { request as httpRequest } from 'node:http'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { networkInterfaces } from 'node:os'
import { memoryStore, PentauthError } from '@pentauth/core'
import { signInAt } from '@pentauth/sandbox'
import { threat } from '@pentauth/tooling/threat'
import { onTestFinished } from 'vitest'
import { comeBack, signInWorld } from '../support/sign-in-world.ts'
import { type Client, hasty, ours } from './support/callback-clients.ts'

// J1 to J5: the address on this machine that a browser comes back to.

interface Outcome {
  readonly what: string
  readonly problems: readonly string[]
}
const problemsOf = (outcomes: readonly Outcome[]) =>
  outcomes.flatMap(({ what, problems }) => problems.map((text) => `${what}: ${text}`))

/** A sign-in that waits; what it ended with is looked at by each row. */
async function waiting(client: Client, given: { readonly timeout?: number } = {}) {
  const { profundis } = await signInWorld()
  const one = await client(profundis, { store: memoryStore(), ...given })
  return { ...one, port: Number(new URL(one.redirectUri).port), state: one.url.searchParams.get('state') ?? '' }
}

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 })
    const end = (isThere: boolean) => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })
}

threat('J1', 'the listener is reachable from the network, or stays', {
  ours,
  twin: hasty,
  attack: async (client: Client): Promise<Outcome[]> => {
    const { port, url, end } = await waiting(client)
    const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? [])
    const beyond = addresses
      .filter(({ internal, family }) => !internal && family === 'IPv4')
      .map(({ address }) => address)
    // On a machine without a network another address of its own must do.
    const others = [...beyond, ...(process.platform === 'linux' ? ['127.0.0.2'] : [])]
    const reached = await Promise.all(others.map(async (host) => ((await connects(host, port)) ? [host] : [])))
    await comeBack(url)
    const outcome = await end
    // Enough to begin on a busy machine.
    const late = await waiting(client, { timeout: 3 })
    await Promise.race([late.end, new Promise((resolve) => setTimeout(resolve, 6_000))])
    return [
      { what: 'other addresses', problems: reached.flat().map((host) => `${host} is answered`) },
      { what: 'the person', problems: outcome === 'signed in' ? [] : [outcome] },
      { what: 'afterwards', problems: (await connects('127.0.0.1', port)) ? ['still listens'] : [] },
      { what: 'after its time', problems: (await connects('127.0.0.1', late.port)) ? ['still listens'] : [] },
    ]
  },
  breaches: problemsOf,
})

/** Somebody who listens on a port of this machine. */
async function squatter(port: number, reusePort: boolean): Promise<Server | undefined> {
  const server = createServer((socket) => void socket.destroy())
  const isThere = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', reusePort }, () => resolve(true))
  })
  onTestFinished(() => void server.close())
  return isThere ? server : undefined
}

// Other systems share no port in this way.
if (process.platform === 'linux')
  threat('J2', 'the port is taken, or shared', {
    ours,
    twin: hasty,
    attack: async (client: Client): Promise<Outcome[]> => {
      const { profundis } = await signInWorld()
      const before = async (reusePort: boolean): Promise<Outcome> => {
        const server = (await squatter(0, reusePort)) as Server
        const { port } = server.address() as AddressInfo
        const what = reusePort ? 'somebody who shares the port' : 'somebody who has the port'
        try {
          const { redirectUri } = await client(profundis, { store: memoryStore(), port })
          return { what, problems: [`the sign-in began with ${redirectUri}`] }
        } catch (error) {
          const isTyped = PentauthError.isInstance(error) && error.message.includes(`port ${port} of 127.0.0.1`)
          return { what, problems: isTyped ? [] : [String(error)] }
        }
      }
      const { port, url, end } = await waiting(client)
      const late = await squatter(port, true)
      const after = { what: 'somebody who comes later', problems: late ? ['shares the port'] : [] }
      if (!late) {
        await comeBack(url)
        await end
      }
      return [after, await before(true), await before(false)]
    },
    breaches: problemsOf,
  })

interface Asked {
  readonly path: string
  readonly method?: string
  readonly headers?: Record<string, string>
}

/** A request whose every header is the attacker's. */
function ask(port: number, { path, method = 'GET', headers = {} }: Asked) {
  return new Promise<{ status: number; headers: Record<string, string | string[] | undefined>; body: string }>(
    (resolve) => {
      const request = httpRequest({ port, host: '127.0.0.1', path, method, headers, agent: false }, (response) => {
        let body = ''
        response.on('data', (chunk) => {
          body += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
      })
      request.on('error', () => resolve({ status: 400, headers: {}, body: '' }))
      request.end()
    },
  )
}

/** What remains of the sign-in: the person comes back as if nothing had been. */
async function genuine({ url, end }: { readonly url: URL; readonly end: Promise<string> }): Promise<Outcome> {
  const page = await fetch(await signInAt(fetch, url)).then(
    ({ status }) => status,
    () => 0,
  )
  const outcome = await Promise.race([end, new Promise<string>((resolve) => setTimeout(resolve, 5_000, 'nothing'))])
  return { what: 'the person', problems: outcome === 'signed in' && page === 200 ? [] : [`${page} ${outcome}`] }
}

threat('J3', 'other hosts, origins, methods and paths', {
  ours,
  twin: hasty,
  attack: async (client: Client): Promise<Outcome[]> => {
    const one = await waiting(client)
    const { port, state } = one
    // Even with the right state, which nobody of them knows.
    const answer = `/callback?code=stolen&state=${state}`
    const own = { host: `127.0.0.1:${port}` }
    const attacks: Record<string, Asked> = {
      'a host of its own': { path: answer, headers: { host: 'evil.example' } },
      'a host of its own with our port': { path: answer, headers: { host: `evil.example:${port}` } },
      'a host like ours': { path: answer, headers: { host: `127.0.0.1.evil.example:${port}` } },
      'a page of another site': { path: answer, headers: { ...own, origin: 'https://evil.example' } },
      'a page on another port': { path: answer, headers: { ...own, origin: 'http://127.0.0.1:1' } },
      'a page in a box': { path: answer, headers: { ...own, origin: 'null' } },
      POST: { path: answer, method: 'POST', headers: own },
      HEAD: { path: answer, method: 'HEAD', headers: own },
      OPTIONS: { path: answer, method: 'OPTIONS', headers: { ...own, origin: 'https://evil.example' } },
      'another path': { path: `/callback/../other?state=${state}`, headers: own },
      'a path of two slashes': { path: `/${answer}`, headers: own },
      'a whole URL': { path: `http://evil.example${answer}`, headers: own },
    }
    const outcomes: Outcome[] = []
    for (const [what, asked] of Object.entries(attacks)) {
      const { status, headers } = await ask(port, asked)
      const opened = Object.keys(headers).filter((name) => name.startsWith('access-control-'))
      outcomes.push({ what, problems: [...(status >= 400 && status < 500 ? [] : [`${status}`]), ...opened] })
    }
    return [...outcomes, await genuine(one)]
  },
  breaches: problemsOf,
})

threat('J4', 'forged callbacks that come first', {
  ours,
  twin: hasty,
  attack: async (client: Client): Promise<Outcome[]> => {
    const one = await waiting(client)
    const forged = Array.from({ length: 100 }, (_, index) => {
      const state = index % 2 ? `${one.state.slice(0, -1)}${index % 10}x` : `forged${index}`
      return ask(one.port, {
        path: index % 3 ? `/callback?code=forged&state=${state}` : `/callback?error=access_denied&state=${state}`,
        headers: { host: `127.0.0.1:${one.port}` },
      })
    })
    const taken = (await Promise.all(forged)).filter(({ status }) => status !== 400)
    return [{ what: 'forged', problems: taken.map(({ status }) => `answered with ${status}`) }, await genuine(one)]
  },
  breaches: problemsOf,
})

threat('J5', 'a script in the page that a browser ends at', {
  ours,
  twin: hasty,
  attack: async (client: Client): Promise<Outcome[]> => {
    const script = '<script>alert(1)</script>'
    const image = '"><img src=x onerror=alert(1)>'
    const parameters = ['error', 'error_description', 'error_uri', 'state', 'code', 'iss', 'x']
    const outcomes: Outcome[] = []
    const look = async (what: string, port: number, path: string) => {
      const { headers, body } = await ask(port, { path, headers: { host: `127.0.0.1:${port}` } })
      const policy = String(headers['content-security-policy'] ?? '')
      const expected = {
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      }
      outcomes.push({
        what,
        problems: [
          ...(/<script|onerror|alert/i.test(body) ? ['the text is in the page'] : []),
          ...(/^default-src 'none'; style-src 'sha256-/.test(policy) && !/unsafe|script-src/.test(policy)
            ? []
            : ['no policy']),
          ...Object.entries(expected).flatMap(([name, value]) => (headers[name] === value ? [] : [`no ${name}`])),
        ],
      })
    }
    const one = await waiting(client)
    for (const text of [script, image])
      for (const name of parameters)
        await look(`${name} of a stranger`, one.port, `/callback?${name}=${encodeURIComponent(text)}`)
    await look('the path', one.port, `/${encodeURIComponent(script)}`)
    // In an answer of the server itself, which then ends the sign-in.
    const query = new URLSearchParams({ error: script, error_description: image, error_uri: script, state: one.state })
    await look('a genuine refusal', one.port, `/callback?${query}`)
    await one.end
    return outcomes
  },
  breaches: problemsOf,
})
