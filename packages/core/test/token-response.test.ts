import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { client, grant, pentographerHere, token, tokenPath } from './support/pentographer.ts'
import { json, serve } from './support/server.ts'

describe('an answer that is no token', () => {
  const answers: [name: string, status: number, body: unknown, code: string, headers?: Record<string, string>][] = [
    ['HTML', 200, '<html>login</html>', 'token_response_invalid', { 'content-type': 'text/html' }],
    ['nothing', 200, '', 'token_response_invalid'],
    ['half of it', 200, '{"access_token":"abc', 'token_response_invalid'],
    ['null', 200, null, 'token_response_invalid'],
    ['a list', 200, [], 'token_response_invalid'],
    ['no content', 204, undefined, 'token_response_invalid'],
    ['an error with status 200', 200, { error: 'invalid_client' }, 'token_response_invalid'],
    ['no token', 200, { token_type: 'Bearer' }, 'token_response_invalid'],
    ['an empty token', 200, { access_token: '', token_type: 'Bearer' }, 'token_response_invalid'],
    ['a number', 200, { access_token: 5, token_type: 'Bearer' }, 'token_response_invalid'],
    ['no type', 200, { access_token: testKey.token() }, 'token_response_invalid'],
    ['another type', 200, { access_token: testKey.token(), token_type: 'mac' }, 'token_response_invalid'],
    ['DPoP', 200, { access_token: testKey.token(), token_type: 'DPoP' }, 'token_response_invalid'],
    ...['\r\nx: y', ' ', '\u0000', 'é', '\u200b'].map(
      (odd) =>
        [
          `a token with ${JSON.stringify(odd)}`,
          200,
          { access_token: `${testKey.token()}${odd}z`, token_type: 'Bearer' },
          'token_response_invalid',
        ] as [string, number, unknown, string],
    ),
    [
      'a token of a megabyte',
      200,
      { access_token: 'x'.repeat(100_000), token_type: 'Bearer' },
      'token_response_invalid',
    ],
    ['invalid_client', 401, { error: 'invalid_client' }, 'client_refused'],
    [
      'invalid_client with status 400',
      400,
      { error: 'invalid_client', error_description: 'no such client' },
      'client_refused',
    ],
    ['a challenge', 401, '', 'client_refused', { 'www-authenticate': 'Basic realm="x"' }],
    ['another refusal', 400, { error: 'unauthorized_client' }, 'token_request_rejected'],
    ['a refusal in HTML', 400, '<html>', 'token_response_invalid', { 'content-type': 'text/html' }],
    ['a description that is no text', 400, { error: 'invalid_client', error_description: { a: 1 } }, 'client_refused'],
    ['an error that is no text', 400, { error: { a: 1 } }, 'token_response_invalid'],
  ]
  it.each(answers)('%s (%i)', async (_name, status, body, code, headers = {}) => {
    const { auth, url, events } = await pentographerHere((response) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
    const error = await caught(auth.fetch(url))
    expect(error).toMatchObject({ code, retryable: false, service: 'pentographer' })
    if (code === 'client_refused') expect(error.hint).toContain('Workspace Settings > OAuth Clients')
    expect(events.at(-1)).toMatchObject({ type: 'token_request_failed', code })
    expectNoMarker(events)
  })

  it('hostile text is made printable, and an echoed secret hidden', async () => {
    const description = `\u001b[31mred\u202e ${client.clientSecret} <script> ${'x'.repeat(5000)}`
    const { auth } = await pentographerHere((response) =>
      json(response, 400, { error: 'invalid_client', error_description: description }),
    )
    const error = await caught(auth.credential())
    for (const odd of ['\u001b', '\u202e']) expect(error.message).not.toContain(odd)
    expect(error.message).toContain('[secret]')
    expect(error.message.length).toBeLessThan(1000)
  })

  it('a refused client is not asked about again at once', async () => {
    const { auth, url, clock, asked } = await pentographerHere((response) =>
      json(response, 401, { error: 'invalid_client' }),
    )
    expect((await caught(auth.credential())).code).toBe('client_refused')
    await Promise.all(Array.from({ length: 20 }, () => caught(auth.fetch(url))))
    expect(asked()).toHaveLength(1)
    clock.now += 1_000
    expect((await caught(auth.fetch(url))).code).toBe('client_refused')
    expect(asked()).toHaveLength(2)
  })

  it.each([301, 302, 303, 307, 308])('a redirect is not followed: %i', async (status) => {
    const foreign = await serve(grant)
    const { auth, asked } = await pentographerHere((response) =>
      response.writeHead(status, { location: `${foreign.origin}${tokenPath}` }).end(),
    )
    expect((await caught(auth.credential())).code).toBe('token_response_invalid')
    expect([asked().length, foreign.seen.length]).toEqual([1, 0])
  })
})

describe('the lifetime', () => {
  it.each([
    ['missing', undefined, 3600],
    ['as text', '3600', 3600],
    ['a fraction', 1.5, 1.5],
    ['zero', 0, 0],
    ['absurd', 1e12, 31_536_000],
    // A good token is not lost for a lifetime that means nothing: the documented one is taken.
    ['in words', 'abc', 3600],
    ['negative', -1, 3600],
    ['null', null, 3600],
  ])('%s', async (_name, expires_in, seconds) => {
    const { auth, clock, asked } = await pentographerHere((response) =>
      json(response, 200, { access_token: token(1), token_type: 'bearer', expires_in }),
    )
    const credential = await auth.credential()
    expect(credential).toMatchObject({
      kind: 'access-token',
      source: 'client credentials',
      expiresAt: clock.now + seconds * 1000,
    })
    // One use is at most one token request, however short the token lives.
    expect(asked()).toHaveLength(1)
  })

  it('beyond all numbers means nothing, too', async () => {
    const { auth, clock } = await pentographerHere((response) =>
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(`{"access_token":"${token(1)}","token_type":"bearer","expires_in":1e400}`),
    )
    expect(await auth.credential()).toMatchObject({ expiresAt: clock.now + 3_600_000 })
  })

  it('comes with the granted scopes', async () => {
    const { auth } = await pentographerHere((response) =>
      json(response, 200, { access_token: token(1), token_type: 'bearer', scope: 'a  b' }),
    )
    expect(await auth.credential()).toMatchObject({ scopes: ['a', 'b'] })
  })
})
