import { testKey } from '@pentauth/tooling/canary'
import {
  type Auth,
  apiKey,
  type CredentialSource,
  clientCredentials,
  createAuth,
  defineService,
  errorFrom,
  firstOf,
  keySource,
  type PentauthEvent,
  type Resource,
  type Runtime,
  relocate,
  type Service,
  throwIfRefused,
} from '../../../src/index.ts'
import { createHttp } from '../../../src/ky.ts'
import { parseService } from '../../../src/schema.ts'
import { pendra, pensyve, pentographer, services } from '../../../src/services.ts'
import { tokenSource } from '../../support/auth.ts'
import type { Dice } from './dice.ts'
import { bodyWith, echo, inHeader } from './echoes.ts'
import { spoilings } from './spoilings.ts'

// Ways to make this package fail, each with credentials wherever a server or a caller could put them.

/** What one scene brought about. */
export interface Produced {
  readonly error: unknown
  readonly events: readonly PentauthEvent[]
  /** An error of the caller's own that must come through as it is. */
  readonly own?: unknown
}
export type Scene = (dice: Dice) => Promise<Produced>

const makers = testKey as Record<string, (name?: string) => string>
const keyOf = ({ id }: Service, name: string) => (makers[id] as (name?: string) => string)(name)
const client = { clientId: testKey.pentographerClientId(), clientSecret: testKey.pentographerSecret() }

const caught = (work: () => unknown): Promise<unknown> =>
  (async () => work())().then(
    () => undefined,
    (error: unknown) => error,
  )

/** A listener that fails with what it was told. */
function auth(service: Service, credential: CredentialSource, fetch: Runtime['fetch']): [Auth, PentauthEvent[]] {
  const events: PentauthEvent[] = []
  const onEvent = (event: PentauthEvent) => {
    events.push(event)
    throw new Error(`listener: ${testKey.token('listener')}`)
  }
  return [createAuth(service, { credential, onEvent, runtime: { fetch } }), events]
}

const silent = async () => new Response('{}')

/** One resource of any service, with a credential it takes. */
function anyResource({ below, one }: Dice) {
  const service = one(services)
  const resource = one(Object.values<Resource>(service.resources))
  const withToken = Boolean(resource.accessToken) && (!resource.apiKey || below(2) === 0)
  const secret = withToken ? testKey.token(String(below(50))) : keyOf(service, String(below(50)))
  return { service, url: resource.url, secret, source: withToken ? tokenSource(secret) : apiKey(secret) }
}

/** The ways in which a caller meets a failure. */
const callers: readonly ((auth: Auth, url: string) => unknown)[] = [
  async (auth, url) => {
    const error = await errorFrom(await auth.fetch(url))
    if (error) throw error
  },
  async (auth, url) => throwIfRefused(await auth.fetch(url, { method: 'POST', body: '{}' })),
  async (auth, url) => throwIfRefused(await auth.fetch(new Request(url, { method: 'PUT', body: 'x' }))),
  (auth, url) => createHttp(auth, { retry: 0 }).get(url).json(),
  (auth, url) =>
    createHttp(auth, { retry: 0 })
      .post(url, { json: { key: testKey.token('body') } })
      .text(),
]

const statuses = [400, 401, 401, 402, 403, 403, 404, 409, 422, 429, 500, 503, 599]

export const scenes: Record<string, Scene> = {
  'a spoilt key': async (dice) => {
    const service = dice.one(services)
    const url = Object.values<Resource>(service.resources).find(({ apiKey }) => apiKey)?.url ?? ''
    const spoilt = dice.one(spoilings)(keyOf(service, String(dice.below(50))), dice) as string
    const read = dice.one([() => spoilt, async () => spoilt])
    const [subject, events] = auth(service, dice.one([apiKey(spoilt), apiKey(read), keySource('SOURCE', read)]), silent)
    const call = dice.one([
      () => subject.credential(url),
      () => subject.headers(url),
      () => subject.fetch(url),
      () => createHttp(subject).get(url).text(),
    ])
    return { error: await caught(call), events }
  },

  'a spoilt client': async (dice) => {
    const spoilt = dice.one(spoilings)(client.clientSecret, dice) as string
    const given = dice.one([
      { ...client, clientSecret: spoilt },
      { ...client, clientId: spoilt },
      { ...client, clientId: client.clientSecret },
    ])
    const [subject, events] = auth(dice.one([pentographer, pensyve]), clientCredentials(given), silent)
    return { error: await caught(() => subject.credential()), events }
  },

  'a refusal that repeats the credential': async (dice) => {
    const { service, url, secret, source } = anyResource(dice)
    const said = () => echo(dice, secret)
    const challenge = `Bearer error="${dice.one(['invalid_token', 'insufficient_scope', inHeader(said())])}", error_description="${inHeader(said())}", scope="${inHeader(said())}"`
    const headers: Record<string, string> = {
      'www-authenticate': dice.one([challenge, inHeader(said()), 'Bearer']),
      'retry-after': dice.one(['5', inHeader(said())]),
      location: `https://${dice.one(['evil.test', 'user@evil.test'])}/${encodeURI(said())}`,
      'x-debug': inHeader(said()),
    }
    const [body, type] = bodyWith(dice, said())
    const [status, statusText] = [dice.one(statuses), inHeader(said())]
    const [subject, events] = auth(service, source, async () => {
      return new Response(body, { status, statusText, headers: { ...headers, 'content-type': type } })
    })
    return { error: await caught(() => dice.one(callers)(subject, url)), events }
  },

  'a documented refusal with the credential for a parameter': async (dice) => {
    const service = dice.one(services.filter(({ errors }) => errors.some(({ message }) => message)))
    const documented = dice.one(service.errors.filter(({ message }) => message))
    const url = Object.values<Resource>(service.resources).find(({ apiKey }) => apiKey)?.url ?? ''
    const secret = keyOf(service, String(dice.below(50)))
    const text = (documented.message ?? '').replace(/\{\w+\}/g, () => echo(dice, secret))
    const [subject, events] = auth(service, apiKey(secret), async () =>
      Response.json({ message: text }, { status: documented.status ?? 403 }),
    )
    return { error: await caught(() => dice.one(callers)(subject, url)), events }
  },

  'a redirect that repeats the credential': async (dice) => {
    const { service, url, secret, source } = anyResource(dice)
    const said = inHeader(echo(dice, secret)).replaceAll(' ', '')
    const location = dice.one([
      `https://${said}.evil.test/`,
      `https://user:${said}@evil.test/`,
      `${said}:x`,
      `https://evil.test/${said}?${said}`,
      `${url}/${said}`,
      `http://${said}`,
    ])
    const isLoop = dice.below(20) === 0
    let count = 0
    const [subject, events] = auth(service, source, async () =>
      count++ === 0 || isLoop
        ? new Response(null, { status: dice.one([301, 302, 303, 307, 308]), headers: { location } })
        : Response.json({ message: said }, { status: 403 }),
    )
    return { error: await caught(() => dice.one(callers)(subject, url)), events }
  },

  'a URL that is not to be called, with the credential in it': async (dice) => {
    const { service, url, secret, source } = anyResource(dice)
    const [subject, events] = auth(service, source, silent)
    const odd = dice.one([
      `https://evil.test/?key=${secret}#${secret}`,
      `https://user:${secret}@evil.test/`,
      url.replace('https://', `https://${secret}@`),
      secret,
      `ftp://evil.test/${secret}`,
      `http://[${secret}]/`,
      `https://evil.test/a?${echo(dice, secret)}`,
    ])
    const call = dice.one([() => subject.fetch(odd), () => subject.headers(odd), () => subject.credential(odd)])
    return { error: await caught(call), events }
  },

  'a token endpoint that repeats the secret': async (dice) => {
    const said = echo(dice, client.clientSecret)
    const [status, [body, type]] = [dice.one([200, 200, 201, 302, ...statuses]), bodyWith(dice, said)]
    const token = { access_token: testKey.token(), token_type: 'Bearer', expires_in: 3600 }
    const answer = dice.one([
      body,
      JSON.stringify({
        error: dice.one(['invalid_client', 'invalid_grant', 'server_error', said]),
        error_description: said,
        error_uri: said,
      }),
      JSON.stringify({ ...token, access_token: `${testKey.token()}\r\nx` }),
      JSON.stringify({ ...token, token_type: dice.one(['mac', 'DPoP', said, 5]) }),
      JSON.stringify({ ...token, expires_in: dice.one([-1, 'soon', said]) }),
      JSON.stringify({ ...token, scope: { said } }),
      JSON.stringify(token).slice(0, dice.below(60)),
    ])
    const headers = {
      'content-type': dice.one([type, 'application/json']),
      location: `/${encodeURIComponent(said)}`,
      'www-authenticate': inHeader(`Basic realm="${said}"`),
    }
    const [subject, events] = auth(
      pentographer,
      clientCredentials(client),
      async () => new Response(answer, { status, headers }),
    )
    const call = dice.one([() => subject.credential(), () => subject.fetch(pentographer.resources.graphql.url)])
    return { error: await caught(call), events }
  },

  'a platform error that holds what was sent': async (dice) => {
    const { service, url, source } = anyResource(dice)
    const secret = testKey.token('platform')
    const cause = Object.assign(new Error(`parse error: ${secret}`), {
      code: dice.one(['ECONNRESET', `HPE_${secret}`]),
      data: secret,
    })
    const own = Object.assign(new TypeError('fetch failed', { cause }), { request: { secret } })
    const fetch = async () => Promise.reject(own)
    const forToken = dice.below(2) === 0
    const [subject, events] = forToken
      ? auth(pentographer, clientCredentials(client), fetch)
      : auth(service, source, fetch)
    // fetch's own error is the caller's; where we answer for a call ourselves, it is replaced.
    if (forToken) return { error: await caught(() => subject.credential()), events }
    if (dice.below(2) === 0)
      return { error: await caught(() => createHttp(subject, { retry: 0 }).get(url).text()), events }
    return { error: await caught(() => subject.fetch(url)), events, own }
  },

  'a key function that fails with a credential': async (dice) => {
    const own = new Error(`vault: ${testKey.pensyve('vault')}`)
    const read = dice.one([
      () => Promise.reject(own),
      () => {
        throw own
      },
    ])
    const [subject, events] = auth(pensyve, dice.one([apiKey(read), firstOf(apiKey(read))]), silent)
    return { error: await caught(() => subject.credential()), events, own }
  },

  'options that are a credential': async (dice) => {
    const { service, url, secret, source } = anyResource(dice)
    const [subject, events] = auth(service, source, silent)
    const json = JSON.parse(JSON.stringify(pendra))
    const wrong = secret as never
    const error = await caught(
      dice.one<() => unknown>([
        () => createAuth(wrong, { credential: source }),
        () => createAuth(service, { credential: wrong }),
        () => createAuth(service, wrong),
        () => firstOf(wrong),
        () => relocate(pensyve, { [secret]: secret }),
        () => relocate(pensyve, { 'https://api.pensyve.com': secret }),
        () => defineService({ ...json, resources: { rest: { ...json.resources.rest, url: secret } } }),
        () => defineService({ ...json, apiKey: { ...json.apiKey, pattern: `(${secret}` } }),
        () => parseService({ ...json, apiKey: { ...json.apiKey, env: secret, rotation: secret } }),
        () => parseService({ ...json, links: secret, errors: [secret], resources: { rest: { url: secret } } }),
        () => parseService(secret),
        () => subject.fetch(url, { headers: { 'x-mine': `${secret}\r\n` } }),
        () => subject.fetch(url, { headers: { [`${secret} `]: 'x' } }),
        () => subject.fetch(url, { headers: [[secret, `${secret}\u0000`]] }),
      ]),
    )
    return { error, events }
  },

  'a source that has nothing': async (dice) => {
    const { service, url } = anyResource(dice)
    const nothing = keySource('SOURCE', () => ({ absent: 'not set', next: 'set it' }))
    const [subject, events] = auth(service, dice.one([nothing, firstOf(nothing), firstOf()]), silent)
    return { error: await caught(() => subject.fetch(url)), events }
  },

  'a kind that the resource refuses': async (dice) => {
    const service = dice.one(services)
    const [url, secret] = [dice.one(Object.values<Resource>(service.resources)), keyOf(service, 'kind')]
    const source = url.apiKey ? tokenSource(testKey.token()) : apiKey(secret)
    const [subject, events] = auth(url.apiKey && url.accessToken ? pendra : service, source, silent)
    const target = url.apiKey && url.accessToken ? pendra.resources.messages.url : url.url
    return { error: await caught(() => subject.fetch(target)), events }
  },
}

/** Slow by nature, so it is played a few times only: ky gives up on a service that does not answer. */
export const timeout: Scene = async () => {
  const key = testKey.pensyve()
  const [subject, events] = auth(pensyve, apiKey(key), () => new Promise(() => {}))
  const http = createHttp(subject, { retry: 0, timeout: 1, searchParams: { key } })
  return { error: await caught(() => http.post('recall', { json: { key } }).text()), events }
}
