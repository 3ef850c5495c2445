import { testKey } from '@pentauth/tooling/canary'
import {
  createAuth,
  defineService,
  finishSignIn,
  memoryStore,
  type PentauthEvent,
  type Service,
  type Store,
  signedIn,
  signOut,
  startSignIn,
} from '../../../src/index.ts'
import { verifyAccessToken } from '../../../src/jwt.ts'
import type { Dice } from './dice.ts'
import { bodyWith, echo } from './echoes.ts'

// Ways to make a sign-in and a session fail, with servers that repeat what they were sent and stores that repeat what they hold.

export const issuer = 'https://as.acme.example'
const resource = 'https://api.acme.example/v1'
export const redirectUri = 'http://127.0.0.1:8123/callback'
const described = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  registration_endpoint: `${issuer}/register`,
  revocation_endpoint: `${issuer}/revoke`,
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['client_secret_post', 'none'],
}
let services = 0
/** A service of its own each time, since what is discovered is kept by service. */
export const acme = (): Service =>
  defineService({
    id: `acme${services++}`,
    name: 'Acme',
    resources: { rest: { url: resource, protocol: 'rest', accessToken: true } },
    errors: [],
    recommendations: [],
    links: { docs: { where: 'Acme docs' } },
  })

/** Keeps what it was told, and fails with it. */
function listener() {
  const events: PentauthEvent[] = []
  const onEvent = (event: PentauthEvent) => {
    events.push(event)
    throw new Error(`listener: ${testKey.token('listener')}`)
  }
  return { events, onEvent }
}

const failure = (work: () => unknown): Promise<unknown> =>
  (async () => work())().then(
    () => undefined,
    (error: unknown) => error,
  )

type Answer = (form: URLSearchParams) => Response
export const documents =
  (answer: Answer, changes: object = {}) =>
  async (input: string | URL | Request, init?: RequestInit) => {
    const { pathname } = new URL(String(input))
    if (pathname.includes('protected-resource')) return Response.json({ resource, authorization_servers: [issuer] })
    if (pathname.startsWith('/.well-known/')) return Response.json({ ...described, ...changes })
    return answer(new URLSearchParams(String(init?.body ?? '')))
  }

/** Repeats one of the secrets that a form holds, in one of the ways in which servers fail. */
function repeating(dice: Dice): Answer {
  return (form) => {
    const secrets = ['code', 'code_verifier', 'client_secret', 'refresh_token', 'token'].flatMap((name) =>
      form.getAll(name),
    )
    const said = echo(dice, dice.one(secrets) ?? 'nothing')
    const [body, type] = bodyWith(dice, said)
    const error = dice.one(['invalid_grant', 'invalid_client', 'invalid_request', 'temporarily_unavailable', said])
    const answers = [
      () => Response.json({ error, error_description: said }, { status: dice.one([400, 401]) }),
      () => new Response(body, { status: dice.one([200, 400, 401, 403, 503]), headers: { 'content-type': type } }),
      () => Response.json({ access_token: said, token_type: dice.one(['Bearer', said]), scope: said }),
      () => Response.json({ access_token: 'fine', token_type: 'Bearer', refresh_token: `${said}\n` }),
    ]
    return dice.one(answers)()
  }
}

async function storeWithSession(dice: Dice): Promise<Store> {
  const store = memoryStore()
  const secret = (name: string) => testKey.token(`${name} ${dice.below(50)}`)
  const session = {
    version: 1,
    issuer,
    tokenEndpoint: described.token_endpoint,
    revocationEndpoint: described.revocation_endpoint,
    client: { clientId: 'one', authMethod: 'client_secret_post', clientSecret: secret('client') },
    resource,
    account: 'default',
    accessToken: secret('access'),
    refreshToken: secret('refresh'),
    expiresAt: 2,
    obtainedAt: 1,
  }
  await store.set(`session/${encodeURIComponent(resource)}/default/default`, JSON.stringify(session))
  return store
}

export const signInScenes = {
  'a sign-in whose token endpoint repeats what it was sent': async (dice: Dice) => {
    const { events, onEvent } = listener()
    const service = acme()
    const shared = { store: memoryStore(), onEvent, runtime: { fetch: documents(repeating(dice)) } }
    const client = { clientId: 'one', clientSecret: testKey.token(`client ${dice.below(50)}`), issuer }
    const error = await failure(async () => {
      const { state } = await startSignIn(service, { ...shared, redirectUri, client })
      return finishSignIn(
        service,
        new URLSearchParams({ state, code: testKey.token(`code ${dice.below(50)}`) }),
        shared,
      )
    })
    return { error, events }
  },

  'a callback that says too much': async (dice: Dice) => {
    const { events, onEvent } = listener()
    const service = acme()
    const shared = {
      store: memoryStore(),
      onEvent,
      runtime: { fetch: documents(() => new Response(null, { status: 500 })) },
    }
    const { state } = await startSignIn(service, { ...shared, redirectUri, client: { clientId: 'one' } })
    const said = echo(dice, testKey.token('callback'))
    const callback = new URLSearchParams({ state: dice.one([state, said]), [dice.one(['error', 'iss', 'code'])]: said })
    callback.append(dice.one(['error_description', 'error_uri', 'code', 'error']), dice.one([said, 'access_denied']))
    return {
      error: await failure(() => finishSignIn(service, dice.one([callback, `${redirectUri}?${callback}`]), shared)),
      events,
    }
  },

  'documents that lead nowhere': async (dice: Dice) => {
    const { events, onEvent } = listener()
    const changes = dice.one([
      { issuer: `${issuer}/` },
      { token_endpoint: 'http://10.0.0.1/token' },
      { authorization_endpoint: 'javascript:alert(1)' },
      { code_challenge_methods_supported: ['plain'] },
      { registration_endpoint: undefined },
      {},
    ])
    const refuse: Answer = () => Response.json({ error: 'invalid_client_metadata' }, { status: 400 })
    const shared = { store: memoryStore(), onEvent, runtime: { fetch: documents(refuse, changes) } }
    return { error: await failure(() => startSignIn(acme(), { ...shared, redirectUri })), events }
  },

  'a session whose token endpoint repeats what it was sent': async (dice: Dice) => {
    const { events, onEvent } = listener()
    const store = await storeWithSession(dice)
    const runtime = { fetch: documents(repeating(dice)), sleep: async () => undefined }
    const auth = createAuth(acme(), { credential: signedIn({ store }), onEvent, runtime })
    return { error: await failure(() => auth.credential()), events }
  },

  'a store that fails with what it holds': async (dice: Dice) => {
    const { events, onEvent } = listener()
    const held = await storeWithSession(dice)
    const broken = dice.one(['get', 'set', 'delete'] as const)
    const text = await held.get(`session/${encodeURIComponent(resource)}/default/default`)
    const store = { ...held, [broken]: () => Promise.reject(Object.assign(new Error(text), { code: 'EIO', text })) }
    const runtime = { fetch: documents(repeating(dice)), sleep: async () => undefined }
    const work = dice.one([
      () => createAuth(acme(), { credential: signedIn({ store }), onEvent, runtime }).credential(),
      () => signOut(acme(), { store, onEvent, runtime }),
      () => finishSignIn(acme(), new URLSearchParams({ state: 'a' }), { store, onEvent, runtime }),
    ])
    return { error: await failure(work), events }
  },

  'a token that is not valid': async (dice: Dice) => {
    const parts = Array.from({ length: 3 }, () => testKey.token(String(dice.below(50))))
    const token = dice.one([parts.join('.'), parts[0] as string, `${btoa('{"alg":"none"}')}.${parts[1]}.`])
    const runtime = { fetch: documents(() => new Response(null, { status: 404 })) }
    return { error: await failure(() => verifyAccessToken(token, { issuer, audience: resource, runtime })), events: [] }
  },
}
