import { testKey } from '@pentauth/tooling/canary'
import {
  type Challenge,
  createAuth,
  errorFrom,
  finishSignIn,
  memoryStore,
  parseChallenge,
  signedIn,
  startSignIn,
} from '../../../src/index.ts'
import { authorizationServer, type Endpoints, type World } from '../../support/authorization-server.ts'
import { json } from '../../support/server.ts'

// A person whose program is refused, and who signs in for more as long as the program says that this may help.

const redirectUri = 'http://127.0.0.1:8123/callback'

export interface Client {
  /** What a call of the resource comes to. */
  readonly call: (path?: string) => Promise<Response>
  /** Whether that refusal is one to sign in for. */
  readonly mayHelp: (refused: Response) => Promise<boolean>
  /** Signs in, after a refusal or for the first time; the scope that was asked for. */
  readonly signIn: (challenge?: Challenge) => Promise<string>
  /** Whether somebody is signed in. */
  readonly isSignedIn: () => Promise<boolean>
}
export type Subject = (acme: World) => Client

/** A service whose token endpoint says which scopes it granted of those that were asked for, or says nothing. */
export function grantingServer(
  granted: (asked: string) => string | undefined,
  mcp: NonNullable<Endpoints['mcp']>,
): Promise<World> {
  let made = 0
  return authorizationServer({
    token: (response, { body }) => {
      const scope = granted(scopeIn(body))
      const tokens = { access_token: tokenWith(scope, made++), refresh_token: testKey.token(`refresh ${made}`) }
      json(response, 200, { ...tokens, token_type: 'Bearer', expires_in: 3600, ...(scope ? { scope } : {}) })
    },
    mcp,
  })
}

// The code says what was asked for, so that the server need not remember it.
const scopeIn = (form: string) => new URLSearchParams(form).get('code')?.split('|')[1] ?? ''
const tokenWith = (scope: string | undefined, number: number) => `${testKey.token(String(number))}.${btoa(scope ?? '')}`
/** The scopes of the token that a request carried. */
export const scopesOf = (authorization = ''): string[] => atob(authorization.split('.')[1] ?? '').split(' ')

const callback = (acme: World, url: URL) =>
  acme.approve(url, { code: `${testKey.token('code')}|${url.searchParams.get('scope') ?? ''}` })

export const ours: Subject = (acme) => {
  const store = memoryStore()
  const auth = createAuth(acme.service, { credential: signedIn({ store }) })
  return {
    call: (path = '') => auth.fetch(acme.service.resources.mcp.url + path),
    mayHelp: async (refused) => (await errorFrom(refused))?.code === 'insufficient_scope',
    async signIn(challenge) {
      const { url } = await startSignIn(acme.service, { store, redirectUri, ...(challenge ? { challenge } : {}) })
      await finishSignIn(acme.service, callback(acme, url), { store })
      return url.searchParams.get('scope') ?? ''
    },
    isSignedIn: () =>
      auth.credential().then(
        () => true,
        () => false,
      ),
  }
}

/** Asks for what the last refusal named and for nothing else, whatever it asked for before; and takes each refusal for a reason. */
export const forgetful: Subject = ({ origin }) => {
  let token: string | undefined
  const ask = async (form: Record<string, string>) => {
    const response = await fetch(`${origin}/token`, { method: 'POST', body: new URLSearchParams(form) })
    token = (await response.json()).access_token
  }
  const send = (path: string) => fetch(`${origin}/mcp${path}`, { headers: { authorization: `Bearer ${token}` } })
  return {
    async call(path = '') {
      const response = await send(path)
      if (response.status !== 401) return response
      await ask({ grant_type: 'refresh_token' })
      return send(path)
    },
    mayHelp: async ({ status }) => status === 401 || status === 403,
    async signIn(challenge) {
      const scope = challenge?.parameters.scope ?? 'read'
      await ask({ grant_type: 'authorization_code', code: `code|${scope}` })
      return scope
    },
    isSignedIn: async () => token !== undefined,
  }
}

/** One operation, with a patient person: what it came to, and what was asked for on the way. */
export async function operate({ call, mayHelp, signIn }: Client, path?: string, patience = 12) {
  const asked: string[] = []
  try {
    for (let round = 0; round < patience; round++) {
      const response = await call(path)
      if (!(await mayHelp(response))) return { outcome: String(response.status), asked }
      asked.push(await signIn(parseChallenge(response.headers.get('www-authenticate'))[0]))
    }
    return { outcome: 'no end', asked }
  } catch (error) {
    return { outcome: String((error as { code?: string }).code ?? error), asked }
  }
}
