import { describe, expect, test } from 'vitest'
import { createSandbox, leakMarker, type Sandbox, SandboxError, signInAt } from '../src/index.ts'
import { appAt, authorizationUrl, redirectUri, register, servers, signInServices } from './support/app.ts'
import { createBrowser, type Shown } from './support/browser.ts'

const callbackOf = (page: Shown): URL => new URL(page.headers.get('location') ?? 'about:blank')

async function consent(sandbox: Sandbox, clientId: string, changes: Record<string, string | undefined> = {}) {
  const browser = createBrowser(sandbox)
  const first = await browser.goto(authorizationUrl('pendium', clientId, changes))
  return { browser, first, page: await browser.send(first, { account: 'ada' }) }
}

describe.each(signInServices)('%s: a person signs in and allows', (service) => {
  test('and the app gets a code, its state and the issuer (RFC 9207)', async () => {
    const sandbox = createSandbox()
    const callback = await signInAt(sandbox, authorizationUrl(service, appAt(sandbox, service)))
    expect(callback.origin + callback.pathname).toBe(redirectUri)
    expect([...callback.searchParams.keys()]).toEqual(['code', 'state', 'iss'])
    expect(callback.searchParams.get('code')?.includes(leakMarker)).toBe(true)
    expect(callback.searchParams.get('state')).toBe('a state')
    expect(callback.searchParams.get('iss')).toBe(servers[service].issuer)
  })

  test('or does not', async () => {
    const sandbox = createSandbox()
    const callback = await signInAt(sandbox, authorizationUrl(service, appAt(sandbox, service)), { allow: false })
    expect(callback.searchParams.get('error')).toBe('access_denied')
    expect(callback.searchParams.get('state')).toBe('a state')
    expect(callback.searchParams.get('iss')).toBe(servers[service].issuer)
    expect(callback.searchParams.has('code')).toBe(false)
  })

  test('and an app that sent no state gets none', async () => {
    const sandbox = createSandbox()
    const url = authorizationUrl(service, appAt(sandbox, service), { state: undefined })
    expect((await signInAt(sandbox, url)).searchParams.has('state')).toBe(false)
  })
})

describe('Profundis', () => {
  test('signs in with Google before it asks', async () => {
    const sandbox = createSandbox()
    const browser = createBrowser(sandbox)
    const first = await browser.goto(authorizationUrl('profundis', appAt(sandbox, 'profundis')))
    expect([first.heading, first.text.includes('Continue with Google')]).toEqual(['Sign in to Profundis', true])
    const second = await browser.send(first)
    expect(second.heading).toBe('Choose a Google account for Profundis')
    const third = await browser.send(second, { account: 'credited' })
    expect(third.heading).toBe('Test app wants to use your Profundis account')
    expect(third.text).toContain('Credited (credited@example.com)')
  })

  test('an account without entitlement is told so, and the app gets access_denied', async () => {
    const sandbox = createSandbox()
    const url = authorizationUrl('profundis', appAt(sandbox, 'profundis'))
    const browser = createBrowser(sandbox)
    const page = await browser.send(await browser.send(await browser.goto(url)), { account: 'free' })
    expect(page.text).toContain('it needs a paid plan (Professional or Enterprise) or purchased credits')
    expect(page.text).not.toContain('value="allow"')
    // A form that was changed by hand allows nothing either.
    const forced = callbackOf(await browser.send(page, { decision: 'allow' }))
    expect(forced.searchParams.get('error')).toBe('access_denied')
    const callback = await signInAt(sandbox, url, { account: 'free' })
    expect(callback.searchParams.get('error')).toBe('access_denied')
    expect(callback.searchParams.get('error_description')).toContain('purchased credits')
    sandbox.accounts.update('profundis', 'free', { purchasedCredits: 1 })
    expect((await signInAt(sandbox, url, { account: 'free' })).searchParams.has('code')).toBe(true)
  })
})

describe('pages', () => {
  test('need no script, load nothing, and cannot be framed or kept', async () => {
    const sandbox = createSandbox()
    const { first, page } = await consent(sandbox, appAt(sandbox, 'pendium'))
    for (const { status, headers, text } of [first, page]) {
      expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      const policy = headers.get('content-security-policy') ?? ''
      const nonce = /'nonce-([0-9a-f]{32})'/.exec(policy)?.[1]
      expect(policy).toContain("default-src 'none'; style-src 'nonce-")
      expect(policy).toContain("frame-ancestors 'none'; base-uri 'none'")
      expect(text).toContain(`<style nonce="${nonce}">`)
      expect(text).not.toMatch(/<script|<link|<img|<iframe| on[a-z]+="|@import|url\(/)
      expect(text).toMatch(/^<!doctype html>\n<html lang="en">/)
      expect(text).toContain('<meta name="viewport"')
      // Every input that is seen has a label.
      for (const input of text.match(/<input type="(?!hidden)[^>]*>/g) ?? []) {
        expect(text.includes(`<label class="choice">${input}`)).toBe(true)
      }
    }
    expect(first.headers.get('content-security-policy')).toContain("form-action 'self';")
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self' http://127.0.0.1:7777;")
  })

  test('an app called after mark-up is shown, and is not mark-up', async () => {
    const sandbox = createSandbox()
    const name = `<script>alert("x")</script>'&`
    const { json } = await register(sandbox, 'pendium', {
      client_name: name,
      redirect_uris: [redirectUri],
      token_endpoint_auth_method: 'none',
    })
    const { page } = await consent(sandbox, json.client_id)
    expect(page.text).not.toContain('<script')
    expect(page.text).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39;&amp;')
  })

  test('say what is allowed, to whom it goes, and who is asked', async () => {
    const sandbox = createSandbox()
    const browser = createBrowser(sandbox)
    const clientId = appAt(sandbox, 'pensyve')
    const url = authorizationUrl('pensyve', clientId, { scope: 'mcp:read mcp:write' })
    const page = await browser.send(await browser.goto(url), { account: 'outsider' })
    expect(page.text).toContain('Outsider (outsider@example.com)')
    expect(page.text).toContain('<li>Recall and inspect your memories')
    expect(page.text).toContain('<li>Remember and forget things')
    expect(page.text).toContain('a program on this computer')
  })

  test('the cookie is for the server alone, and changes when somebody signs in', async () => {
    const sandbox = createSandbox()
    const { first, page } = await consent(sandbox, appAt(sandbox, 'pendium'))
    const [before, after] = [first, page].map(({ headers }) => headers.get('set-cookie') ?? '')
    expect(before).toMatch(/^pendium_session=bs_[0-9a-f]+; Path=\/; HttpOnly; SameSite=Lax; Secure$/)
    expect(before?.includes(leakMarker)).toBe(true)
    expect(after).not.toBe(before)
    const url = authorizationUrl('pendium', appAt(sandbox, 'pendium'), { resource: undefined })
    const local = await sandbox.fetch(url, { origins: { 'https://pendium.ai': 'http://localhost:4100' } })
    expect(local.headers.get('set-cookie')).toMatch(/; HttpOnly; SameSite=Lax$/)
  })

  test('who is signed in is asked for consent alone, and can change the account', async () => {
    const sandbox = createSandbox()
    const clientId = appAt(sandbox, 'pendium')
    const { browser } = await consent(sandbox, clientId)
    const again = await browser.goto(authorizationUrl('pendium', clientId))
    expect(again.heading).toBe('Test app wants to use your Pendium account')
    const choice = await browser.send(again, { decision: 'switch' })
    expect(choice.heading).toBe('Sign in to Pendium')
    expect((await browser.send(choice, { account: 'outsider' })).text).toContain('Outsider')
  })

  test('an account that is none is not signed in', async () => {
    const sandbox = createSandbox()
    const browser = createBrowser(sandbox)
    const first = await browser.goto(authorizationUrl('pendium', appAt(sandbox, 'pendium')))
    const again = await browser.send(first, { account: 'nobody' })
    expect([again.status, again.text.includes('role="alert"')]).toEqual([400, true])
    expect((await browser.send(again, { account: 'ada' })).heading).toContain('wants to use')
  })
})

describe('a form counts once, in time, and in the browser that was shown it', () => {
  const stale = 'This form is no longer valid'

  test('once', async () => {
    const sandbox = createSandbox()
    const { browser, first, page } = await consent(sandbox, appAt(sandbox, 'pendium'))
    expect((await browser.send(first, { account: 'ada' })).heading).toBe(stale)
    expect(callbackOf(await browser.send(page, { decision: 'allow' })).searchParams.has('code')).toBe(true)
    expect((await browser.send(page, { decision: 'allow' })).heading).toBe(stale)
  })

  test('in time', async () => {
    const sandbox = createSandbox()
    const { browser, page } = await consent(sandbox, appAt(sandbox, 'pendium'))
    sandbox.clock.advance(10 * 60 * 1000)
    expect((await browser.send(page, { decision: 'allow' })).heading).toBe(stale)
  })

  test('in that browser: somebody else who is signed in cannot send it', async () => {
    const sandbox = createSandbox()
    const { browser, page } = await consent(sandbox, appAt(sandbox, 'pendium'))
    const other = (await consent(sandbox, appAt(sandbox, 'pendium'))).browser
    expect((await other.send(page, { decision: 'allow' })).heading).toBe(stale)
    expect((await browser.send(page, { decision: 'allow' }, false)).heading).toBe(stale)
    expect((await browser.send(page, { form: 'guessed', decision: 'allow' })).heading).toBe(stale)
    expect(callbackOf(await browser.send(page, { decision: 'allow' })).searchParams.has('code')).toBe(true)
  })

  test('for what it was shown for', async () => {
    const sandbox = createSandbox({ pendium: { deviceAuthorization: true } })
    const { browser, page } = await consent(sandbox, appAt(sandbox, 'pendium'))
    const elsewhere = await browser.send({ ...page, action: '/device/decision' }, { decision: 'allow' })
    expect(elsewhere.heading).toBe(stale)
  })

  test('who changes the account is signed out, also with the cookie of before', async () => {
    const sandbox = createSandbox()
    const clientId = appAt(sandbox, 'pendium')
    const { browser, page } = await consent(sandbox, clientId)
    const [cookie = ''] = (page.headers.get('set-cookie') ?? '').split(';')
    const show = async () =>
      (await sandbox.fetch(authorizationUrl('pendium', clientId), { headers: { cookie } })).text()
    expect(await show()).toContain('wants to use your Pendium account')
    await browser.send(page, { decision: 'switch' })
    expect(await show()).toContain('<h1>Sign in to Pendium')
  })

  test('an app deleted in the meantime gets nothing', async () => {
    const sandbox = createSandbox()
    const clientId = appAt(sandbox, 'pendium')
    const { browser, page } = await consent(sandbox, clientId)
    sandbox.clients.delete(clientId)
    const answer = await browser.send(page, { decision: 'allow' })
    expect([answer.status, answer.heading]).toEqual([400, 'This app cannot sign you in'])
  })
})

describe('nobody is sent to an address that is not the app’s', () => {
  test.each<[string, Record<string, string | undefined>]>([
    ['an unknown app', { client_id: 'client_unknown' }],
    ['no app', { client_id: undefined }],
    ['no redirect URI', { redirect_uri: undefined }],
    ['another path', { redirect_uri: 'http://127.0.0.1:7777/callback/other' }],
    ['another host', { redirect_uri: 'http://localhost:7777/callback' }],
    ['another query', { redirect_uri: 'http://127.0.0.1:7777/callback?a=1' }],
    ['user information', { redirect_uri: 'http://127.0.0.1:7777@evil.example/callback' }],
    ['https on loopback', { redirect_uri: 'https://127.0.0.1:7777/callback' }],
  ])('%s', async (_, changes) => {
    const sandbox = createSandbox()
    const page = await createBrowser(sandbox).goto(authorizationUrl('pendium', appAt(sandbox, 'pendium'), changes))
    expect([page.status, page.heading, page.headers.has('location')]).toEqual([
      400,
      'This app cannot sign you in',
      false,
    ])
  })

  test('two redirect URIs or two apps', async () => {
    const sandbox = createSandbox()
    const url = authorizationUrl('pendium', appAt(sandbox, 'pendium'))
    for (const more of [`&redirect_uri=${encodeURIComponent(redirectUri)}`, '&client_id=x']) {
      expect((await createBrowser(sandbox).goto(url + more)).status).toBe(400)
    }
  })

  test('an https address has no free port', async () => {
    const sandbox = createSandbox()
    const { clientId } = sandbox.clients.register('pendium', { redirectUris: ['https://app.example/callback'] })
    const at = async (redirect_uri: string) =>
      (await createBrowser(sandbox).goto(authorizationUrl('pendium', clientId, { redirect_uri }))).status
    expect(await at('https://app.example/callback')).toBe(200)
    expect(await at('https://app.example:8443/callback')).toBe(400)
  })
})

describe('a request that is wrong is refused at the app’s address', () => {
  test.each<[string, Record<string, string | undefined>, string]>([
    ['no response type', { response_type: undefined }, 'invalid_request'],
    ['a token at once', { response_type: 'token' }, 'unsupported_response_type'],
    ['an answer in the fragment', { response_mode: 'fragment' }, 'invalid_request'],
    ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['PKCE without a method, which means plain', { code_challenge_method: undefined }, 'invalid_request'],
    ['a challenge that is no SHA-256', { code_challenge: 'short' }, 'invalid_request'],
    ['another resource', { resource: 'https://elsewhere.example/mcp' }, 'invalid_target'],
    ['the resource of a path below', { resource: 'https://pendium.ai/mcp/other' }, 'invalid_target'],
    ['a scope where there are none', { scope: 'admin' }, 'invalid_scope'],
  ])('%s', async (_, changes, error) => {
    const sandbox = createSandbox()
    const { searchParams } = await signInAt(sandbox, authorizationUrl('pendium', appAt(sandbox, 'pendium'), changes))
    expect(searchParams.get('error')).toBe(error)
    expect([searchParams.get('state'), searchParams.get('iss')]).toEqual(['a state', 'https://pendium.ai'])
    expect(searchParams.get('error_description')).toBeTypeOf('string')
  })

  test('a parameter that came twice, and then the state is not trusted', async () => {
    const sandbox = createSandbox()
    const url = `${authorizationUrl('pendium', appAt(sandbox, 'pendium'))}&state=another`
    const { searchParams } = await signInAt(sandbox, url)
    expect([searchParams.get('error'), searchParams.has('state')]).toEqual(['invalid_request', false])
  })

  test('two resources, one of them not ours', async () => {
    const sandbox = createSandbox()
    const url = authorizationUrl('pendium', appAt(sandbox, 'pendium'))
    const both = await signInAt(sandbox, `${url}&resource=https://elsewhere.example/`)
    expect(both.searchParams.get('error')).toBe('invalid_target')
    const twice = await signInAt(sandbox, `${url}&resource=https://pendium.ai/mcp`)
    expect(twice.searchParams.has('code')).toBe(true)
  })

  test('a scope that the app is not registered for', async () => {
    const sandbox = createSandbox()
    const app = { redirectUris: [redirectUri], scopes: ['mcp:read'] }
    const { clientId } = sandbox.clients.register('pensyve', app)
    const at = async (scope: string) =>
      (await signInAt(sandbox, authorizationUrl('pensyve', clientId, { scope }))).searchParams
    expect((await at('mcp')).get('error')).toBe('invalid_scope')
    expect((await at('mcp:read')).has('code')).toBe(true)
  })

  test('an empty path is the root of a resource', async () => {
    const sandbox = createSandbox()
    for (const resource of ['https://mcp.profundis.io', 'https://mcp.profundis.io/', undefined]) {
      const url = authorizationUrl('profundis', appAt(sandbox, 'profundis'), { resource })
      expect((await signInAt(sandbox, url)).searchParams.has('code')).toBe(true)
    }
  })
})

test('signInAt says why it cannot go on', async () => {
  const sandbox = createSandbox()
  const failure = (url: string, account?: string) =>
    signInAt(sandbox, url, { account }).catch((error: unknown) => error)
  const unknown = await failure(authorizationUrl('pendium', 'client_unknown'))
  expect(SandboxError.isInstance(unknown) && [unknown.code, unknown.message]).toEqual([
    'sign_in_failed',
    'The page refused with status 400: This app cannot sign you in',
  ])
  const nobody = await failure(authorizationUrl('pendium', appAt(sandbox, 'pendium')), 'nobody')
  expect(SandboxError.isInstance(nobody) && nobody.message).toBe('The page offers no account "nobody".')
})

test('the journal names every step, and shows no code, state, challenge or form', async () => {
  const sandbox = createSandbox()
  await signInAt(sandbox, authorizationUrl('profundis', appAt(sandbox, 'profundis')))
  expect(sandbox.journal.entries.map(({ method, operation, status }) => [method, operation, status])).toEqual([
    ['GET', 'authorize', 200],
    ['POST', 'sign_in', 200],
    ['POST', 'sign_in', 303],
    ['GET', 'authorize', 200],
    ['POST', 'consent', 303],
  ])
  const text = JSON.stringify(sandbox.journal.entries)
  for (const secret of [leakMarker, 'state=a', 'E9Melhoa2OwvFrEM']) expect(text.includes(secret)).toBe(false)
})
