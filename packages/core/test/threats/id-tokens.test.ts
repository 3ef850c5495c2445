import { testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import { createAuth, finishSignIn, memoryStore, type PentauthEvent, signedIn, startSignIn } from '../../src/index.ts'
import { authorizationServer, type World } from '../support/authorization-server.ts'
import { json } from '../support/server.ts'

// A16 and M2: ID tokens are not used, so one that comes all the same names nobody, whatever it says, and is kept nowhere.

const redirectUri = 'http://127.0.0.1:8123/callback'

interface Signed {
  /** What was asked for. */
  readonly scope: string | null
  readonly nonce: string | null
  /** Whose sign-in it is, as the program is told. */
  readonly account: string
  /** All that is kept and told. */
  readonly left: string
  readonly status: number
}
type Subject = (world: World) => Promise<Signed>

const ours: Subject = async ({ service, approve }) => {
  const values = new Map<string, string>()
  const events: PentauthEvent[] = []
  const store = memoryStore()
  const kept = { ...store, set: (key: string, value: string) => store.set(key, values.set(key, value).get(key) ?? '') }
  const shared = { store: kept, onEvent: (event: PentauthEvent) => void events.push(event) }
  const { url } = await startSignIn(service, { ...shared, redirectUri, client: { clientId: 'client-1' } })
  const finished = await finishSignIn(service, approve(url), shared)
  const auth = createAuth(service, { credential: signedIn({ store: kept }), onEvent: shared.onEvent })
  const { status } = await auth.fetch(service.resources.mcp.url)
  return {
    scope: url.searchParams.get('scope'),
    nonce: url.searchParams.get('nonce'),
    account: finished.account,
    left: JSON.stringify([finished, events, [...values]]),
    status,
  }
}

/** Believes what the ID token says of the person, and keeps it. */
const believing: Subject = async ({ origin }) => {
  const response = await fetch(`${origin}/token`, { method: 'POST', body: new URLSearchParams({ code: 'x' }) })
  const answer = await response.json()
  const { sub = 'default' } = JSON.parse(atob(String(answer.id_token).split('.')[1] ?? '') || '{}')
  const { status } = await fetch(`${origin}/mcp`, { headers: { authorization: `Bearer ${answer.access_token}` } })
  return { scope: 'openid read', nonce: 'n', account: sub, left: JSON.stringify(answer), status }
}

const part = (value: unknown) => btoa(JSON.stringify(value)).replaceAll('=', '')
const idToken = (claims: object, header: object = { alg: 'RS256', kid: 'a' }) => `${part(header)}.${part(claims)}.c2ln`
const victim = { iss: 'https://as.acme.example', aud: 'client-1', sub: 'victim', exp: 4_000_000_000, iat: 1 }

const attack = (tokens: Readonly<Record<string, unknown>>) => async (subject: Subject) => {
  const outcomes: (Signed & { what: string; token: unknown })[] = []
  for (const [what, token] of Object.entries(tokens)) {
    const world = await authorizationServer({
      token: (response) => {
        const access_token = testKey.token('access')
        json(response, 200, { access_token, token_type: 'Bearer', expires_in: 3600, scope: 'read', id_token: token })
      },
    })
    outcomes.push({ what, token, ...(await subject(world)) })
  }
  return outcomes
}
const breaches = (outcomes: readonly (Signed & { what: string; token: unknown })[]) =>
  outcomes.flatMap(({ what, token, scope, nonce, account, left, status }) => [
    ...(account === 'default' ? [] : [`${what}: signed in as ${account}`]),
    ...(left.includes('victim') || left.includes(String(token)) ? [`${what}: the ID token is kept or told`] : []),
    ...(scope?.includes('openid') || nonce !== null ? [`${what}: one was asked for`] : []),
    ...(status === 200 ? [] : [`${what}: the good access token is lost (${status})`]),
  ])

threat('A16', 'an ID token with a nonce of somebody else, or without one', {
  ours,
  twin: believing,
  attack: attack({
    'a nonce that nobody sent': idToken({ ...victim, nonce: 'of somebody else' }),
    'no nonce': idToken(victim),
    'a nonce that is no text': idToken({ ...victim, nonce: ['a'] }),
  }),
  breaches,
})

threat('M2', 'an ID token with wrong claims', {
  ours,
  twin: believing,
  attack: attack({
    'another issuer': idToken({ ...victim, iss: 'https://elsewhere.example' }),
    'another client': idToken({ ...victim, aud: 'client-2' }),
    'several clients, and no authorized party': idToken({ ...victim, aud: ['client-1', 'client-2'] }),
    'past its end': idToken({ ...victim, exp: 1 }),
    'made tomorrow': idToken({ ...victim, iat: 4_000_000_000 }),
    'not signed': idToken(victim, { alg: 'none' }),
    'no person': idToken({ ...victim, sub: undefined, name: 'victim' }),
  }),
  breaches,
})
