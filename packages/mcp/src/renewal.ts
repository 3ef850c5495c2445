import { PentauthError } from '@pentauth/core'
import type { StoredTokens } from './oauth-client-types.ts'
import { type Answer, askEndpoint } from './oauth-requests.ts'
import { alone, type ProviderPlace } from './provider-place.ts'
import { remember, type TokenBook, type TokenSet } from './token-book.ts'

/** A busy server (ms) is asked again after a pause; one that says for how long is believed up to a minute. */
const pause = 1_000
const longestPause = 60_000

/**
 * The one renewal behind the many that the SDKs ask for: the first is made, with whoever shares the store shut out; who comes later with
 * a token that is replaced by then gets what has replaced it.
 *
 * Tokens are saved before anybody sees them.
 *
 * @throws PentauthError `temporarily_unavailable`, `store_failed`, `insufficient_scope`.
 */
export async function renew(place: ProviderPlace, book: TokenBook, url: URL, init: RequestInit): Promise<Answer> {
  const { shared } = book
  const running = alone(place, () => renewAlone(place, book, url, init)).catch((error) => {
    throw noteTrouble(book, error, place.adapter.runtime.now())
  })
  const settled = running.catch(() => undefined)
  shared.renewing = settled
  void settled.then(() => {
    if (shared.renewing === settled) shared.renewing = undefined
  })
  return running
}

async function renewAlone(place: ProviderPlace, book: TokenBook, url: URL, init: RequestInit): Promise<Answer> {
  const { shared } = book
  const { runtime } = place.adapter
  const params = new URLSearchParams(String(init.body))
  const posted = params.get('refresh_token') ?? ''
  const found = await book.ofRefreshToken(posted)
  // Not one of ours: the host knows what it does.
  if (!found) return askEndpoint(place, url, init, 'token_endpoint')
  const { value } = found.set
  if (shared.tooNarrow === value.access_token && !shared.refused.has(value.access_token)) throw cannotWiden(place)
  if (book.isUsable(found.set)) return answerOf(book, found.set)
  const { refresh_token: token } = value
  const ended = shared.ended.get(token ?? posted)
  if (ended) return refusal(book, ended, runtime.now())
  const { trouble } = shared
  if (trouble && runtime.now() < trouble.until) throw trouble.error

  const requestedAt = runtime.now()
  // The newest one: an old one would end the session where refresh tokens work once.
  if (token !== undefined && token !== posted) params.set('refresh_token', token)
  const body = token === posted ? init.body : params
  const answer = await askEndpoint(place, url, { ...init, body: body ?? null }, 'token_endpoint')
  shared.trouble = undefined
  const tokens = tokensIn(answer)
  if (tokens) {
    const fresh = { ...tokens, refresh_token: tokens.refresh_token ?? token, issuer: value.issuer }
    await book.put(found.issuer, fresh, requestedAt)
    return answer
  }
  if (!isRefusal(answer)) return answer
  // Where nothing locks the store, another process may have been quicker.
  const now = await book.ofRefreshToken(posted)
  if (now && now.set.value.access_token !== value.access_token && book.isUsable(now.set)) return answerOf(book, now.set)
  remember(shared.ended, token ?? posted, answer)
  return refusal(book, answer, runtime.now())
}

/** What a token endpoint would answer now. */
function answerOf(book: TokenBook, set: TokenSet): Answer {
  const { issuer: _, ...tokens } = book.give(set)
  return { status: 200, headers: json(), text: JSON.stringify(tokens) }
}

function refusal({ shared }: TokenBook, { status, text }: Pick<Answer, 'status' | 'text'>, now: number): Answer {
  shared.endedAnswers += 1
  shared.endedAt = now
  return { status, headers: json(), text }
}

function json(): Headers {
  return new Headers({ 'content-type': 'application/json' })
}

/** The SDKs take what fails here for a reason to open a browser, so that `state()` says it again. */
function noteTrouble({ shared }: TokenBook, error: unknown, now: number): unknown {
  if (!PentauthError.isInstance(error) || error.code === 'insufficient_scope' || error === shared.trouble?.error)
    return error
  const wait = Math.min(Math.max(pause, (error.retryAfter ?? 0) * 1000), longestPause)
  shared.trouble = { error, until: now + wait }
  return error
}

function tokensIn({ status, text }: Answer): StoredTokens | undefined {
  if (status < 200 || status > 299) return undefined
  const { access_token, token_type, expires_in, refresh_token, scope, id_token } = parsed(text)
  if (typeof access_token !== 'string' || typeof token_type !== 'string') return undefined
  return {
    access_token,
    token_type,
    ...(Number.isFinite(Number(expires_in ?? Number.NaN)) ? { expires_in: Number(expires_in) } : {}),
    ...(typeof refresh_token === 'string' ? { refresh_token } : {}),
    ...(typeof scope === 'string' ? { scope } : {}),
    ...(typeof id_token === 'string' ? { id_token } : {}),
  }
}

/** Whether the session is over, or the client unknown, so that the same request never succeeds. */
function isRefusal(answer: Answer): boolean {
  return errorIn(answer) === 'invalid_grant' || refusesClient(answer)
}

/** Whether the server does not know the client, or not for this. */
export function refusesClient(answer: Answer): boolean {
  const error = errorIn(answer)
  return error === 'invalid_client' || error === 'unauthorized_client'
}

function errorIn({ status, text }: Answer): unknown {
  return status === 400 || status === 401 ? parsed(text).error : undefined
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** A renewal never gives more scopes (RFC 6749 section 6): an SDK that hears this asks the person. */
function cannotWiden({ service }: ProviderPlace): PentauthError {
  return new PentauthError({
    code: 'insufficient_scope',
    message: `${service.name} refused the operation: the credential's scope does not allow it.`,
    service: service.id,
    hint: 'Somebody has to sign in again and allow it.',
  })
}
