import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client as Client2 } from '@modelcontextprotocol/client'
import { StdioClientTransport as Stdio2 } from '@modelcontextprotocol/client/stdio'
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as Stdio1 } from '@modelcontextprotocol/sdk/client/stdio.js'
import { pendium, signIn } from '@pentauth/node'
import { signInAt } from '@pentauth/sandbox'
import { describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder, type World, world } from './support/cli.ts'
import { peer } from './support/peer.ts'

const program = join(import.meta.dirname, '..', 'dist', 'main.js')

/** What a client's configuration says: which program it is to start. */
const started = (args: readonly string[], env: World['env']) => ({
  command: process.execPath,
  args: [program, 'bridge', ...args],
  env: { ...env },
  stderr: 'ignore' as const,
})

/** Somebody signs in to Pendium elsewhere on this machine. */
async function signedInToPendium({ env }: World): Promise<void> {
  await signIn(pendium, { env, present: (request) => request.way === 'redirect' && signInAt(fetch, request.url) })
}

/** A client of that SDK, behind a bridge. */
async function connected(sdk: 1 | 2 | 'newest wire', args: readonly string[], env: World['env']) {
  const info = { name: 'agent', version: '1.0.0' }
  const client =
    sdk === 1
      ? await connectedTo(new Client1(info), new Stdio1(started(args, env)))
      : await connectedTo(
          new Client2(info, sdk === 2 ? {} : { versionNegotiation: { mode: 'auto' } }),
          new Stdio2(started(args, env)),
        )
  onTestFinished(() => client.close())
  return client as Client2
}

async function connectedTo<T>(client: { connect(transport: T): Promise<void>; close(): Promise<void> }, transport: T) {
  await client.connect(transport)
  return client
}

describe('pentauth bridge', () => {
  it('gives the official clients, old and new, a key and a saved sign-in', async () => {
    const here = await world()
    const { key } = here.sandbox.keys.create('pensyve')
    await signedInToPendium(here)
    const [old, newest] = await Promise.all([
      connected(1, ['pensyve'], { ...here.env, PENSYVE_API_KEY: key }),
      connected('newest wire', ['pendium'], here.env),
    ])
    expect((await old.listTools()).tools.map(({ name }) => name)).toContain('pensyve_recall')
    expect(await old.callTool({ name: 'pensyve_recall', arguments: { query: 'tea' } })).toMatchObject({
      content: [{ type: 'text', text: '[]' }],
    })
    expect([(await newest.listTools()).tools.length > 0, newest.getNegotiatedProtocolVersion()]).toEqual([
      true,
      '2026-07-28',
    ])
    const credentials = here.sandbox.journal.entries.flatMap(({ operation, credential }) =>
      operation === 'mcp' ? [credential?.kind] : [],
    )
    expect(new Set(credentials)).toEqual(new Set(['api-key', 'access-token']))
  })

  it('shares one session: of two bridges with ten calls each, whose token is revoked early, one renews it', async () => {
    const here = await world()
    await signedInToPendium(here)
    const clients = await Promise.all([connected(2, ['pendium'], here.env), connected(1, ['pendium'], here.env)])
    await Promise.all(clients.map((client) => client.listTools()))
    here.sandbox.tokens.revokeAccessTokens('pendium', { account: 'ada' })
    const before = here.sandbox.tokens.requests('pendium', 'refresh_token')
    const calls = clients.flatMap((client) => Array.from({ length: 10 }, () => client.listTools()))
    const ended = await Promise.allSettled(calls)
    expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(20)
    expect(here.sandbox.tokens.requests('pendium', 'refresh_token') - before).toBe(1)
  })

  it('opens one browser for two bridges, and their requests wait for it', async () => {
    const here = await world()
    const folder = temporaryFolder()
    const [browser, opened] = [join(folder, 'browser'), join(folder, 'opened')]
    const visit = `const { signInAt } = await import(${JSON.stringify(import.meta.resolve('@pentauth/sandbox'))}); await fetch(await signInAt(fetch, process.argv[1]))`
    const words = [process.execPath, '--input-type=module', '-e', visit].map((word) => `'${word}'`).join(' ')
    writeFileSync(browser, `#!/bin/sh\necho x >>'${opened}'\nexec ${words} "$1"\n`)
    chmodSync(browser, 0o755)
    const env = { ...here.env, BROWSER: browser }
    const clients = await Promise.all([connected(1, ['pendium'], env), connected(2, ['pendium'], env)])
    for (const client of clients) expect((await client.listTools()).tools.length).toBeGreaterThan(0)
    expect(readFileSync(opened, 'utf8')).toBe('x\n')
  })

  it('ends in good order while somebody signs in, and what waits for that is answered', async () => {
    const { env } = await world()
    const bridge = peer(['pendium'], { env: { ...env, BROWSER: '/bin/true' } })
    const waiting = bridge.ask('tools/list')
    await bridge.like(/your browser opens this page/)
    bridge.child.kill('SIGTERM')
    expect(await bridge.ended).toEqual({ code: 0, signal: null })
    expect((await waiting).error?.message).toContain('The bridge ended the connection before Pendium had answered.')
  })

  it('says what to run where nobody can sign in here, and works as soon as somebody has', async () => {
    const here = await world()
    const bridges = [peer(['pendium', '--no-sign-in', '--account', 'ada'], here), peer(['pendium'], here)]
    const errors = await Promise.all(bridges.map(async (bridge) => (await bridge.ask('tools/list')).error))
    expect(errors.map((error) => error?.data?.code)).toEqual(['no_credential', 'sign_in_required'])
    expect(errors[0]?.message).toBe(
      'Nobody is signed in to Pendium as ada. Run `pentauth login pendium --account ada` in a terminal and try again; the bridge need not be started again.',
    )
    expect(errors[1]?.message).toContain('and there is no terminal.')
    expect(errors[1]?.message).toContain('Run `pentauth login pendium` in a terminal')
    await signedInToPendium(here)
    expect((await bridges[1]?.ask('tools/list'))?.result?.tools?.length).toBeGreaterThan(0)
  })

  it('says which key was refused, and starts no sign-in', async () => {
    const here = await world()
    const { key, id } = here.sandbox.keys.create('pensyve')
    here.sandbox.keys.revoke('pensyve', id)
    const { error } = await peer(['pensyve'], { env: { ...here.env, PENSYVE_API_KEY: key } }).ask('tools/list')
    expect(error?.data).toMatchObject({ code: 'credential_refused' })
    expect(error?.message).toContain('PENSYVE_API_KEY')
    expect(new Set(here.sandbox.journal.entries.map(({ operation }) => operation))).toEqual(new Set(['mcp']))
  })
})
