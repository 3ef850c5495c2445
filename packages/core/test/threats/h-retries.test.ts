import { testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import ky from 'ky'
import { afterEach, vi } from 'vitest'
import { apiKey, clientCredentials, createAuth, errorFrom, PentauthError, relocate } from '../../src/index.ts'
import { createHttp } from '../../src/ky.ts'
import { pendra, pentographer } from '../../src/services.ts'
import { client } from '../support/pentographer.ts'
import { serve } from '../support/server.ts'
import { type Fetch, recorder } from './support/recorder.ts'
import { settledWithin } from './support/turns.ts'

const url = 'https://api.pendra.ai/v1/models'
const key = testKey.pendra()

afterEach(() => void vi.useRealTimers())

// H3: what a server may say about waiting.
const waits: Record<string, string> = {
  zero: '0',
  negative: '-1',
  'a billion seconds': '1000000000',
  'more than a timer can hold': '2147484',
  'ten digits': '9999999999',
  'a past date': 'Wed, 21 Oct 2015 07:28:00 GMT',
  'the year 2099': 'Thu, 31 Dec 2099 23:59:59 GMT',
  'the year 275760': 'Sat, 13 Sep 275760 00:00:00 GMT',
  'beyond all dates': 'Sat, 13 Sep 999999 00:00:00 GMT',
  words: 'soon',
  'a fraction': '1.5',
  hexadecimal: '0xffff',
  exponent: '1e9',
  infinity: 'Infinity',
  'not a number': 'NaN',
  'two values': '7, 1000000000',
  'a megabyte of nines': '9'.repeat(1_048_576),
}
const refusing = (wait: string) => () => new Response('', { status: 503, headers: { 'retry-after': wait } })

interface Waiter {
  /** Sends a GET and tries again when it is refused. */
  readonly get: (fetch: Fetch) => Promise<unknown>
  /** Asks for a token, as often as it is called and no pause forbids. */
  readonly tokens: (fetch: Fetch, now: () => number) => () => Promise<unknown>
  readonly told: (response: Response) => Promise<number | undefined>
}

const patient: Waiter = {
  get: (fetch) => createHttp(createAuth(pendra, { credential: apiKey(key), runtime: { fetch } }))(url),
  tokens: (fetch, now) => {
    const auth = createAuth(pentographer, { credential: clientCredentials(client), runtime: { fetch, now } })
    return () => auth.credential()
  },
  told: async (response) => (await errorFrom(response))?.retryAfter,
}
/** Waits as long as it is told to. */
const obedient: Waiter = {
  get: (fetch) => ky.create({ fetch })(url),
  tokens: (fetch, now) => {
    let until = 0
    return async () => {
      if (now() < until) throw new Error('wait')
      const response = await fetch('https://app.pentographer.com/api/oauth/token', { method: 'POST' })
      until = now() + Number(response.headers.get('retry-after')) * 1000
    }
  },
  told: async (response) => Number(response.headers.get('retry-after')),
}

interface Wait {
  readonly name: string
  readonly told: number | undefined
  /** Requests within 61 s of the first, and token requests at once and after 61 s. */
  readonly sent: number
  readonly asked: readonly [atOnce: number, later: number]
}

threat('H3', 'Retry-After decides neither that a call hangs nor that it hammers', {
  ours: patient,
  twin: obedient,
  attack: async (subject: Waiter) => {
    const outcomes: Wait[] = []
    for (const [name, wait] of Object.entries(waits)) {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: Date.UTC(2026, 0, 1) })
      const gets = recorder(refusing(wait))
      const work = subject.get(gets.fetch).catch(() => undefined)
      // ky's own total limit is 10 s unless it waits; only its retries are of interest here.
      await vi.advanceTimersByTimeAsync(61_000)
      await settledWithin(work, 5)
      vi.useRealTimers()

      const posts = recorder(refusing(wait))
      let now = Date.UTC(2026, 0, 1)
      const ask = subject.tokens(posts.fetch, () => now)
      const again = async (ms: number) => {
        now += ms
        await ask().catch(() => undefined)
        return posts.sent.length
      }
      await again(0)
      outcomes.push({
        name,
        told: await subject.told(refusing(wait)()),
        sent: gets.sent.length,
        asked: [await again(500), await again(61_000)],
      })
    }
    return outcomes
  },
  breaches: (outcomes) =>
    outcomes.flatMap(({ name, told, sent, asked }) => [
      ...(told === undefined || (Number.isFinite(told) && told >= 0) ? [] : [`${name}: told as ${told}`]),
      ...(sent < 2 ? [`${name}: hangs for more than a minute`] : []),
      ...(sent > 3 ? [`${name}: ${sent} requests in a minute`] : []),
      ...(asked[0] > 1 ? [`${name}: the token endpoint is asked again at once`] : []),
      ...(asked[1] < 2 ? [`${name}: no token is asked for after a minute`] : []),
    ]),
})

// H4: what is sent twice may happen twice.
type Sender = (fetch: Fetch) => (init: RequestInit) => Promise<unknown>
let keys = 0
const renewing = (fetch: Fetch) =>
  createAuth(pendra, { credential: apiKey(() => testKey.pendra(String(keys++))), runtime: { fetch } })
const failures: Record<string, (count: number) => Response> = {
  refused: () => new Response('{}', { status: 401 }),
  'refused once': (count) => new Response('{}', { status: count > 1 ? 200 : 401 }),
  'not allowed': () => new Response('{}', { status: 403 }),
  'too many': () => new Response('{}', { status: 429, headers: { 'retry-after': '0' } }),
  broken: () => new Response('{}', { status: 500 }),
  'away for now': () => new Response('{}', { status: 503, headers: { 'retry-after': '0' } }),
  'reset connection': () => {
    throw new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) })
  },
}
const bodies: Record<string, () => RequestInit & { duplex?: 'half' }> = {
  text: () => ({ body: 'pay 5 euro' }),
  stream: () => ({ body: new Blob(['pay 5 euro']).stream(), duplex: 'half' }),
}

describeSenders('auth.fetch', (fetch) => (init) => renewing(fetch).fetch(url, init))
describeSenders(
  'createHttp',
  (fetch) => (init) => createHttp(renewing(fetch))(url, { ...init, throwHttpErrors: false }),
)

function describeSenders(name: string, ours: Sender) {
  threat<Sender, [failure: string, body: string, count: number][]>('H4', `a POST is sent once (${name})`, {
    ours,
    // Tries three times whatever went wrong.
    twin: (fetch) => async (init) => {
      for (let attempt = 0; attempt < 3; attempt++) {
        const body = init.body instanceof ReadableStream ? 'what was left of it' : (init.body ?? null)
        const response = await fetch(url, { ...init, body }).catch(() => undefined)
        if (response?.ok) return response
      }
      return undefined
    },
    attack: async (sender) => {
      const counts: [string, string, number][] = []
      for (const [failure, answer] of Object.entries(failures)) {
        for (const [body, make] of Object.entries(bodies)) {
          const { sent, fetch } = recorder((_request, count) => answer(count))
          await sender(fetch)({ method: 'POST', ...make() }).catch(() => undefined)
          counts.push([failure, body, sent.length])
        }
      }
      return counts
    },
    breaches: (counts) =>
      counts.flatMap(([failure, body, count]) => {
        // Only a refusal of the credential says that nothing was done, and only a text can be sent again.
        const most = failure.startsWith('refused') && body === 'text' ? 2 : 1
        return count === most ? [] : [`${failure}, ${body}: ${count} requests`]
      }),
  })
}

// H5: answers that never lead anywhere.
type Follower = (origin: string) => Promise<unknown>
const atHome = (origin: string) =>
  createAuth(relocate(pendra, { 'https://api.pendra.ai': origin }), { credential: apiKey(key) })

threat<Follower, { requests: number; outcome: unknown }>('H5', 'a redirect to itself', {
  ours: (origin) => atHome(origin).fetch(`${origin}/v1/models`),
  twin: async (origin) => {
    let response = await fetch(`${origin}/v1/models`, { redirect: 'manual' })
    while (response.status === 302) response = await fetch(`${origin}/v1/models`, { redirect: 'manual' })
    return response
  },
  attack: async (follow) => {
    // An end for the client that has none.
    const server = await serve((response, _, { seen }) =>
      response.writeHead(seen.length < 100 ? 302 : 200, { location: '/v1/models' }).end(),
    )
    const outcome = await follow(server.origin).catch((error) => error)
    return { requests: server.seen.length, outcome }
  },
  breaches: ({ requests, outcome }) => [
    ...(requests > 21 ? [`${requests} requests`] : []),
    ...(PentauthError.isInstance(outcome) && outcome.code === 'redirect_refused' ? [] : ['no typed error']),
  ],
})

const flood = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`x-flood-${index}`, 'x'.repeat(20)]))
threat<Follower, unknown>('H5', 'ten thousand headers at the token endpoint', {
  ours: (origin) =>
    createAuth(relocate(pentographer, { 'https://app.pentographer.com': origin }), {
      credential: clientCredentials(client),
    }).credential(),
  twin: async (origin) => (await fetch(`${origin}/api/oauth/token`, { method: 'POST' })).json(),
  attack: async (follow) => {
    const server = await serve((response) => response.writeHead(200, flood).end('{}'))
    return follow(server.origin).catch((error) => error)
  },
  breaches: (outcome) => (PentauthError.isInstance(outcome) && outcome.retryable ? [] : ['no typed error']),
})
