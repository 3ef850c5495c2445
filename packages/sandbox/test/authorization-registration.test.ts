import { describe, expect, test } from 'vitest'
import { createSandbox, leakMarker } from '../src/index.ts'
import { appAt, authorizationUrl, codeFor, codeGrant, postForm, redirectUri, register, servers } from './support/app.ts'
import { createBrowser } from './support/browser.ts'

const app = { client_name: 'Editor', redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' }

describe('dynamic registration', () => {
  test('of a public app', async () => {
    const sandbox = createSandbox({ now: () => 5000 })
    const { status, json, headers } = await register(sandbox, 'pendium', { ...app, application_type: 'native' })
    expect(status).toBe(201)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(json).toEqual({
      client_id: expect.stringMatching(/^client_[0-9a-f]{24}$/),
      client_id_issued_at: 5,
      client_name: 'Editor',
      application_type: 'native',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    })
  })

  test('of an app that keeps a secret, which is the default of RFC 7591', async () => {
    const sandbox = createSandbox()
    const { json } = await register(sandbox, 'profundis', { redirect_uris: ['https://app.example/callback'] })
    expect(json.token_endpoint_auth_method).toBe('client_secret_basic')
    expect(json.client_secret_expires_at).toBe(0)
    expect(json.client_secret.includes(leakMarker)).toBe(true)
    const post = { redirect_uris: [redirectUri], token_endpoint_auth_method: 'client_secret_post' }
    expect((await register(sandbox, 'profundis', post)).json.client_secret).toBeTypeOf('string')
  })

  test('Pensyve knows public apps only', async () => {
    const sandbox = createSandbox()
    const { status, json } = await register(sandbox, 'pensyve', { redirect_uris: [redirectUri], scope: 'mcp:read' })
    expect([status, json.token_endpoint_auth_method, json.scope]).toEqual([201, 'none', 'mcp:read'])
    expect(json).not.toHaveProperty('client_secret')
    const secret = { ...app, token_endpoint_auth_method: 'client_secret_post' }
    expect((await register(sandbox, 'pensyve', secret)).json.error).toBe('invalid_client_metadata')
  })

  test.each([
    ['https://app.example/callback', 201],
    ['https://app.example/callback?tenant=1', 201],
    ['http://127.0.0.1/callback', 201],
    ['http://[::1]:8080/callback', 201],
    ['http://localhost:8080', 201],
    ['http://app.example/callback', 400],
    ['http://127.0.0.1.evil.example/', 400],
    ['http://127.0.0.1@evil.example/', 400],
    ['https://app.example/callback#fragment', 400],
    ['https://app.example/callback#', 400],
    ['https://user:secret@app.example/', 400],
    ['javascript:alert(1)', 400],
    ['app:/callback', 400],
    ['not an address', 400],
  ])('the redirect URI %s is answered with %i', async (uri, expected) => {
    const { status, json } = await register(createSandbox(), 'pendium', { ...app, redirect_uris: [uri] })
    expect(status).toBe(expected)
    if (status === 400) expect(json.error).toBe('invalid_redirect_uri')
  })

  test.each([
    ['no redirect URIs', { redirect_uris: [] }, 'invalid_redirect_uri'],
    ['redirect URIs that are no list', { redirect_uris: redirectUri }, 'invalid_redirect_uri'],
    ['redirect URIs that are no texts', { redirect_uris: [1] }, 'invalid_redirect_uri'],
    ['another grant', { grant_types: ['password'] }, 'invalid_client_metadata'],
    [
      'the device grant, which is off',
      { grant_types: ['urn:ietf:params:oauth:grant-type:device_code'] },
      'invalid_client_metadata',
    ],
    ['the implicit response', { response_types: ['token'] }, 'invalid_client_metadata'],
    ['private_key_jwt at Pensyve', { token_endpoint_auth_method: 'private_key_jwt' }, 'invalid_client_metadata'],
    ['an unknown scope', { scope: 'mcp admin' }, 'invalid_client_metadata'],
    ['a name that is no text', { client_name: { a: 1 } }, 'invalid_client_metadata'],
    ['an endless name', { client_name: 'x'.repeat(201) }, 'invalid_client_metadata'],
    ['an unknown application type', { application_type: 'toaster' }, 'invalid_client_metadata'],
    ['a link that is none', { client_uri: 'javascript:alert(1)' }, 'invalid_client_metadata'],
  ])('%s is refused', async (_, changes, error) => {
    const { status, json } = await register(createSandbox(), 'pensyve', { ...app, ...changes })
    expect([status, json.error, typeof json.error_description]).toEqual([400, error, 'string'])
  })

  test('of an app that signs assertions, with its public keys', async () => {
    const sandbox = createSandbox()
    const metadata = { ...app, token_endpoint_auth_method: 'private_key_jwt' }
    const keys = [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }]
    const { status, json } = await register(sandbox, 'pendium', { ...metadata, jwks: { keys } })
    expect([status, json.jwks, json.client_secret]).toEqual([201, { keys }, undefined])
    for (const jwks of [undefined, {}, { keys: [] }, { keys: [1] }, { keys: [{ ...keys[0], d: 'private' }] }]) {
      expect((await register(sandbox, 'pendium', { ...metadata, jwks })).json.error).toBe('invalid_client_metadata')
    }
  })

  test.each(['null', '[]', '{', ''])('the body %j is refused', async (body) => {
    const answer = await createSandbox().fetch(servers.pendium.register, { method: 'POST', body })
    expect([answer.status, (await answer.json()).error]).toEqual([400, 'invalid_client_metadata'])
  })

  test('an app registered for codes alone gets no refresh token', async () => {
    const sandbox = createSandbox()
    const { json } = await register(sandbox, 'pendium', { ...app, grant_types: ['authorization_code'] })
    const code = await codeFor(sandbox, 'pendium', json.client_id)
    const tokens = await postForm(sandbox, servers.pendium.token, codeGrant(json.client_id, code))
    expect(tokens.status).toBe(200)
    expect(tokens.json).not.toHaveProperty('refresh_token')
  })
})

describe('client ID metadata documents', () => {
  const url = 'https://app.example/oauth/client.json'
  const document = { client_id: url, client_name: 'Editor', redirect_uris: ['http://127.0.0.1/callback'] }
  const heading = async (sandbox: ReturnType<typeof createSandbox>, clientId = url) =>
    (await createBrowser(sandbox).goto(authorizationUrl('pendium', clientId))).heading

  test('a published document is a client', async () => {
    const sandbox = createSandbox()
    sandbox.clientMetadata.set(url, document)
    const code = await codeFor(sandbox, 'pendium', url)
    const { status, json } = await postForm(sandbox, servers.pendium.token, codeGrant(url, code))
    expect([status, typeof json.refresh_token]).toEqual([200, 'string'])
    sandbox.clientMetadata.delete(url)
    expect(await heading(sandbox)).toBe('This app cannot sign you in')
  })

  test('the consent page says where it is described', async () => {
    const sandbox = createSandbox()
    sandbox.clientMetadata.set(url, document)
    const browser = createBrowser(sandbox)
    const page = await browser.send(await browser.goto(authorizationUrl('pendium', url)), { account: 'ada' })
    expect(page.heading).toBe('Editor wants to use your Pendium account')
    expect(page.text).toContain(url)
  })

  test('one that the program reads itself', async () => {
    const read: string[] = []
    const sandbox = createSandbox({
      fetchClientMetadata: async (address) => {
        read.push(address)
        return document
      },
    })
    expect(await heading(sandbox)).toBe('Sign in to Pendium')
    expect(read).toEqual([url])
    const failing = createSandbox({ fetchClientMetadata: () => Promise.reject(new TypeError('fetch failed')) })
    expect(await heading(failing)).toBe('This app cannot sign you in')
  })

  test.each([
    ['that names another address', { client_id: `${url}?other` }],
    ['with a redirect URI of another machine', { redirect_uris: ['http://elsewhere.example/'] }],
    ['without redirect URIs', { redirect_uris: undefined }],
    ['that claims a secret', { token_endpoint_auth_method: 'client_secret_post' }],
  ])('a document %s is no client', async (_, changes) => {
    const sandbox = createSandbox()
    sandbox.clientMetadata.set(url, { ...document, ...changes })
    expect(await heading(sandbox)).toBe('This app cannot sign you in')
  })

  test.each(['http://app.example/client.json', 'https://app.example/', 'https://app.example', `${url}#a`])(
    '%s cannot be an address of one',
    async (address) => {
      const sandbox = createSandbox({ fetchClientMetadata: async () => ({ ...document, client_id: address }) })
      expect(await heading(sandbox, address)).toBe('This app cannot sign you in')
    },
  )
})

describe('apps registered by hand', () => {
  test('are forgotten when they are deleted, with their tokens', async () => {
    const sandbox = createSandbox()
    const clientId = appAt(sandbox, 'pendium')
    const code = await codeFor(sandbox, 'pendium', clientId)
    const { json } = await postForm(sandbox, servers.pendium.token, codeGrant(clientId, code))
    sandbox.clients.delete(clientId)
    expect(sandbox.apps.list('pendium')).toEqual([])
    const refresh = { grant_type: 'refresh_token', refresh_token: json.refresh_token, client_id: clientId }
    const refused = await postForm(sandbox, servers.pendium.token, refresh)
    expect([refused.status, refused.json.error]).toEqual([401, 'invalid_client'])
  })

  test('may have a secret', () => {
    const app = { redirectUris: ['https://app.example/callback'], authMethod: 'client_secret_post' as const }
    const { clientSecret } = createSandbox().clients.register('profundis', app)
    expect(clientSecret?.includes(leakMarker)).toBe(true)
  })
})
