import { errorFrom, PentauthError } from '@pentauth/core'
import type { FetchLike } from './authorized-connection.ts'
import type { ClientBook } from './client-book.ts'
import { type Answer, askEndpoint, endpointHeaders, responseOf } from './oauth-requests.ts'
import type { ProviderPlace } from './provider-place.ts'
import { refusesClient, renew } from './renewal.ts'
import type { SignInBook } from './sign-in-book.ts'
import { remember, type TokenBook, type TokenSet } from './token-book.ts'
import { sendWithinOrigin } from './within-origin.ts'

export interface ProviderFetchParts {
  readonly place: ProviderPlace
  readonly tokens: TokenBook
  readonly client: ClientBook
  readonly signIns: SignInBook
  /** Looks at metadata of an authorization server; throws for one that nobody should sign in at. */
  readonly checkServer: (url: URL, metadata: unknown) => void
  /** Told of the trouble of a metadata document, which the SDKs take for its absence. */
  readonly noteTrouble: (error: PentauthError) => void
}

/** Milliseconds in which several calls want the same client. */
const moment = 2_000

/** The `fetch` beside a provider: it knows which token a request carried, and what each OAuth request is for. */
export function providerFetch(parts: ProviderFetchParts): FetchLike {
  const { place, tokens, client, signIns } = parts
  const { resource, runtime } = place.adapter
  const own = new URL(resource.url).origin
  const running = new Map<string, { readonly answer: Promise<Answer>; readonly until: number }>()

  /** One request for all who want the same, a document or a registration, at the same time; a client that was made is kept for a moment. */
  const once = (url: URL, { body }: RequestInit, ask: () => Promise<Answer>): Promise<Answer> => {
    const key = `${url.href} ${String(body ?? '')}`
    const known = running.get(key)
    if (known && runtime.now() < known.until) return known.answer
    const answer = ask()
    const isDocument = body === undefined || body === null
    const forget = () => running.delete(key)
    answer.then(isDocument ? forget : () => undefined, forget)
    running.set(key, { answer, until: runtime.now() + (isDocument ? Number.POSITIVE_INFINITY : moment) })
    return answer
  }

  return async (input, init = {}) => {
    const url = new URL(input)
    const { server } = signIns
    const grant = grantOf(init)
    const what = grant
      ? 'token_endpoint'
      : /\/\.well-known\/oauth-protected-resource(?:\/|$)/.test(url.pathname)
        ? 'protected resource metadata'
        : /\/\.well-known\/(?:oauth-authorization-server|openid-configuration)(?:\/|$)/.test(url.pathname)
          ? 'authorization server metadata'
          : url.href === server?.registration_endpoint || url.origin !== own
            ? 'registration_endpoint'
            : undefined
    if (what === undefined) return toResource(parts, url, init)
    const headers = endpointHeaders(init.headers, url.origin !== own, client.proofOf(init.body))
    const request: RequestInit = { ...init, headers }
    const ask = () =>
      grant === 'refresh_token' ? renew(place, tokens, url, request) : askEndpoint(place, url, request, what)
    const answer = await (grant ? ask() : once(url, init, ask)).catch((error) => {
      if (what === 'protected resource metadata' && PentauthError.isInstance(error)) parts.noteTrouble(error)
      throw error
    })
    if (what === 'authorization server metadata' && answer.status === 200) parts.checkServer(url, parsed(answer))
    if (grant && refusesClient(answer)) {
      client.noteRefused(init.body)
      running.clear()
    }
    return responseOf(answer)
  }

  async function toResource({ tokens: book }: ProviderFetchParts, url: URL, init: RequestInit): Promise<Response> {
    const { shared } = book
    const carried = /^Bearer (\S+)$/i.exec(new Headers(init.headers).get('authorization') ?? '')?.[1]
    if (carried === undefined || !shared.given.has(carried)) return sendWithinOrigin(place, url, init)
    let set = await newest(book, carried)
    if (set && !book.isUsable(set) && set.value.refresh_token !== undefined) {
      // Somebody is renewing it, or the SDK does when it is told so; the server need not be asked.
      const other = await otherThan(book, set.value.access_token)
      if (!other) return expired(book, set.value.access_token)
      set = other
    }
    const token = set?.value.access_token ?? carried
    const response = await send(url, init, token)
    if (response.status === 403 && (await errorOf(response, token))?.code === 'insufficient_scope') {
      shared.tooNarrow = token
      return response
    }
    if (response.status !== 401) {
      remember(shared.taken, token)
      return response
    }
    const error = await errorOf(response, token)
    // A refusal of something else than the token: no renewal would help, and no sign-in.
    if (error && !/^(?:authentication_required|credential_refused|insufficient_scope)$/.test(error.code)) {
      await response.body?.cancel().catch(() => undefined)
      throw error
    }
    // Read to its end: the SDKs must not be told of a refusal that is mended by the time they look.
    const { text } = await place.adapter.read(response)
    const answer: Answer = { status: 401, headers: response.headers, text }
    remember(shared.refused, token)
    // Never good: another authorization server may be the right one by now, and the SDKs do not look again by themselves.
    if (!shared.taken.has(token)) await signIns.forgetDiscovery()
    const other = isReplayable(init.body) ? await otherThan(book, token) : undefined
    if (!other) return responseOf(answer)
    const again = await send(url, init, other.value.access_token)
    if (again.status === 401) remember(shared.refused, other.value.access_token)
    return again
  }

  async function errorOf(response: Response, token: string): Promise<PentauthError | undefined> {
    place.adapter.attach(response, token)
    return errorFrom(response)
  }

  function send(url: URL, init: RequestInit, token: string): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${token}`)
    return sendWithinOrigin(place, url, { ...init, headers })
  }
}

/** What to send in the place of a token; the store is asked where the token is not the last one that was read. */
async function newest(book: TokenBook, carried?: string): Promise<TokenSet | undefined> {
  const { last } = book.shared
  if (last?.value.access_token === carried && last && book.isUsable(last)) return last
  const set = await book.find()
  if (set) book.give(set)
  return set
}

/** Good tokens that have taken the place of one, maybe just now. */
async function otherThan(book: TokenBook, token: string): Promise<TokenSet | undefined> {
  await book.shared.renewing
  const set = await newest(book)
  return set && set.value.access_token !== token && book.isUsable(set) ? set : undefined
}

function expired({ shared }: TokenBook, token: string): Response {
  remember(shared.refused, token)
  return new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })
}

function grantOf({ body, headers }: RequestInit): string | null {
  const isForm =
    body instanceof URLSearchParams ||
    (typeof body === 'string' &&
      /^application\/x-www-form-urlencoded/i.test(new Headers(headers).get('content-type') ?? ''))
  return isForm ? new URLSearchParams(String(body)).get('grant_type') : null
}

function isReplayable(body: RequestInit['body']): boolean {
  return body === undefined || body === null || typeof body === 'string'
}

function parsed({ text }: Answer): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
