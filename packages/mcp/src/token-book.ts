import type { PentauthError, Store } from '@pentauth/core'
import type { IssuerContext, StoredTokens } from './oauth-client-types.ts'
import { alone, type ProviderPlace, slotOf } from './provider-place.ts'

/** Tokens as an SDK saved them, and what it does not keep: until when they are good. */
export interface TokenSet {
  readonly value: StoredTokens
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number
  /** Milliseconds. */
  readonly lifetime?: number
}

interface TokenRecord {
  readonly version: 1
  /** The issuer whose tokens were saved last. */
  readonly latest: string
  readonly sets: Readonly<Record<string, TokenSet>>
}

/** What the providers of one store know of its tokens in this process. */
interface Shared {
  /** Access tokens that were given to an SDK. */
  readonly given: Set<string>
  /** Access tokens that the server refused. */
  readonly refused: Set<string>
  /** Access tokens that the server took. */
  readonly taken: Set<string>
  /** Access tokens that were saved when their answer came. */
  readonly saved: Set<string>
  /** Whose a refresh token is. */
  readonly issuers: Map<string, string>
  /** Refresh tokens that are over, and what was answered. */
  readonly ended: Map<string, { readonly status: number; readonly text: string }>
  /** Such answers that no SDK has acted on yet, and when the last was given. */
  endedAnswers: number
  endedAt: number
  renewing: Promise<unknown> | undefined
  trouble: { readonly error: PentauthError; readonly until: number } | undefined
  /** The access token that is good but may not do what was asked. */
  tooNarrow: string | undefined
  /** What an SDK was given last. */
  last: TokenSet | undefined
  /** What the store would not take. */
  unsaved: TokenRecord | undefined
}

const knowledge = /* @__PURE__ */ new WeakMap<Store, Map<string, Shared>>()

function sharedAt({ store, key }: ProviderPlace): Shared {
  const all = knowledge.get(store) ?? new Map<string, Shared>()
  knowledge.set(store, all)
  const shared = all.get(key) ?? {
    given: new Set<string>(),
    refused: new Set<string>(),
    taken: new Set<string>(),
    saved: new Set<string>(),
    issuers: new Map<string, string>(),
    ended: new Map(),
    endedAnswers: 0,
    endedAt: 0,
    renewing: undefined,
    trouble: undefined,
    tooNarrow: undefined,
    last: undefined,
    unsaved: undefined,
  }
  all.set(key, shared)
  return shared
}

/** The tokens of a provider: by issuer, with their absolute expiry, and nothing of the past put back over what is newer. */
export interface TokenBook {
  readonly shared: Shared
  /** Of an issuer, or those that were saved last. */
  find(issuer?: string): Promise<TokenSet | undefined>
  /** Those of the issuer that the refresh token was given out for; it may have been replaced since. */
  ofRefreshToken(token: string): Promise<{ readonly issuer: string; readonly set: TokenSet } | undefined>
  /** Whether the access token can still be good. */
  isUsable(set: TokenSet): boolean
  /** As an SDK sees them, with what is left of their time. */
  give(set: TokenSet): StoredTokens
  /** Saves an answer; who calls it has the lock. */
  put(issuer: string, value: StoredTokens, requestedAt: number): Promise<TokenSet>
  /** Saves what an SDK made of an answer. */
  save(value: StoredTokens, context: IssuerContext | undefined): Promise<void>
  /** Says whether it came too late: an SDK acts on a refusal when others have done so, and somebody may have signed in since. */
  forget(): Promise<boolean>
}

/** How many tokens of the past are remembered: enough for all calls that are on their way. */
const most = 200
const mostIssuers = 3
/** Milliseconds in which an SDK has acted on what it was told. */
const soon = 10_000

/** Remembers something, and forgets what was before most others. */
export function remember<K, V>(all: Map<K, V>, key: K, value: V): void
export function remember<K>(all: Set<K>, key: K): void
export function remember<K>(all: Set<K> | Map<K, unknown>, key: K, value?: unknown): void {
  all.delete(key)
  if (all instanceof Set) all.add(key)
  else all.set(key, value)
  const [oldest] = all.keys()
  if (all.size > most && oldest !== undefined) all.delete(oldest)
}

export function tokenBook(place: ProviderPlace): TokenBook {
  const slot = slotOf<TokenRecord>(place, 'tokens')
  const shared = sharedAt(place)
  const now = () => place.adapter.runtime.now()

  const read = async (): Promise<TokenRecord | undefined> => {
    const { unsaved } = shared
    if (!unsaved) return slot.read()
    await write(unsaved)
    return unsaved
  }
  // A session goes on in memory: an SDK that cannot save would send the person to sign in again.
  const write = async (record: TokenRecord): Promise<void> => {
    try {
      await slot.write(record)
      shared.unsaved = undefined
    } catch (error) {
      if (!shared.unsaved) place.notSaved((error as Error).message)
      shared.unsaved = record
    }
  }
  const keep = async (issuer: string, set: TokenSet): Promise<void> => {
    const others = Object.entries((await read())?.sets ?? {}).filter(([name]) => name !== issuer)
    const sets = Object.fromEntries([...others.slice(1 - mostIssuers), [issuer, set]])
    await write({ version: 1, latest: issuer, sets })
  }
  const timed = (value: StoredTokens, requestedAt: number): TokenSet => {
    const lifetime = Number(value.expires_in) * 1000
    return Number.isFinite(lifetime) ? { value, lifetime, expiresAt: requestedAt + lifetime } : { value }
  }

  return {
    shared,
    async find(issuer) {
      const record = await read()
      return record?.sets[issuer === undefined ? record.latest : issuerKey(issuer)]
    },
    async ofRefreshToken(token) {
      const record = await read()
      const entries = Object.entries(record?.sets ?? {})
      const issuer = entries.find(([, { value }]) => value.refresh_token === token)?.[0] ?? shared.issuers.get(token)
      const set = issuer === undefined ? undefined : record?.sets[issuer]
      return set && issuer !== undefined ? { issuer, set } : undefined
    },
    isUsable({ value, expiresAt, lifetime = 0 }) {
      const margin = Math.min(30_000, lifetime / 10)
      return !shared.refused.has(value.access_token) && (expiresAt === undefined || now() < expiresAt - margin)
    },
    give(set) {
      const { value, expiresAt } = set
      shared.last = set
      remember(shared.given, value.access_token)
      if (value.refresh_token !== undefined) remember(shared.issuers, value.refresh_token, issuerKey(value.issuer))
      if (expiresAt === undefined) return { ...value }
      return { ...value, expires_in: Math.max(0, Math.floor((expiresAt - now()) / 1000)) }
    },
    async put(issuer, value, requestedAt) {
      const set = timed(value, requestedAt)
      remember(shared.saved, value.access_token)
      shared.refused.delete(value.access_token)
      await keep(issuer, set)
      return set
    },
    save: (value, context) =>
      alone(place, async () => {
        const issuer = issuerKey(context?.issuer ?? value.issuer)
        const before = (await read())?.sets[issuer]
        const isSame = before?.value.access_token === value.access_token
        // Renewed by now, by somebody who was quicker than this SDK.
        if (before && !isSame && shared.saved.has(value.access_token)) return
        await keep(issuer, isSame ? { ...before, value } : timed(value, now()))
      }),
    forget: () =>
      alone(place, async () => {
        const record = await read()
        const latest = record?.sets[record.latest]?.value.refresh_token
        const isOwed = shared.endedAnswers > 0 && now() < shared.endedAt + soon
        shared.endedAnswers = Math.max(0, shared.endedAnswers - 1)
        if (isOwed && !(latest !== undefined && shared.ended.has(latest))) return true
        shared.unsaved = undefined
        await slot.remove()
        return false
      }),
  }
}

/** One name for an issuer: SDKs add a slash to one without a path. */
function issuerKey(issuer = ''): string {
  return issuer.replace(/\/$/, '')
}
