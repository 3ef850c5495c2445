import { expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { discover } from '../src/discovery.ts'
import { PentauthError } from '../src/index.ts'
import { type ClientOptions, clientFor, forgetClient, withClient } from '../src/registration.ts'
import { memoryStore, type Store } from '../src/store.ts'
import {
  flowAt,
  pathsOf,
  resourceDocument,
  resourcePath,
  serverDocument,
  serverPath,
  site,
} from './support/discovery.ts'
import { type Answer, json } from './support/server.ts'

const redirectUri = 'http://127.0.0.1:51000/callback'
const secret = testKey.token('client secret')
const failure = (work: Promise<unknown>): Promise<PentauthError> =>
  work.then(
    (value) => {
      throw new TypeError(`no error but ${JSON.stringify(value)}`)
    },
    (error) => {
      expectNoMarker(error)
      return error
    },
  )

/** A server that registers clients as `answer` says, by what it was asked. */
async function here(
  answer: (asked: Record<string, unknown>, count: number) => object | Answer = () => ({}),
  metadata = {},
) {
  const bodies: Record<string, unknown>[] = []
  const register: Answer = (response, seen, server) => {
    const asked = JSON.parse(seen.body)
    bodies.push(asked)
    const said = answer(asked, bodies.length)
    if (typeof said === 'function') return (said as Answer)(response, seen, server)
    return json(response, 201, { client_id: `client-${bodies.length}`, ...asked, ...said })
  }
  const server = await site((origin) => ({
    [resourcePath]: resourceDocument(origin),
    [serverPath]: serverDocument(origin, metadata),
    '/register': register,
  }))
  const clock = { now: 1_700_000_000_000 }
  const values = new Map<string, string>()
  const store: Store = {
    get: async (key) => values.get(key),
    set: async (key, value) => void values.set(key, value),
    delete: async (key) => void values.delete(key),
  }
  const flow = flowAt(server.origin, { now: () => clock.now })
  const discovered = await discover(flow)
  const options = { client: { name: 'Example' } as ClientOptions, redirectUri, store }
  const ask = (change: object = {}) => clientFor(flow, discovered, { ...options, ...change })
  return { server, bodies, clock, values, store, flow, discovered, options, ask, issuer: server.origin }
}
const says =
  (status: number, body: object, headers: Record<string, string> = {}) =>
  (): Answer =>
  (response) =>
    json(response, status, body, headers)

describe('a client that registers itself', () => {
  it('asks for what a sign-in needs, once, and is kept by issuer and redirect URI', async () => {
    const { ask, bodies, values, issuer, flow } = await here()
    const client = await ask({ client: { name: 'Example', uri: 'https://app.example.com/' } })
    expect(bodies).toEqual([
      {
        client_name: 'Example',
        client_uri: 'https://app.example.com/',
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
        application_type: 'native',
      },
    ])
    expect(client).toEqual({ clientId: 'client-1', authMethod: 'none', issuer, stored: true })
    const key = `client/${encodeURIComponent(issuer)}/${encodeURIComponent('http://127.0.0.1/callback')}`
    expect([...values.keys()]).toEqual([key])
    expect(await ask()).toEqual(client)
    expect(bodies).toHaveLength(1)
    expect(flow.events.slice(-3).map(({ type }) => type)).toEqual([
      'request_sent',
      'request_ended',
      'client_registered',
    ])
  })

  it.each([
    ['https://app.example.com/callback', undefined, 'web'],
    ['https://app.example.com/callback', 'native', 'native'],
    ['com.example.app:/callback', undefined, 'native'],
    ['http://localhost:3000/callback', undefined, 'native'],
    ['http://localhost:3000/callback', 'web', 'web'],
  ])('with %s and %s is %s', async (uri, applicationType, expected) => {
    const { ask, bodies } = await here()
    await ask({ redirectUri: uri, client: { applicationType } })
    expect(bodies[0]?.application_type).toBe(expected)
  })

  it('has a secret only where the server knows no other way, and keeps it', async () => {
    for (const [methods, expected] of [
      [['client_secret_post', 'client_secret_basic', 'none'], 'none'],
      [['client_secret_post', 'client_secret_basic'], 'client_secret_basic'],
      [['private_key_jwt', 'client_secret_post'], 'client_secret_post'],
      [undefined, 'client_secret_basic'],
    ] as const) {
      const given = () => ({ client_secret: secret, client_secret_expires_at: 0 })
      const { ask, bodies } = await here(given, { token_endpoint_auth_methods_supported: methods })
      const clients = [await ask(), await ask()]
      expect(bodies.map((asked) => asked.token_endpoint_auth_method)).toEqual([expected])
      for (const client of clients) {
        expect(client.authMethod).toBe(expected)
        expect(client.clientSecret?.reveal() === secret).toBe(expected !== 'none')
        expectNoMarker(client)
      }
    }
    const { ask } = await here(undefined, { token_endpoint_auth_methods_supported: ['private_key_jwt'] })
    expect((await failure(ask())).message).toContain('takes no client that could register itself')
  })

  it('takes the method the answer has, and what it leaves out as asked', async () => {
    const { ask } = await here(() => ({
      token_endpoint_auth_method: 'client_secret_post',
      client_secret: secret,
      client_secret_expires_at: 0,
    }))
    expect((await ask()).authMethod).toBe('client_secret_post')
    for (const silence of [{}, { client_secret_expires_at: null }]) {
      const silent = await here(says(200, { client_id: 'silent', client_secret: secret, ...silence }), {
        token_endpoint_auth_methods_supported: ['client_secret_basic'],
      })
      const client = await silent.ask()
      expect([client.authMethod, client.clientSecret?.reveal() === secret]).toEqual(['client_secret_basic', true])
    }
    const bare = await here(() => says(201, { client_id: 'bare' })())
    expect(await bare.ask()).toMatchObject({ clientId: 'bare', authMethod: 'none' })
    const ok = await here(() => says(200, { client_id: 'ok' })())
    expect((await ok.ask()).clientId).toBe('ok')
  })

  it('asks once for all who ask at once', async () => {
    const { ask, bodies } = await here()
    const clients = await Promise.all(Array.from({ length: 20 }, () => ask()))
    expect(bodies).toHaveLength(1)
    expect(new Set(clients.map(({ clientId }) => clientId))).toEqual(new Set(['client-1']))
  })

  it('is known under any port of a loopback address, and under nothing else', async () => {
    const { ask, bodies } = await here()
    await ask()
    await ask({ redirectUri: 'http://127.0.0.1:52000/callback' })
    expect(bodies).toHaveLength(1)
    const others = [
      'http://127.0.0.1:51000/other',
      'http://[::1]:51000/callback',
      'http://localhost:51000/callback',
      'http://localhost:52000/callback',
      'https://127.0.0.1:51000/callback',
      'https://app.example.com/callback',
      'https://app.example.com:8443/callback',
    ]
    for (const uri of others) await ask({ redirectUri: uri })
    expect(bodies).toHaveLength(1 + others.length)
  })

  it('registers again when its secret has ended or what is stored is no registration', async () => {
    const ending = {
      client_secret: secret,
      client_secret_expires_at: 1_700_000_100,
      token_endpoint_auth_method: 'client_secret_basic',
    }
    const { ask, clock, bodies, values, issuer } = await here(() => ending)
    await ask()
    clock.now += 99_999
    expect((await ask()).clientId).toBe('client-1')
    const key = [...values.keys()][0] ?? ''
    const kept = JSON.parse(values.get(key) ?? '')
    const strange = [
      '',
      'null',
      '[]',
      '{"version":1}',
      '{',
      JSON.stringify({ ...kept, version: 2 }),
      JSON.stringify({ ...kept, issuer: `${issuer}/` }),
      JSON.stringify({ ...kept, redirectUri: 'https://evil.test/' }),
      JSON.stringify({ ...kept, clientSecret: undefined }),
      JSON.stringify({ ...kept, authMethod: 'private_key_jwt' }),
    ]
    for (const text of strange) {
      values.set(key, text)
      await ask()
    }
    expect(bodies).toHaveLength(1 + strange.length)
    clock.now += 1
    await failure(ask())
    expect(bodies).toHaveLength(2 + strange.length)
  })

  it('is not stored, and says why, when the server refuses', async () => {
    const refusals = [
      [
        says(400, { error: 'invalid_redirect_uri', error_description: 'only\u001b[31m https\u202e' }),
        /refused to register this client: 400 "invalid_redirect_uri: only \[31m https"\. The server does not allow this redirect URI/,
      ],
      [says(400, { error: 'invalid_client_metadata' }), /400 "invalid_client_metadata"/],
      [says(400, { error: 5 }), /sent no registration \(400\)/],
      [says(401, {}, { 'www-authenticate': 'Bearer' }), /registers no clients without leave \(401\)/],
      [says(403, {}), /registers no clients without leave \(403\)/],
      [says(404, {}), /sent no registration \(404\)/],
      [says(302, {}, { location: 'http://127.0.0.1:1/' }), /sent no registration \(302\)/],
      [says(201, []), /sent no registration \(201\)/],
      [
        () => (response: Parameters<Answer>[0]) => response.writeHead(201).end('<html>'),
        /sent no registration \(201\)/,
      ],
    ] as const
    for (const [answer, message] of refusals) {
      const { ask, values, bodies } = await here(answer as never)
      expect(await failure(ask())).toMatchObject({
        code: 'registration_failed',
        retryable: false,
        message: expect.stringMatching(message),
      })
      expect(values.size).toBe(0)
      expect(bodies).toHaveLength(1)
    }
  })

  it.each([429, 500, 503])('waits for a server in trouble (%i)', async (status) => {
    const { ask, values } = await here(says(status, { error: 'x' }, { 'retry-after': '3' }))
    expect(await failure(ask())).toMatchObject({ code: 'temporarily_unavailable', retryable: true, retryAfter: 3 })
    expect(values.size).toBe(0)
  })

  it('cannot where the server has no such endpoint', async () => {
    const { ask } = await here(undefined, { registration_endpoint: undefined })
    expect((await failure(ask())).message).toContain('registers no clients by itself')
  })

  it('fails with the store', async () => {
    const { ask, store } = await here()
    const broken = async (): Promise<never> => {
      throw new TypeError(`disk full ${secret}`)
    }
    for (const change of [{ get: broken }, { set: broken }]) {
      expect((await failure(ask({ store: { ...store, ...change } }))).code).toBe('store_failed')
    }
  })
})

describe('forgetting', () => {
  it('leads to another client, and leaves a newer one alone', async () => {
    const { ask, flow, store, issuer, bodies } = await here()
    const { clientId } = await ask()
    expect(await forgetClient(flow, { issuer, redirectUri, store, clientId: 'older' })).toBe(true)
    expect((await ask()).clientId).toBe(clientId)
    expect(await forgetClient(flow, { issuer, redirectUri, store, clientId })).toBe(true)
    expect(await forgetClient(flow, { issuer, redirectUri, store, clientId })).toBe(false)
    expect((await ask()).clientId).toBe('client-2')
    expect(bodies).toHaveLength(2)
  })

  it('happens once for an operation whose client is refused', async () => {
    const { flow, discovered, options, bodies } = await here()
    const refused = new PentauthError({ code: 'client_refused', message: 'no' })
    const tried: string[] = []
    const run = (until: number) =>
      withClient(flow, discovered, options, async ({ clientId }) => {
        tried.push(clientId)
        if (tried.length < until) throw refused
        return clientId
      })
    expect(await run(2)).toBe('client-2')
    tried.length = 0
    expect(await failure(run(99))).toBe(refused)
    expect(tried).toEqual(['client-2', 'client-3'])
    expect(bodies).toHaveLength(3)
    const other = new PentauthError({ code: 'temporarily_unavailable', message: 'later' })
    expect(await failure(withClient(flow, discovered, options, () => Promise.reject(other)))).toBe(other)
    expect(bodies).toHaveLength(3)
  })

  it('does not happen to a client made by hand', async () => {
    const { flow, discovered, options } = await here()
    const client = { clientId: 'by-hand' }
    let runs = 0
    const refused = new PentauthError({ code: 'client_refused', message: 'no' })
    const work = withClient(flow, discovered, { ...options, client }, async () => {
      runs++
      throw refused
    })
    expect(await failure(work)).toBe(refused)
    expect(runs).toBe(1)
  })
})

describe('a client made by hand', () => {
  it('is public without a proof, wherever it is', async () => {
    const { ask, bodies, values, issuer } = await here()
    expect(await ask({ client: { clientId: ' by-hand ' } })).toEqual({
      clientId: 'by-hand',
      authMethod: 'none',
      issuer,
      stored: false,
    })
    expect(bodies).toEqual([])
    expect(values.size).toBe(0)
  })

  it('shows its secret to its own issuer only, in a way that the server takes', async () => {
    const { ask, issuer } = await here()
    const client = await ask({ client: { clientId: 'by-hand', clientSecret: secret, issuer } })
    expect(client).toMatchObject({ authMethod: 'client_secret_basic', stored: false })
    expect(client.clientSecret?.reveal() === secret).toBe(true)
    const elsewhere = { clientId: 'by-hand', clientSecret: secret, issuer: 'https://as.example' }
    expect(await failure(ask({ client: elsewhere }))).toMatchObject({ code: 'registration_failed' })
    const post = await here(undefined, { token_endpoint_auth_methods_supported: ['client_secret_post'] })
    const own = { clientId: 'by-hand', clientSecret: secret, issuer: post.issuer }
    expect((await post.ask({ client: own })).authMethod).toBe('client_secret_post')
    const none = await here(undefined, { token_endpoint_auth_methods_supported: ['none'] })
    expect((await failure(none.ask({ client: { ...own, issuer: none.issuer } }))).message).toContain(
      'takes no client secret as a proof',
    )
  })

  it('proves itself by a private key where the server takes one', async () => {
    const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
      'sign',
      'verify',
    ])
    const { ask, issuer } = await here(undefined, { token_endpoint_auth_methods_supported: ['private_key_jwt'] })
    expect(await ask({ client: { clientId: 'by-hand', privateKey, issuer } })).toMatchObject({
      authMethod: 'private_key_jwt',
      privateKey,
    })
    const none = await here()
    const client = { clientId: 'by-hand', privateKey, issuer: none.issuer }
    expect((await failure(none.ask({ client }))).message).toContain('takes no private key as a proof')
  })

  it.each([
    ['an unset ID', { clientId: undefined }],
    ['an empty ID', { clientId: ' ' }],
    ['an ID that cannot be sent', { clientId: 'a\r\nb' }],
    ['an empty secret', { clientId: 'a', clientSecret: '', issuer: 'https://as.example' }],
    ['a secret without an issuer', { clientId: 'a', clientSecret: secret }],
    ['a key without an issuer', { clientId: 'a', privateKey: {} }],
  ])('with %s is no registration', async (_name, client) => {
    const { ask, bodies } = await here()
    expect((await failure(ask({ client }))).code).toBe('invalid_option')
    expect(bodies).toEqual([])
  })
})

describe('a client whose ID is a URL', () => {
  const metadataUrl = 'https://app.example.com/client.json'
  it('needs no registration where the server takes it', async () => {
    const { ask, bodies, issuer } = await here(undefined, { client_id_metadata_document_supported: true })
    expect(await ask({ client: { metadataUrl } })).toEqual({
      clientId: metadataUrl,
      authMethod: 'none',
      issuer,
      stored: false,
    })
    expect(bodies).toEqual([])
    expect((await failure(ask({ client: { metadataUrl: 'http://app.example.com/client.json' } }))).code).toBe(
      'invalid_option',
    )
  })

  it('is not tried where the server does not say so', async () => {
    const { ask, server } = await here(undefined, { client_id_metadata_document_supported: false })
    const error = await failure(ask({ client: { metadataUrl } }))
    expect(error).toMatchObject({ code: 'registration_failed', hint: expect.stringContaining('Give a name beside') })
    expect(pathsOf(server)).not.toContain('/register')
  })

  it('registers there, where it has a name to register with', async () => {
    const { ask, bodies } = await here(undefined, { client_id_metadata_document_supported: false })
    expect(await ask({ client: { metadataUrl, name: 'Notes' } })).toMatchObject({ stored: true })
    expect(bodies).toMatchObject([{ client_name: 'Notes' }])
  })
})

it('works with a store in memory', async () => {
  const { ask, bodies } = await here()
  const store = memoryStore()
  await ask({ store })
  await ask({ store })
  expect(bodies).toHaveLength(1)
})
