import { testKey } from '@pentauth/tooling/canary'
import {
  type Auth,
  clientCredentials,
  createAuth,
  type PentauthEvent,
  type Runtime,
  relocate,
} from '../../src/index.ts'
import { pentographer } from '../../src/services.ts'
import { type Answer, json, serve, type TestServer } from './server.ts'

export const client = { clientId: testKey.pentographerClientId(), clientSecret: testKey.pentographerSecret() }
const origin = 'https://app.pentographer.com'
export const tokenPath = '/api/oauth/token'

/** The token of the n-th answer. */
export const token = (count: number) => testKey.token(String(count))
export const grant: Answer = (response, _seen, { seen }) => {
  const count = seen.filter(({ path }) => path === tokenPath).length
  json(response, 200, { access_token: token(count), token_type: 'Bearer', expires_in: 3600 })
}

/** Pentographer on this machine with a clock of its own; `answer` is what its token endpoint says. */
export async function pentographerHere(answer: Answer = grant, given: Partial<Runtime> = {}) {
  const server: TestServer = await serve((response, seen, handle) =>
    seen.path === tokenPath ? answer(response, seen, handle) : json(response, 200, {}),
  )
  const clock = { now: 1_000_000_000_000 }
  const events: PentauthEvent[] = []
  const runtime = { now: () => clock.now, ...given }
  const service = relocate(pentographer, { [origin]: server.origin })
  const auth: Auth = createAuth(service, {
    credential: clientCredentials(client),
    runtime,
    onEvent: (event) => void events.push(event),
  })
  return { auth, server, clock, events, service, url: `${server.origin}/api/graphql`, asked: () => asked(server) }
}
export const asked = ({ seen }: TestServer) => seen.filter(({ path }) => path.startsWith(tokenPath))
export const tokenOf = async (auth: Auth) => (await auth.credential()).secret.reveal()
export const isToken = async (auth: Auth, count: number) => (await tokenOf(auth)) === token(count)
