import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { clientCredentials, createAuth, type Runtime } from '../src/index.ts'
import { pendium, pentographer } from '../src/services.ts'
import { carriers, offline } from './support/auth.ts'
import { asked, client, grant, isToken, pentographerHere, token, tokenOf, tokenPath } from './support/pentographer.ts'
import { json } from './support/server.ts'

/** Lets background work finish: it needs a few turns of the event loop, and no clock. */
async function until(condition: () => boolean) {
  for (let turn = 0; turn < 500 && !condition(); turn++) await new Promise((resolve) => setTimeout(resolve, 1))
  expect(condition()).toBe(true)
}

describe('the token request', () => {
  it('holds the secret in its form body and nowhere else', async () => {
    const { auth, server, url } = await pentographerHere()
    await auth.fetch(url)
    const [request, call] = server.seen
    expect([request?.method, request?.path]).toEqual(['POST', tokenPath])
    expect(request?.headers['content-type']).toContain('application/x-www-form-urlencoded')
    const form = new URLSearchParams(request?.body)
    expect(form.get('grant_type')).toBe('client_credentials')
    expect(form.get('client_id')).toBe(client.clientId)
    expect(form.get('client_secret') === client.clientSecret).toBe(true)
    expect(carriers(request?.headers ?? {}, client.clientSecret)).toBe('none')
    expect(request?.headers).not.toHaveProperty('authorization')
    // And the token travels as Bearer.
    expect(carriers(call?.headers ?? {}, token(1))).toBe('authorization: Bearer')
    expect(carriers(call?.headers ?? {}, client.clientSecret)).toBe('none')
  })

  it('uses Basic where the definition says so', async () => {
    const { service, server } = await pentographerHere()
    const oauth = {
      ...service.oauth,
      grants: ['client_credentials'] as const,
      tokenEndpointAuthMethod: 'client_secret_basic' as const,
    }
    await createAuth({ ...service, oauth }, { credential: clientCredentials(client) }).credential()
    const { headers, body } = server.seen[0] as (typeof server.seen)[0]
    const expected = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')
    // Many servers do not decode what RFC 6749 has encoded as a form, and what is no special character stays as it is.
    expect(headers.authorization === `Basic ${expected}`).toBe(true)
    expect(body.includes(client.clientSecret)).toBe(false)
  })

  it('encodes in Basic what has to be', async () => {
    const { service, server } = await pentographerHere()
    const oauth = {
      ...service.oauth,
      grants: ['client_credentials'] as const,
      tokenEndpointAuthMethod: 'client_secret_basic' as const,
    }
    const clientSecret = `${client.clientSecret}:%+~`
    const strange = { clientId: 'a-b_c.d*:', clientSecret }
    await createAuth({ ...service, oauth }, { credential: clientCredentials(strange) }).credential()
    const sent = Buffer.from(server.seen[0]?.headers.authorization?.slice(6) ?? '', 'base64').toString()
    expect(sent.startsWith('a-b_c.d*%3A:')).toBe(true)
    expect(sent.endsWith('%3A%25%2B%7E')).toBe(true)
    const [id = '', secret = ''] = sent.split(':').map((part) => decodeURIComponent(part.replaceAll('+', ' ')))
    expect([id, secret === clientSecret]).toEqual([strange.clientId, true])
  })

  it('is made once for fifty callers', async () => {
    const { auth, url, asked, server } = await pentographerHere()
    await Promise.all(Array.from({ length: 50 }, () => auth.fetch(url)))
    expect(asked()).toHaveLength(1)
    expect(server.seen).toHaveLength(51)
  })

  it('trims what was copied', async () => {
    const { service, asked } = await pentographerHere()
    const credential = clientCredentials({
      clientId: ` ${client.clientId}\n`,
      clientSecret: `\t${client.clientSecret}\r\n`,
    })
    await createAuth(service, { credential }).credential()
    expect(new URLSearchParams(asked()[0]?.body).get('client_secret') === client.clientSecret).toBe(true)
  })

  it('serves two deployments with two tokens', async () => {
    const first = await pentographerHere()
    const second = await pentographerHere((response) =>
      json(response, 200, { access_token: testKey.token('second'), token_type: 'bearer', expires_in: 60 }),
    )
    const credential = clientCredentials(client)
    expect(await isToken(createAuth(first.service, { credential }), 1)).toBe(true)
    expect((await tokenOf(createAuth(second.service, { credential }))) === testKey.token('second')).toBe(true)
    expect(await isToken(createAuth(first.service, { credential }), 1)).toBe(true)
    expect([first.asked().length, second.asked().length]).toEqual([1, 1])
  })
})

describe('renewal', () => {
  it('happens in the background before the end, once, while the old token serves', async () => {
    const { auth, clock, asked } = await pentographerHere()
    await auth.credential()
    clock.now += 3_539_000
    expect(await isToken(auth, 1)).toBe(true)
    expect(asked()).toHaveLength(1)
    clock.now += 2_000
    const during = await Promise.all(Array.from({ length: 20 }, () => isToken(auth, 1)))
    expect(during.every(Boolean)).toBe(true)
    await until(() => asked().length === 2)
    for (let turn = 0; turn < 500 && !(await isToken(auth, 2)); turn++)
      await new Promise((resolve) => setImmediate(resolve))
    expect(await isToken(auth, 2)).toBe(true)
    expect(asked()).toHaveLength(2)
  })

  it('is waited for when the token has ended', async () => {
    const { auth, clock, asked, events } = await pentographerHere()
    await auth.credential()
    clock.now += 3_596_000
    const all = await Promise.all(Array.from({ length: 20 }, () => isToken(auth, 2)))
    expect(all.every(Boolean)).toBe(true)
    expect(asked()).toHaveLength(2)
    expect(events.filter(({ type }) => type === 'token_requested')).toMatchObject([
      { reason: 'first' },
      { reason: 'expiring' },
    ])
  })

  it('that fails in the background leaves the valid token', async () => {
    let fails = false
    const { auth, clock, asked, events } = await pentographerHere((...args) =>
      fails ? args[0].writeHead(503).end() : grant(...args),
    )
    await auth.credential()
    fails = true
    clock.now += 3_545_000
    expect(await isToken(auth, 1)).toBe(true)
    await until(() => events.some(({ type }) => type === 'token_request_failed'))
    expect(await isToken(auth, 1)).toBe(true)
    // Within the pause nobody asks again.
    expect(asked()).toHaveLength(2)
    clock.now += 1_001
    fails = false
    await auth.credential()
    await until(() => asked().length === 3)
  })

  it('follows a refused token once, and only that token', async () => {
    const { service, server } = await pentographerHere()
    const accepted = { count: 2 }
    const runtime: Partial<Runtime> = {
      fetch: async (input, init) => {
        if (String(input).endsWith(tokenPath)) return fetch(input, init)
        const isGood = carriers(init?.headers as Headers, token(accepted.count)) !== 'none'
        return isGood ? new Response('{}') : Response.json({ error: 'Unauthorized' }, { status: 401 })
      },
    }
    const auth = createAuth(service, { credential: clientCredentials(client), runtime })
    const url = `${server.origin}/api/graphql`
    const statuses = (await Promise.all(Array.from({ length: 30 }, () => auth.fetch(url)))).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(asked(server)).toHaveLength(2)
    // A server that never accepts costs one renewal and one more request for each call.
    accepted.count = 99
    expect((await auth.fetch(url)).status).toBe(401)
    expect(asked(server)).toHaveLength(3)
  })
})

describe('a refusal that comes late', () => {
  it('takes the token that came meanwhile and asks for no other', async () => {
    const { service, server } = await pentographerHere()
    let release: () => void = () => undefined
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    let calls = 0
    const runtime: Partial<Runtime> = {
      fetch: async (input, init) => {
        if (String(input).endsWith(tokenPath)) return fetch(input, init)
        if (calls++ === 0) await gate
        const isOld = carriers(init?.headers as Headers, token(1)) !== 'none'
        return isOld ? Response.json({ error: 'Unauthorized' }, { status: 401 }) : new Response('{}')
      },
    }
    const auth = createAuth(service, { credential: clientCredentials(client), runtime })
    const late = auth.fetch(`${server.origin}/api/graphql`)
    await until(() => calls === 1)
    expect((await auth.fetch(`${server.origin}/api/graphql`)).status).toBe(200)
    release()
    expect((await late).status).toBe(200)
    expect(asked(server)).toHaveLength(2)
  })
})

describe('an endpoint that cannot answer now', () => {
  it.each([
    [500, {}, undefined, 1_000],
    [503, { 'retry-after': '7' }, 7, 7_000],
    [429, { 'retry-after': '0' }, 0, 1_000],
    [429, { 'retry-after': '-1' }, 0, 1_000],
    [503, { 'retry-after': 'soon' }, undefined, 1_000],
    [503, { 'retry-after': '999999999' }, 999_999_999, 60_000],
  ] as const)('%i %j', async (status, headers, retryAfter, wait) => {
    let fails = true
    const { auth, url, clock, asked } = await pentographerHere((...args) =>
      fails ? args[0].writeHead(status, headers).end('<html>') : grant(...args),
    )
    const error = await caught(auth.fetch(url))
    expect(error).toMatchObject({ code: 'temporarily_unavailable', status, retryable: true })
    expect(error.retryAfter).toBe(retryAfter)
    fails = false
    clock.now += wait - 1
    expect((await caught(auth.fetch(url))).code).toBe('temporarily_unavailable')
    expect(asked()).toHaveLength(1)
    clock.now += 1
    expect((await auth.fetch(url)).status).toBe(200)
    expect(asked()).toHaveLength(2)
  })

  const broken: [name: string, fetch: Runtime['fetch'], says: string][] = [
    ['no connection', () => Promise.reject(new TypeError('fetch failed')), 'could not be reached'],
    ['a timeout', () => Promise.reject(new DOMException('x', 'TimeoutError')), 'did not answer within 10 s'],
    [
      'a body that breaks off',
      async () => new Response(new ReadableStream({ pull: (c) => c.error(new Error('reset')) })),
      'could not be reached',
    ],
    ['a huge body', async () => new Response(new Blob([new Uint8Array(400_000)]).stream()), 'more than 256 KiB'],
    [
      'a body without end',
      async () => new Response(new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(65_536)) })),
      'more than 256 KiB',
    ],
  ]
  it.each(broken)('%s', async (_name, fetch, says) => {
    const { auth } = await pentographerHere(grant, { fetch })
    const error = await caught(auth.credential())
    expect(error).toMatchObject({ code: 'temporarily_unavailable', retryable: true })
    expect(error.message).toContain(says)
  })
})

describe('a client that cannot work is told before any request', () => {
  const wrong: [name: string, clientId: unknown, clientSecret: unknown, says: string][] = [
    ['no id', undefined, client.clientSecret, 'client ID from client credentials is not a string'],
    ['no secret', client.clientId, undefined, 'client secret from client credentials is not a string'],
    ['an empty secret', client.clientId, ' ', 'client secret from client credentials is empty'],
    [
      'exchanged',
      client.clientSecret,
      client.clientId,
      'client ID from client credentials looks like a Pentographer client secret',
    ],
    ['a key as secret', client.clientId, testKey.pentographer(), 'looks like a Pentographer API key'],
    ['a secret with a line end', client.clientId, `${client.clientSecret}\n1`, 'U+000A at position'],
    ['quotes', client.clientId, `"${client.clientSecret}"`, 'is wrapped in quotes'],
    ['a placeholder', 'ptgc_your_client_id', client.clientSecret, 'is a placeholder'],
  ]
  it.each(wrong)('%s', async (_name, clientId, clientSecret, says) => {
    const credential = clientCredentials({ clientId, clientSecret } as typeof client)
    const error = await caught(createAuth(pentographer, { credential, runtime: offline }).credential())
    expect(error).toMatchObject({
      code: expect.stringMatching(/^(?:malformed|wrong)_credential$/),
      service: 'pentographer',
    })
    expect(error.message).toContain(says)
  })

  it('and so is a service without such clients', async () => {
    const {
      tokenEndpoint: _,
      issuer: _own,
      ...oauth
    } = pentographer.oauth ?? {
      grants: ['client_credentials'] as const,
      tokenEndpointAuthMethod: 'none',
    }
    const service = { ...pentographer, oauth }
    const auth = createAuth(service, { credential: clientCredentials(client), runtime: offline })
    expect((await caught(auth.credential())).code).toBe('invalid_service')
    const rest = createAuth(pendium, { credential: clientCredentials(client), runtime: offline })
    expect((await caught(rest.fetch('https://pendium.ai/api/visibility/account'))).code).toBeDefined()
  })

  it('may have any form on a relocated service', async () => {
    const { service, asked } = await pentographerHere()
    const credential = clientCredentials({ clientId: 'mine', clientSecret: testKey.profundis() })
    await createAuth(service, { credential }).credential()
    expect(asked()).toHaveLength(1)
  })
})
