import { hasMarker, testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import { apiKey, createAuth, createProxy, pendra } from '../../src/index.ts'

// Rows of docs/threats.md about the proxy: an app that anybody can look into, and a key that is not for it.

const key = testKey.pendra()
const site = 'https://app.example.com'
const base = `${site}/api/pendra`
const cookie = 'session=of the app'

interface Exchange {
  readonly answer: Response
  readonly body: string
  readonly sent: readonly Request[]
}
/** Lets a request through to a service that answers as told. */
type Proxy = (request: Request, answer?: () => Response) => Promise<Exchange>

function recorded(handle: (fetch: typeof globalThis.fetch) => (request: Request) => Promise<Response>): Proxy {
  return async (request, said = () => Response.json({ said: 'tea' })) => {
    const sent: Request[] = []
    const fetch = async (input: string | URL | Request, init?: RequestInit) => {
      sent.push(new Request(input, init))
      return said()
    }
    const answer = await handle(fetch)(request)
    return { answer, body: await readable(answer), sent }
  }
}

/** What a page gets to see of a body, which may break off. */
async function readable({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = []
  try {
    for await (const part of body ?? []) parts.push(part)
  } catch {
    // What came before it was seen.
  }
  return Buffer.concat(parts).toString()
}

const origins = ['https://other.example.com']
const ours = recorded((fetch) =>
  createProxy(createAuth(pendra, { credential: apiKey(key), runtime: { fetch } }), {
    resource: 'rest',
    prefix: '/api/pendra',
    allow: ['POST /chat/completions', 'GET /models/*'],
    authorize: ({ headers }) => headers.get('cookie') === cookie,
    origins,
  }),
)

/** As they are written in an afternoon. */
const naive = recorded((fetch) => async (request) => {
  if (request.headers.get('cookie') !== cookie) return new Response(null, { status: 401 })
  const { pathname, search } = new URL(request.url)
  const headers = new Headers(request.headers)
  if (!headers.has('authorization')) headers.set('authorization', `Bearer ${key}`)
  const target = `https://api.pendra.ai/api/v1${pathname.replace('/api/pendra', '')}${search}`
  if (!/chat\/completions|models\//.test(target)) return new Response(null, { status: 403 })
  const answer = await fetch(target, { method: request.method, headers })
  const cors = { 'access-control-allow-origin': request.headers.get('origin') ?? '*' }
  return new Response(answer.body, {
    status: answer.status,
    headers: { ...Object.fromEntries(answer.headers), ...cors },
  })
})

const asked = (url: string, init: RequestInit = {}) =>
  new Request(url, {
    method: 'POST',
    ...init,
    headers: { cookie, 'sec-fetch-site': 'same-origin', ...(init.headers as Record<string, string>) },
  })

const paths = [
  ...['/chat/completions/../../../console', '/chat/completions/%2e%2e/%2E%2e/keys', '/models/..', '/models/%2e%2e'],
  ...['/models/..%2fapi-keys', '/models/%2f..%2fapi-keys', '/models/..%5capi-keys', '/models/..\\..\\api-keys'],
  ...[
    '/models/%252e%252e',
    '/models/%252fapi-keys',
    '/models/..;/api-keys',
    '/models/..;',
    '/models/%00',
    '/models/a%0d%0ab',
  ],
  ...[
    '/models/%c0%ae%c0%ae',
    '/models/%c0%af',
    '/models/%ef%bc%8f',
    '/models/%zz',
    '/models/%',
    '/models/a%3fb',
    '/models/a%23b',
  ],
  ...['/models//', '/models/', '/models', '//models/a', '/models//a', '/models/a/', '/models/a/b', '/models/a;/../b'],
  ...['/chat//completions', '/chat/completions/', '/Chat/Completions', '/chat/completions%20', '/chat%2fcompletions'],
  ...[
    '/chat/completions?stream=true',
    '/chat/completions?',
    '/models/a?b',
    '/chat/completions#x',
    '/api-keys',
    '/',
    '',
  ],
  ...['@evil.example/chat/completions', '.evil.example/models/a', '-old/models/a', '/https://evil.example/models/a'],
]
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']
const allowed =
  /^(?:POST https:\/\/api\.pendra\.ai\/api\/v1\/chat\/completions|GET https:\/\/api\.pendra\.ai\/api\/v1\/models\/[\w.;-]+)$/

threat('G13', 'the app asks for what it is not given', {
  ours,
  twin: naive,
  attack: async (proxy) => {
    const exchanges: (readonly [string, Exchange])[] = []
    for (const method of methods)
      for (const path of paths) {
        const exchange = await proxy(asked(base + path, { method }))
        exchanges.push([`${method} ${path}`, exchange])
      }
    const plain = [
      await proxy(asked(`${base}/chat/completions`)),
      await proxy(asked(`${base}/models/llama3.1`, { method: 'GET' })),
    ]
    return { exchanges, plain }
  },
  breaches: ({ exchanges, plain }) => [
    ...exchanges.flatMap(([what, { sent }]) =>
      sent
        .filter(({ method, url }) => !allowed.test(`${method} ${url}`))
        .map(({ method, url }) => `${what} led to ${method} ${url}`),
    ),
    ...plain.filter(({ sent, answer }) => sent.length !== 1 || !answer.ok).map(() => 'what is allowed did not pass'),
  ],
})

const smuggled: Readonly<Record<string, string>> = {
  authorization: 'Bearer of-the-app',
  'x-api-key': 'of the app',
  'proxy-authorization': 'of the app',
  host: 'of.the.app',
  origin: site,
  referer: `${site}/private/page`,
  forwarded: 'for=of-the-app',
  'x-forwarded-for': 'of the app',
  'x-forwarded-host': 'of.the.app',
  'x-real-ip': '10.0.0.1',
  'x-http-method-override': 'DELETE',
  'x-original-url': '/api/v1/api-keys',
  'x-rewrite-url': '/api/v1/api-keys',
  connection: 'close, openai-beta',
  'openai-beta': 'for this connection only',
  te: 'trailers',
  via: '1.1 of-the-app',
  'x-anything': 'of the app',
  'openai-organization': 'of the app',
  'openai-project': 'of the app',
  'anthropic-organization-id': 'of the app',
}

threat('G13', 'the app sends headers that the service believes', {
  ours,
  twin: naive,
  attack: (proxy) => proxy(asked(`${base}/chat/completions`, { headers: { ...smuggled, 'anthropic-version': '1' } })),
  breaches: ({ sent: [request] }) => {
    if (!request) return ['nothing was sent']
    const { headers } = request
    const believed = [...Object.entries(smuggled), ['cookie', cookie], ['sec-fetch-site', 'same-origin']] as const
    return [
      ...believed.filter(([name, value]) => headers.get(name) === value).map(([name]) => `${name} was passed on`),
      ...(headers.get('authorization') === `Bearer ${key}` ? [] : ['the key is not the one that was sent']),
      ...(headers.get('anthropic-version') === '1' ? [] : ['a harmless header was lost']),
    ]
  },
})

const telling = {
  'set-cookie': 'session=of the service',
  'www-authenticate': `Bearer error="invalid_token", key="${key}"`,
  'x-debug': key,
  'openai-organization': 'of the service',
  'anthropic-organization-id': 'of the service',
  'access-control-allow-origin': '*',
  connection: 'close',
}
const elsewhere = `https://evil.example/?key=${key}`
const answers: Readonly<Record<string, () => Response>> = {
  'a refusal': () => Response.json({ detail: `Invalid token ${key}` }, { status: 401, headers: telling }),
  'a ban': () => new Response(`not for ${key}`, { status: 403, headers: telling }),
  'a redirect to elsewhere': () => new Response(key, { status: 307, headers: { ...telling, location: elsewhere } }),
  'a redirect without end': () =>
    new Response(key, { status: 302, headers: { ...telling, location: 'https://api.pendra.ai/api/v1/models/a' } }),
  'an odd status': () => new Response(null, { status: 304, headers: telling }),
  'a plain answer': () => Response.json({}, { headers: telling }),
  'a failure': () => {
    throw new TypeError(`cannot send ${key}`)
  },
}

threat('G13', 'an answer shows the key, or passes for one of the app itself', {
  ours,
  twin: naive,
  attack: async (proxy) => {
    const exchanges: (readonly [string, Exchange])[] = []
    for (const [what, answer] of Object.entries(answers)) {
      const request = asked(`${base}/models/a`, { method: 'GET' })
      const failed = (error: unknown) => ({ answer: new Response(null), body: String(error), sent: [] })
      exchanges.push([what, await proxy(request, answer).catch(failed)])
    }
    return exchanges
  },
  breaches: (exchanges) =>
    exchanges.flatMap(([what, { answer, body }]) => {
      const names = [...answer.headers.keys(), ...(answer.headers.getSetCookie().length > 0 ? ['set-cookie'] : [])]
      const odd = names.filter((name) => name in telling || name === 'location')
      return [
        ...(hasMarker(`${[...answer.headers].join('\n')}\n${body}`) ? [`${what}: the key`] : []),
        ...odd.map((name) => `${what}: ${name}`),
        ...([401, 403, 302, 307].includes(answer.status) ? [`${what}: ${answer.status}`] : []),
      ]
    }),
})

/** How a service may write what it was sent. */
const written: Readonly<Record<string, string>> = {
  plain: key,
  'a header': `Bearer ${key}`,
  'in capitals': key.toUpperCase(),
  percent: Array.from(key, (letter) => `%${letter.charCodeAt(0).toString(16)}`).join(''),
  hex: Buffer.from(key).toString('hex'),
  base64: Buffer.from(key).toString('base64'),
  'base64 behind a name': Buffer.from(`user:${key}`).toString('base64url'),
  escaped: Array.from(key, (letter) =>
    /[\w.-]/.test(letter) ? letter : `\\u${letter.charCodeAt(0).toString(16)}`,
  ).join(''),
}
const statuses = [200, 400, 404, 422, 429, 500]
const before = '{"error":{"message":"Invalid API key '
const harmless = `{"data":"pdr_, ${key.slice(0, 9)} and so on, pdr_`

function inPieces(text: string, ...places: readonly number[]): ReadableStream<Uint8Array> {
  const bytes = Buffer.from(text)
  const ends = [...places.filter((place) => place < bytes.length), bytes.length]
  return new ReadableStream({
    start(controller) {
      for (const [index, end] of ends.entries()) controller.enqueue(bytes.subarray(ends[index - 1] ?? 0, end))
      controller.close()
    },
  })
}

/** An answer in two pieces for each place in the secret, in single bytes, and as a whole. */
function cuts(text: string, form: string): readonly (readonly number[])[] {
  const start = text.indexOf(form)
  const places = Array.from({ length: form.length }, (_, index) => start + index)
  return [[], Array.from({ length: text.length - 1 }, (_, index) => index + 1), ...places.map((place) => [place])]
}

threat('G13', 'a service repeats the key in whatever it answers', {
  ours,
  twin: naive,
  attack: async (proxy) => {
    const request = () => asked(`${base}/models/a`, { method: 'GET' })
    const echoes: (readonly [what: string, Exchange])[] = []
    const others: (readonly [expected: string, Exchange])[] = []
    for (const status of statuses) {
      for (const [how, form] of Object.entries(written)) {
        const said = `${before}${form}"}}`
        for (const places of cuts(said, form))
          echoes.push([
            `${status}, ${how}, cut at ${places}`,
            await proxy(request(), () => new Response(inPieces(said, ...places), { status })),
          ])
        const headers = { 'x-request-id': `for ${form}`, 'ratelimit-limit': '5' }
        echoes.push([`${status}, ${how}, header`, await proxy(request(), () => new Response('', { status, headers }))])
      }
      const long = 'x'.repeat(65_536 - 20)
      echoes.push([`${status}, far behind`, await proxy(request(), () => new Response(`${long}${key}`, { status }))])
      for (const places of [[], [17], [harmless.length - 2]])
        others.push([harmless, await proxy(request(), () => new Response(inPieces(harmless, ...places), { status }))])
    }
    return { echoes, others }
  },
  breaches: ({ echoes, others }) => [
    ...echoes.flatMap(([what, { answer, body }]) =>
      [[...answer.headers].join('\n'), body]
        .filter((text) => hasMarker(text) || Object.values(written).some((form) => text.includes(form)))
        .map(() => `${what}: the key`),
    ),
    ...echoes
      .filter(([what, { answer }]) => what.endsWith(', header') && answer.headers.get('ratelimit-limit') !== '5')
      .map(([what]) => `${what}: a harmless header was lost`),
    ...others
      .filter(([expected, { body }]) => body !== expected)
      .map(([, { answer }]) => `${answer.status}: what only begins as the key was not passed on`),
  ],
})

/** What browsers send along, and whether the page is one of ours. */
const pages: readonly (readonly [headers: Record<string, string>, isOurs: boolean])[] = [
  [{ 'sec-fetch-site': 'same-origin', origin: site }, true],
  [{ 'sec-fetch-site': 'same-origin' }, true],
  [{ 'sec-fetch-site': 'none' }, true],
  [{ 'sec-fetch-site': 'cross-site', origin: 'https://other.example.com' }, true],
  [{ origin: site }, true],
  [{}, true],
  [{ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, false],
  [{ 'sec-fetch-site': 'cross-site' }, false],
  [{ 'sec-fetch-site': 'same-site', origin: 'https://blog.example.com' }, false],
  [{ 'sec-fetch-site': 'odd' }, false],
  [{ 'sec-fetch-site': '' }, false],
  [{ origin: 'https://evil.example' }, false],
  [{ origin: 'https://app.example.com.evil.example' }, false],
  [{ origin: 'https://other.example.com.evil.example' }, false],
  [{ origin: 'https://app.example.com:8443' }, false],
  [{ origin: 'http://app.example.com' }, false],
  [{ origin: 'file://app.example.com' }, false],
  [{ origin: 'ftp://app.example.com' }, false],
  [{ origin: 'null' }, false],
  [{ 'sec-fetch-site': 'cross-site', origin: 'null' }, false],
]

threat('G14', 'a page of another site sends a request with the cookies of a person', {
  ours,
  twin: naive,
  attack: async (proxy) => {
    const exchanges: (readonly [string, boolean, Exchange])[] = []
    const simple = { 'content-type': 'text/plain', cookie }
    for (const [headers, isOurs] of pages)
      for (const method of ['POST', 'OPTIONS'])
        exchanges.push([
          `${method} ${JSON.stringify(headers)}`,
          isOurs,
          await proxy(
            new Request(`${base}/chat/completions`, {
              method,
              headers: {
                ...simple,
                ...headers,
                ...(method === 'OPTIONS' ? { 'access-control-request-method': 'POST' } : {}),
              },
            }),
          ),
        ])
    return exchanges
  },
  breaches: (exchanges) =>
    exchanges.flatMap(([what, isOurs, { sent, answer }]) => {
      const granted = answer.headers.get('access-control-allow-origin')
      return [
        ...(isOurs || sent.length === 0 ? [] : [`${what} was sent`]),
        ...(isOurs && what.startsWith('POST') && sent.length === 0 ? [`${what} was not sent`] : []),
        ...(granted === null || origins.includes(granted) ? [] : [`${what}: ${granted} may read the answer`]),
        ...(!isOurs && answer.ok ? [`${what}: ${answer.status}`] : []),
      ]
    }),
})

threat('G14', 'somebody who is not known finds the proxy', {
  ours,
  twin: recorded(
    (fetch) =>
      async ({ method }) =>
        fetch(`${pendra.resources.rest.url}/chat/completions`, { method }),
  ),
  attack: async (proxy) => {
    const who = ['', 'session=another', `other=1; ${cookie}`]
    return Promise.all(
      who.map((value) =>
        proxy(new Request(`${base}/chat/completions`, { method: 'POST', headers: value ? { cookie: value } : {} })),
      ),
    )
  },
  breaches: (exchanges) =>
    exchanges.flatMap(({ sent, answer }) => [
      ...(sent.length === 0 ? [] : ['it was sent']),
      ...(answer.status === 401 ? [] : [`${answer.status}`]),
    ]),
})
