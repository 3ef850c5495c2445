import { afterEach, describe, expect, test } from 'vitest'
import { createSandbox, leakMarker, type SignInService, signInAt } from '../src/index.ts'
import { listen, type SandboxServer } from '../src/server.ts'
import { appAt, authorizationUrl, refresh, register, servers, signedIn, signInServices } from './support/app.ts'
import { consoles, personAt, signedInAt } from './support/person.ts'

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'app', version: '1.0.0' } },
}

function mcp(sandbox: ReturnType<typeof createSandbox>, service: SignInService, token: string): Promise<Response> {
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
  }
  return sandbox.fetch(servers[service].resource, { method: 'POST', headers, body: JSON.stringify(initialize) })
}

describe.each(signInServices)('%s', (service) => {
  test('a revoked app is off the page, and its tokens are dead at once', async () => {
    const sandbox = createSandbox({ now: () => Date.UTC(2026, 2, 1, 9, 30) })
    const clientId = appAt(sandbox, service)
    const { json } = await signedIn(sandbox, service, clientId)
    expect((await mcp(sandbox, service, json.access_token)).status).toBe(200)
    const person = await signedInAt(sandbox, service)
    expect(person.page.text).toContain('<strong>Test app</strong>')
    expect(person.page.text).toContain(
      'Connected since <time datetime="2026-03-01T09:30:00.000Z">1 March 2026 at 09:30 UTC</time>',
    )
    const revoked = await person.press('Revoke access of Test app')
    expect(revoked.page.text).toContain('Test app has no access to your account any more.')
    expect(revoked.page.text).toContain('No app is connected to this account.')
    expect((await mcp(sandbox, service, json.access_token)).status).toBe(401)
    const renewed = await refresh(sandbox, service, clientId, json.refresh_token)
    expect([renewed.status, renewed.json.error]).toEqual([400, 'invalid_grant'])
  })

  test('another account’s app is not seen, and not revoked by its id', async () => {
    const sandbox = createSandbox()
    const { accessToken } = await sandbox.tokens.issue(service, { clientId: appAt(sandbox, service) })
    const other = service === 'profundis' ? 'credited' : 'outsider'
    await sandbox.tokens.issue(service, { account: other })
    const person = await signedInAt(sandbox, service, other)
    expect(person.page.text).not.toContain('Test app')
    const [app] = sandbox.apps.list(service, { account: 'ada' })
    const refused = await person.press('Revoke access of Tokens for a test', { id: app?.id ?? '' })
    expect(refused.page.status).toBe(404)
    expect((await mcp(sandbox, service, accessToken)).status).toBe(200)
  })

  test('who has signed in for an app is signed in here', async () => {
    const sandbox = createSandbox()
    const consent = await personAt(sandbox, authorizationUrl(service, appAt(sandbox, service)))
    const choice = service === 'profundis' ? await consent.press('Continue with Google') : consent
    const asked = await choice.press('Sign in', { account: 'ada' })
    expect((await asked.goto(consoles[service])).page.text).toContain('Signed in as Ada')
  })
})

test('the scopes of an app are words', async () => {
  const sandbox = createSandbox()
  await sandbox.tokens.issue('pensyve', { scopes: ['mcp:read'] })
  const { text } = (await signedInAt(sandbox, 'pensyve')).page
  expect(text).toContain('<small>Recall and inspect your memories, and see the status of your account</small>')
  expect(text).not.toContain('<small>Remember and forget things')
})

test('an app called after mark-up is shown, and is not mark-up', async () => {
  const sandbox = createSandbox()
  const client_name = `<script>alert("x")</script>'&`
  const metadata = { client_name, redirect_uris: ['http://127.0.0.1/callback'], token_endpoint_auth_method: 'none' }
  const { json } = await register(sandbox, 'pendium', metadata)
  await sandbox.tokens.issue('pendium', { clientId: json.client_id })
  const { text } = (await signedInAt(sandbox, 'pendium')).page
  expect(text).not.toContain('<script')
  expect(text).toContain('<strong>&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39;&amp;</strong>')
})

describe('over HTTP', () => {
  let server: SandboxServer | undefined
  afterEach(() => server?.close())

  test.each([
    ['pendium', 'https://pendium.ai/api/visibility/account', 'Delete key local', 401],
    ['pendra', 'https://api.pendra.ai/api/v1/models', 'Delete key local', 401],
  ] as const)(
    '%s: a key is made, works, and is deleted, at local addresses alone',
    async (service, api, button, after) => {
      const sandbox = createSandbox()
      server = await listen(sandbox)
      const at = (url: string): string => (server?.origins[new URL(url).origin] ?? '') + new URL(url).pathname
      const person = await signedInAt({ fetch }, service, 'ada', at(consoles[service]))
      expect(person.page.url.href).toBe(at(consoles[service]))
      const made = await person.press('Create API key', { name: 'local' })
      const [key = ''] = made.secrets
      expect(key.includes(leakMarker)).toBe(true)
      const status = async () => (await fetch(at(api), { headers: { 'x-api-key': key } })).status
      expect(await status()).toBe(200)
      expect((await made.reload()).page.text).not.toContain(key)
      await made.reload().then((page) => page.press(button))
      expect(await status()).toBe(after)
    },
  )

  test('pensyve: an app that signed in is revoked by its person', async () => {
    const sandbox = createSandbox()
    server = await listen(sandbox)
    const at = (url: string): string => url.replace(new URL(url).origin, server?.origins[new URL(url).origin] ?? '')
    const resource = at(servers.pensyve.resource)
    const url = at(authorizationUrl('pensyve', appAt(sandbox, 'pensyve'), { resource }))
    expect((await signInAt(fetch, url)).searchParams.has('code')).toBe(true)
    await sandbox.tokens.issue('pensyve')
    const person = await signedInAt({ fetch }, 'pensyve', 'ada', at(consoles.pensyve))
    const revoked = await person.press('Revoke access of Tokens for a test')
    expect([revoked.page.status, sandbox.apps.list('pensyve')]).toEqual([200, []])
  })
})
