import { describe, expect, test } from 'vitest'
import { createSandbox, leakMarker, type Sandbox, type SignInService, signInAt } from '../src/index.ts'
import { appAt, postForm, redirectUri, servers, signInServices } from './support/app.ts'
import { createBrowser } from './support/browser.ts'

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'
const on = { deviceAuthorization: true }
const create = () => createSandbox({ now: () => 0, pendium: on, pensyve: on, profundis: on })

async function started(sandbox: Sandbox, service: SignInService, more: Record<string, string> = {}) {
  const client_id = appAt(sandbox, service)
  const { json } = await postForm(sandbox, servers[service].device, { client_id, ...more })
  const poll = (changes: Record<string, string> = {}) =>
    postForm(sandbox, servers[service].token, {
      grant_type: deviceGrant,
      client_id,
      device_code: json.device_code,
      ...changes,
    })
  return { client_id, json, poll }
}

describe.each(signInServices)('%s: a device', (service) => {
  test('waits, is allowed, and gets tokens once', async () => {
    const sandbox = create()
    const { json, poll } = await started(sandbox, service)
    expect(json).toMatchObject({ expires_in: 600, interval: 5 })
    expect(json.device_code.includes(leakMarker)).toBe(true)
    expect(json.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
    expect(json.verification_uri_complete).toBe(`${json.verification_uri}?user_code=${json.user_code}`)
    expect((await poll()).json.error).toBe('authorization_pending')
    const last = await signInAt(sandbox, json.verification_uri_complete, { account: 'ada' })
    expect(last.pathname.endsWith('/decision')).toBe(true)
    sandbox.clock.advance(5000)
    const { status, json: tokens } = await poll()
    expect([status, tokens.token_type, typeof tokens.refresh_token]).toEqual([200, 'Bearer', 'string'])
    expect((await poll()).json.error).toBe('invalid_grant')
    expect(sandbox.apps.list(service)).toMatchObject([{ account: 'ada', name: 'Test app' }])
  })

  test('is denied', async () => {
    const sandbox = create()
    const { json, poll } = await started(sandbox, service)
    await signInAt(sandbox, json.verification_uri_complete, { allow: false })
    expect((await poll()).json.error).toBe('access_denied')
  })

  test('asks too often, and has to slow down', async () => {
    const sandbox = create()
    const { poll } = await started(sandbox, service)
    expect((await poll()).json.error).toBe('authorization_pending')
    sandbox.clock.advance(4999)
    expect((await poll()).json.error).toBe('slow_down')
    sandbox.clock.advance(5000)
    expect((await poll()).json.error).toBe('slow_down')
    sandbox.clock.advance(15_000)
    expect((await poll()).json.error).toBe('authorization_pending')
  })

  test('waits ten minutes at most', async () => {
    const sandbox = create()
    const { json, poll } = await started(sandbox, service)
    sandbox.clock.advance(600_000)
    expect((await poll()).json.error).toBe('expired_token')
    expect((await createBrowser(sandbox).goto(json.verification_uri_complete)).status).toBe(400)
  })

  test('another app cannot have its tokens', async () => {
    const sandbox = create()
    const { poll } = await started(sandbox, service)
    expect((await poll({ client_id: appAt(sandbox, service) })).json.error).toBe('invalid_grant')
    expect((await poll({ device_code: 'unknown' })).json.error).toBe('invalid_grant')
    expect((await poll({ device_code: '' })).json.error).toBe('invalid_request')
  })
})

test('a person types the code, in any case and without the dash', async () => {
  const sandbox = create()
  const { json } = await started(sandbox, 'pendium')
  const browser = createBrowser(sandbox)
  const empty = await browser.goto(json.verification_uri)
  expect([empty.status, empty.heading]).toEqual([200, 'Connect a device'])
  expect(empty.text).toContain('<label for="code">')
  const wrong = await browser.goto(`${json.verification_uri}?user_code=BBBB-BBBB`)
  expect([wrong.status, wrong.text.includes('aria-describedby="wrong"')]).toEqual([400, true])
  const typed = json.user_code.toLowerCase().replace('-', ' ')
  const page = await browser.goto(`${json.verification_uri}?user_code=${typed}`)
  expect(page.heading).toBe('Sign in to Pendium')
  const consent = await browser.send(page, { account: 'ada' })
  expect(consent.text).toContain(json.user_code)
  const other = await browser.send(await browser.send(consent, { decision: 'switch' }), { account: 'outsider' })
  expect((await browser.send(other, { decision: 'allow' })).heading).toBe('Your device is connected')
  expect((await browser.send(other, { decision: 'allow' })).heading).toBe('This form is no longer valid')
})

test('an account without entitlement connects no device', async () => {
  const sandbox = create()
  const { json, poll } = await started(sandbox, 'profundis')
  await signInAt(sandbox, json.verification_uri_complete, { account: 'free' })
  expect((await poll()).json.error).toBe('access_denied')
})

test('what a device asks for is checked', async () => {
  const sandbox = create()
  const client_id = appAt(sandbox, 'pensyve')
  const ask = async (form: Record<string, string>) => (await postForm(sandbox, servers.pensyve.device, form)).json.error
  expect(await ask({ client_id, scope: 'admin' })).toBe('invalid_scope')
  expect(await ask({ client_id, resource: 'https://elsewhere.example/' })).toBe('invalid_target')
  expect(await ask({ client_id: 'client_unknown' })).toBe('invalid_client')
  const codes = { redirectUris: [redirectUri], grantTypes: ['authorization_code'] }
  const { clientId } = sandbox.clients.register('pensyve', codes)
  expect(await ask({ client_id: clientId })).toBe('unauthorized_client')
  expect(await ask({ client_id, scope: 'mcp:read', resource: 'https://mcp.pensyve.com/mcp' })).toBeUndefined()
})

test('where it is off there is no such endpoint', async () => {
  const sandbox = createSandbox()
  expect((await postForm(sandbox, servers.pendium.device, { client_id: 'x' })).status).toBe(404)
  expect((await createBrowser(sandbox).goto('https://pendium.ai/device')).status).toBe(404)
})
