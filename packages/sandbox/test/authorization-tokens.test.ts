import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { createSandbox, leakMarker, type RefreshRotation, type Sandbox, type SignInService } from '../src/index.ts'
import {
  appAt,
  codeFor,
  codeGrant,
  postForm,
  redirectUri,
  refresh,
  servers,
  signedIn,
  signInServices,
  verifier,
} from './support/app.ts'

const days = 24 * 3600 * 1000

describe.each(signInServices)('%s: a code for tokens', (service) => {
  const { token } = servers[service]

  test('the answer is what RFC 6749 has, and is not kept', async () => {
    const sandbox = createSandbox()
    const { status, json, headers } = await signedIn(sandbox, service, appAt(sandbox, service))
    expect([status, headers.get('cache-control'), headers.get('pragma')]).toEqual([200, 'no-store', 'no-cache'])
    expect(json).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: service === 'pensyve' ? 900 : 3600,
      refresh_token: expect.stringMatching(/^rt_[0-9a-f]{64}$/),
      ...(service === 'pensyve' ? { scope: 'mcp' } : {}),
    })
    expect(json.refresh_token.includes(leakMarker)).toBe(true)
    const marked = service === 'pensyve' ? String(decodeJwt(json.access_token).jti) : json.access_token
    expect(marked.includes(leakMarker)).toBe(true)
  })

  test('works once, and a second use ends what the first gave', async () => {
    const sandbox = createSandbox()
    const clientId = appAt(sandbox, service)
    const code = await codeFor(sandbox, service, clientId)
    const first = await postForm(sandbox, token, codeGrant(clientId, code))
    const second = await postForm(sandbox, token, codeGrant(clientId, code))
    expect([second.status, second.json.error]).toEqual([400, 'invalid_grant'])
    expect((await refresh(sandbox, service, clientId, first.json.refresh_token)).json.error).toBe('invalid_grant')
    expect(sandbox.apps.list(service)).toEqual([])
  })

  test('of two requests at once only one gets tokens', async () => {
    const sandbox = createSandbox()
    const clientId = appAt(sandbox, service)
    const form = codeGrant(clientId, await codeFor(sandbox, service, clientId))
    const answers = await Promise.all([postForm(sandbox, token, form), postForm(sandbox, token, form)])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
  })

  test('lives five minutes', async () => {
    const sandbox = createSandbox({ now: () => 0 })
    const clientId = appAt(sandbox, service)
    const [early, late] = [await codeFor(sandbox, service, clientId), await codeFor(sandbox, service, clientId)]
    sandbox.clock.advance(299_000)
    expect((await postForm(sandbox, token, codeGrant(clientId, early))).status).toBe(200)
    sandbox.clock.advance(1_000)
    expect((await postForm(sandbox, token, codeGrant(clientId, late))).json.error).toBe('invalid_grant')
  })

  test.each<[string, Record<string, string>, string]>([
    ['another verifier', { code_verifier: verifier.replace('d', 'e') }, 'invalid_grant'],
    ['no verifier', { code_verifier: '' }, 'invalid_request'],
    ['another redirect URI', { redirect_uri: `${redirectUri}/` }, 'invalid_grant'],
    ['another port than was asked for', { redirect_uri: 'http://127.0.0.1:7778/callback' }, 'invalid_grant'],
    ['no redirect URI', { redirect_uri: '' }, 'invalid_grant'],
    ['another resource', { resource: 'https://elsewhere.example/' }, 'invalid_target'],
    ['an unknown code', { code: 'unknown' }, 'invalid_grant'],
    ['no code', { code: '' }, 'invalid_request'],
    ['an unknown app', { client_id: 'client_unknown' }, 'invalid_client'],
    ['no app', { client_id: '' }, 'invalid_client'],
    ['no grant type', { grant_type: '' }, 'invalid_request'],
    ['a password', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['client credentials', { grant_type: 'client_credentials' }, 'unsupported_grant_type'],
    [
      'the device grant, which is off',
      { grant_type: 'urn:ietf:params:oauth:grant-type:device_code' },
      'unsupported_grant_type',
    ],
    ['a grant type that every object has', { grant_type: 'constructor' }, 'unsupported_grant_type'],
  ])('with %s it is refused, and the code stays good', async (_, changes, error) => {
    const sandbox = createSandbox()
    const clientId = appAt(sandbox, service)
    const form = codeGrant(clientId, await codeFor(sandbox, service, clientId))
    const refused = await postForm(sandbox, token, { ...form, ...changes })
    expect([refused.status, refused.json.error]).toEqual([error === 'invalid_client' ? 401 : 400, error])
    expect(refused.json.error_description).toBeTypeOf('string')
    expect(refused.headers.get('cache-control')).toBe('no-store')
    expect((await postForm(sandbox, token, { ...form, resource: servers[service].resource })).status).toBe(200)
  })

  test('another app cannot use it', async () => {
    const sandbox = createSandbox()
    const code = await codeFor(sandbox, service, appAt(sandbox, service))
    const stolen = await postForm(sandbox, token, codeGrant(appAt(sandbox, service), code))
    expect(stolen.json.error).toBe('invalid_grant')
  })

  test('JSON, or a field twice, is no form', async () => {
    const sandbox = createSandbox()
    const headers = { 'content-type': 'application/json' }
    const json = await sandbox.fetch(token, { method: 'POST', headers, body: '{"grant_type":"refresh_token"}' })
    expect([json.status, (await json.json()).error]).toEqual([400, 'invalid_request'])
    const twice = await postForm(sandbox, token, 'grant_type=refresh_token&client_id=a&client_id=b')
    expect([twice.status, twice.json.error]).toEqual([400, 'invalid_request'])
  })
})

describe('apps with a secret', () => {
  const basic = (id: string, secret: string) => ({
    authorization: `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}`,
  })

  async function prepared(authMethod: 'client_secret_basic' | 'client_secret_post') {
    const sandbox = createSandbox()
    const app = sandbox.clients.register('profundis', { redirectUris: [redirectUri], authMethod })
    const { client_id: _, ...form } = codeGrant(app.clientId, await codeFor(sandbox, 'profundis', app.clientId))
    const send = (fields: Record<string, string>, headers?: Record<string, string>) =>
      postForm(sandbox, servers.profundis.token, { ...form, ...fields }, headers)
    return { sandbox, id: app.clientId, secret: app.clientSecret ?? '', send }
  }

  test('in the header', async () => {
    const { sandbox, id, secret, send } = await prepared('client_secret_basic')
    const wrong = await send({}, basic(id, 'wrong'))
    expect([wrong.status, wrong.json.error, wrong.headers.get('www-authenticate')]).toEqual([
      401,
      'invalid_client',
      'Basic',
    ])
    expect((await send({ client_id: id, client_secret: secret })).json.error).toBe('invalid_client')
    expect((await send({ client_id: id })).json.error).toBe('invalid_client')
    expect((await send({ client_secret: secret }, basic(id, secret))).json.error).toBe('invalid_request')
    expect((await send({ client_id: 'another' }, basic(id, secret))).json.error).toBe('invalid_request')
    expect((await send({ client_id: id }, basic(id, secret))).status).toBe(200)
    expect(sandbox.journal.entries.slice(-6).map(({ credential }) => [credential?.header, credential?.valid])).toEqual([
      ['authorization', false],
      ['body', false],
      ['body', false],
      ['authorization', false],
      ['authorization', false],
      ['authorization', true],
    ])
    expect(JSON.stringify(sandbox.journal.entries).includes(secret.slice(8))).toBe(false)
  })

  test('in the body', async () => {
    const { id, secret, send } = await prepared('client_secret_post')
    const wrong = await send({ client_id: id, client_secret: `${secret}0` })
    expect([wrong.status, wrong.json.error, wrong.headers.has('www-authenticate')]).toEqual([
      401,
      'invalid_client',
      false,
    ])
    expect((await send({}, basic(id, secret))).json.error).toBe('invalid_client')
    expect((await send({ client_id: id, client_secret: secret })).status).toBe(200)
  })

  test('a signed assertion, once', async () => {
    const sandbox = createSandbox({ now: () => 0 })
    const { privateKey, publicKey } = await generateKeyPair('EdDSA')
    const keys = { keys: [await exportJWK(publicKey)] }
    const { clientId, clientSecret } = sandbox.clients.register('pendium', { redirectUris: [redirectUri], keys })
    expect(clientSecret).toBeUndefined()
    const { client_id: _, ...form } = codeGrant(clientId, await codeFor(sandbox, 'pendium', clientId))
    const unproved = await postForm(sandbox, servers.pendium.token, { ...form, client_id: clientId })
    expect(unproved.json.error).toBe('invalid_client')
    const assertion = (changes: Record<string, unknown> = {}, key = privateKey) =>
      new SignJWT({ iss: clientId, sub: clientId, aud: 'https://pendium.ai', exp: 60, jti: 'one', ...changes })
        .setProtectedHeader({ alg: 'EdDSA' })
        .sign(key)
    const send = async (client_assertion: string, more: Record<string, string> = {}) => {
      const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
      const fields = { ...form, client_assertion_type, client_assertion, ...more }
      return (await postForm(sandbox, servers.pendium.token, fields)).json.error
    }
    const bad = [
      { aud: 'https://elsewhere.example' },
      { iss: 'another' },
      { exp: 0 },
      { jti: undefined },
      { exp: undefined },
    ]
    for (const changes of bad) expect(await send(await assertion(changes))).toBe('invalid_client')
    expect(await send(await assertion({}, (await generateKeyPair('EdDSA')).privateKey))).toBe('invalid_client')
    expect(await send('no assertion')).toBe('invalid_client')
    expect(await send(await assertion(), { client_assertion_type: 'another' })).toBe('invalid_client')
    expect(await send(await assertion(), { client_id: 'another' })).toBe('invalid_request')
    expect(await send(await assertion(), { client_secret: 'secret' })).toBe('invalid_request')
    const good = await assertion({ aud: 'https://pendium.ai/token' })
    expect(await send(good)).toBeUndefined()
    expect(await send(good)).toBe('invalid_client')
    expect(await send(await assertion({ jti: 'two' }))).toBe('invalid_grant')
    const text = JSON.stringify(sandbox.journal.entries)
    expect(text.includes(good.slice(-30))).toBe(false)
  })

  test('an app with keys may prove itself in another way, where that is said', async () => {
    const sandbox = createSandbox()
    const { publicKey } = await generateKeyPair('EdDSA')
    const app = {
      redirectUris: [redirectUri],
      keys: { keys: [await exportJWK(publicKey)] },
      authMethod: 'none' as const,
    }
    const { clientId } = sandbox.clients.register('pendium', app)
    const form = codeGrant(clientId, await codeFor(sandbox, 'pendium', clientId))
    expect((await postForm(sandbox, servers.pendium.token, form)).status).toBe(200)
  })

  test('an app without a secret sends none', async () => {
    const sandbox = createSandbox()
    const clientId = appAt(sandbox, 'pendium')
    const form = { ...codeGrant(clientId, await codeFor(sandbox, 'pendium', clientId)), client_secret: 'guess' }
    expect((await postForm(sandbox, servers.pendium.token, form)).json.error).toBe('invalid_client')
  })
})

describe('refresh', () => {
  async function started(rotation: RefreshRotation | undefined, service: SignInService = 'pendium') {
    const sandbox = createSandbox({ [service]: { refreshRotation: rotation } })
    const clientId = appAt(sandbox, service)
    const { json } = await signedIn(sandbox, service, clientId)
    const use = async (token: string) => (await refresh(sandbox, service, clientId, token)).json
    return { sandbox, clientId, first: json.refresh_token as string, use }
  }

  test('gives new tokens', async () => {
    const { sandbox, first, use } = await started(undefined)
    const next = await use(first)
    expect(next).toMatchObject({ token_type: 'Bearer', expires_in: 3600 })
    expect(next.refresh_token).not.toBe(first)
    expect(sandbox.tokens.requests('pendium', 'refresh_token')).toBe(1)
    expect(sandbox.tokens.requests('pendium')).toBe(2)
    expect(sandbox.tokens.requests('pensyve')).toBe(0)
  })

  test.each([undefined, 'strict'] as const)('%s: using an old one again ends the whole family', async (rotation) => {
    const { sandbox, first, use } = await started(rotation)
    const second = await use(first)
    expect((await use(first)).error).toBe('invalid_grant')
    expect((await use(second.refresh_token)).error).toBe('invalid_grant')
    expect(sandbox.apps.list('pendium')).toEqual([])
  })

  test('strict: of two refreshes at once, one ends the family', async () => {
    const { first, use } = await started('strict')
    const answers = await Promise.all([use(first), use(first)])
    expect(answers.map(({ error }) => error ?? 'good').sort()).toEqual(['good', 'invalid_grant'])
    const { refresh_token } = answers.find(({ error }) => error === undefined)
    expect((await use(refresh_token)).error).toBe('invalid_grant')
  })

  test('grace: the old one works until the new one was used', async () => {
    const { sandbox, first, use } = await started('grace')
    const lost = await use(first)
    const second = await use(first)
    expect(second.refresh_token).not.toBe(lost.refresh_token)
    const third = await use(second.refresh_token)
    expect(third.refresh_token).toBeTypeOf('string')
    expect((await use(first)).error).toBe('invalid_grant')
    expect((await use(third.refresh_token)).error).toBe('invalid_grant')
    expect(sandbox.apps.list('pendium')).toEqual([])
  })

  test('grace: one step and no more', async () => {
    const { first, use } = await started('grace')
    const second = await use(first)
    const third = await use(second.refresh_token)
    expect((await use(second.refresh_token)).refresh_token).toBeTypeOf('string')
    expect((await use(first)).error).toBe('invalid_grant')
    expect((await use(third.refresh_token)).error).toBe('invalid_grant')
  })

  test('none: it stays the same', async () => {
    const { first, use } = await started('none')
    for (const answer of [await use(first), await use(first)]) {
      expect(answer.access_token).toBeTypeOf('string')
      expect(answer).not.toHaveProperty('refresh_token')
    }
  })

  test('a lost answer: strict asks for a new sign-in, grace does not', async () => {
    for (const [rotation, outcome] of [
      ['strict', 'invalid_grant'],
      ['grace', undefined],
    ] as const) {
      const { sandbox, first, use } = await started(rotation)
      sandbox.faults.add({ service: 'pendium', path: '/token', times: 1, drop: 'response' })
      await expect(use(first)).rejects.toBeInstanceOf(TypeError)
      expect((await use(first)).error).toBe(outcome)
      const [lost, asked] = sandbox.journal.entries.slice(-2)
      expect([lost?.status, lost?.operation, asked?.operation]).toEqual([0, 'token', 'token'])
      expect(sandbox.tokens.requests('pendium', 'refresh_token')).toBe(2)
    }
  })

  test('a fault in the place of the token endpoint uses nothing up', async () => {
    const { sandbox, first, use } = await started('strict')
    sandbox.faults.add({ path: '/token', times: 1, status: 503, body: { error: 'temporarily_unavailable' } })
    expect((await use(first)).error).toBe('temporarily_unavailable')
    expect((await use(first)).access_token).toBeTypeOf('string')
  })

  test('lives thirty days from its making', async () => {
    const { sandbox, first, use } = await started('strict')
    sandbox.clock.advance(29 * days)
    const second = await use(first)
    sandbox.clock.advance(29 * days)
    const third = await use(second.refresh_token)
    sandbox.clock.advance(30 * days)
    expect((await use(third.refresh_token)).error_description).toBe('The refresh token has expired.')
  })

  test('is for one app and one resource', async () => {
    const { sandbox, clientId, first } = await started('strict')
    expect((await refresh(sandbox, 'pendium', appAt(sandbox, 'pendium'), first)).json.error).toBe('invalid_grant')
    const more = { resource: 'https://elsewhere.example/' }
    expect((await refresh(sandbox, 'pendium', clientId, first, more)).json.error).toBe('invalid_target')
    expect((await refresh(sandbox, 'pendium', clientId, 'unknown')).json.error).toBe('invalid_grant')
    expect((await refresh(sandbox, 'pendium', clientId, '')).json.error).toBe('invalid_request')
    const resource = servers.pendium.resource
    expect((await refresh(sandbox, 'pendium', clientId, first, { resource })).status).toBe(200)
  })

  test('may ask for less, and never for more', async () => {
    const sandbox: Sandbox = createSandbox()
    const clientId = appAt(sandbox, 'pensyve')
    const { json } = await signedIn(sandbox, 'pensyve', clientId, { changes: { scope: 'mcp:read mcp:write' } })
    expect(json.scope).toBe('mcp:read mcp:write')
    const wider = await refresh(sandbox, 'pensyve', clientId, json.refresh_token, { scope: 'mcp' })
    expect(wider.json.error).toBe('invalid_scope')
    const less = await refresh(sandbox, 'pensyve', clientId, json.refresh_token, { scope: 'mcp:read' })
    expect([less.json.scope, decodeJwt(less.json.access_token).scope]).toEqual(['mcp:read', 'mcp:read'])
    expect((await refresh(sandbox, 'pensyve', clientId, less.json.refresh_token)).json.scope).toBe('mcp:read mcp:write')
  })

  test('an app that is not registered for it cannot', async () => {
    const sandbox = createSandbox()
    const app = { redirectUris: [redirectUri], grantTypes: ['authorization_code'] }
    const { clientId } = sandbox.clients.register('pendium', app)
    expect((await refresh(sandbox, 'pendium', clientId, 'any')).json.error).toBe('unauthorized_client')
  })
})

test('the journal shows no code, verifier, token or secret', async () => {
  const sandbox = createSandbox()
  const clientId = appAt(sandbox, 'pensyve')
  const { json } = await signedIn(sandbox, 'pensyve', clientId)
  await refresh(sandbox, 'pensyve', clientId, json.refresh_token)
  await sandbox.fetch(`${servers.pensyve.token}?refresh_token=${json.refresh_token}&code_verifier=${verifier}`)
  const text = JSON.stringify(sandbox.journal.entries)
  for (const secret of [leakMarker, verifier, json.access_token.slice(-40)]) expect(text.includes(secret)).toBe(false)
  expect(sandbox.journal.entries.at(-2)).toMatchObject({
    operation: 'token',
    credential: { kind: 'client', header: 'body', valid: true, preview: 'client_' },
  })
})
