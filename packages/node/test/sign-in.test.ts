import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { listAccounts, memoryStore } from '@pentauth/core'
import { signInAt } from '@pentauth/sandbox'
import { caught, expectNoMarker } from '@pentauth/tooling/canary'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type NodeSignInOptions, pendra, type RedirectRequest, type SignInRequest, signIn } from '../src/index.ts'
import {
  comeBack,
  deferred,
  desktop,
  heardOnStderr,
  isOpen,
  recordingProgram,
  signInWorld,
} from './support/sign-in-world.ts'

const redirectOf = (url: string | URL) => new URL(url).searchParams.get('redirect_uri') ?? ''
const ssh = { PATH: '/nowhere', SSH_CONNECTION: '192.0.2.1 50000 192.0.2.2 22' }

/** The request that the program is asked to present, as soon as it is. */
function presenting<R extends SignInRequest = RedirectRequest>(answer: (request: R) => unknown = () => undefined) {
  const seen = deferred<R>()
  const present = vi.fn((request: SignInRequest) => {
    seen.resolve(request as R)
    return answer(request as R)
  })
  return { present, request: seen.promise }
}

describe('signIn', () => {
  it('opens the browser, takes the answer, and returns what calls the service', async () => {
    const { profundis, options, store, sandbox, events } = await signInWorld()
    const { env, opened, starts } = desktop()
    const stderr = heardOnStderr()
    const stdout = vi.spyOn(process.stdout, 'write')
    onTestFinished(() => stdout.mockRestore())
    const signingIn = signIn(profundis, { ...options, env })
    const url = await opened()
    expect(redirectOf(url)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/)
    const page = await comeBack(url)
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('You are signed in to Profundis')
    const auth = await signingIn
    const { authorization } = await auth.headers(String(profundis.resources.mcp?.url))
    expect(authorization).toMatch(/^Bearer /)
    expect(starts()).toEqual([[url]])
    expect(sandbox.tokens.requests('profundis', 'authorization_code')).toBe(1)
    expect(await listAccounts(profundis, { store })).toMatchObject([{ account: 'default', status: 'signed_in' }])
    // Whoever has no browser after all finds the page in the text.
    expect(stderr.text()).toContain(url)
    expect(stderr.text()).toContain('Signed in to Profundis.')
    expect(stdout).not.toHaveBeenCalled()
    expect(await isOpen(redirectOf(url))).toBe(false)
    expectNoMarker(events)
    expectNoMarker(stderr.text())
  })

  it('registers once, whichever port it listens on', async () => {
    const { profundis, options, sandbox } = await signInWorld()
    const redirects: string[] = []
    for (const account of ['one', 'two']) {
      const { present, request } = presenting()
      const signingIn = signIn(profundis, { ...options, env: {}, account, present })
      const { url, redirectUri } = await request
      redirects.push(redirectUri)
      await comeBack(url)
      await signingIn
    }
    expect(new Set(redirects).size).toBe(2)
    expect(sandbox.journal.entries.filter(({ url }) => /register/.test(url))).toHaveLength(1)
  })

  it('tells the browser that it failed, and the program why', async () => {
    const { profundis, options } = await signInWorld()
    const { present, request } = presenting()
    const failed = caught(signIn(profundis, { ...options, env: {}, present }))
    const page = await comeBack((await request).url, false)
    expect(page.status).toBe(400)
    expect(await page.text()).toContain('The sign-in to Profundis did not work')
    expect(await failed).toMatchObject({ code: 'sign_in_failed', parameters: { error: 'access_denied' } })
  })

  it('says that it worked only after the session is saved', async () => {
    const { profundis, options } = await signInWorld()
    const saving = deferred()
    const memory = memoryStore()
    const store = {
      ...memory,
      set: async (key: string, value: string) => {
        if (key.startsWith('session/')) await saving.promise
        await memory.set(key, value)
      },
    }
    const { present, request } = presenting()
    const signingIn = signIn(profundis, { ...options, store, env: {}, present })
    let isAnswered = false
    const page = comeBack((await request).url).finally(() => {
      isAnswered = true
    })
    await vi.waitFor(async () => expect(await memory.get('sign-ins')).toBeUndefined())
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(isAnswered).toBe(false)
    saving.resolve()
    expect((await page).status).toBe(200)
    await signingIn
  })

  it('goes on after strangers, and answers once', async () => {
    const { profundis, options } = await signInWorld()
    const { present, request } = presenting()
    const signingIn = signIn(profundis, { ...options, env: {}, present })
    const { url, redirectUri } = await request
    for (let forged = 0; forged < 5; forged += 1) {
      const page = await fetch(`${redirectUri}?code=abc&state=forged${forged}`)
      expect([page.status, (await page.text()).includes('forged')]).toEqual([400, false])
    }
    expect((await comeBack(url)).status).toBe(200)
    await signingIn
  })

  it('says where the session is kept, and that it is not where the store fails', async () => {
    const { profundis, options } = await signInWorld()
    const stderr = heardOnStderr()
    const kept = { ...memoryStore(), name: 'a drawer' }
    const full = () => Promise.reject(Object.assign(new TypeError('no space'), { code: 'ENOSPC' }))
    const stuck = { ...memoryStore(), name: 'a full drawer' }
    const set = stuck.set
    stuck.set = (key, value) => (key.startsWith('session/') ? full() : set(key, value))
    const lost = { ...memoryStore(), name: 'a drawer of its own' }
    const setLost = lost.set
    lost.set = (key, value) => (key.startsWith('account/') ? full() : setLost(key, value))
    for (const store of [kept, stuck, lost]) {
      const { env, opened } = desktop()
      const auth = signIn(profundis, { ...options, store, account: 'work', env })
      await comeBack(await opened())
      expect((await (await auth).credential()).kind).toBe('access-token')
    }
    expect(stderr.text()).toContain('Signed in to Profundis as work. The session is kept in: a drawer.\n')
    expect(stderr.text()).toMatch(/could NOT be saved in: a full drawer \(.*ENOSPC.*\)\. It ends with this program\./)
    expect(stderr.text()).toContain(
      'kept in: a drawer of its own. It could not be made the current account there; name it',
    )
  })

  it('refuses services, options and addresses that no sign-in can use', async () => {
    const { profundis, options } = await signInWorld()
    const at = (more: object) => caught(signIn(profundis, { ...options, env: {}, ...more } as NodeSignInOptions))
    expect(await caught(signIn(pendra, { ...options, env: {}, browser: true, present: () => 0 }))).toMatchObject({
      code: 'invalid_option',
      message: expect.stringContaining('Pendra signs no people in.'),
    })
    for (const redirectUri of [
      'https://app.example/callback',
      'http://app.example/callback',
      'http://127.0.0.1.app.example/',
      'http://user@127.0.0.1/callback',
      'http://127.0.0.1:99999/callback',
      'http://127.0.0.1/callback#there',
      'http://0.0.0.0:8123/callback',
      7,
    ]) {
      const error = await at({ redirectUri })
      expect(error).toMatchObject({ code: 'invalid_option' })
      expect((error as Error).message).toMatch(/^The option "redirectUri" is no http address of this machine/)
    }
    for (const more of [
      { port: -1 },
      { port: 70_000 },
      { port: '8123' },
      { port: 1, redirectUri: 'http://127.0.0.1:2/' },
      { timeout: 0 },
      { timeout: 4_000 },
      { timeout: 'long' },
      { present: 'here' },
      { browser: 'yes' },
      { signal: {} },
      { account: '' },
      { store: {} },
    ])
      expect(await at(more), JSON.stringify(more)).toMatchObject({ code: 'invalid_option' })
  })
})

describe('the address that the browser comes back to', () => {
  const freePort = async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    return port
  }

  it('is the registered one, on both versions of IP', async () => {
    const { profundis, options } = await signInWorld()
    const port = await freePort()
    const { present, request } = presenting()
    const redirectUri = `http://localhost:${port}/cb`
    const signingIn = signIn(profundis, { ...options, env: {}, present, redirectUri })
    const { url } = await request
    expect(redirectOf(url)).toBe(redirectUri)
    for (const host of ['127.0.0.1', '[::1]', 'localhost'])
      expect((await fetch(`http://${host}:${port}/cb?state=no`)).status).toBe(400)
    await comeBack(url)
    await signingIn
  })

  it('takes any port where the registered address has none, and the chosen one where a port is given', async () => {
    const { profundis, options } = await signInWorld()
    const port = await freePort()
    for (const [more, expected] of [
      [{ redirectUri: 'http://127.0.0.1/cb' }, /^http:\/\/127\.0\.0\.1:\d+\/cb$/],
      [{ redirectUri: 'http://127.0.0.1/cb', port }, new RegExp(`^http://127\\.0\\.0\\.1:${port}/cb$`)],
      [{ port }, new RegExp(`^http://127\\.0\\.0\\.1:${port}/callback$`)],
    ] as const) {
      const { present, request } = presenting()
      const signingIn = signIn(profundis, { ...options, env: {}, present, ...more })
      const { url, redirectUri } = await request
      expect(redirectUri).toMatch(expected)
      await comeBack(url)
      await signingIn
    }
  })

  it.each(['127.0.0.1', '::1'])('is not taken from somebody else, nor replaced (%s)', async (host) => {
    const { profundis, options } = await signInWorld()
    const other = createTcpServer().listen(0, host)
    onTestFinished(() => void other.close())
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as AddressInfo
    const { present } = presenting()
    const error = await caught(signIn(profundis, { ...options, env: {}, present, port }))
    expect(error).toMatchObject({ code: 'sign_in_failed', hint: expect.stringContaining('choose another port') })
    expect((error as Error).message).toContain(`port ${port} of 127.0.0.1 is taken (EADDRINUSE)`)
    expect(present).not.toHaveBeenCalled()
  })
})

describe('a program that presents the sign-in itself', () => {
  it('may bring the address that the browser ended at', async () => {
    const { profundis, options } = await signInWorld()
    const stderr = heardOnStderr()
    const { present } = presenting(async ({ url }) => String(await signInAt(fetch, url)))
    const auth = await signIn(profundis, { ...options, env: {}, present })
    expect((await auth.credential()).kind).toBe('access-token')
    expect(present).toHaveBeenCalledWith({
      way: 'redirect',
      url: expect.any(URL),
      redirectUri: expect.stringMatching(/callback$/),
      expiresAt: expect.any(Number),
    })
    expect(stderr.text()).toBe('')
  })

  it('ends the sign-in by throwing', async () => {
    const { profundis, options } = await signInWorld()
    const { present, request } = presenting(() => {
      throw new TypeError('closed')
    })
    expect(await caught(signIn(profundis, { ...options, env: {}, present }))).toEqual(new TypeError('closed'))
    expect(await isOpen((await request).redirectUri)).toBe(false)
  })

  it('is given a code where no browser opens, and the server signs devices in', async () => {
    const { pensyve, options } = await signInWorld({ pensyve: { deviceAuthorization: true } })
    const allowed = deferred()
    const { present } = presenting<Extract<SignInRequest, { way: 'device' }>>(async ({ verificationUriComplete }) => {
      await signInAt(fetch, verificationUriComplete as URL)
      allowed.resolve()
    })
    const auth = await signIn(pensyve, { ...options, env: ssh, present, runtime: { sleep: () => allowed.promise } })
    expect((await auth.credential()).kind).toBe('access-token')
    expect(present.mock.calls.map(([{ way }]) => way)).toEqual(['device'])
  })
})

describe('without a browser', () => {
  it('says why, and shows a code to allow elsewhere', async () => {
    const { pensyve, options } = await signInWorld({ pensyve: { deviceAuthorization: true } })
    const stderr = heardOnStderr()
    // The server wants 5 s between two questions: the first one comes when the person is done.
    const allowed = deferred()
    const signingIn = signIn(pensyve, { ...options, env: ssh, runtime: { sleep: () => allowed.promise } })
    const page = await stderr.like(/compare it at {2}(\S+)/)
    await signInAt(fetch, page)
    allowed.resolve()
    await signingIn
    const text = stderr.text()
    expect(text).toContain('No browser opens here: this is an SSH session (SSH_CONNECTION is set).')
    expect(text).toMatch(/open this page on any device:\n\n {2}http:\S+\n\nand enter the code {2}\S+/)
    expect(text).toContain('Waiting until it is allowed')
  })

  it('shows the page, and how ssh brings the browser here, where the server has no codes', async () => {
    const { profundis, options } = await signInWorld()
    const stderr = heardOnStderr()
    const signingIn = signIn(profundis, { ...options, env: ssh })
    const url = await stderr.like(/^ {2}(http:\S+authorize\?\S+)$/m)
    const { port } = new URL(redirectOf(url))
    expect(await stderr.like(/ssh -L .*/)).toContain(`ssh -L ${port}:127.0.0.1:${port} `)
    await stderr.like(/Waiting for the browser/)
    await comeBack(url)
    await signingIn
  })

  it('opens one all the same, or none, where the program says so', async () => {
    const { profundis, options } = await signInWorld()
    const { env, opened, starts } = desktop()
    const stderr = heardOnStderr()
    const signingIn = signIn(profundis, { ...options, env: { ...env, DISPLAY: '', CI: 'true' }, browser: true })
    await comeBack(await opened())
    await signingIn
    const second = signIn(profundis, { ...options, env, browser: false })
    const url = await stderr.like(/the program wants none\.[\s\S]*?(http:\S+authorize\?\S+)/)
    await comeBack(url)
    await second
    expect(starts()).toHaveLength(1)
  })

  it('does not wait in CI, and says what to use there', async () => {
    const { profundis, options } = await signInWorld()
    const error = await caught(signIn(profundis, { ...options, env: { CI: 'true', DISPLAY: ':0' } }))
    expect(error).toMatchObject({ code: 'sign_in_required', hint: expect.stringContaining('PROFUNDIS_API_KEY') })
    expect((error as Error).message).toContain('this is CI (CI is set)')
  })

  it('does not wait where nobody reads what it says, and no browser opens', async () => {
    const { profundis, options, sandbox } = await signInWorld()
    const stderr = heardOnStderr()
    const { path } = recordingProgram('xdg-open', { exit: 3 })
    for (const [env, why] of [
      [{}, 'display'],
      [{ PATH: path, DISPLAY: ':0' }, 'no browser could be opened (xdg-open ended with 3)'],
    ] as const) {
      const error = await caught(signIn(profundis, { ...options, env, unattended: true }))
      expect(error).toMatchObject({ code: 'sign_in_required', message: expect.stringContaining(why) })
    }
    expect(sandbox.tokens.requests('profundis', 'authorization_code')).toBe(0)
    const { env, opened } = desktop()
    const signingIn = signIn(profundis, { ...options, env, unattended: true })
    await comeBack(await opened())
    await signingIn
    await stderr.like(/Signed in to Profundis/)
    await expect(signIn(profundis, { unattended: 'no' as never })).rejects.toMatchObject({ code: 'invalid_option' })
  })

  it('says that the browser did not open', async () => {
    const { profundis, options } = await signInWorld()
    const stderr = heardOnStderr()
    const { path } = recordingProgram('xdg-open', { exit: 3 })
    const signingIn = signIn(profundis, { ...options, env: { PATH: path, DISPLAY: ':0' } })
    await stderr.like(/No browser could be opened \(xdg-open ended with 3\)/)
    await comeBack(await stderr.like(/^ {2}(http:\S+authorize\?\S+)$/m))
    await signingIn
  })

  it('says that there is no program that opens one', async () => {
    const { profundis, options } = await signInWorld()
    const stderr = heardOnStderr()
    const signingIn = signIn(profundis, { ...options, env: { PATH: '/nowhere', DISPLAY: ':0' } })
    await stderr.like(/No browser opens here: no program here opens a browser \(xdg-open is missing\)\./)
    await comeBack(await stderr.like(/^ {2}(http:\S+authorize\?\S+)$/m))
    await signingIn
  })
})

describe('the end of the waiting', () => {
  it('comes with the time', async () => {
    const { profundis, options, store } = await signInWorld()
    const { present, request } = presenting()
    const error = await caught(signIn(profundis, { ...options, env: {}, present, timeout: 2 }))
    expect(error).toMatchObject({ code: 'sign_in_failed', hint: expect.stringContaining('timeout') })
    expect((error as Error).message).toContain('waits no longer: nobody came back within 2 s')
    expect(await isOpen((await request).redirectUri)).toBe(false)
    expect(await listAccounts(profundis, { store })).toEqual([])
  })

  it('comes with the signal, before and while a person is asked', async () => {
    const { profundis, options } = await signInWorld()
    const reason = new TypeError('enough')
    const { present, request } = presenting()
    const first = await caught(signIn(profundis, { ...options, env: {}, present, signal: AbortSignal.abort(reason) }))
    expect(first).toBe(reason)
    expect(present).not.toHaveBeenCalled()
    const stop = new AbortController()
    const failed = caught(signIn(profundis, { ...options, env: {}, present, signal: stop.signal }))
    const { redirectUri } = await request
    stop.abort(reason)
    expect(await failed).toBe(reason)
    expect(await isOpen(redirectUri)).toBe(false)
  })

  it('leaves nothing that listens to signals', async () => {
    const { profundis, options } = await signInWorld()
    const before = ['SIGINT', 'SIGTERM'].map((name) => process.listenerCount(name))
    const { present, request } = presenting()
    const signingIn = signIn(profundis, { ...options, env: {}, present })
    const { url } = await request
    expect(process.listenerCount('SIGINT')).toBe((before[0] ?? 0) + 1)
    await comeBack(url)
    await signingIn
    expect(['SIGINT', 'SIGTERM'].map((name) => process.listenerCount(name))).toEqual(before)
  })
})

describe('one person is asked one thing at a time', () => {
  it('and who waited uses the session of the first', async () => {
    const { profundis, options, sandbox } = await signInWorld()
    const first = presenting()
    const second = presenting()
    const stderr = heardOnStderr()
    const one = signIn(profundis, { ...options, env: {}, present: first.present })
    const { url } = await first.request
    const two = signIn(profundis, { ...options, env: {}, present: second.present })
    const three = signIn(profundis, { ...options, env: {} })
    await stderr.like(/Waiting for the store: another program may be signing in to Profundis now/)
    await comeBack(url)
    const tokens = await Promise.all(
      [one, two, three].map(async (auth) => (await (await auth).credential()).secret.reveal()),
    )
    expect(new Set(tokens).size).toBe(1)
    expect(second.present).not.toHaveBeenCalled()
    expect(sandbox.tokens.requests('profundis', 'authorization_code')).toBe(1)
  })

  it('and takes over when the first gave up', async () => {
    const { profundis, options } = await signInWorld()
    const stop = new AbortController()
    const first = presenting()
    const second = presenting()
    const one = caught(signIn(profundis, { ...options, env: {}, present: first.present, signal: stop.signal }))
    await first.request
    const two = signIn(profundis, { ...options, env: {}, present: second.present })
    stop.abort()
    await one
    await comeBack((await second.request).url)
    await two
  })

  it('but asks for what the first session may not do', async () => {
    const { pensyve, options } = await signInWorld()
    const first = presenting()
    const second = presenting()
    const one = signIn(pensyve, { ...options, env: {}, present: first.present, scope: 'mcp:read' })
    const { url } = await first.request
    const two = signIn(pensyve, { ...options, env: {}, present: second.present, scope: 'mcp:read mcp:write' })
    await comeBack(url)
    await one
    await comeBack((await second.request).url)
    await two
  })

  it('and a lock that fails is the store’s failure, before anybody is asked', async () => {
    const { profundis, options } = await signInWorld()
    const { present } = presenting()
    const at = (lock: NodeSignInOptions['lock']) => caught(signIn(profundis, { ...options, env: {}, present, lock }))
    const refused = Object.assign(new Error('no'), { code: 'EACCES' })
    expect(await at(() => Promise.reject(refused))).toMatchObject({
      code: 'store_failed',
      retryable: true,
      message: expect.stringMatching(/^The store of the Profundis sign-in could not be locked \(EACCES\)\./),
    })
    // One that never lets anybody in.
    expect(await at(async () => undefined as never)).toMatchObject({ code: 'store_failed' })
    expect(present).not.toHaveBeenCalled()
  })

  it('and a lock that is lost on the way undoes nothing', async () => {
    const { profundis, options } = await signInWorld()
    const { present } = presenting(async ({ url }) => String(await signInAt(fetch, url)))
    const lock: NodeSignInOptions['lock'] = async (name, run) => {
      const result = await run()
      if (name.startsWith('interactive/')) throw new TypeError('lost')
      return result
    }
    const auth = await signIn(profundis, { ...options, env: {}, present, lock })
    expect((await auth.credential()).kind).toBe('access-token')
  })

  it('and different accounts do not wait for each other', async () => {
    const { profundis, options } = await signInWorld()
    const first = presenting()
    const second = presenting()
    const one = signIn(profundis, { ...options, env: {}, present: first.present, account: 'work' })
    const two = signIn(profundis, { ...options, env: {}, present: second.present, account: 'home' })
    for (const { request } of [second, first]) await comeBack((await request).url)
    await Promise.all([one, two])
  })
})
