import { testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import { createAuth, finishSignIn, memoryStore, signedIn, startSignIn } from '../../src/index.ts'
import { authorizationServer, type World } from '../support/authorization-server.ts'
import { json } from '../support/server.ts'

// D2 to D7: what a token endpoint may answer.
const redirectUri = 'http://127.0.0.1:8123/callback'

/** Signs in and makes one call; what was used of the answer shows in the call. */
type Subject = (world: World) => Promise<unknown>

const ours: Subject = async ({ service, approve }) => {
  const store = memoryStore()
  const { url } = await startSignIn(service, { store, redirectUri, client: { clientId: 'client-1' } })
  const { scopes } = await finishSignIn(service, approve(url), { store })
  const response = await createAuth(service, { credential: signedIn({ store }) }).fetch(service.resources.mcp.url)
  return { scopes, status: response.status }
}

/** Takes whatever comes, over a bare socket where it must. */
const naive: Subject = async ({ origin }) => {
  const response = await fetch(`${origin}/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'x' }) })
  const text = await response.text()
  const answer = JSON.parse(text || '{}')
  if (answer.error) throw new Error(`${answer.error}: ${answer.error_description}`)
  const token = String(answer.access_token)
  const headers = new Headers()
  headers.set('authorization', `Bearer ${token}`)
  const { status } = await fetch(`${origin}/mcp`, { headers })
  return { scopes: answer.scope?.split(/\s/), status, refresh: answer.refresh_token }
}

interface Case {
  readonly what: string
  readonly status?: number
  readonly body: string
  readonly type?: string
}
interface Outcome {
  readonly what: string
  readonly code: string | undefined
  readonly text: string
  readonly calls: number
}

async function answered(
  subject: Subject,
  { what, status = 200, body, type = 'application/json' }: Case,
): Promise<Outcome> {
  const world = await authorizationServer({
    token: (response) => {
      response.writeHead(status, { 'content-type': type, location: '/elsewhere' }).end(body)
    },
    mcp: (response) => json(response, 200, {}),
  })
  let code: string | undefined
  let text = ''
  try {
    text = JSON.stringify(await subject(world))
  } catch (error) {
    code = (error as { code?: string }).code ?? 'untyped'
    text = `${error} ${JSON.stringify(error)} ${(error as Error).stack}`
  }
  return { what, code, text, calls: world.server.seen.filter(({ path }) => path === '/mcp').length }
}

const all = (cases: readonly Case[]) => async (subject: Subject) => {
  const outcomes: Outcome[] = []
  for (const one of cases) outcomes.push(await answered(subject, one))
  return outcomes
}
const good = { access_token: testKey.token('access'), token_type: 'Bearer', expires_in: 3600 }
const answer = (what: string, changes: object, status = 200): Case => ({
  what,
  status,
  body: JSON.stringify({ ...good, ...changes }),
})

/** Refused with one of these codes, before any call, and without the server's words where they are hostile. */
const refusedAs =
  (...codes: readonly string[]) =>
  (outcomes: readonly Outcome[]) =>
    outcomes.flatMap(({ what, code, text, calls }) => [
      ...(code && codes.includes(code) ? [] : [`${what}: ended with ${code ?? 'a token'}`]),
      ...(calls === 0 ? [] : [`${what}: the token was used`]),
      ...(/hostile/.test(text) ? [`${what}: what the server sent is repeated`] : []),
    ])

threat('D2', 'tokens of another type', {
  ours,
  twin: naive,
  attack: all([
    answer('mac', { token_type: 'mac' }),
    answer('a number', { token_type: 5 }),
    answer('none', { token_type: undefined }),
    answer('a proof nobody asked for', { token_type: 'DPoP' }),
    answer('empty', { token_type: '' }),
  ]),
  breaches: refusedAs('token_response_invalid'),
})

threat('D3', 'tokens that are no header values', {
  ours,
  twin: naive,
  attack: all([
    answer('a line end', { access_token: 'hostile\r\nx-injected: 1' }),
    answer('a space', { access_token: 'hostile token' }),
    answer('beyond ASCII', { access_token: 'hostilé' }),
    answer('a zero', { access_token: 'hostile\u0000' }),
    answer('empty', { access_token: '' }),
    answer('no text', { access_token: { hostile: 1 } }),
    answer('a line end in the refresh token', { refresh_token: 'hostile\r\n' }),
    answer('a megabyte', { access_token: 'x'.repeat(200_000) }),
  ]),
  breaches: refusedAs('token_response_invalid'),
})

threat('D4', 'scopes that are no scopes', {
  ours,
  twin: naive,
  attack: all([
    answer('line ends', { scope: 'read\nadmin\r\nread' }),
    answer('quotes', { scope: 'read "admin"' }),
    answer('beyond ASCII', { scope: 'read admïn' }),
  ]),
  breaches: (outcomes: readonly Outcome[]) =>
    outcomes.flatMap(({ what, code, text }) => [
      ...(code === undefined ? [] : [`${what}: ${code}`]),
      ...(/adm/.test(text) ? [`${what}: taken for a scope`] : []),
    ]),
})

threat('D5', 'answers that are none', {
  ours,
  twin: naive,
  attack: all([
    { what: 'an error with 200', body: JSON.stringify({ error: 'invalid_grant', error_description: 'x' }) },
    { what: 'a page', status: 200, body: '<html>hostile', type: 'text/html' },
    { what: 'a page with 400', status: 400, body: '<html>hostile', type: 'text/html' },
    { what: 'nothing with 400', status: 400, body: '' },
    answer('201', {}, 201),
    answer('a redirect', {}, 302),
    { what: 'an array', body: '[]' },
    { what: 'null', body: 'null' },
  ]),
  breaches: refusedAs('token_response_invalid', 'token_request_rejected', 'sign_in_failed'),
})

threat('D6', 'texts that are more than texts', {
  ours,
  twin: naive,
  attack: all(
    ['<script>x</script>', '\u001b[31mred', 'right\u202eleft', 'a\nb', `${'x'.repeat(100_000)}`].map(
      (error_description) => ({
        what: JSON.stringify(error_description.slice(0, 20)),
        status: 400,
        body: JSON.stringify({ error: 'invalid_grant', error_description }),
      }),
    ),
  ),
  breaches: (outcomes: readonly Outcome[]) =>
    outcomes.flatMap(({ what, code, text }) => [
      ...(code === 'sign_in_failed' ? [] : [`${what}: ${code}`]),
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would obey
      ...(/[\u001b\u202e]/.test(text) ? [`${what}: repeated as it is`] : []),
      ...(text.length > 10_000 ? [`${what}: ${text.length} characters`] : []),
    ]),
})

threat('D7', 'JSON that is a trap', {
  ours,
  twin: naive,
  attack: all([
    { what: 'another prototype', body: `{"__proto__":{"access_token":"hostile"},"token_type":"Bearer"}` },
    { what: 'a deep nest', body: `${'['.repeat(100_000)}${']'.repeat(100_000)}` },
    { what: 'rubbish behind', body: `${JSON.stringify(good)} hostile` },
    { what: 'cut off', body: JSON.stringify(good).slice(0, -5) },
    { what: 'too much of it', body: JSON.stringify({ ...good, padding: 'x'.repeat(400_000) }) },
  ]),
  breaches: refusedAs('token_response_invalid', 'temporarily_unavailable'),
})
