import { caught, testKey } from '@pentauth/tooling/canary'
import { jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import {
  clientCredentials,
  createAuth,
  finishSignIn,
  memoryStore,
  pentographer,
  relocate,
  signedIn,
  signOut,
  startSignIn,
} from '../src/index.ts'
import { authorizationServer } from './support/authorization-server.ts'
import { json, serve } from './support/server.ts'

const generate = () => crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])

it('a client with a private key proves itself with a signature, and the key stays', async () => {
  const { privateKey, publicKey } = await generate()
  const server = await serve((response) => json(response, 200, { access_token: testKey.token(), token_type: 'Bearer' }))
  const service = relocate(pentographer, { 'https://app.pentographer.com': server.origin })
  const auth = createAuth(service, { credential: clientCredentials({ clientId: 'ptgc_client', privateKey }) })
  expect(await auth.credential()).toMatchObject({ kind: 'access-token' })
  const form = new URLSearchParams(server.seen[0]?.body)
  expect(Object.fromEntries(form)).toMatchObject({
    grant_type: 'client_credentials',
    client_id: 'ptgc_client',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  })
  const { payload } = await jwtVerify(form.get('client_assertion') as string, publicKey)
  expect(payload).toMatchObject({ iss: 'ptgc_client', sub: 'ptgc_client' })
  expect([form.has('client_secret'), server.seen[0]?.headers.authorization]).toEqual([false, undefined])
})

it('a client with neither secret nor key is refused before anything is sent', async () => {
  const auth = createAuth(pentographer, { credential: clientCredentials({ clientId: 'ptgc_client' } as never) })
  expect((await caught(auth.credential())).code).toBe('malformed_credential')
})

describe('a sign-in with a private key', () => {
  const method = { metadata: () => ({ token_endpoint_auth_methods_supported: ['private_key_jwt'] }) }

  async function signedInWithKey() {
    const { privateKey, publicKey } = await generate()
    const proofs: { readonly path: string; readonly claims: object }[] = []
    const acme = await authorizationServer(method)
    const prove = async () => {
      for (const { path, body } of acme.server.seen.filter((seen) => seen.body.includes('client_assertion='))) {
        const assertion = new URLSearchParams(body).get('client_assertion') as string
        const { payload } = await jwtVerify(assertion, publicKey, {
          audience: acme.origin,
          subject: 'by-hand',
          clockTolerance: 7200,
        })
        proofs.push({ path, claims: payload })
      }
      return proofs.map(({ path }) => path)
    }
    const here = { store: memoryStore() }
    const client = { clientId: 'by-hand', issuer: acme.origin, privateKey }
    const { url } = await startSignIn(acme.service, { ...here, redirectUri: 'http://127.0.0.1/callback', client })
    return { ...acme, here, privateKey, prove, callback: acme.approve(url) }
  }

  it('proves the client at the code, at each renewal and at the revocation, and keeps the key out of the store', async () => {
    const { service, here, privateKey, prove, callback, origin } = await signedInWithKey()
    expect(await here.store.get('sign-ins')).toContain('private_key_jwt')
    await finishSignIn(service, callback, { ...here, privateKey })
    const runtime = { now: () => Date.now() + 3_600_000 }
    const auth = createAuth(service, { credential: signedIn({ ...here, privateKey }), runtime })
    expect((await auth.fetch(`${origin}/mcp`)).status).toBe(200)
    await signOut(service, { ...here, privateKey })
    expect(await prove()).toEqual(['/token', '/token', '/revoke'])
  })

  it('waits for the key where that was left out, and ends nothing', async () => {
    const { service, here, privateKey, callback, tokenRequests } = await signedInWithKey()
    expect(await caught(finishSignIn(service, callback, here))).toMatchObject({
      code: 'invalid_option',
      message: expect.stringContaining('pass it as privateKey here, too'),
    })
    expect(tokenRequests()).toHaveLength(0)
    await finishSignIn(service, callback, { ...here, privateKey })
    const runtime = { now: () => Date.now() + 3_600_000 }
    const without = createAuth(service, { credential: signedIn(here), runtime })
    expect((await caught(without.credential())).code).toBe('invalid_option')
    const later = { now: () => Date.now() + 3_700_000 }
    const auth = createAuth(service, { credential: signedIn({ ...here, privateKey }), runtime: later })
    expect(await auth.credential()).toMatchObject({ kind: 'access-token' })
  })

  it('is no trouble of those who have the key', async () => {
    const { service, here, privateKey, callback, origin } = await signedInWithKey()
    await finishSignIn(service, callback, { ...here, privateKey })
    const runtime = { now: () => Date.now() + 3_600_000 }
    const without = createAuth(service, { credential: signedIn(here), runtime })
    const auth = createAuth(service, { credential: signedIn({ ...here, privateKey }), runtime })
    expect((await caught(without.fetch(`${origin}/mcp`))).code).toBe('invalid_option')
    expect((await auth.fetch(`${origin}/mcp`)).status).toBe(200)
  })

  it('shows no assertion that the server repeats', async () => {
    const { privateKey } = await generate()
    const assertionIn = (body: string) => new URLSearchParams(body).get('client_assertion') as string
    const server = await serve((response, { body }) =>
      json(response, 400, { error: 'invalid_request', error_description: assertionIn(body) }),
    )
    const service = relocate(pentographer, { 'https://app.pentographer.com': server.origin })
    const auth = createAuth(service, { credential: clientCredentials({ clientId: 'ptgc_client', privateKey }) })
    const error = await caught(auth.credential())
    expect(error.message).toContain('[secret]')
    expect(error.message).not.toContain(assertionIn(server.seen[0]?.body ?? '').slice(20, 40))
  })

  it.each([
    ['a public key', async () => (await generate()).publicKey],
    ['a secret', () => crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])],
    ['a key in text', () => '-----BEGIN PRIVATE KEY-----'],
    ['an object', () => ({})],
    ['a look-alike', () => ({ type: 'private', usages: ['sign'], algorithm: { name: 'Ed25519' }, extractable: false })],
    [
      'a key for SHA-1',
      async () => {
        const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-1', modulusLength: 2048 }
        const exponent = { publicExponent: new Uint8Array([1, 0, 1]) }
        return (await crypto.subtle.generateKey({ ...rsa, ...exponent }, false, ['sign', 'verify'])).privateKey
      },
    ],
  ])('takes no %s for one', async (_, make) => {
    const privateKey = (await make()) as never
    const { service, origin } = await authorizationServer(method)
    const options = { store: memoryStore(), redirectUri: 'http://127.0.0.1/callback' }
    const client = { clientId: 'by-hand', issuer: origin, privateKey }
    expect((await caught(startSignIn(service, { ...options, client }))).code).toBe('invalid_option')
    const auth = createAuth(pentographer, { credential: clientCredentials({ clientId: 'ptgc_client', privateKey }) })
    expect((await caught(auth.credential())).code).toBe('invalid_option')
  })
})
