import { memoryStore, type NodeSignInOptions, PentauthError, signIn } from '@pentauth/node'
import { callOf } from './ask-challenge.ts'
import type { FoundClient } from './ask-registration.ts'
import type { FoundServer } from './ask-server.ts'
import type { Answer } from './asker.ts'
import { clientFetch, type TokenExchange } from './client-fetch.ts'
import { jsonIn } from './documents.ts'
import { noResource } from './judge-authorization.ts'
import { judgeRefresh, judgeReuse, judgeRevocation, judgeRevoked, judgeTokenResponse, judgeUse } from './judge-token.ts'
import type { Visit } from './visit.ts'

export interface TokenOptions {
  readonly redirectUri: string
  readonly scope?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** Shows the person the page in a way of its own, as a test does. */
  readonly present?: NodeSignInOptions['present']
}

/** Step 9: a person signs in, and what they get is used, renewed and revoked. Nothing of it is kept. */
export async function askToken(
  visit: Visit,
  server: FoundServer,
  client: FoundClient | undefined,
  options: TokenOptions,
): Promise<void> {
  visit.begin('token')
  visit.note('Whether a wrong code_verifier is refused was not tried: it would cost the person a second sign-in.')
  const first = await signedIn(visit, server, client, options)
  if (!first) return
  const given = { number: first.number } as Answer
  visit.judge(judgeTokenResponse(first), given)
  const used = await useToken(visit, first.answer.access_token)
  visit.judge([judgeUse(used)], used)
  // Its tokens are nobody else's business.
  if (first.url !== server.endpoints.token_endpoint) return
  const kept = await renewed(visit, first)
  const isOver = kept !== first && (await endedByReuse(visit, server, first, kept))
  const revocation = server.endpoints.revocation_endpoint
  if (revocation === undefined)
    return visit.note('It revokes nothing: the tokens of this examination go on until they end.')
  if (isOver)
    visit.note('The old refresh token ended the session, as it should: whether revocation works was not seen.')
  else await revoked(visit, revocation, kept)
  await revoke(visit, revocation, kept, 'refresh_token')
}

/** Whether the session is over after its old refresh token came back, as if it were stolen. */
async function endedByReuse(
  visit: Visit,
  server: FoundServer,
  first: TokenExchange,
  kept: TokenExchange,
): Promise<boolean> {
  const again = await renewal(visit, first, 'with the refresh token that was replaced')
  if (!again) return false
  visit.judge([judgeReuse(again)], again)
  const extra = tokensIn(visit, again)
  const { revocation_endpoint: url } = server.endpoints
  if (extra) {
    if (url !== undefined) await revoke(visit, url, { ...kept, answer: extra }, 'refresh_token')
    return false
  }
  return (await useToken(visit, kept.answer.access_token, 'with the new token, afterwards')).status === 401
}

/** A real sign-in by the client that programs use, into a store that ends with it. */
async function signedIn(
  visit: Visit,
  { issuer }: FoundServer,
  client: FoundClient | undefined,
  { redirectUri, ...asked }: TokenOptions,
): Promise<TokenExchange | undefined> {
  let first: TokenExchange | undefined
  const fetch = clientFetch(visit, (exchange) => {
    hide(visit, exchange.answer)
    first ??= exchange
  })
  const { service, resource } = visit
  try {
    const wishes = {
      store: { ...memoryStore(), name: 'memory, for this examination alone' },
      resource: resource.name,
      issuer,
      redirectUri,
      scope: asked.scope,
      env: asked.env,
      signal: asked.signal,
      present: asked.present,
      runtime: { fetch },
      ...(client ? { client: client.client } : {}),
    }
    await signIn(service, wishes)
    visit.judge([{ id: 'token.signed_in', met: true, detail: 'state, issuer and the answer were as they should be.' }])
  } catch (error) {
    if (!PentauthError.isInstance(error) || error.code === 'invalid_option') throw error
    const hint = signInHint(error)
    visit.judge([{ id: 'token.signed_in', met: false, detail: `${error.code}: ${error.message}`, hint }])
  }
  return first
}

function signInHint({ code, parameters, hint }: PentauthError): string | undefined {
  if (code === 'registration_failed')
    return 'Name a client that was made by hand: --client-id <id>, with its --redirect-uri.'
  const said = `${parameters?.error} ${parameters?.error_description}`
  return /invalid_target|\bresource\b/.test(said) ? noResource : hint
}

function hide({ asker }: Visit, answer: TokenExchange['answer']): void {
  for (const name of ['access_token', 'refresh_token', 'id_token']) asker.hide(String(answer[name] ?? ''))
}

async function useToken(visit: Visit, token: unknown, note = 'with the token'): Promise<Answer> {
  const authorization = `Bearer ${token}`
  const { body, ...call } = callOf(visit, authorization)
  const answer = await visit.ask({ ...call, body, note })
  const session = answer.headers.get('mcp-session-id')
  // Nothing is left open there.
  if (session !== null) {
    visit.asker.hide(session)
    const headers = { ...call.headers, 'mcp-session-id': session }
    await visit.ask({ method: 'DELETE', url: call.url, headers, note: 'ends the MCP session' })
  }
  return answer
}

/** The tokens in an answer; secrets from here on. */
function tokensIn(visit: Visit, { status, text }: Answer): TokenExchange['answer'] | undefined {
  const value = status === 200 ? jsonIn(text) : undefined
  if (typeof value !== 'object' || value === null || !('access_token' in value)) return undefined
  const answer = value as TokenExchange['answer']
  hide(visit, answer)
  return answer
}

/** Renews once; returns what is good afterwards. */
async function renewed(visit: Visit, first: TokenExchange): Promise<TokenExchange> {
  const answer = await renewal(visit, first, 'renews the token')
  if (!answer) return first
  const given = tokensIn(visit, answer)
  visit.judge(judgeRefresh(answer, given, first), answer)
  const rotated = given?.refresh_token !== undefined && given.refresh_token !== first.answer.refresh_token
  return given && rotated ? { ...first, answer: given } : first
}

async function renewal(
  visit: Visit,
  { url, answer, fields, headers }: TokenExchange,
  note: string,
): Promise<Answer | undefined> {
  if (typeof answer.refresh_token !== 'string') return undefined
  const body = credentialsIn(fields)
  body.set('grant_type', 'refresh_token')
  body.set('refresh_token', answer.refresh_token)
  for (const resource of fields.getAll('resource')) body.append('resource', resource)
  if (visit.service.oauth?.scopeOnRefresh && typeof answer.scope === 'string') body.set('scope', answer.scope)
  return visit.ask({ method: 'POST', url, headers, body: body.toString(), note })
}

/** What the client proved itself with when it got the tokens. */
function credentialsIn(fields: URLSearchParams): URLSearchParams {
  const own = /^client_/
  return new URLSearchParams([...fields].filter(([name]) => own.test(name)))
}

async function revoked(visit: Visit, url: string, kept: TokenExchange): Promise<void> {
  const answer = await revoke(visit, url, kept, 'access_token')
  if (/unsupported_token_type/.test(answer.text)) return visit.note('It revokes no access tokens, which it need not.')
  visit.judge([judgeRevocation(answer)], answer)
  if (answer.status !== 200) return
  const used = await useToken(visit, kept.answer.access_token, 'with the revoked token')
  visit.judge([judgeRevoked(used)], used)
}

function revoke(
  visit: Visit,
  url: string,
  { answer, fields, headers }: TokenExchange,
  kind: 'access_token' | 'refresh_token',
): Promise<Answer> {
  const body = credentialsIn(fields)
  body.set('token', String(answer[kind] ?? ''))
  body.set('token_type_hint', kind)
  return visit.ask({
    method: 'POST',
    url,
    headers,
    body: body.toString(),
    note: `revokes the ${kind.replace('_', ' ')}`,
  })
}
