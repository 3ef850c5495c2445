import { hasMarker, testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import { apiKey, clientCredentials, createAuth, PentauthError, type Resource } from '../../src/index.ts'
import { createHttp } from '../../src/ky.ts'
import { pensyve, services } from '../../src/services.ts'
import { seeded, tokenSource } from '../support/auth.ts'
import { type Fetch, recorder } from './support/recorder.ts'

const key = testKey.pensyve()
const base = pensyve.resources.rest.url
const client = { clientId: testKey.pentographerClientId(), clientSecret: testKey.pentographerSecret() }

type Client = (fetch: Fetch) => (url: string) => Promise<unknown>

// F2: URLs made of every part that has misled a client somewhere, in all orders that a seed gives.
const schemes = [
  'https://',
  'HTTPS://',
  'hTTps:',
  'https:/',
  'https:///',
  'https:\\\\',
  'http://',
  '//',
  '\\\\',
  '/\\',
  '',
  'ftp://',
  'javascript:',
  'data:',
  'blob:https://',
  'https:\t//',
  'ht\ntps://',
  ' https://',
  '\u0000https://',
  'wss://',
]
const users = [
  '',
  '',
  '',
  '',
  'api.pensyve.com@',
  'api.pensyve.com:443@',
  'user:password@',
  '@',
  '%40',
  'api.pensyve.com\\@',
  'api.pensyve.com%2f@',
]
const hosts = [
  'api.pensyve.com',
  'api.pensyve.com',
  'API.Pensyve.COM',
  'api.pensyve.com:443',
  'api.pensyve.com:80',
  'api.pensyve.com.',
  'api.pensyve.com..',
  'api.pensyve.com.evil.test',
  'evil.test',
  'xapi.pensyve.com',
  'pensyve.com',
  'api-pensyve.com',
  'api。pensyve。com',
  'аpi.pensyve.com',
  'api.pensуve.com',
  'api.pen\u00adsyve.com',
  'ⓐpi.pensyve.com',
  'api.pensyve.com%00.evil.test',
  'api.pensyve.com%2eevil.test',
  'evil.test#api.pensyve.com',
  'evil.test?api.pensyve.com',
  'evil.test\\api.pensyve.com',
  '127.0.0.1',
  '[::1]',
  '2130706433',
  'api.pensyve.com:444',
  'api.pen\tsyve.com',
]
const paths = [
  '/v1',
  '/v1/',
  '/v1/recall',
  '/v1/a/../recall',
  '/v1/../admin',
  '/v1/..%2fadmin',
  '/v1/%2e%2e/admin',
  '/v1/%252e%252e%252fadmin',
  '/v1/..;/admin',
  '/v1/..\\admin',
  '/v1%2f..%2fadmin',
  '/v10',
  '/V1/recall',
  '/v1x/y',
  '\\v1\\recall',
  '/v1/x?next=https://evil.test',
  '/v1/x#@evil.test',
  '//evil.test/v1',
  '/',
  '',
  '/v1/\u202e/x',
  '/v1/x\r\nhost: evil.test',
]
const corpus = (() => {
  const random = seeded(2)
  const one = (list: readonly string[]) => list[Math.floor(random() * list.length)] ?? ''
  return Array.from({ length: 20_000 }, () => one(schemes) + one(users) + one(hosts) + one(paths))
})()

/** Where a server that decodes paths before it routes would take the request. */
function isInside({ url }: Request): boolean {
  const { protocol, host, pathname } = new URL(url)
  let path = pathname
  for (let round = 0; round < 4; round++)
    path = path.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  const climbs = path.split(/[/\\]/).some((segment) => /^\.\.?(?:;|$)/.test(segment))
  return protocol === 'https:' && host === 'api.pensyve.com' && /^\/v1(?:\/|$)/.test(pathname) && !climbs
}

threat<Client, { sent: Request[]; errors: unknown[] }>('F2', '20,000 URLs made to leave the service', {
  ours: (fetch) => createAuth(pensyve, { credential: apiKey(key), runtime: { fetch } }).fetch,
  // A base URL that an absolute URL beats, as clients with a base URL have it.
  twin: (fetch) => async (url) => fetch(new URL(url, base), { headers: { authorization: `Bearer ${key}` } }),
  attack: async (client) => {
    const { sent, fetch } = recorder()
    const send = client(fetch)
    const errors: unknown[] = []
    for (const url of corpus) await send(url).catch((error) => errors.push(error))
    return { sent, errors }
  },
  breaches: ({ sent, errors }) => {
    const outside = sent.filter(
      (request) => hasMarker(request.headers.get('authorization') ?? '') && !isInside(request),
    )
    const untyped = errors.filter(
      (error) => !PentauthError.isInstance(error) || !/^(?:invalid_url|url_not_covered)$/.test(error.code),
    )
    return [
      ...(sent.length < 100 || errors.length < 1000 ? [`the corpus is lopsided: ${sent.length} sent`] : []),
      ...[...new Set(outside.map(({ url }) => `sent to ${url}`))],
      ...(untyped.length > 0 ? [`${untyped.length} untyped errors`] : []),
    ]
  },
})

// F4: whatever a client sends to any resource of any service, with any credential.
type Caller = (fetch: Fetch) => Promise<unknown>[]

const everyCall: Caller = (fetch) => {
  const runtime = { fetch }
  const calls = services.flatMap((service) =>
    Object.values<Resource>(service.resources).flatMap((resource) => {
      const make = (testKey as Record<string, () => string>)[service.id] ?? testKey.token
      const sources = [
        ...(resource.apiKey ? [apiKey(make())] : []),
        ...(resource.accessToken ? [tokenSource(testKey.token())] : []),
        ...(resource.accessToken && service.id === 'pentographer' ? [clientCredentials(client)] : []),
      ]
      return sources.flatMap((credential) => {
        const auth = createAuth(service, { credential, runtime })
        const http = createHttp(auth, { baseUrl: `${resource.url}/`, retry: 0 })
        return [
          auth.fetch(resource.url),
          auth.fetch(`${resource.url}/a?b=c#d`, { method: 'POST', body: '{}' }),
          auth.fetch(new Request(resource.url, { method: 'PUT', body: '{}' })),
          http.get('things', { searchParams: { q: 'tea' } }).then((response) => response.text()),
          http.post('things', { json: { q: 'tea' } }).then((response) => response.text()),
        ]
      })
    }),
  )
  return calls
}

threat<Caller, Request[]>('F4', 'no credential in any URL', {
  ours: everyCall,
  twin: (fetch) => [
    fetch(`${base}/recall?api_key=${key}`),
    fetch(`https://${key}@api.pensyve.com/v1`).catch(() => undefined),
  ],
  attack: async (calls) => {
    const { sent, fetch } = recorder(({ url }) =>
      url.endsWith('/api/oauth/token')
        ? Response.json({ access_token: testKey.token(), token_type: 'Bearer', expires_in: 3600 })
        : new Response('{}'),
    )
    await Promise.all(calls(fetch))
    return sent
  },
  breaches: (sent) => [
    ...(sent.length === 0 ? ['nothing was sent'] : []),
    ...sent.filter(({ url }) => hasMarker(url)).map(({ method, url }) => `${method} ${new URL(url).origin}`),
    ...sent.filter(({ headers }) => hasMarker(headers.get('referer') ?? '')).map(() => 'in a referrer'),
  ],
})

// F6: the caller, or an SDK of which we are the fetch, brings a credential of its own.
const theirs = testKey.token('theirs')
const forms: readonly (() => [string | Request, RequestInit?])[] = [
  () => [base, { headers: { authorization: `Bearer ${theirs}` } }],
  () => [base, { headers: { AUTHORIZATION: `Bearer ${theirs}`, 'X-Api-Key': theirs } }],
  () => [
    base,
    {
      headers: [
        ['Authorization', `DPoP ${theirs}`],
        ['authorization', `Bearer ${theirs}`],
      ],
    },
  ],
  () => [base, { headers: new Headers({ 'x-api-key': theirs }) }],
  () => [new Request(base, { headers: { authorization: `Basic ${btoa(theirs)}` } })],
  () => [new Request(base, { headers: { 'x-api-key': theirs } }), { headers: { authorization: theirs } }],
]
type Send = (fetch: Fetch) => (input: string | Request, init?: RequestInit) => Promise<unknown>

threat<Send, Request[]>('F6', 'one credential in one header', {
  ours: (fetch) => createAuth(pensyve, { credential: apiKey(key), runtime: { fetch } }).fetch,
  // Adds its header to whatever is there.
  twin: (fetch) => (input, init) => {
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : {}))
    headers.append('authorization', `Bearer ${key}`)
    return fetch(input, { ...init, headers })
  },
  attack: async (client) => {
    const { sent, fetch } = recorder()
    for (const form of forms) await client(fetch)(...form())
    return sent
  },
  breaches: (sent) =>
    sent.flatMap(({ headers }, index) => {
      const own = headers.get('authorization') === `Bearer ${key}`
      const others = [...headers].filter(([name, value]) => name !== 'authorization' && hasMarker(value))
      return own && others.length === 0 ? [] : [`form ${index}: ${own ? 'a second header' : 'not our header alone'}`]
    }),
})
