import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { afterEach, describe, expect, it } from 'vitest'
import { apiKey, type CredentialKind, createAuth, type Service } from '../src/index.ts'
import { pendium, pendra, pensyve, pentographer, profundis } from '../src/services.ts'
import { carriers, offline, recorded, tokenSource } from './support/auth.ts'

const bearer = 'authorization: Bearer'
const refused = 'refused'

// The table of the design, row by row: how a key and how a token travels.
const table: [service: Service, resource: string, url: string, keyOf: () => string, key: string, token: string][] = [
  [pendium, 'rest', 'https://pendium.ai/api/visibility/account', testKey.pendium, 'x-api-key', refused],
  [pendium, 'mcp', 'https://pendium.ai/mcp', testKey.pendium, refused, bearer],
  [pensyve, 'rest', 'https://api.pensyve.com/v1/recall', testKey.pensyve, bearer, bearer],
  [pensyve, 'mcp', 'https://mcp.pensyve.com/mcp', testKey.pensyve, bearer, bearer],
  [profundis, 'mcp', 'https://mcp.profundis.io/', testKey.profundis, bearer, bearer],
  [profundis, 'rest', 'https://api.profundis.io/api/v2/common/data/subdomains', testKey.profundis, 'x-api-key', bearer],
  [pentographer, 'graphql', 'https://app.pentographer.com/api/graphql', testKey.pentographer, bearer, bearer],
  [pentographer, 'mcp', 'https://app.pentographer.com/api/mcp', testKey.pentographer, bearer, bearer],
  [pentographer, 'other /api/', 'https://app.pentographer.com/api/status', testKey.pentographer, bearer, bearer],
  [pendra, '/api/v1/*', 'https://api.pendra.ai/api/v1/chat/completions', testKey.pendra, bearer, refused],
  [pendra, '/v1/responses', 'https://api.pendra.ai/v1/responses', testKey.pendra, bearer, refused],
  [pendra, 'other /v1/*', 'https://api.pendra.ai/v1/completions', testKey.pendra, bearer, refused],
  [pendra, '/v1/messages', 'https://api.pendra.ai/v1/messages', testKey.pendra, 'x-api-key', refused],
]
const rows = table.flatMap(([service, resource, url, keyOf, key, token]) => [
  { service, resource, url, kind: 'api-key' as CredentialKind, secret: keyOf(), expected: key },
  { service, resource, url, kind: 'access-token' as CredentialKind, secret: testKey.token(), expected: token },
])
const sourceOf = ({ kind, secret }: (typeof rows)[number]) =>
  kind === 'api-key' ? apiKey(secret) : tokenSource(secret)

// The names in the title, and no secret.
const titled = rows.map((row) => [`${row.service.id} ${row.resource}: ${row.kind}, ${row.expected}`, row] as const)

describe('header selection', () => {
  it.each(titled)('headers: %s', async (_title, row) => {
    const auth = createAuth(row.service, { credential: sourceOf(row), runtime: offline })
    if (row.expected === refused) {
      const error = await caught(auth.headers(row.url))
      expect(error).toMatchObject({ code: 'credential_not_accepted', service: row.service.id })
      return
    }
    const headers = await auth.headers(row.url)
    expect(carriers(headers, row.secret)).toBe(row.expected)
    expect((await auth.headers(row.url)) === headers).toBe(false)
  })

  it.each(titled)('on the wire: %s', async (_title, row) => {
    const { auth, sent } = recorded(row.service, sourceOf(row))
    if (row.expected === refused) {
      expect((await caught(auth.fetch(row.url))).code).toBe('credential_not_accepted')
      expect(sent).toHaveLength(0)
      return
    }
    await auth.fetch(row.url, { headers: { authorization: 'Bearer other', 'x-api-key': 'other' } })
    expect(carriers(sent[0]?.headers ?? {}, row.secret)).toBe(row.expected)
    expect(sent[0]?.headers.has('authorization') && sent[0]?.headers.has('x-api-key')).toBe(false)
    expect(sent[0]?.url.includes(row.secret)).toBe(false)
  })

  it('has no headers beyond the table, except the documented extra ones', async () => {
    const extra: Record<string, string[]> = {
      'https://api.pendra.ai/v1/messages': ['anthropic-version'],
      'https://api.profundis.io/api/v2/common/data/subdomains': ['accept'],
    }
    for (const row of rows.filter(({ expected }) => expected !== refused)) {
      const headers = await createAuth(row.service, { credential: sourceOf(row), runtime: offline }).headers(row.url)
      const names = Object.keys(headers).filter((name) => name !== 'authorization' && name !== 'x-api-key')
      expect(names).toEqual(extra[row.url] ?? [])
    }
  })
})

describe('headers with a choice', () => {
  const auth = createAuth(pendra, { credential: apiKey(testKey.pendra()), runtime: offline })

  it.each([
    ['https://api.pendra.ai/v1/messages', 'x-api-key', 'x-api-key'],
    ['https://api.pendra.ai/v1/messages', 'authorization', bearer],
    ['https://api.pendra.ai/api/v1/models', 'x-api-key', 'x-api-key'],
    ['https://api.pendra.ai/api/v1/models', 'authorization', bearer],
    ['https://api.pendra.ai/v1/responses', 'x-api-key', 'x-api-key'],
  ] as const)('%s in %s', async (url, header, expected) => {
    expect(carriers(await auth.headers(url, { header }), testKey.pendra())).toBe(expected)
  })

  it('says which headers there are when the wanted one is not among them', async () => {
    const only = createAuth(pensyve, { credential: apiKey(testKey.pensyve()), runtime: offline })
    const error = await caught(only.headers('https://api.pensyve.com/v1', { header: 'x-api-key' }))
    expect(error.code).toBe('credential_not_accepted')
    expect(error.message).toContain('Pensyve rest does not take an API key in the header "x-api-key"')
    expect(error.hint).toBe('It takes authorization.')
    const odd = await caught(auth.headers('https://api.pendra.ai/v1/messages', { header: 'cookie' as 'x-api-key' }))
    expect(odd.code).toBe('credential_not_accepted')
  })

  it('gives lower-case names whatever a definition writes', async () => {
    const shouting = {
      ...pendra,
      resources: { messages: { ...pendra.resources.messages, headers: { 'Anthropic-Version': '1' } } },
    }
    const { headers } = createAuth(shouting, { credential: apiKey(testKey.pendra()), runtime: offline })
    const names = Object.keys(await headers('https://api.pendra.ai/v1/messages'))
    expect(names).toEqual(['anthropic-version', 'x-api-key'])
  })
})

describe("the caller's headers", () => {
  const url = 'https://api.pendra.ai/api/v1/models'
  const given: [name: string, input: () => [string | URL | Request, RequestInit?]][] = [
    ['an object', () => [url, { headers: { Authorization: 'Bearer other', 'X-Api-Key': 'other', 'X-Mine': '1' } }]],
    ['upper case', () => [url, { headers: { AUTHORIZATION: 'other', 'X-API-KEY': 'other', 'X-MINE': '1' } }]],
    [
      'Headers',
      () => [new URL(url), { headers: new Headers({ authorization: 'other', 'x-api-key': 'other', 'x-mine': '1' }) }],
    ],
    [
      'pairs',
      () => [
        url,
        {
          headers: [
            ['aUthorization', 'other'],
            ['x-api-keY', 'other'],
            ['x-api-key', 'more'],
            ['x-mine', '1'],
          ],
        },
      ],
    ],
    [
      'a Request',
      () => [new Request(url, { headers: { authorization: 'other', 'x-api-key': 'other', 'x-mine': '1' } })],
    ],
    [
      'a Request and options, which replace its headers',
      () => [
        new Request(url, { headers: { 'x-theirs': '1', 'x-api-key': 'other' } }),
        { headers: { authorization: 'other', 'x-mine': '1' } },
      ],
    ],
    [
      'a Request as options',
      () => [url, new Request('https://elsewhere.example', { headers: { authorization: 'other', 'x-mine': '1' } })],
    ],
  ]
  it.each(given)('in %s: credentials are dropped, the rest stays', async (_name, input) => {
    const { auth, sent } = recorded(pendra, apiKey(testKey.pendra()))
    await auth.fetch(...input())
    const headers = sent[0]?.headers as Headers
    expect(sent[0]?.url).toBe(url)
    expect(carriers(headers, testKey.pendra())).toBe(bearer)
    expect(headers.has('x-api-key')).toBe(false)
    expect(headers.get('x-mine')).toBe('1')
    expect(headers.has('x-theirs')).toBe(false)
    expect([...headers.values()].some((value) => value.includes('other'))).toBe(false)
  })

  it('a version of the caller’s wins over the default one', async () => {
    const { auth, sent } = recorded(pendra, apiKey(testKey.pendra()))
    await auth.fetch('https://api.pendra.ai/v1/messages')
    await auth.fetch('https://api.pendra.ai/v1/messages', { headers: { 'Anthropic-Version': '2099-01-01' } })
    expect(sent.map(({ headers }) => headers.get('anthropic-version'))).toEqual(['2023-06-01', '2099-01-01'])
  })

  it('are not changed themselves', async () => {
    const { auth } = recorded(pendra, apiKey(testKey.pendra()))
    const headers = new Headers({ 'x-mine': '1' })
    const init = { headers }
    const request = new Request(url, { headers })
    await auth.fetch(url, init)
    await auth.fetch(request)
    expectNoMarker([[...headers], init, [...request.headers]])
  })
})

describe('a polluted Object.prototype', () => {
  const polluted: Record<string, unknown> = {
    headers: { 'x-evil': '1' },
    method: 'DELETE',
    body: 'evil',
    redirect: 'error',
    url: 'https://evil.example/',
    signal: AbortSignal.abort(),
    resources: {},
    input: 'https://evil.example/',
  }
  afterEach(() => {
    for (const name of Object.keys(polluted)) delete (Object.prototype as Record<string, unknown>)[name]
  })

  it.each(Object.keys(polluted))('does not change the request: %s', async (name) => {
    const inits: unknown[] = []
    const fetch = async (input: unknown, init: unknown) => {
      // As fetch reads its options: by name, inherited ones included.
      const { headers, method, body, redirect, signal } = init as RequestInit
      inits.push({ input, headers: [...(headers as Headers).keys()].join(), method, body, redirect, signal })
      return new Response('{}')
    }
    const auth = createAuth(pensyve, { credential: apiKey(testKey.pensyve()), runtime: { fetch } })
    const url = 'https://api.pensyve.com/v1/status'
    await auth.fetch(url)
    Object.defineProperty(Object.prototype, name, { value: polluted[name], configurable: true, writable: true })
    await auth.fetch(url)
    await auth.fetch(new URL(url), {})
    await auth.headers(url)
    delete (Object.prototype as Record<string, unknown>)[name]
    expect(inits[1]).toEqual(inits[0])
    expect(inits[2]).toEqual(inits[0])
  })
})
