import { hasMarker, renderings, testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import {
  clientCredentials,
  createAuth,
  defineService,
  PentauthError,
  type PentauthEvent,
  type Service,
  type WorkloadIdentityOptions,
  workloadIdentity,
} from '../../src/index.ts'
import { recorder } from './support/recorder.ts'

// What says who a program is must not be repeated, and goes to nobody but the issuer that the program chose.

const encoded = (part: object) => btoa(JSON.stringify(part)).replace(/=+$/, '')
const claims = { iss: 'https://ci.example', sub: 'repo:octo/agent', jti: testKey.token('jti') }
const identity = `${encoded({ alg: 'RS256' })}.${encoded(claims)}.${testKey.token('signature')}`
const issuer = 'https://auth.example'
const resource = 'https://api.example/mcp'
const endpoint = { issuer, token_endpoint: `${issuer}/token` }
const acme = (oauth: object = {}): Service =>
  defineService({
    ...{ id: 'acme', name: 'Acme', errors: [], recommendations: [], links: { docs: { where: 'Acme docs' } } },
    resources: { mcp: { url: resource, protocol: 'mcp', accessToken: true } },
    ...(Object.keys(oauth).length > 0 ? { oauth: { tokenEndpointAuthMethod: 'none', grants: [], ...oauth } } : {}),
  } as Service)

interface Outcome {
  readonly sent: readonly Request[]
  readonly events: readonly PentauthEvent[]
  readonly error: unknown
}
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

// G9: servers that repeat what they got.
const repeat: Record<string, (token: string) => Response> = {
  'in the description': (token) =>
    Response.json({ error: 'invalid_grant', error_description: `bad: ${token}` }, { status: 400 }),
  'as the code': (token) => Response.json({ error: token }, { status: 400 }),
  'in capitals': (token) =>
    Response.json({ error: 'invalid_grant', error_description: token.toUpperCase() }, { status: 400 }),
  'in URL encoding': (token) =>
    Response.json({ error: 'invalid_request', error_description: encodeURIComponent(`${token} `) }, { status: 400 }),
  'in base64': (token) => Response.json({ error: 'invalid_client', error_description: btoa(token) }, { status: 401 }),
  'with spaces in between': (token) =>
    Response.json({ error: 'invalid_grant', error_description: [...token].join(' ') }, { status: 400 }),
  'its signature alone': (token) =>
    Response.json({ error: 'invalid_grant', error_description: token.split('.')[2] }, { status: 400 }),
  'on a page': (token) =>
    new Response(`<html>${token}</html>`, { status: 400, headers: { 'content-type': 'text/html' } }),
  'in trouble': (token) => new Response(token, { status: 503 }),
  'as its scope': (token) => Response.json({ access_token: 'a', token_type: 'Bearer', scope: `read ${token}` }),
  'as its type': (token) => Response.json({ access_token: 'a', token_type: token }),
}
type Way = 'jwt-bearer' | 'token-exchange' | 'assertion'
type Echoed = (way: Way, answer: (token: string) => Response) => Promise<Outcome>

const inForm = (form: URLSearchParams) =>
  form.get('assertion') ?? form.get('subject_token') ?? form.get('client_assertion') ?? ''

threat<Echoed, [string, Outcome][]>('G9', 'an identity token that the server repeats', {
  async ours(way, answer) {
    const { sent, fetch } = recorder(async (request) => answer(inForm(new URLSearchParams(await request.text()))))
    const events: PentauthEvent[] = []
    const grants = [
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'urn:ietf:params:oauth:grant-type:token-exchange',
    ]
    const service = acme({
      ...{ issuer, tokenEndpoint: `${issuer}/token`, grants },
      tokenEndpointAuthMethod: 'client_secret_post',
    })
    const token = () => identity
    const credential =
      way === 'assertion'
        ? clientCredentials({ clientId: 'agent', assertion: token })
        : workloadIdentity({ token, grant: way })
    const auth = createAuth(service, { credential, runtime: { fetch }, onEvent: (event) => void events.push(event) })
    const error = await failureOf(auth.credential())
    await new Promise((resolve) => setTimeout(resolve, 0))
    return { sent, events, error }
  },
  async twin(_way, answer) {
    return { sent: [new Request(issuer)], events: [], error: new Error(await answer(identity).text()) }
  },
  attack: async (client) => {
    const outcomes: [string, Outcome][] = []
    for (const way of ['jwt-bearer', 'token-exchange', 'assertion'] as const)
      for (const [name, answer] of Object.entries(repeat)) outcomes.push([`${way}, ${name}`, await client(way, answer)])
    return outcomes
  },
  breaches: (outcomes) =>
    outcomes.flatMap(([name, { sent, events, error }]) => [
      ...(sent.length > 0 ? [] : [`${name}: nothing was sent`]),
      ...(renderings(error).some(({ text }) => hasMarker(text)) ? [`${name}: shown by the error`] : []),
      ...(hasMarker(JSON.stringify(events)) ? [`${name}: shown by an event`] : []),
      ...(error === undefined || PentauthError.isInstance(error) ? [] : [`${name}: no typed error`]),
    ]),
})

// G10: a resource that names a server of its own choice.
const evil = 'https://evil.example'
const choices: Record<
  string,
  { options: Partial<WorkloadIdentityOptions>; listed: readonly string[]; service: Service }
> = {
  'nobody chose': { options: {}, listed: [evil], service: acme() },
  'the program chose another': { options: { issuer }, listed: [evil], service: acme() },
  'the program chose one of two': { options: { issuer }, listed: [evil, issuer], service: acme() },
  'the definition has another': {
    options: {},
    listed: [evil],
    service: acme({ issuer, grants: ['urn:ietf:params:oauth:grant-type:jwt-bearer'] }),
  },
}
type Choosing = (choice: (typeof choices)[string]) => Promise<Outcome>

const answerOf =
  (listed: readonly string[]) =>
  ({ url, method }: Request) => {
    const { origin, pathname } = new URL(url)
    if (method === 'POST') return Response.json({ error: 'invalid_grant' }, { status: 400 })
    if (pathname.includes('oauth-protected-resource')) return Response.json({ resource, authorization_servers: listed })
    if (pathname.includes('oauth-authorization-server'))
      return Response.json(origin === evil ? { issuer: evil, token_endpoint: `${evil}/token` } : endpoint)
    return new Response('', { status: 404 })
  }

threat<Choosing, [string, Outcome, readonly string[]][]>('G10', 'a resource chooses who gets identity tokens', {
  async ours({ options, listed, service }) {
    const { sent, fetch } = recorder(answerOf(listed))
    const credential = workloadIdentity({ token: () => identity, grant: 'jwt-bearer', ...options })
    const error = await failureOf(createAuth(service, { credential, runtime: { fetch } }).credential())
    return { sent, events: [], error }
  },
  async twin({ listed }) {
    const { sent, fetch } = recorder(answerOf(listed))
    const assertion = new URLSearchParams({ assertion: identity })
    const error = await failureOf(fetch(`${listed[0]}/token`, { method: 'POST', body: assertion }))
    return { sent, events: [], error }
  },
  attack: async (client) => {
    const outcomes: [string, Outcome, readonly string[]][] = []
    for (const [name, choice] of Object.entries(choices)) {
      const outcome = await client(choice)
      const bodies = outcome.sent.map(async (request) => `${request.url} ${await request.clone().text()}`)
      outcomes.push([name, outcome, await Promise.all(bodies)])
    }
    return outcomes
  },
  breaches: (outcomes) =>
    outcomes.flatMap(([name, { error }, bodies]) => [
      ...bodies.filter((text) => text.startsWith(evil) && text.includes('assertion')).map(() => `${name}: sent there`),
      ...(PentauthError.isInstance(error) ? [] : [`${name}: no typed error`]),
      ...(name.includes('one of two') && !bodies.some((text) => text.startsWith(`${issuer}/token`))
        ? [`${name}: not sent where it should be`]
        : []),
    ]),
})
