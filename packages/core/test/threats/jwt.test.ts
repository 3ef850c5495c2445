import { createHmac } from 'node:crypto'
import { testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import {
  CompactEncrypt,
  compactDecrypt,
  createLocalJWKSet,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTHeaderParameters,
  jwtVerify,
  SignJWT,
} from 'jose'
import { afterEach, vi } from 'vitest'
import { PentauthError } from '../../src/index.ts'
import { verifyAccessToken } from '../../src/jwt.ts'
import { pathsOf, serverDocument, serverPath, site } from '../support/discovery.ts'
import { json, serve } from '../support/server.ts'

/** Says whether a token of an issuer is to be believed. */
type Verifier = (token: string, issuer: string, runtime: object) => Promise<unknown>
const audience = 'https://mcp.example/mcp'
const ours: Verifier = (token, issuer, runtime) => verifyAccessToken(token, { issuer, audience, runtime })

type Pair = Awaited<ReturnType<typeof generateKeyPair>>
const pairOf = (alg: string) => generateKeyPair(alg, { extractable: true })
const jwkOf = async ({ publicKey }: Pair, kid: string): Promise<JWK> => ({ ...(await exportJWK(publicKey)), kid })

async function issuerHere() {
  const pair = await pairOf('RS256')
  const keys = [await jwkOf(pair, 'one')]
  const server = await site((origin) => ({
    [serverPath]: serverDocument(origin),
    '/jwks': (response) => json(response, 200, { keys }),
  }))
  const issuer = server.origin
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: issuer, aud: audience, sub: testKey.token('subject'), exp: now + 600 }
  const sign = (header: JWTHeaderParameters, key: Pair = pair) =>
    new SignJWT(claims).setProtectedHeader(header).sign(key.privateKey)
  const keyRequests = () => pathsOf(server).filter((path) => path === '/jwks').length
  return { server, issuer, pair, keys, claims, sign, keyRequests }
}
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const isRefused = (work: Promise<unknown>) =>
  work.then(
    () => false,
    (error: unknown) => PentauthError.isInstance(error) && error.code === 'token_invalid',
  )

/** Lets the token choose how it is checked. */
const obliging: Verifier = async (token, issuer) => {
  const header = decodeProtectedHeader(token) as { alg?: string; jwk?: JWK; jku?: string }
  const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  if (header.alg?.toLowerCase() === 'none') return payload
  const response = await fetch(header.jku ?? `${issuer}/jwks`)
  const { keys } = (await response.json()) as { keys: JWK[] }
  if (header.alg?.startsWith('HS')) {
    const [head, body, mac] = token.split('.')
    const expected = createHmac('sha256', JSON.stringify(keys[0])).update(`${head}.${body}`).digest('base64url')
    if (mac === expected) return payload
  }
  return jwtVerify(token, header.jwk ? await importJWK(header.jwk, header.alg) : createLocalJWKSet({ keys }))
}

threat<Verifier, string[]>('M1', 'a token that says how it is to be checked', {
  ours,
  twin: obliging,
  attack: async (verify) => {
    const wrong: string[] = []
    const { issuer, keys, claims, sign, server } = await issuerHere()
    const evil = await pairOf('RS256')
    const evilKey = await jwkOf(evil, 'one')
    const elsewhere = await serve((response) => json(response, 200, { keys: [evilKey] }))
    const mac = (header: object) => {
      const text = `${encoded(header)}.${encoded(claims)}`
      return `${text}.${createHmac('sha256', JSON.stringify(keys[0])).update(text).digest('base64url')}`
    }
    const tokens: Record<string, string> = {
      'alg none': `${encoded({ alg: 'none' })}.${encoded(claims)}.`,
      'alg none with a signature': `${encoded({ alg: 'none' })}.${encoded(claims)}.AAAA`,
      'alg NoNe': `${encoded({ alg: 'NoNe' })}.${encoded(claims)}.`,
      'no alg': `${encoded({})}.${encoded(claims)}.AAAA`,
      'the public key as a shared secret': mac({ alg: 'HS256', kid: 'one' }),
      'a key in the header': await sign({ alg: 'RS256', kid: 'one', jwk: evilKey as never }, evil),
      'keys elsewhere': await sign({ alg: 'RS256', kid: 'one', jku: `${elsewhere.origin}/jwks` }, evil),
      'a certificate elsewhere': await sign({ alg: 'RS256', kid: 'one', x5u: `${elsewhere.origin}/cert` }, evil),
      'a certificate': await sign({ alg: 'RS256', kid: 'one', x5c: ['AAAA'] } as never, evil),
      'a path as the key': await sign({ alg: 'RS256', kid: '../../dev/null' }, evil),
      "somebody else's key": await sign({ alg: 'RS256', kid: 'one' }, evil),
      'another algorithm of the key': (await sign({ alg: 'RS256', kid: 'one' })).replace(
        /^[^.]+/,
        encoded({ alg: 'PS256', kid: 'one' }),
      ),
      'a critical extension': (await sign({ alg: 'RS256', kid: 'one' })).replace(
        /^[^.]+/,
        encoded({ alg: 'RS256', kid: 'one', crit: ['exp'], exp: 1 }),
      ),
    }
    for (const [name, token] of Object.entries(tokens))
      if (!(await isRefused(verify(token, issuer, {})))) wrong.push(name)
    if (elsewhere.seen.length > 0) wrong.push(`${elsewhere.seen.length} requests elsewhere`)
    const honest = await verify(await sign({ alg: 'RS256', kid: 'one' }), issuer, {}).catch(() => undefined)
    return honest === undefined || server.seen.length === 0 ? [...wrong, 'no token is believed'] : wrong
  },
  breaches: (wrong) => wrong,
})

afterEach(() => {
  vi.useRealTimers()
})

threat<Verifier, string[]>('M3', 'a thousand tokens with unknown keys, and a new key', {
  ours,
  // Asks whenever it does not know.
  twin: async (token, issuer) => {
    const { keys } = (await (await fetch(`${issuer}/jwks`)).json()) as { keys: JWK[] }
    return jwtVerify(token, createLocalJWKSet({ keys })).catch(() => {
      throw new PentauthError({ code: 'token_invalid', message: 'no' })
    })
  },
  attack: async (verify) => {
    const wrong: string[] = []
    const start = 1_800_000_000_000
    vi.useFakeTimers({ toFake: ['Date'], now: start })
    const runtime = { now: () => Date.now() }
    const { issuer, keys, sign, keyRequests } = await issuerHere()
    if (await isRefused(verify(await sign({ alg: 'RS256', kid: 'one' }), issuer, runtime)))
      wrong.push('a good token was refused')
    const before = keyRequests()
    const token = await sign({ alg: 'RS256', kid: 'unknown' })
    for (let count = 0; count < 800; count++) await isRefused(verify(token, issuer, runtime))
    await Promise.all(Array.from({ length: 200 }, () => isRefused(verify(token, issuer, runtime))))
    if (keyRequests() - before > 1) wrong.push(`${keyRequests() - before} requests for 1,000 tokens`)
    const next = await pairOf('RS256')
    keys.push(await jwkOf(next, 'two'))
    vi.setSystemTime(start + 31_000)
    if (await isRefused(verify(await sign({ alg: 'RS256', kid: 'two' }, next), issuer, runtime)))
      wrong.push('a new key does not work')
    if (keyRequests() - before > 2) wrong.push(`${keyRequests() - before} requests in two periods`)
    return wrong
  },
  breaches: (wrong) => wrong,
})

threat<Verifier, string[]>('M4', 'a token that is expensive to open', {
  ours,
  // Opens whatever it has a key for, and then looks what it is.
  twin: async (token) => compactDecrypt(token, Buffer.from('password'), { maxPBES2Count: 20_000 }),
  attack: async (verify) => {
    const wrong: string[] = []
    const { issuer, server } = await issuerHere()
    const bomb = await new CompactEncrypt(Buffer.alloc(100_000))
      .setProtectedHeader({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM' })
      .encrypt(Buffer.from('password'))
    const cost = encoded({ ...decodeProtectedHeader(bomb), p2c: 2_000_000_000 })
    const long = `${encoded({ alg: 'RS256' })}.${'a'.repeat(10_000_000)}.AAAA`
    const tokens: Record<string, string> = {
      encrypted: bomb,
      'with two thousand million rounds': bomb.replace(/^[^.]+/, cost),
      long,
    }
    for (const [name, token] of Object.entries(tokens))
      if (!(await isRefused(verify(token, issuer, {})))) wrong.push(`${name}: not refused`)
    // Their form decides; no key is needed for that, and none is asked for.
    if (server.seen.length > 0) wrong.push('keys were asked for')
    return wrong
  },
  breaches: (wrong) => wrong,
})
