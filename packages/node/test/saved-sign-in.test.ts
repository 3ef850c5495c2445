import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os, { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finishSignIn, memoryStore, type Store, startSignIn } from '@pentauth/core'
import { createSandbox, type Sandbox, signInAt } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  createAuth,
  listAccounts,
  type PentauthEvent,
  pendra,
  pensyve,
  pentographer,
  profundis,
  relocate,
  type Service,
  signOut,
  switchAccount,
} from '../src/index.ts'
import { openFileStore } from '../src/opened-file-store.ts'

const redirectUri = 'http://127.0.0.1:8123/callback'

interface World {
  readonly sandbox: Sandbox
  readonly service: typeof profundis
  readonly store: Store
  readonly env: Record<string, string>
  readonly signIn: (account?: string, into?: Store) => Promise<void>
  readonly works: (auth: ReturnType<typeof createAuth>) => Promise<number>
}

async function world(): Promise<World> {
  const sandbox = createSandbox()
  const server = await listen(sandbox)
  onTestFinished(() => server.close())
  const service = relocate(profundis, server.origins)
  const store: Store = { ...memoryStore(), name: 'a drawer' }
  return {
    sandbox,
    service,
    store,
    env: {},
    async signIn(account, into = store) {
      const { url } = await startSignIn(service, { store: into, account, redirectUri })
      await finishSignIn(service, await signInAt(fetch, url), { store: into })
    },
    works: async (auth) => {
      const body = JSON.stringify({ domain: 'example.com' })
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
      const { status } = await auth.fetch(`${service.resources.rest.url}/subdomains`, init)
      return status
    },
  }
}

const sourceOf = async (service: Service, options: Parameters<typeof createAuth>[1]) =>
  (await createAuth(service, options).credential()).source

describe('a saved sign-in', () => {
  it('is what serves where the environment has nothing, renewed and all', async () => {
    const { service, store, env, signIn, works, sandbox } = await world()
    await signIn()
    const auth = createAuth(service, { store, env })
    expect(await works(auth)).toBe(200)
    expect((await auth.credential()).source).toBe('saved sign-in')
    sandbox.clock.advance(2 * 3_600_000)
    expect(await works(auth)).toBe(200)
  })

  it('comes behind the environment, and the option before both', async () => {
    const { service, store, signIn } = await world()
    await signIn()
    const env = { PROFUNDIS_API_KEY: testKey.profundis() }
    expect(await sourceOf(service, { store, env })).toBe('PROFUNDIS_API_KEY')
    expect(await sourceOf(service, { store, env: {} })).toBe('saved sign-in')
  })

  it('is found by an Auth that was made before anybody signed in', async () => {
    const { service, store, env, signIn, works } = await world()
    const auth = createAuth(service, { store, env })
    expect((await caught(auth.credential())).code).toBe('no_credential')
    await signIn()
    expect(await works(auth)).toBe(200)
  })

  it('of another account is found by an Auth whose own was signed out', async () => {
    const { service, store, env, signIn } = await world()
    await signIn('work')
    await switchAccount(service, 'work', { store })
    const auth = createAuth(service, { store, env })
    expect((await auth.credential()).source).toBe('saved sign-in "work"')
    await signOut(service, { store })
    expect((await caught(auth.credential())).code).toBe('no_credential')
    await signIn('home')
    await switchAccount(service, 'home', { store })
    expect((await auth.credential()).source).toBe('saved sign-in "home"')
  })

  it('is a row of the table where there is none, with the way out', async () => {
    const { service, store, env } = await world()
    const error = await caught(createAuth(service, { store, env }).credential())
    expect(error.tried.at(-1)).toEqual({
      source: 'saved sign-in',
      result: 'no saved sign-in of account "default" in a drawer',
      next: 'await signIn(profundis)',
    })
  })

  it('is asked for as whom it was looked for, and those there are are named', async () => {
    const { service, store, env, signIn } = await world()
    const next = async (options: object) =>
      (await caught(createAuth(service, { store, env, ...options }).credential())).tried.at(-1).next
    expect(await next({ account: 'work', app: 'agent' })).toBe(
      'await signIn(profundis, { account: "work", app: "agent" })',
    )
    await signIn('home')
    expect(await next({})).toBe('await signIn(profundis), or await switchAccount(profundis, "home")')
  })

  it('is asked for at the command line, too, where that finds the same place', async () => {
    const PENTAUTH_HOME = mkdtempSync(join(tmpdir(), 'pentauth-saved-'))
    onTestFinished(() => rmSync(PENTAUTH_HOME, { recursive: true }))
    const { service, sandbox, signIn, works } = await world()
    const env = { PENTAUTH_HOME }
    const { origin } = new URL(service.resources.mcp.url)
    const next = async (of: Service, options: object = {}) =>
      (await caught(createAuth(of, { env, ...options }).credential())).tried.at(-1).next
    expect(await next(profundis, { account: "Ada's" })).toBe(
      `await signIn(profundis, { account: "Ada's" }), or run: pentauth login profundis --account 'Ada'\\''s'`,
    )
    expect(await next(profundis, { app: 'agent' })).toBe('await signIn(profundis, { app: "agent" })')
    const moved = { ...env, PROFUNDIS_BASE_URL: origin }
    expect(await next(profundis, { env: moved })).toBe('await signIn(profundis), or run: pentauth login profundis')
    // Moved by the program, it is no service that the command line knows, but an MCP server all the same.
    expect(await next(service)).toBe(`await signIn(profundis), or run: pentauth login ${origin}`)
    await signIn('home', openFileStore(PENTAUTH_HOME))
    expect(await next(profundis, { env: moved })).toBe(
      'await signIn(profundis), or await switchAccount(profundis, "home"), or run: pentauth login profundis, or pentauth accounts profundis --switch home',
    )
    const auth = createAuth(service, { env, account: 'home' })
    expect(await works(auth)).toBe(200)
    for (const { id } of sandbox.apps.list('profundis')) sandbox.apps.revoke('profundis', id)
    await works(auth)
    const { code, message } = await caught(auth.credential())
    expect({ code, message }).toEqual({
      code: 'sign_in_required',
      message: `The Profundis sign-in of account "home" has ended: the authorization server refused to renew it. Sign in again: await signIn(profundis, { account: "home" }), or run: pentauth login ${origin} --account home.`,
    })
  })

  it('that has ended is told as that', async () => {
    const { service, store, env, signIn, works, sandbox } = await world()
    await signIn()
    const auth = createAuth(service, { store, env })
    await auth.credential()
    for (const { id } of sandbox.apps.list('profundis')) sandbox.apps.revoke('profundis', id)
    expect(await works(auth)).toBe(401)
    expect((await caught(auth.credential())).code).toBe('sign_in_required')
  })

  it('is looked for in the files of this user, and what is wrong with these is told once, however many ask', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pentauth-saved-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const { service, signIn, works } = await world()
    const env = { PENTAUTH_HOME: folder }
    // Another store object, as in another process: what this one knows it keeps.
    await signIn(undefined, openFileStore(folder))
    expect(await works(createAuth(service, { store: openFileStore(folder), env: {} }))).toBe(200)
    for (const name of readdirSync(folder)) writeFileSync(join(folder, name), '{')
    const events: PentauthEvent[] = []
    const onEvent = (event: PentauthEvent) => void events.push(event)
    for (const auth of [createAuth(service, { env, onEvent }), createAuth(service, { env, onEvent })])
      expect((await caught(auth.credential())).code).toBe('no_credential')
    const told = events.filter(({ type }) => type === 'store_set_aside')
    expect(told.length).toBeGreaterThan(0)
    expect(new Set(told.map((event) => JSON.stringify(event))).size).toBe(told.length)
  })

  it('is absent where there is no home folder', async () => {
    const { service } = await world()
    vi.spyOn(os, 'userInfo').mockImplementation(() => {
      throw new Error('no such user')
    })
    const error = await caught(createAuth(service, { env: {} }).credential())
    vi.restoreAllMocks()
    expect(error.tried.at(-1)).toMatchObject({ result: 'there is no home folder', next: 'set PENTAUTH_HOME' })
  })

  it.each([pendra, pentographer])('is not looked for where nobody signs in: $id', async (service) => {
    const asked: string[] = []
    const store: Store = { ...memoryStore(), get: async (key) => void asked.push(key) }
    const error = await caught(createAuth(service as Service, { store, env: {} }).credential())
    expect([
      error.code,
      error.tried.some(({ source }: { source: string }) => source === 'saved sign-in'),
      asked,
    ]).toEqual(['no_credential', false, []])
  })
})

describe('what a store holds that is no account', () => {
  it.each(['', '\ud800', '\u001b]0;pwned\u0007', '\u202eevil', 'x'.repeat(2_000)])(
    'counts as none: %j',
    async (label) => {
      const { service, store, env, signIn } = await world()
      await signIn()
      await store.set('account/profundis/default', label)
      expect(await sourceOf(service, { store, env })).toBe('saved sign-in')
    },
  )

  it.each([{ store: {} }, { store: 'here' }])('and no store is refused at once: %j', async (options) => {
    expect(() => createAuth(profundis, options as never)).toThrow(expect.objectContaining({ code: 'invalid_option' }))
  })

  it('no service is refused in our words', async () => {
    for (const one of [signOut, listAccounts])
      expect((await caught(one(undefined as never, { store: memoryStore() }))).code).toBe('invalid_service')
  })
})

describe('accounts', () => {
  it('are listed, switched between and signed out', async () => {
    const { service, store, env, signIn } = await world()
    await signIn('work')
    await signIn('home')
    const listed = async () =>
      (await listAccounts(service, { store })).map(({ account, isCurrent }) => [account, isCurrent])
    expect(await listed()).toEqual([
      ['home', false],
      ['work', false],
    ])
    await switchAccount(service, 'work', { store })
    expect(await listed()).toEqual([
      ['home', false],
      ['work', true],
    ])
    const at = async (account?: string) => (await createAuth(service, { store, env, account }).credential()).source
    expect([await at(), await at('home')]).toEqual(['saved sign-in "work"', 'saved sign-in "home"'])

    const events: PentauthEvent[] = []
    await signOut(service, { store, onEvent: (event) => void events.push(event) })
    expect(events).toMatchObject([{ type: 'signed_out', account: 'work', revocation: 'none' }])
    expect(await listed()).toEqual([['home', false]])
    expect((await caught(createAuth(service, { store, env }).credential())).code).toBe('no_credential')
    expect(await at('home')).toBe('saved sign-in "home"')
  })

  it('cannot be switched to where nobody is signed in', async () => {
    const { service, store, signIn } = await world()
    await signIn('work')
    const error = await caught(switchAccount(service, 'wrok', { store }))
    expect([error.code, error.message, error.hint]).toEqual([
      'sign_in_required',
      expect.stringContaining('No account "wrok" is signed in to Profundis; there is "work".'),
      'Sign in: await signIn(profundis, { account: "wrok" }).',
    ])
  })

  it('of two programs and two services do not meet', async () => {
    const { service, store, signIn } = await world()
    await signIn('work')
    expect(await listAccounts(service, { store, app: 'other' })).toEqual([])
    expect(await listAccounts(pensyve, { store })).toEqual([])
  })
})
