import { expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { apiKey, errorFrom, firstOf, type Service, throwIfRefused } from '../src/index.ts'
import { retryAfterOf } from '../src/retry-after.ts'
import { refusesCredential } from '../src/service-error.ts'
import { pendium, pendra, pensyve, pentographer, profundis, services } from '../src/services.ts'
import { recorded, tokenSource } from './support/auth.ts'

const keyOf: Record<string, string> = {
  pendium: testKey.pendium(),
  pensyve: testKey.pensyve(),
  profundis: testKey.profundis(),
  pentographer: testKey.pentographer(),
  pendra: testKey.pendra(),
}

/** The error behind an answer of a service to a request with its API key. */
async function errorOf(service: Service, body: unknown, init: ResponseInit) {
  const resource = Object.values(service.resources).find(({ apiKey: headers }) => headers)
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const { auth } = recorded(service, apiKey(keyOf[service.id] as string), () => new Response(text, init))
  const response = await auth.fetch(resource?.url ?? '')
  const error = await errorFrom(response)
  expect(await response.text()).toBe(text)
  expectNoMarker(error)
  return error
}

const agent =
  "Agent with syntheticId=brand-1 not found or you don't have access. Use the get_account tool to see your agents."

const documented: [service: Service, status: number, body: unknown, expected: object][] = [
  [pendium, 401, { error: agent }, { code: 'agent_not_accessible', parameters: { syntheticId: 'brand-1' } }],
  [pendium, 404, { message: agent }, { code: 'agent_not_accessible', parameters: { syntheticId: 'brand-1' } }],
  [pendium, 403, agent, { code: 'agent_not_accessible', parameters: { syntheticId: 'brand-1' } }],
  [pendium, 401, { error: 'Authentication required. Connect via OAuth.' }, { code: 'authentication_required' }],
  [
    pendium,
    401,
    { error: { message: 'Invalid or expired OAuth token. Re-authenticate via OAuth.' } },
    { code: 'credential_refused' },
  ],
  [pendium, 401, 'Invalid API key. Check your key at https://pendium.ai/mcp', { code: 'credential_refused' }],
  [pendium, 403, { success: false, code: 'READ_ONLY' }, { code: 'read_only_account' }],
  [
    pensyve,
    401,
    { error: 'Missing or invalid Authorization header. Use: Bearer psy_your_key' },
    { code: 'authentication_required' },
  ],
  [pensyve, 403, { error: 'Invalid or revoked API key' }, { code: 'credential_refused' }],
  [pensyve, 429, { error: 'Too many requests. Please retry later.' }, { code: 'rate_limited', retryable: true }],
  [pensyve, 403, { error: 'Something else' }, { code: 'forbidden' }],
  [profundis, 401, '', { code: 'credential_refused' }],
  [profundis, 402, {}, { code: 'insufficient_credits' }],
  [profundis, 403, {}, { code: 'not_entitled' }],
  [pentographer, 401, { error: 'Unauthorized' }, { code: 'credential_refused' }],
  [pendra, 401, { detail: 'Invalid or expired token' }, { code: 'credential_refused' }],
  [pendra, 403, { detail: 'Forbidden' }, { code: 'console_only' }],
]

const byStatus: [status: number, expected: object][] = [
  [400, { code: 'request_rejected', retryable: false }],
  [401, { code: 'credential_refused', retryable: false }],
  [402, { code: 'insufficient_credits', retryable: false }],
  [404, { code: 'not_found', retryable: false }],
  [418, { code: 'request_rejected', retryable: false }],
  [429, { code: 'rate_limited', retryable: true }],
  [500, { code: 'service_unavailable', retryable: true }],
  [503, { code: 'service_unavailable', retryable: true }],
  [599, { code: 'service_unavailable', retryable: true }],
]

describe('errorFrom', () => {
  it.each(documented.map(([service, ...rest]) => [service.id, ...rest, service] as const))(
    '%s, %i %j',
    async (_id, status, body, expected, service) => {
      const error = await errorOf(service, body, { status })
      expect(error).toMatchObject({ ...expected, status, service: service.id })
      expect(error?.hint).not.toBe('')
      expect(error?.link).toMatch(/^https:/)
      expect(error?.message).toContain(String(status))
    },
  )

  it('knows every documented message of every service', async () => {
    for (const service of services) {
      for (const { code, status = 400, message, hint } of service.errors) {
        const said = message?.replace(/\{(\w+)\}/g, 'value-of-$1') ?? ''
        const error = await errorOf(service, { error: said }, { status })
        expect(error).toMatchObject({ code, status })
        expect(error?.hint).toContain(hint)
        const names = [...(message ?? '').matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string)
        const parameters = Object.fromEntries(names.map((name) => [name, `value-of-${name}`]))
        expect(error?.parameters).toEqual(names.length > 0 ? parameters : undefined)
      }
    }
  })

  it.each(byStatus)('without a documented text, by status: %i', async (status, expected) => {
    expect(await errorOf(pensyve, { message: 'whatever' }, { status })).toMatchObject({ ...expected, status })
    // A response of some other fetch is judged by its status alone.
    const foreign = await errorFrom(new Response(testKey.token(), { status }))
    expect(foreign).toMatchObject({ ...expected, status })
    expectNoMarker(foreign)
    expect(foreign?.service).toBeUndefined()
  })

  it('is undefined for what is no error', async () => {
    for (const status of [200, 204, 302, 304]) {
      expect(await errorFrom(new Response(null, { status, headers: { location: '/x' } }))).toBeUndefined()
    }
    expect(await errorFrom(Response.error())).toBeUndefined()
  })

  it('works after the body was read, by the status', async () => {
    const { auth } = recorded(pendra, apiKey(testKey.pendra()), () => Response.json({ detail: 'x' }, { status: 404 }))
    const response = await auth.fetch('https://api.pendra.ai/v1/models')
    await response.text()
    expect(await errorFrom(response)).toMatchObject({ code: 'not_found', service: 'pendra' })
  })

  it('names the credential that was refused, by source and eight characters at most', async () => {
    const error = await errorOf(pensyve, { error: 'Invalid or revoked API key' }, { status: 403 })
    expect(error?.message).toMatch(/^Pensyve refused the API key from option "credential" \(psy_[0-9a-f]{4}…\): 403/)
  })

  it.each([
    ['Bearer error="insufficient_scope", scope="mcp:write"', { scope: 'mcp:write' }, '"mcp:write" or "mcp"'],
    ['Basic realm="x", Bearer error=insufficient_scope', undefined, '"mcp"'],
  ])('a scope that does not suffice: %s', async (challenge, parameters, says) => {
    const error = await errorOf(pensyve, '', { status: 403, headers: { 'www-authenticate': challenge } })
    expect(error).toMatchObject({ code: 'insufficient_scope', status: 403 })
    expect(error?.parameters).toEqual(parameters)
    expect(error?.hint).toContain(says)
  })

  it.each([
    ['7', 7],
    ['0', 0],
    ['-5', 0],
    ['soon', undefined],
    ['', undefined],
    ['1e9', undefined],
    ['9'.repeat(500), undefined],
    ['Wed, 21 Oct 2015 07:28:00 GMT', 0],
  ])('Retry-After: %s', async (value, expected) => {
    expect((await errorOf(pensyve, '', { status: 429, headers: { 'retry-after': value } }))?.retryAfter).toBe(expected)
    expect(retryAfterOf(new Headers({ 'retry-after': value }), Date.now())).toBe(expected)
  })
})

describe('the way out fits what was sent', () => {
  const ended = 'The sign-in has ended or was revoked. Sign in again.'
  const lost = 'Check that nothing on the way removes the Authorization header; otherwise sign in again.'
  const again = 'Sign in again with scope "mcp:write" or "mcp".'
  const challenge = { 'www-authenticate': 'Bearer error="insufficient_scope", scope="mcp:write"' }
  const refusal = 'Invalid or revoked API key'
  const noHeader = 'Missing or invalid Authorization header. Use: Bearer psy_your_key'
  const oauthOnly = 'Authentication required. Connect via OAuth.'
  const noToken = 'Invalid or expired OAuth token. Re-authenticate via OAuth.'
  const docs = ({ links }: Service) => links.docs.url
  const profile = `${ended} See your Profundis account profile.`
  const refused = 'credential_refused'

  it.each<{ service: Service; name: string; status: number; message: string; code: string; hint: string }>([
    { service: pendium, name: 'mcp', status: 401, message: noToken, code: refused, hint: ended },
    { service: pendium, name: 'mcp', status: 401, message: oauthOnly, code: 'authentication_required', hint: lost },
    { service: pensyve, name: 'rest', status: 403, message: refusal, code: refused, hint: ended },
    { service: pensyve, name: 'mcp', status: 401, message: refusal, code: refused, hint: ended },
    { service: pensyve, name: 'rest', status: 401, message: noHeader, code: 'authentication_required', hint: lost },
    { service: profundis, name: 'rest', status: 401, message: '', code: refused, hint: profile },
    { service: profundis, name: 'mcp', status: 401, message: '', code: refused, hint: profile },
  ])('$service.name $name, the token of a sign-in: $status, row %#', async ({ service, name, ...row }) => {
    const { status, message, code, hint } = row
    const resource = service.resources[name]
    const answer = () => Response.json({ message }, { status })
    const { auth } = recorded(service, tokenSource(testKey.token()), answer)
    const error = await errorFrom(await auth.fetch(resource?.url ?? ''))
    expect(error).toMatchObject({ code, status, hint, link: docs(service) })
    expect(error?.hint).not.toMatch(/_API_KEY|new one|x-api-key/)
  })

  it('a token without the scope is one to sign in again for, a key one to make', async () => {
    const refused = async (credential: Parameters<typeof recorded>[1]) => {
      const answer = () => new Response('{}', { status: 403, headers: challenge })
      return errorFrom(await recorded(pensyve, credential, answer).auth.fetch(pensyve.resources.mcp.url))
    }
    const code = 'insufficient_scope'
    expect(await refused(tokenSource(testKey.token()))).toMatchObject({ code, hint: again, link: docs(pensyve) })
    const hint = 'Use a credential with scope "mcp:write" or "mcp".'
    expect(await refused(apiKey(testKey.pensyve()))).toMatchObject({ code, hint, link: pensyve.links.keys?.url })
  })

  it('the token of a client is one of the client', async () => {
    const { auth } = recorded(pentographer, tokenSource(testKey.token()), () =>
      Response.json({ error: 'Unauthorized' }, { status: 401 }),
    )
    const error = await errorFrom(await auth.fetch(pentographer.resources.graphql.url))
    expect(error?.hint).toContain('or its client was revoked')
    expect(error?.hint).toContain('Workspace Settings > OAuth Clients')
  })

  it('a service that says nothing of its grants has a sign-in', async () => {
    const { oauth: _, ...unsaid } = pensyve
    const answer = () => Response.json({ message: refusal }, { status: 403 })
    const { auth } = recorded(unsaid as Service, tokenSource(testKey.token()), answer)
    expect((await errorFrom(await auth.fetch(pensyve.resources.rest.url)))?.hint).toBe(ended)
  })

  it('of a chain, what was sent last counts', async () => {
    const token = testKey.token()
    const answer = () => Response.json({ message: refusal }, { status: 403 })
    const ofKey = recorded(pensyve, firstOf(apiKey(testKey.pensyve()), tokenSource(token)), answer).auth
    const ofToken = recorded(pensyve, firstOf(tokenSource(token), apiKey(testKey.pensyve())), answer).auth
    const hintOf = async ({ fetch }: typeof ofKey) => (await errorFrom(await fetch(pensyve.resources.rest.url)))?.hint
    expect([(await hintOf(ofKey))?.includes('Make a new one'), await hintOf(ofToken)]).toEqual([true, ended])
  })
})

describe('hostile answers', () => {
  const texts: [name: string, body: unknown][] = [
    ['terminal colours', { error: '\u001b[31mred\u001b[0m' }],
    ['direction changes', { error: '\u202eevil\u2066 \u061c' }],
    ['line ends', { error: 'first\r\nSet-Cookie: a=b\u2028x' }],
    ['ten megabytes', { error: 'x'.repeat(10_000_000) }],
    ['HTML', '<html><script>alert(1)</script></html>'],
    ['deep nesting', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    ['odd types', { error: [1], message: { a: 1 }, detail: null, code: 5, error_description: true }],
    ['null', 'null'],
    ['a number', '5'],
    ['__proto__', '{"__proto__":{"message":"polluted"},"constructor":{"prototype":{"polluted":1}}}'],
    ['a parameter without end', { error: `Agent with syntheticId=${'a'.repeat(100_000)}` }],
    ['a parameter with control characters', { error: agent.replace('brand-1', '\u001b[2J\u202e') }],
    ['binary', '\u0000\u0001\ufffd'],
  ]
  it.each(texts)('%s', async (_name, body) => {
    const error = await errorOf(pendium, body, { status: 401 })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(JSON.stringify(error)).not.toMatch(/[\u0000-\u001f\u202a-\u202e\u2066-\u2069\u061c\u2028]|\\u00[01]/)
    expect(error?.message.length).toBeLessThan(1000)
    expect(error?.message).not.toContain('<script>')
    expect('polluted' in {}).toBe(false)
  })

  const key = `${testKey.profundis()}/+a`
  const echoes: [name: string, body: string, headers?: Record<string, string>][] = [
    ['in JSON', JSON.stringify({ error: `The key ${key} is wrong` })],
    ['as text', `The key ${key} is wrong, I say ${key}`],
    [
      'escaped in JSON',
      JSON.stringify({ message: `Bad ${key}` })
        .replaceAll('/', '\\/')
        .replaceAll('+', '\\u002b'),
    ],
    ['in a challenge', '', { 'www-authenticate': `Bearer error="invalid_token", error_description="Bad ${key}"` }],
    ['in a scope', '', { 'www-authenticate': `Bearer error="insufficient_scope", scope="${key}"` }],
    ['as a parameter', JSON.stringify({ error: agent.replace('brand-1', key) })],
  ]
  it.each(echoes)('a credential that is repeated %s does not show', async (_name, body, headers = {}) => {
    for (const service of [profundis, pendium]) {
      const url = Object.values(service.resources).find(({ accessToken }) => accessToken)?.url ?? ''
      for (const status of [401, 403, 500]) {
        const { auth, events } = recorded(service, tokenSource(key), () => new Response(body, { status, headers }))
        const error = await errorFrom(await auth.fetch(url))
        expect(error?.status).toBe(status)
        expectNoMarker(error)
        expectNoMarker(events)
      }
    }
  })
})

describe('throwIfRefused', () => {
  it('returns what is fine and throws the rest', async () => {
    const fine = new Response('x')
    expect(await throwIfRefused(fine)).toBe(fine)
    await expect(throwIfRefused(new Response('x', { status: 404 }))).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('refusesCredential', () => {
  it('is true for two codes only', async () => {
    const codes = new Set<string>()
    for (const status of [400, 401, 402, 403, 404, 429, 500]) {
      const error = await errorFrom(new Response('', { status }))
      if (error && refusesCredential(error)) codes.add(error.code)
    }
    expect([...codes]).toEqual(['credential_refused'])
  })
})
