import { testKey } from '@pentauth/tooling/canary'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { finishSignIn, memoryStore, PentauthError, parseChallenge, startSignIn } from '../../src/index.ts'
import { parseStored } from '../../src/stored-session.ts'
import { rounds } from './support/rounds.ts'
import { acme, documents, issuer, redirectUri } from './support/sign-in-scenes.ts'

// What servers, browsers and stores may hand us, generated: nothing but typed errors comes of it, and nobody's prototype changes.

const seed = 20_261_122
const always = { seed, verbose: 1 } as const
const names = fc.constantFrom(
  'code',
  'state',
  'iss',
  'error',
  'error_description',
  'response',
  '__proto__',
  'constructor',
  'id_token',
)
const values = fc.oneof(
  fc.string(),
  fc.constantFrom('', issuer, `${issuer}/`, 'access_denied', 'temporarily_unavailable', '[object Object]'),
)

/** Ends well, or with an error of ours; and leaves every object as it was. */
async function isHarmless(work: () => unknown): Promise<void> {
  const failure = await (async () => work())().then(
    () => undefined,
    (error: unknown) => error,
  )
  if (failure !== undefined && !PentauthError.isInstance(failure)) throw failure
  expect(Object.keys(Object.prototype)).toEqual([])
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
}

describe('generated', { timeout: 30 * 60_000 }, () => {
  it('challenges: a list, quickly, of what is there', () => {
    const part = fc.constantFrom(
      'Bearer',
      'DPoP',
      'error',
      'scope',
      '=',
      '"',
      '\\',
      ',',
      ' ',
      '\t',
      '=="',
      'a',
      '%',
      '\u0000',
      '"a, b"',
    )
    const header = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc.array(part, { maxLength: 60 }).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(header, (text) => {
        for (const { scheme, parameters } of parseChallenge(text)) {
          expect(scheme).toMatch(/^[!#$%&'*+.^_`|~\w-]+$/)
          expect(Object.getPrototypeOf(parameters)).toBeNull()
        }
      }),
      { ...always, numRuns: rounds(5_000) },
    )
  })

  it('callbacks: a typed error, and no request', async () => {
    const service = acme()
    let asked = 0
    const fetch = documents(() => {
      asked += 1
      return new Response(null, { status: 500 })
    })
    const shared = { store: memoryStore(), runtime: { fetch } }
    const pairs = fc.array(fc.tuple(names, values), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(pairs, fc.boolean(), fc.boolean(), async (given, isOurs, asText) => {
        const { state } = await startSignIn(service, { ...shared, redirectUri, client: { clientId: 'one' } })
        const callback = new URLSearchParams([...given, ...(isOurs ? [['state', state]] : [])])
        await isHarmless(() => finishSignIn(service, asText ? `${redirectUri}?${callback}` : callback, shared))
      }),
      { ...always, numRuns: rounds(200) },
    )
    // A code is only sent for a callback that is an answer.
    expect(asked).toBeLessThan(rounds(200))
  })

  it('callback texts: a typed error', async () => {
    const text = fc.oneof(
      fc.string(),
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
      fc.webQueryParameters(),
    )
    await fc.assert(
      fc.asyncProperty(text, (callback) => isHarmless(() => finishSignIn(acme(), callback, { store: memoryStore() }))),
      { ...always, numRuns: rounds(500) },
    )
  })

  it('token responses: a session, or a typed error', async () => {
    const document = fc.record(
      {
        access_token: fc.oneof(fc.constant(testKey.token()), fc.string(), fc.jsonValue()),
        token_type: fc.oneof(fc.constant('Bearer'), fc.jsonValue()),
        expires_in: fc.oneof(fc.double(), fc.jsonValue()),
        refresh_token: fc.oneof(fc.string(), fc.jsonValue()),
        scope: fc.oneof(fc.string(), fc.jsonValue()),
        error: fc.oneof(fc.constantFrom('invalid_grant', 'invalid_client', '__proto__'), fc.jsonValue()),
        error_description: fc.jsonValue(),
        id_token: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    const body = fc.oneof(
      document.map((value) => JSON.stringify(value)),
      fc.json(),
      fc.string(),
    )
    const status = fc.constantFrom(200, 200, 200, 201, 302, 400, 401, 403, 429, 500)
    const service = acme()
    await fc.assert(
      fc.asyncProperty(body, status, async (text, code) => {
        const answer = () => new Response(text, { status: code, headers: { 'content-type': 'application/json' } })
        const shared = { store: memoryStore(), runtime: { fetch: documents(answer) } }
        const { state } = await startSignIn(service, { ...shared, redirectUri, client: { clientId: 'one' } })
        await isHarmless(() => finishSignIn(service, new URLSearchParams({ state, code: 'a' }), shared))
      }),
      { ...always, numRuns: rounds(500) },
    )
  })

  it('metadata: an address to sign in at, or a typed error', async () => {
    const url = fc.oneof(
      fc.webUrl(),
      fc.constantFrom(issuer, `${issuer}/x`, 'javascript:1', 'http://10.0.0.1/'),
      fc.jsonValue(),
    )
    const keys = [
      'authorization_endpoint',
      'token_endpoint',
      'registration_endpoint',
      'revocation_endpoint',
      'jwks_uri',
    ] as const
    const document = fc.record(
      {
        ...(Object.fromEntries(keys.map((key) => [key, url])) as Record<(typeof keys)[number], typeof url>),
        issuer: fc.oneof(fc.constant(issuer), url),
        code_challenge_methods_supported: fc.oneof(fc.constant(['S256']), fc.jsonValue()),
        scopes_supported: fc.jsonValue(),
        grant_types_supported: fc.jsonValue(),
        token_endpoint_auth_methods_supported: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(document, async (changes) => {
        const runtime = { fetch: documents(() => new Response('{}', { status: 400 }), changes) }
        await isHarmless(async () => {
          const started = await startSignIn(acme(), {
            store: memoryStore(),
            redirectUri,
            runtime,
            client: { clientId: 'one' },
          })
          expect(started.url.protocol).toMatch(/^https?:$/)
        })
      }),
      { ...always, numRuns: rounds(500) },
    )
  })

  it('what a store holds: a session, or a reason why not', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        expect(['nothing', 'session', 'ended', 'unreadable']).toContain(parseStored(text).is)
      }),
      { ...always, numRuns: rounds(5_000) },
    )
  })
})
