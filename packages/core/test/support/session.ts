import { caught, testKey } from '@pentauth/tooling/canary'
import { expect } from 'vitest'
import { createSecret } from '../../src/credential.ts'
import { type Auth, createAuth, PentauthError, type PentauthEvent, type Runtime } from '../../src/index.ts'
import { pensyve } from '../../src/services.ts'
import { sessionKey } from '../../src/session-key.ts'
import { type SignOutOptions, signOutWith } from '../../src/sign-out.ts'
import { type SignedInOptions, signedInWith } from '../../src/signed-in.ts'
import { memoryStore, type Store } from '../../src/store.ts'
import { type Engine, parseStored, type StoredSession } from '../../src/stored-session.ts'

// An authorization server that rotates refresh tokens, without a network, and a service that takes its access tokens.

export const url = 'https://api.pensyve.com/v1/status'
const audience = pensyve.resources.mcp
export const keyOf = (account = 'default', client = 'default'): string => sessionKey(audience, client, account)

/** What a call fails with while nobody is signed in and there is no other source. */
export const signedOut = 'sign_in_required'

export const temporary = (status?: number, retryAfter?: number): PentauthError =>
  new PentauthError({ code: 'temporarily_unavailable', message: 'later.', retryable: true, status, retryAfter })
export const invalidGrant = (): PentauthError =>
  new PentauthError({ code: 'sign_in_required', message: 'invalid_grant.', status: 400 })
export const clientRefused = (): PentauthError =>
  new PentauthError({
    code: 'client_refused',
    message: 'invalid_client.',
    status: 401,
    parameters: { error: 'invalid_client' },
  })

/** What happens to one token request: an error instead of an answer, an answer that is lost, or what a test does. */
export type Turn = 'ok' | 'lost' | Error | (() => unknown)

export interface Issuer {
  /** What happens to the requests, one after the other, and to all later ones. */
  turns: Turn[]
  always: Turn
  /** A refresh token that was replaced: ends the session, or still works once, or is never replaced. */
  rotation: 'strict' | 'grace' | 'none'
  /** Seconds. */
  lifetime: number | undefined
  /** Milliseconds before an answer. */
  latency: number
  readonly requests: string[]
  readonly revoked: string[]
  revocationError: Error | undefined
  alive: boolean
  /** Values of access tokens that the service takes. */
  readonly valid: Set<string>
  readonly engine: () => Promise<Engine>
}

export interface World {
  readonly issuer: Issuer
  readonly store: Store
  readonly clock: { now: number; timers: boolean }
  readonly events: PentauthEvent[]
  /** Sent to the service, by token. */
  readonly sent: string[]
  readonly runtime: Partial<Runtime>
  readonly auth: (options?: Partial<SignedInOptions> & Pick<Partial<World>, 'runtime'>) => Auth
  readonly signOut: (options?: Partial<SignOutOptions>) => Promise<void>
  /** A session in the store, as a sign-in leaves it. */
  readonly signIn: (facts?: Partial<StoredSession>, store?: Store) => Promise<StoredSession>
  readonly saved: (account?: string) => Promise<StoredSession | undefined>
  readonly told: (type: PentauthEvent['type']) => PentauthEvent[]
  /** The same data as another process sees it. */
  readonly elsewhere: () => Store
}

let count = 0

/** The time is what the test says, or what the timers say. */
export function world(given: Partial<Issuer> = {}, answers: (count: number) => number = () => 0): World {
  const clock = { now: 1_000_000_000_000, timers: false }
  const now = () => (clock.timers ? Date.now() : clock.now)
  const sleep = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms))
  const rest = (ms: number) => (ms > 0 ? sleep(ms) : Promise.resolve())
  const refresh: { current: string | undefined; last: string | undefined } = { current: undefined, last: undefined }
  const token = () => testKey.token(`session ${count++}`)

  /** Lifetimes count by the clock of who asks. */
  const issue = (kept?: string, at = now()) => {
    const [access, next] = [token(), kept ?? token()]
    issuer.valid.add(access)
    if (!kept) Object.assign(refresh, { last: refresh.current, current: next })
    const { lifetime } = issuer
    return { access, refresh: next, expiresAt: lifetime === undefined ? undefined : at + lifetime * 1000 }
  }
  const grantFor = (value: string | undefined, at: number) => {
    if (issuer.alive && value !== undefined) {
      if (value === refresh.current) return issue(issuer.rotation === 'none' ? value : undefined, at)
      if (value === refresh.last && issuer.rotation === 'grace') return issue(undefined, at)
    }
    issuer.alive = false
    issuer.valid.clear()
    throw invalidGrant()
  }
  const issuer: Issuer = {
    turns: [],
    always: 'ok',
    rotation: 'strict',
    lifetime: 3600,
    latency: 0,
    requests: [],
    revoked: [],
    revocationError: undefined,
    alive: true,
    valid: new Set(),
    engine: async () => ({
      refreshTokens: async ({ runtime: asking }, stored) => {
        issuer.requests.push(stored.refreshToken ?? '')
        const requestedAt = asking.now()
        const turn = issuer.turns.shift() ?? issuer.always
        await rest(issuer.latency)
        if (turn instanceof Error) throw turn
        if (typeof turn === 'function') await turn()
        const granted = grantFor(stored.refreshToken, requestedAt)
        if (turn === 'lost') throw temporary()
        const accessToken = {
          kind: 'access-token' as const,
          source: 'engine',
          secret: createSecret(granted.access),
          ...(granted.expiresAt === undefined ? {} : { expiresAt: granted.expiresAt }),
        }
        return issuer.rotation === 'none'
          ? { accessToken }
          : { accessToken, refreshToken: createSecret(granted.refresh) }
      },
      revokeTokens: async (_flow, stored) => {
        issuer.revoked.push(stored.refreshToken ?? '')
        if (issuer.revocationError) throw issuer.revocationError
        issuer.alive = false
        issuer.valid.clear()
      },
    }),
    ...given,
  }

  const sent: string[] = []
  const events: PentauthEvent[] = []
  const fetch = async (_input: string | URL | Request, init?: RequestInit) => {
    const value = new Headers(init?.headers).get('authorization')?.slice('Bearer '.length) ?? ''
    sent.push(value)
    const isValid = issuer.valid.has(value)
    await rest(answers(sent.length))
    const refusal = { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }
    return new Response('{}', isValid ? { status: 200 } : refusal)
  }
  const store = memoryStore()
  const runtime: Partial<Runtime> = { fetch, now, sleep }
  const onEvent = (event: PentauthEvent) => void events.push(event)
  const all = { store }
  return {
    issuer,
    store,
    clock,
    events,
    sent,
    runtime,
    auth: ({ runtime: other, ...options } = {}) =>
      createAuth(pensyve, {
        credential: signedInWith(issuer.engine, { ...all, ...options }),
        runtime: { ...runtime, ...other },
        ...(clock.timers ? {} : { onEvent }),
      }),
    signOut: (options) => signOutWith(issuer.engine, pensyve, { ...all, runtime, onEvent, ...options }),
    async signIn(facts = {}, into = store) {
      const first = issue()
      const session: StoredSession = {
        version: 1,
        issuer: 'https://mcp.pensyve.com',
        tokenEndpoint: 'https://mcp.pensyve.com/oauth/token',
        revocationEndpoint: 'https://mcp.pensyve.com/oauth/revoke',
        client: { clientId: 'client-1', authMethod: 'none' },
        resource: audience.url,
        account: 'default',
        accessToken: first.access,
        refreshToken: first.refresh,
        ...(first.expiresAt === undefined ? {} : { expiresAt: first.expiresAt }),
        obtainedAt: now(),
        signInId: `sign-in ${count++}`,
        ...facts,
      }
      await into.set(keyOf(session.account), JSON.stringify(session))
      return session
    },
    async saved(account) {
      const found = parseStored(await store.get(keyOf(account)))
      return found.is === 'session' ? found.session : undefined
    },
    told: (type) => events.filter((event) => event.type === type),
    elsewhere: () => ({
      get: (name) => store.get(name),
      set: (name, value) => store.set(name, value),
      delete: (name) => store.delete(name),
    }),
  }
}

/** A session whose sign-out failed: the store deleted it, and said that it could not. The store works from here on. */
export async function failedSignOut(
  made: World,
): Promise<{ readonly store: Store; readonly refreshToken: string | undefined }> {
  const { refreshToken } = await made.signIn()
  let isLost = true
  const store: Store = {
    ...made.elsewhere(),
    delete: async (key) => {
      await made.store.delete(key)
      if (isLost) throw new Error('connection lost')
    },
  }
  await tokenOf(made.auth({ store }))
  expect((await caught(made.signOut({ store }))).code).toBe('store_failed')
  expect(made.issuer.revoked).toEqual([])
  isLost = false
  return { store, refreshToken }
}

export const tokenOf = async (auth: Auth): Promise<string> => (await auth.credential(url)).secret.reveal()

/** Work that ends when it is told to. */
export function gate(): { readonly open: () => void; readonly passed: Promise<void> } {
  let open = () => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, passed }
}
