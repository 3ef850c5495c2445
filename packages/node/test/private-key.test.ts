// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to variables in paths
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { createSandbox } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import { caught } from '@pentauth/tooling/canary'
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { clientCredentials, createAuth, defineService, importPrivateKey, privateKeyFile } from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'pentauth-private-key-'))
afterAll(() => rmSync(folder, { recursive: true }))

const pairs: Record<string, () => { privateKey: KeyObject; publicKey: KeyObject }> = {
  Ed25519: () => generateKeyPairSync('ed25519'),
  'P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RSA: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
}
const pem = (key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1' = 'pkcs8') =>
  key.export({ type, format: 'pem' } as never) as unknown as string

/** Acme on a listening sandbox, with a client that is known by its public key. */
async function world(publicKey: KeyObject) {
  const sandbox = createSandbox({ pensyve: { workloadIdentity: [] } })
  const server = await listen(sandbox)
  onTestFinished(() => server.close())
  const issuer = server.origins['https://mcp.pensyve.com'] as string
  const service = defineService({
    ...{ id: 'acme', name: 'Acme', errors: [], recommendations: [], links: { docs: { where: 'Acme docs' } } },
    resources: { mcp: { url: `${issuer}/mcp`, protocol: 'mcp', accessToken: true } },
  })
  const keys = { keys: [publicKey.export({ format: 'jwk' })] } as never
  const { clientId } = sandbox.clients.register('pensyve', {
    redirectUris: [],
    keys,
    grantTypes: ['client_credentials'],
  })
  return { sandbox, issuer, service, clientId }
}

describe.each(Object.keys(pairs))('a private key of %s', (kind) => {
  it.each([
    ['in PEM', (key: KeyObject) => pem(key)],
    ['as a JWK', (key: KeyObject) => JSON.stringify(key.export({ format: 'jwk' }))],
  ])('%s in a file gets a token from a server that was found by its issuer', async (_, written) => {
    const { privateKey, publicKey } = (pairs[kind] as () => { privateKey: KeyObject; publicKey: KeyObject })()
    const { sandbox, issuer, service, clientId } = await world(publicKey)
    const path = join(folder, kind)
    writeFileSync(path, written(privateKey), { mode: 0o600 })
    const key = privateKeyFile(path)
    expect([key.extractable, key.type, key.usages]).toEqual([false, 'private', ['sign']])
    const credential = clientCredentials({ clientId, privateKey: key }, { issuer, scope: 'mcp:read' })
    const auth = createAuth(service, { env: {}, credential })
    const got = await Promise.all(Array.from({ length: 200 }, () => auth.credential()))
    expect(got[199]).toMatchObject({ kind: 'access-token', scopes: ['mcp:read'] })
    expect(sandbox.tokens.requests('pensyve', 'client_credentials')).toBe(1)
  })
})

describe('importPrivateKey', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' })

  it('takes older forms of PEM, and signs as it is told', () => {
    expect(importPrivateKey(pem(rsa.privateKey, 'pkcs1')).algorithm).toMatchObject({
      name: 'RSASSA-PKCS1-v1_5',
      hash: { name: 'SHA-256' },
    })
    expect(importPrivateKey(pem(ec.privateKey, 'sec1')).algorithm).toMatchObject({ name: 'ECDSA', namedCurve: 'P-384' })
    expect(importPrivateKey(pem(rsa.privateKey), { algorithm: 'PS256' }).algorithm.name).toBe('RSA-PSS')
    const jwk = { ...rsa.privateKey.export({ format: 'jwk' }), alg: 'PS256' }
    expect(importPrivateKey(jwk).algorithm.name).toBe('RSA-PSS')
  })

  const secretParts = [pem(rsa.privateKey).slice(40, 80), String(ec.privateKey.export({ format: 'jwk' }).d)]
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const locked = rsa.privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  }) as string
  it.each<[name: string, key: unknown, says: string]>([
    ['nothing', '', 'is empty'],
    ['undefined', undefined, 'is no private key in PEM or as a JWK'],
    ['a public key', pem(rsa.publicKey, 'spki' as never), 'is a public key'],
    ['a public JWK', ec.publicKey.export({ format: 'jwk' }), 'is a public key'],
    ['a certificate', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----', 'is a certificate'],
    ['an encrypted key', locked, 'is encrypted'],
    ['one line', pem(rsa.privateKey).replaceAll('\n', '\\n'), 'has "\\n" in the place of line ends'],
    ['a cut key', pem(rsa.privateKey).slice(0, 400), 'is no private key'],
    ['a short key', pem(short.privateKey), 'has 1024 bits, and 2048 are the least'],
    ['another curve', pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey), '(secp256k1)'],
    ['a key that signs nothing', pem(generateKeyPairSync('x25519').privateKey), '(x25519)'],
    ['a broken JWK', { ...ec.privateKey.export({ format: 'jwk' }), y: 'AA' }, 'is no private key'],
    ['a path', '/run/secrets/acme.pem', 'is no private key'],
  ])('refuses %s and repeats nothing of it', async (_, key, says) => {
    const error = await caught(() => importPrivateKey(key as string, { name: 'ACME_KEY' }))
    expect(error).toMatchObject({ code: 'malformed_credential', message: expect.stringContaining(says) })
    expect(error.message).toContain('The private key from ACME_KEY ')
    const shown = inspect(error, { depth: 10, showHidden: true })
    expect(secretParts.filter((part) => shown.includes(part))).toEqual([])
    expect(error.cause).toBeUndefined()
  })

  it('from a file whose path has references', async () => {
    const home = mkdtempSync(join(tmpdir(), 'pentauth-home-'))
    onTestFinished(() => rmSync(home, { recursive: true }))
    vi.stubEnv('HOME', home)
    onTestFinished(() => void vi.unstubAllEnvs())
    writeFileSync(join(home, 'acme.pem'), pem(ec.privateKey))
    const keys = [
      privateKeyFile('~/acme.pem'),
      privateKeyFile('${DIR}/acme.pem', { env: { DIR: home } }),
      privateKeyFile('${HOME}/acme.pem'),
    ]
    expect(keys.map(({ algorithm }) => algorithm.name)).toEqual(['ECDSA', 'ECDSA', 'ECDSA'])
    const missing = await caught(() => privateKeyFile('${DIR}/acme.pem', { env: {} }))
    expect(missing).toMatchObject({
      code: 'invalid_option',
      message: expect.stringMatching(/^The path given to privateKeyFile refers to \$\{DIR\}, which is not set\./),
    })
    const none = await caught(() => privateKeyFile('${DIR}/none', { env: { DIR: '/run' } }))
    expect(none.message).toMatch(/^The private key file \/run\/none \(from DIR\) cannot be read \(no such file\)/)
  })

  it('from a file says which', async () => {
    const path = join(folder, 'empty')
    writeFileSync(path, '')
    expect(await caught(() => privateKeyFile(path))).toMatchObject({
      code: 'source_failed',
      message: expect.stringMatching(/^The private key file \S+empty cannot be read \(the file is empty\)/),
    })
    expect((await caught(() => privateKeyFile(join(folder, 'none')))).message).toContain('(no such file)')
    expect((await caught(() => privateKeyFile('\0'))).code).toBe('invalid_option')
  })
})
