import { memoryStore } from '@pentauth/core'
import { createSandbox, type SandboxOptions, signInAt } from '@pentauth/sandbox'
import { handlers } from '@pentauth/sandbox/msw'
import { caught } from '@pentauth/tooling/canary'
import { setupServer } from 'msw/node'
import { describe, expect, it, onTestFinished } from 'vitest'
import { pendium, pensyve, profundis, type SignInRequest, signIn } from '../src/index.ts'
import { deferred } from './support/sign-in-world.ts'

// The services where their pages say that they are: MSW answers there, and only the way back is a real connection.

function documented(options: SandboxOptions = {}) {
  const sandbox = createSandbox(options)
  const server = setupServer(...handlers(sandbox))
  server.listen({
    onUnhandledFrame: ({ frame, defaults }) => {
      const { hostname } = new URL((frame as unknown as { data: { request: Request } }).data.request.url)
      if (hostname !== '127.0.0.1') defaults.error()
    },
  })
  onTestFinished(() => server.close())
  return sandbox
}

describe('at the documented endpoints', () => {
  it.each([
    ['Pendium', pendium, 'pendium.ai'],
    ['Pensyve', pensyve, 'pensyve.com'],
    ['Profundis', profundis, 'profundis.io'],
  ])('%s signs in by the browser', async (_name, service, domain) => {
    const sandbox = documented()
    const pages: URL[] = []
    const present = async (request: SignInRequest) => {
      if (request.way !== 'redirect') throw new TypeError('no code was asked for')
      pages.push(request.url)
      // The browser's own call, not awaited: it is answered when the session is saved.
      void signInAt(sandbox, request.url).then((url) => fetch(url))
    }
    const auth = await signIn(service, { store: memoryStore(), env: {}, present })
    expect(pages.map(({ hostname }) => hostname.endsWith(domain))).toEqual([true])
    expect(pages[0]?.searchParams.get('code_challenge_method')).toBe('S256')
    const { url } = auth.service.resources.mcp
    expect((await auth.headers(url)).authorization).toMatch(/^Bearer /)
    const ping = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
    const response = await auth.fetch(url, { method: 'POST', headers, body: JSON.stringify(ping) })
    expect(response.status).not.toBe(401)
  })

  it('signs in by a code, and says that nobody came', async () => {
    const sandbox = documented({ pensyve: { deviceAuthorization: true } })
    const env = { SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22' }
    const allowed = deferred()
    const present = async (request: SignInRequest) => {
      if (request.way === 'device') await signInAt(sandbox, request.verificationUriComplete as URL)
      allowed.resolve()
    }
    // The server wants 5 s between two questions: the first one comes when the person is done.
    const runtime = { sleep: () => allowed.promise }
    const auth = await signIn(pensyve, { store: memoryStore(), env, present, runtime })
    expect((await auth.credential()).kind).toBe('access-token')
    const late = { store: memoryStore(), env, present: () => undefined, timeout: 0.2 }
    expect(await caught(signIn(pensyve, late))).toMatchObject({
      code: 'sign_in_failed',
      message: expect.stringContaining('nobody came back within 0.2 s'),
    })
  })
})
