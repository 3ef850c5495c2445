import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { apiKey, firstOf, signedIn } from '@pentauth/core'
import { fileStore } from '@pentauth/node'
import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createTransport, pentauthErrorIn, signInAsError } from '../src/index.ts'
import { both, connect, connectStock } from './support/clients.ts'
import type { Seen } from './support/server.ts'
import { redirectUri, smallWorld } from './support/small-world.ts'
import { stockProvider } from './support/stock.ts'

// Where secrets go: a key to the MCP server and nowhere else, a token into no error, no event and no file that others can read.

/** Whether any of what a server got has the text anywhere. */
const got = (seen: readonly Seen[], secret: string) =>
  seen.some(({ path, query, headers, body }) => `${path} ${query} ${[...headers].join()} ${body}`.includes(secret))

const key = testKey.token('a key of the server')
const other = testKey.token('another header')
const takesKeys = { apiKey: { env: 'SMALL_API_KEY' } } as const

describe.each(both)('%s', (kind) => {
  describe('a key at a server that takes keys and tokens', () => {
    it.each(['authorization', 'x-api-key'] as const)(
      'travels in %s, alone, and nothing is discovered',
      async (header) => {
        const good = (seen: Seen) => seen.headers.get(header) === (header === 'authorization' ? `Bearer ${key}` : key)
        const world = await smallWorld({
          service: { apiKey: { env: 'SMALL_API_KEY', header } },
          admit: good,
        })
        const client = await connect(kind, world.auth(apiKey(key)))
        expect((await client.listTools()).tools).toHaveLength(1)
        const odd = world.server.seen.filter(({ path, headers }) => {
          const names = ['authorization', 'x-api-key'].filter((name) => headers.has(name))
          return path !== '/mcp' || String(names) !== header
        })
        expect([odd, world.home.seen]).toEqual([[], []])
      },
    )

    it('that is refused says so, and starts no sign-in, also where one is possible', async () => {
      const world = await smallWorld({ service: takesKeys })
      const signIn = signInAsError({ ...world.shared, redirectUri })
      const credential = firstOf(apiKey(key), signedIn({ store: world.store }))
      const error = pentauthErrorIn(await caught(connect(kind, world.auth(credential), { signIn })))
      expect(error).toMatchObject({ code: 'credential_refused', status: 401 })
      expect(error?.message).toContain('API key')
      expect([world.home.seen, world.server.seen.filter(({ path }) => path !== '/mcp')]).toEqual([[], []])
    })

    it('the twin: with a key in its headers and a provider, the SDK registers and opens a browser', async () => {
      const world = await smallWorld({ service: takesKeys })
      const provider = stockProvider()
      const requestInit = { headers: { authorization: `Bearer ${key}` } }
      await caught(connectStock(kind, world.url, { authProvider: provider, requestInit }))
      expect([world.home.at('/register').length, provider.pages.length]).toEqual([1, 1])
    })
  })

  describe('secrets in headers', () => {
    it('that somebody gave the transport stay at the server, or are left out where a session counts', async () => {
      const world = await smallWorld()
      const requestInit = { headers: { 'x-api-key': key, authorization: `Bearer ${key}`, 'x-own': other } }
      const signIn = signInAsError({ ...world.shared, redirectUri, client: { name: 'Test' } })
      const options = { signIn, transport: { requestInit } }
      const failure = pentauthErrorIn(await caught(connect(kind, world.auth(), options)))
      await failure?.signIn?.complete(world.issuer.approve(failure.signIn.url))
      const client = await connect(kind, world.auth(), options)
      world.issuer.valid.clear()
      await client.listTools()
      expect([got(world.home.seen, key), got(world.home.seen, other)], 'at the authorization server').toEqual([
        false,
        false,
      ])
      expect(got(world.server.seen, key), 'two credentials').toBe(false)
      expect(got(world.server.at('/mcp'), other), 'an own header').toBe(true)
    })

    it('the twin: the SDK sends them to the authorization server, at another origin', async () => {
      const world = await smallWorld()
      const requestInit = { headers: { 'x-api-key': key, 'x-own': other } }
      await caught(connectStock(kind, world.url, { authProvider: stockProvider(), requestInit }))
      expect([got(world.home.seen, key), got(world.home.seen, other)]).toEqual([true, true])
    })
  })

  it('no error, no event and no transport shows a token', async () => {
    const world = await smallWorld()
    await world.signIn()
    const auth = world.auth()
    const client = await connect(kind, auth)
    const errors: Error[] = []
    client.onerror = (error) => void errors.push(error)
    await client.listTools()
    world.issuer.clients.clear()
    world.issuer.valid.clear()
    const error = await caught(client.listTools())
    class Transport {
      readonly options: unknown
      constructor(_: URL, options?: object) {
        this.options = options
      }
    }
    const shown = [auth, error, errors, world.events, client, createTransport(Transport, auth), world.service]
    for (const one of shown) expectNoMarker(inspect(one, { depth: 9, showHidden: true }))
    expectNoMarker(JSON.stringify([error, world.events, world.service]))
  })
})

it('what a sign-in saves is for its owner alone, and knows when it ends', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pentauth-mcp-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const place = join(folder, 'sessions')
  const world = await smallWorld()
  const store = fileStore({ folder: place })
  await world.signIn({ store })
  expect((await stat(place)).mode & 0o777).toBe(0o700)
  const files = await readdir(place, { recursive: true, withFileTypes: true })
  let sessions = 0
  for (const file of files.filter((one) => one.isFile())) {
    const path = join(file.parentPath, file.name)
    expect((await stat(path)).mode & 0o077, file.name).toBe(0)
    const text = await readFile(path, 'utf8')
    if (text.includes('accessToken') && text.includes('expiresAt')) sessions += 1
  }
  expect(sessions).toBe(1)
  const client = await connect('v2', world.auth(signedIn({ store })))
  expect((await client.listTools()).tools).toHaveLength(1)
})
