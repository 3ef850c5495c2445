import { signInAt } from '@pentauth/sandbox'
import { expect, it } from 'vitest'
import { createAuth, finishSignIn, memoryStore, signedIn, startSignIn } from '../../src/index.ts'
import { pendium, profundis } from '../../src/services.ts'
import { describeOnBoth } from './world.ts'

const keys = {
  Ed25519: 'Ed25519',
  'P-256': { name: 'ECDSA', namedCurve: 'P-256' },
  RSA: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
} as const

describeOnBoth('a client with a private key', (world) => {
  it.each(
    [pendium, profundis].flatMap((service) =>
      Object.entries(keys).map(([name, algorithm]) => ({ service, name, algorithm })),
    ),
  )('signs a person in at $service.name with $name and renews', async ({ service, algorithm }) => {
    const pair = (await crypto.subtle.generateKey(algorithm as 'Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair
    const { privateKey } = pair
    // Node adds a name of the algorithm that not every server knows.
    const { alg: _, ...jwk } = (await crypto.subtle.exportKey('jwk', pair.publicKey)) as { alg?: string; kty: string }
    const id = service.id as 'pendium' | 'profundis'
    const redirectUri = 'https://app.example/callback'
    const { clientId } = world.sandbox.clients.register(id, {
      redirectUris: [redirectUri],
      authMethod: 'private_key_jwt',
      keys: { keys: [jwk] },
    })
    const there = world.at(service)
    const here = { store: memoryStore(), privateKey, runtime: { now: () => world.sandbox.clock.now() } }
    const issuer = there.oauth?.issuer as string
    const { url } = await startSignIn(there, { ...here, redirectUri, client: { clientId, issuer, privateKey } })
    await finishSignIn(there, await signInAt(world.transport === 'msw' ? world.sandbox : fetch, url), here)
    world.sandbox.clock.advance(86_400_000)
    const auth = createAuth(there, { credential: signedIn(here), runtime: here.runtime })
    const call = await auth.fetch(there.resources.mcp?.url as string, { method: 'POST', body: '{}' })
    expect(call.status).not.toBe(401)
    expect(world.sandbox.tokens.requests(id, 'refresh_token')).toBe(1)
  })
})
