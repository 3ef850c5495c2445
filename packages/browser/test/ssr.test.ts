import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { memoryStore } from '@pentauth/core'
import { createSandbox } from '@pentauth/sandbox'
import { caught } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { createAuth, pensyve } from '../src/index.ts'

// On a server, where the same modules are loaded to draw the first page: nothing is opened, and nobody is signed in.

const url = `${pensyve.resources.rest.url}/account`

describe('on a server', () => {
  it('nobody is known yet, and the snapshot stays the same', async () => {
    const auth = createAuth(pensyve, { redirectUri: '/callback', storage: memoryStore() })
    const { session } = auth
    expect(session).toEqual({ status: 'loading', account: 'default' })
    const stop = auth.subscribe(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(auth.session).toBe(session)
    stop()
    auth.dispose()
  })

  it.each([undefined, memoryStore()])('calls fail with what is typed, whatever the storage', async (storage) => {
    const auth = createAuth(pensyve, { redirectUri: '/callback', storage })
    expect(await caught(auth.fetch(url))).toMatchObject({ code: 'sign_in_required' })
    expect(await caught(auth.headers(url))).toMatchObject({ code: 'sign_in_required' })
    expect(await caught(auth.credential())).toMatchObject({ code: 'sign_in_required' })
    expect(await caught(auth.signIn())).toMatchObject({ code: 'insecure_context' })
    expect(await caught(auth.signIn({ popup: true }))).toMatchObject({ code: 'insecure_context' })
    expect(await auth.finishSignIn()).toBeUndefined()
    expect(await auth.finishSignIn('https://notes.example/callback?code=a&state=b')).toBeUndefined()
    await auth.signOut()
  })

  it('each createAuth is one of its own: two requests for pages share nothing', async () => {
    const sandbox = createSandbox()
    const { accessToken } = await sandbox.tokens.issue('pensyve')
    const storage = memoryStore()
    const session = {
      version: 1,
      issuer: 'https://mcp.pensyve.com',
      tokenEndpoint: 'https://mcp.pensyve.com/oauth/token',
    }
    const about = { client: { clientId: 'client-1', authMethod: 'none' }, resource: 'https://mcp.pensyve.com/mcp' }
    const whose = { account: 'default', accessToken, obtainedAt: Date.now() }
    const key = `session/${encodeURIComponent('https://mcp.pensyve.com/mcp')}/default/default`
    await storage.set(key, JSON.stringify({ ...session, ...about, ...whose }))
    const runtime = { fetch: sandbox.fetch as typeof fetch }
    const [one, other] = [createAuth(pensyve, { storage, runtime }), createAuth(pensyve, { runtime })]
    expect((await one.fetch(url)).status).toBe(200)
    expect(await caught(other.fetch(url))).toMatchObject({ code: 'sign_in_required' })
  })

  it('a process that imports it and makes one ends by itself, and prints nothing', async () => {
    const entry = join(import.meta.dirname, '..', 'dist', 'index.js')
    const program = `
      const before = new Set(Reflect.ownKeys(globalThis))
      const { createAuth, pensyve } = await import(${JSON.stringify(entry)})
      const auth = createAuth(pensyve, { redirectUri: '/callback' })
      const failure = await auth.fetch(${JSON.stringify(url)}).catch((error) => error)
      const added = Reflect.ownKeys(globalThis).filter((key) => !before.has(key))
      process.stdout.write(JSON.stringify([auth.session.status, failure.code, added, process.getActiveResourcesInfo()]))`
    const child = execFile(process.execPath, ['--input-type=module', '--eval', program], { timeout: 30_000 })
    const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve([code, signal])))
    const [said, troubles] = await Promise.all([
      text(child.stdout as NodeJS.ReadableStream),
      text(child.stderr as NodeJS.ReadableStream),
    ])
    expect(await ended).toEqual([0, null])
    expect(troubles).toBe('')
    const [status, code, added, resources] = JSON.parse(said)
    expect([status, code, added]).toEqual(['loading', 'sign_in_required', []])
    expect(resources.filter((name: string) => /message|timeout|tcp/i.test(name))).toEqual([])
  })
})
