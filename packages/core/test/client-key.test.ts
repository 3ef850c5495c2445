import { caught, testKey } from '@pentauth/tooling/canary'
import { jwtVerify } from 'jose'
import { expect, it } from 'vitest'
import { clientCredentials, createAuth, pentographer, relocate } from '../src/index.ts'
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
