import { inspect } from 'node:util'
import { expectNoMarker, renderings, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { createSecret, summarize } from '../src/credential.ts'
import { apiKey, clientCredentials, createAuth, firstOf, PentauthError } from '../src/index.ts'
import { pensyve, pentographer } from '../src/services.ts'
import { offline, recorded, tokenSource } from './support/auth.ts'

const key = testKey.pensyve()
const auth = createAuth(pensyve, { credential: apiKey(key), runtime: offline })
const url = 'https://api.pensyve.com/v1/status'

/** Everything of ours that holds or has held a secret. */
const holders: [name: string, make: () => unknown][] = [
  ['a secret', () => createSecret(key)],
  ['an API key', () => auth.credential()],
  ['an access token', () => recorded(pensyve, tokenSource(testKey.token())).auth.credential()],
  ['a source', () => apiKey(key)],
  ['a source of a function', () => apiKey(() => key)],
  ['a chain', () => firstOf(apiKey(key), tokenSource(testKey.token()))],
  [
    'client credentials',
    () => clientCredentials({ clientId: testKey.pentographerClientId(), clientSecret: testKey.pentographerSecret() }),
  ],
  [
    'an Auth that was used',
    async () => {
      await auth.headers(url)
      return auth
    },
  ],
  ['an Auth in an object', () => ({ app: { auth, service: pentographer } })],
  ['a list of credentials', async () => [await auth.credential(), await auth.credential()]],
  ['a summary', async () => summarize(await auth.credential(), crypto)],
  [
    'an error with a credential as cause',
    async () => new PentauthError({ code: 'no_credential', message: 'x', cause: await auth.credential() }),
  ],
]

describe('a secret shows in no rendering of', () => {
  it.each(holders)('%s', async (_name, make) => {
    const value = await make()
    // The canary's ten renderings, which include inspect with hidden properties and without a depth, JSON, spread and clone.
    expect(renderings(value).length).toBeGreaterThan(3)
    expectNoMarker(value)
    const more = [
      inspect(value, { customInspect: false, showHidden: true, depth: Number.POSITIVE_INFINITY, getters: true }),
      inspect(Object.getOwnPropertyDescriptors(value as object), { showHidden: true, depth: 20 }),
      // biome-ignore lint/style/useTemplate: how a hurried log line does it
      'text: ' + String(value),
    ]
    for (const text of more) expectNoMarker(new Error(text))
  })

  it.each(holders)('what can be cloned of %s', async (_name, make) => {
    const value = await make()
    let clone: unknown
    try {
      clone = structuredClone(value)
    } catch (error) {
      // Functions cannot be cloned, and the error says which.
      clone = error
    }
    expectNoMarker(clone instanceof Error ? clone : { clone })
  })
})

describe('Secret', () => {
  it('reveals its value only when asked', () => {
    const secret = createSecret(key)
    expect(secret.reveal() === key).toBe(true)
    expect([String(secret), `${secret}`, JSON.stringify({ secret }), inspect(secret)]).toEqual([
      '[secret]',
      '[secret]',
      '{"secret":"[secret]"}',
      '[secret]',
    ])
    expect(Object.isFrozen(secret)).toBe(true)
  })

  it.each([
    [0, 0],
    [1, 0],
    [3, 1],
    [12, 4],
    [23, 7],
    [24, 8],
    [44, 8],
    [1000, 8],
  ])('of %i characters previews %i', (length, shown) => {
    expect(createSecret('x'.repeat(length)).preview).toBe('x'.repeat(shown))
  })

  it('has a fingerprint of its own and computes it once', async () => {
    let digests = 0
    const counting = {
      subtle: {
        digest: (...args: Parameters<SubtleCrypto['digest']>) => {
          digests++
          return crypto.subtle.digest(...args)
        },
      },
    } as Crypto
    const secret = createSecret('abc')
    expect(await secret.fingerprint(counting)).toBe('ba7816bf')
    expect(await secret.fingerprint(counting)).toBe('ba7816bf')
    expect(digests).toBe(1)
    expect(await createSecret('abd').fingerprint(crypto)).not.toBe('ba7816bf')
  })
})

describe('PentauthError', () => {
  const facts = {
    code: 'rate_limited',
    message: 'Slow down.',
    service: 'pensyve',
    status: 429,
    hint: 'Wait.',
    retryable: true,
    retryAfter: 7,
    parameters: { a: 'b' },
    tried: [{ source: 'A', result: 'not set' }],
  } as const

  it('is plain data for logs', () => {
    const error = new PentauthError({ ...facts, cause: new Error('why') })
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      ...facts,
      name: 'PentauthError',
      message: 'Slow down. Wait.',
      docs: '@pentauth/core/docs/errors/rate_limited.md',
    })
    expect(error).toBeInstanceOf(Error)
    expect((error.cause as Error).message).toBe('why')
    expect(Object.keys(error)).not.toContain('cause')
  })

  it('has no properties without a value', () => {
    const error = new PentauthError({ code: 'timeout', message: 'x', hint: undefined, status: undefined })
    expect(Object.keys(error).sort()).toEqual(['code', 'docs', 'name', 'retryable'])
    expect('cause' in error).toBe(false)
    expect(error.message).toBe('x')
  })

  it('is recognised across copies of the package, and nothing else is', () => {
    const copy = Object.assign(new Error('x'), { [Symbol.for('pentauth.error')]: true })
    expect(PentauthError.isInstance(new PentauthError(facts))).toBe(true)
    expect(PentauthError.isInstance(copy)).toBe(true)
    for (const value of [undefined, null, 'x', 5, {}, new Error('x'), { code: 'timeout', name: 'PentauthError' }]) {
      expect(PentauthError.isInstance(value)).toBe(false)
    }
  })
})
