import { createHmac } from 'node:crypto'
import { expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { PentauthError, pensyve, relocate } from '../src/index.ts'
import { type VerifyOptions, verifyAccessToken } from '../src/jwt.ts'
import { pathsOf, serverDocument, serverPath, site } from './support/discovery.ts'
import { type Answer, json } from './support/server.ts'

type Pair = Awaited<ReturnType<typeof generateKeyPair>>
const audience = 'https://mcp.example/mcp'
// Shows in no error, event or output: everything a test throws is looked at.
const subject = testKey.token('subject')

const pairOf = (alg: string): Promise<Pair> => generateKeyPair(alg, { extractable: true })
const publicKey = async ({ publicKey: key }: Pair, facts: object): Promise<JWK> => ({
  ...(await exportJWK(key)),
  ...facts,
})

/** An issuer with an Ed25519 key, and whatever else is put into its key set. */
async function issuerHere(first?: Answer) {
  const pair = await pairOf('Ed25519')
  const keys: JWK[] = [await publicKey(pair, { kid: 'one', alg: 'EdDSA', use: 'sig' })]
  const said: { answer: Answer | undefined } = { answer: first }
  const server = await site((origin) => ({
    [serverPath]: serverDocument(origin),
    '/jwks': (response, seen, handle) => (said.answer ?? ((to) => json(to, 200, { keys })))(response, seen, handle),
  }))
  const issuer = server.origin
  const runtime = {}
  const seconds = () => Math.floor(Date.now() / 1000)
  const sign = (claims: object = {}, header: object = {}, key: Pair = pair) =>
    new SignJWT({
      iss: issuer,
      aud: audience,
      sub: subject,
      iat: seconds(),
      exp: seconds() + 600,
      scope: 'mcp:read a',
      ...claims,
    })
      .setProtectedHeader({ alg: 'EdDSA', kid: 'one', typ: 'at+jwt', ...header })
      .sign(key.privateKey)
  const verify = async (token: string | Promise<string>, change: Partial<VerifyOptions> = {}) =>
    verifyAccessToken(await token, { issuer, audience, runtime, ...change })
  const keyRequests = () => pathsOf(server).filter((path) => path === '/jwks').length
  return { server, issuer, pair, keys, said, sign, verify, runtime, keyRequests, seconds }
}
const failure = (work: Promise<unknown>): Promise<PentauthError> =>
  work.then(
    () => {
      throw new TypeError('it was believed')
    },
    (error) => {
      expectNoMarker(error)
      if (!PentauthError.isInstance(error)) throw error
      return error
    },
  )

afterEach(() => {
  vi.useRealTimers()
})

describe('verifyAccessToken', () => {
  it('says what a good token says', async () => {
    const { sign, verify, issuer, seconds, server } = await issuerHere()
    const exp = seconds() + 600
    const verified = await verify(sign({ client_id: 'client', exp }))
    const { claims, ...rest } = verified
    expect(rest).toEqual({
      subject,
      clientId: 'client',
      scopes: ['mcp:read', 'a'],
      issuer,
      audience: [audience],
      expiresAt: exp * 1000,
    })
    expect(claims).toMatchObject({ iss: issuer, exp })
    expect(pathsOf(server)).toEqual([serverPath, '/jwks'])
    await verify(sign())
    expect(pathsOf(server)).toHaveLength(2)
  })

  it('takes Pensyve’s tokens by its definition', async () => {
    const { sign, verify, issuer } = await issuerHere()
    const service = relocate(pensyve, { 'https://mcp.pensyve.com': issuer, 'https://api.pensyve.com': issuer })
    const change = { service, issuer: undefined, audience: `${issuer}/mcp` }
    expect((await verify(sign({ aud: `${issuer}/mcp` }), change)).subject).toBe(subject)
    expect((await verify(sign({ aud: `${issuer}/mcp` }, { alg: 'Ed25519' }), change)).issuer).toBe(issuer)
    const rsa = await pairOf('RS256')
    expect((await failure(verify(sign({}, { alg: 'RS256' }, rsa), change))).message).toContain(
      'algorithm that is not accepted',
    )
  })

  it.each([
    ['no type', { typ: undefined }],
    ['JWT', { typ: 'JWT' }],
    ['application/at+jwt', { typ: 'application/at+jwt' }],
  ])('takes the type: %s', async (_name, header) => {
    const { sign, verify } = await issuerHere()
    expect((await verify(sign({}, header))).subject).toBe(subject)
  })

  it.each(['ES256', 'RS256', 'PS256'])('takes %s where nothing else was said, and not where it was', async (alg) => {
    const { sign, verify, keys } = await issuerHere()
    const pair = await pairOf(alg)
    keys.push(await publicKey(pair, { kid: 'two', alg }))
    expect((await verify(sign({}, { alg, kid: 'two' }, pair))).subject).toBe(subject)
    expect((await failure(verify(sign({}, { alg, kid: 'two' }, pair), { algorithms: ['EdDSA'] }))).code).toBe(
      'token_invalid',
    )
  })

  it('reads scopes and clients under either name', async () => {
    const { sign, verify } = await issuerHere()
    expect(await verify(sign({ scope: undefined, scp: ['a', 5, 'b'], azp: 'azp' }))).toMatchObject({
      scopes: ['a', 'b'],
      clientId: 'azp',
    })
    expect(await verify(sign({ scope: undefined, scp: 'a b' }))).toMatchObject({
      scopes: ['a', 'b'],
      clientId: undefined,
    })
    expect((await verify(sign({ scope: 5 }))).scopes).toEqual([])
  })

  it('takes one of several audiences', async () => {
    const { sign, verify } = await issuerHere()
    const aud = ['https://other.example', audience]
    expect((await verify(sign({ aud }))).audience).toEqual(aud)
    expect((await verify(sign(), { audience: aud })).subject).toBe(subject)
  })

  it('asks for scopes', async () => {
    const { sign, verify } = await issuerHere()
    expect((await verify(sign(), { requiredScopes: ['a'] })).scopes).toContain('a')
    expect(await failure(verify(sign(), { requiredScopes: ['a', 'mcp:write', 'mcp:rea'] }))).toMatchObject({
      code: 'insufficient_scope',
      parameters: { scope: 'mcp:write mcp:rea' },
    })
  })

  it('reads keys at the given place, without metadata', async () => {
    const { sign, verify, server, issuer } = await issuerHere()
    await verify(sign(), { jwksUri: `${issuer}/jwks` })
    expect(pathsOf(server)).toEqual(['/jwks'])
  })

  it('finds a key without a name among several', async () => {
    const { sign, verify, keys } = await issuerHere()
    const [second, third] = [await pairOf('Ed25519'), await pairOf('Ed25519')]
    keys.splice(0, 1, await publicKey(second, {}), await publicKey(third, {}))
    const nameless = { kid: undefined }
    expect((await verify(sign({}, nameless, third))).subject).toBe(subject)
    expect((await failure(verify(sign({}, nameless, await pairOf('Ed25519'))))).message).toContain('signature')
    expect((await failure(verify(sign({ aud: 'x' }, nameless, third)))).message).toContain('another audience')
  })
})

describe('a token that is not to be trusted', () => {
  const minute = 60
  const wrong: [string, (now: number) => object, string][] = [
    ['another issuer', () => ({ iss: 'https://evil.test' }), 'is from another issuer'],
    ['no issuer', () => ({ iss: undefined }), 'is from another issuer'],
    ['another audience', () => ({ aud: 'https://other.example' }), 'is for another audience'],
    ['no audience', () => ({ aud: undefined }), 'is for another audience'],
    ['a longer audience', () => ({ aud: `${audience}/` }), 'is for another audience'],
    ['an end in the past', (now) => ({ exp: now - 31 }), 'has expired'],
    ['no end', () => ({ exp: undefined }), 'has no usable expiry'],
    ['a beginning in the future', (now) => ({ nbf: now + minute }), 'is not valid yet'],
    ['an issue in the future', (now) => ({ iat: now + minute }), 'was issued in the future'],
  ]
  it.each(wrong)('has %s', async (_name, claims, message) => {
    const { sign, verify, seconds } = await issuerHere()
    const error = await failure(verify(sign(claims(seconds()))))
    expect(error).toMatchObject({ code: 'token_invalid', retryable: false })
    expect(error.message).toContain(`The access token ${message}.`)
  })

  it('has an end within the tolerance of clocks, or just behind it', async () => {
    const { sign, verify, seconds } = await issuerHere()
    const runtime = { now: () => Date.now() }
    expect((await verify(sign({ exp: seconds() - 20 }), { runtime })).subject).toBe(subject)
    expect((await failure(verify(sign({ exp: seconds() - 20 }), { runtime, clockTolerance: 5 }))).code).toBe(
      'token_invalid',
    )
  })

  it.each(['id_token+jwt', 'logout+jwt', 'dpop+jwt', ''])('is a JWT for something else: %j', async (typ) => {
    const { sign, verify } = await issuerHere()
    expect((await failure(verify(sign({}, { typ })))).message).toContain('is a JWT of another type')
  })

  it.each([
    '',
    'a',
    'a.b',
    'a.b.c.d.e',
    '..',
    'a.b.c',
    `${'a'.repeat(70_000)}.b.c`,
    'e30.e30.e30',
    'a b.c.d',
    5 as never,
  ])('is no JWT: %.20j', async (token) => {
    const { verify } = await issuerHere()
    expect((await failure(verify(token))).code).toBe('token_invalid')
  })

  it('does not show in the error, also in parts', async () => {
    const { sign, verify } = await issuerHere()
    const token = await sign({ aud: 'https://other.example' })
    const cut = [token, `${token}x`, token.replace('.', '.x'), token.split('.').slice(0, 2).join('.')]
    for (const text of cut) {
      const error = await failure(verify(text))
      const shown = `${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`
      for (const part of token.split('.')) expect(shown.includes(part.slice(0, 20))).toBe(false)
    }
  })
})

describe('keys that cannot be had', () => {
  const answers: Record<string, Answer> = {
    'a 503': (response) => json(response, 503, {}),
    'a 404': (response) => json(response, 404, {}),
    'a page': (response) => response.writeHead(200).end('<html>'),
    'a list': (response) => json(response, 200, []),
    'no keys': (response) => json(response, 200, { keys: 5 }),
    'a redirect': (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    'too much': (response) => json(response, 200, { keys: [], more: 'x'.repeat(300_000) }),
    nothing: (response) => response.destroy(),
  }
  it.each(Object.entries(answers))('are no judgement of the token: %s', async (_name, answer) => {
    const { sign, verify, said, runtime, keyRequests } = await issuerHere(answer)
    const clock = { now: Date.now() }
    Object.assign(runtime, { now: () => clock.now })
    for (let tries = 0; tries < 5; tries++) {
      expect(await failure(verify(sign()))).toMatchObject({ code: 'temporarily_unavailable', retryable: true })
    }
    expect(keyRequests()).toBe(1)
    said.answer = undefined
    clock.now += 5_001
    expect((await verify(sign())).subject).toBe(subject)
  })

  it('because the metadata names none, or an unsafe place', async () => {
    const nowhere = await site((origin) => ({ [serverPath]: serverDocument(origin, { jwks_uri: undefined }) }))
    const { sign } = await issuerHere()
    const token = await sign()
    const ask = (issuer: string) => failure(verifyAccessToken(token, { issuer, audience, runtime: {} }))
    expect((await ask(nowhere.origin)).code).toBe('discovery_failed')
    const unsafe = await site((origin) => ({ [serverPath]: serverDocument(origin, { jwks_uri: 'http://10.0.0.1/' }) }))
    expect((await ask(unsafe.origin)).code).toBe('unsafe_address')
  })
})

describe('options', () => {
  it.each([
    ['no issuer', { issuer: undefined }],
    ['no URL as issuer', { issuer: 'acme' }],
    ['plain http beyond this machine', { issuer: 'http://as.example' }],
    ['keys by plain http', { jwksUri: 'http://as.example/jwks' }],
    ['no audience', { audience: [] }],
    ['an empty audience', { audience: '' }],
    ['a shared secret', { algorithms: ['HS256'] }],
    ['no signature', { algorithms: ['none'] }],
    ['no algorithm', { algorithms: [] }],
    ['a negative tolerance', { clockTolerance: -1 }],
    ['an endless tolerance', { clockTolerance: Number.POSITIVE_INFINITY }],
  ])('with %s are refused before anything is sent', async (_name, change) => {
    const { sign, verify, server } = await issuerHere()
    expect((await failure(verify(sign(), change as never))).code).toBe('invalid_option')
    expect(server.seen).toEqual([])
  })
})

it('checks a signature that it could have made itself as none', async () => {
  const { sign, verify, keys } = await issuerHere()
  const [head, body] = (await sign()).split('.')
  const forged = Buffer.from(
    JSON.stringify({ ...JSON.parse(Buffer.from(head ?? '', 'base64url').toString()), alg: 'HS256' }),
  ).toString('base64url')
  const mac = createHmac('sha256', JSON.stringify(keys[0])).update(`${forged}.${body}`).digest('base64url')
  expect((await failure(verify(`${forged}.${body}.${mac}`))).message).toContain('algorithm that is not accepted')
})
