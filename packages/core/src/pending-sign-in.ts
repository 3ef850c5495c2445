import type * as oauth from 'oauth4webapi'
import { createSecret } from './credential.ts'
import type { Lock } from './lock.ts'
import { part } from './part.ts'
import type { ProofJwk } from './proof-key.ts'
import type { RegisteredClient } from './registration.ts'
import type { Resource, Service } from './service.ts'
import type { Store } from './store.ts'
import { guarded, locked } from './store-failure.ts'

/** A sign-in that has begun: all that is needed to finish it, also after a restart, but the private key of a client that has one. */
export interface PendingSignIn {
  readonly state: string
  readonly verifier: string
  readonly server: oauth.AuthorizationServer
  readonly client: RegisteredClient
  readonly redirectUri: string
  /** The service, its resource and the program it is for: a response finishes no sign-in of another. */
  readonly service: string
  readonly resourceName: string
  readonly resourceUrl: string
  readonly app: string
  /** The RFC 8707 `resource` value. */
  readonly resource: string
  readonly scope: string | undefined
  /** What earlier sign-ins asked for, where this one is to add to them; absent in one of an earlier version. */
  readonly askedBefore?: readonly string[]
  readonly account: string
  readonly startedAt: number
  /** What the tokens are to be bound to; absent for Bearer tokens. */
  readonly proofKey?: ProofJwk | undefined
}

/** How long (ms) a person has to come back. */
const signInTime = 600_000
/** More than the people of one store have open at once; a page that starts one at each visit must not fill it. */
const most = 500
/** How far (ms) the clocks of two hosts that share a store may differ. */
const skew = 600_000
const key = 'sign-ins'

/**
 * Keeps a sign-in until its response comes, in one record with the others, so that those nobody finishes leave nothing behind.
 *
 * @returns when it ends, in milliseconds since the epoch
 * @throws PentauthError `store_failed`.
 */
export async function savePending(service: Service, store: Store, lock: Lock, pending: PendingSignIn): Promise<number> {
  const { startedAt } = pending
  const kept = guarded(service, store)
  await locked(service, lock, key, async () => {
    const others = (await read(kept)).filter((other) => isCurrent(other, startedAt))
    await kept.set(key, JSON.stringify([...others.slice(1 - most), stored(pending)]))
  })
  return startedAt + signInTime
}

/**
 * Takes out the sign-in that a response belongs to: each can be finished once.
 *
 * @throws PentauthError `sign_in_response_invalid` when there is none, or it took too long; `store_failed`.
 */
export function takePending(
  service: Service,
  { store, lock, ...wanted }: PendingPlace,
  state: string | null,
  now: number,
): Promise<PendingSignIn> {
  const kept = guarded(service, store)
  return locked(service, lock, key, async () => {
    const all = await read(kept)
    const found =
      state === null ? undefined : all.find((other) => other.state === state && isFor(other, service, wanted))
    const rest = all.filter((other) => other !== found && isCurrent(other, now))
    if (rest.length < all.length) await (rest.length > 0 ? kept.set(key, JSON.stringify(rest)) : kept.delete(key))
    if (found && isCurrent(found, now)) return revived(found)
    const { invalid } = await part(import('./response-refusal.ts'))
    throw invalid(
      service,
      found ? 'It came too late.' : 'No sign-in with its state is waiting; it was finished before, or begun elsewhere.',
    )
  })
}

/** Where sign-ins wait, and whose is looked for; any account and program unless said. */
export interface PendingPlace {
  readonly store: Store
  readonly lock: Lock
  readonly account: string | undefined
  readonly app: string | undefined
}

interface Stored extends Omit<PendingSignIn, 'client'> {
  readonly client: Omit<RegisteredClient, 'clientSecret' | 'privateKey'> & { readonly clientSecret?: string }
}

function isCurrent({ startedAt }: Stored, now: number): boolean {
  return startedAt <= now + skew && now < startedAt + signInTime
}

/** Whether a sign-in is for that service, where it still is, and for whom it is looked for. */
function isFor(
  pending: Stored,
  { id, resources }: Service,
  { account, app }: Pick<PendingPlace, 'account' | 'app'>,
): boolean {
  const resource = Object.entries<Resource>(resources).find(([name]) => name === pending.resourceName)?.[1]
  if (pending.service !== id || resource?.url !== pending.resourceUrl) return false
  return (account ?? pending.account) === pending.account && (app ?? pending.app) === pending.app
}

async function read(store: Store): Promise<readonly Stored[]> {
  try {
    const all: unknown = JSON.parse((await store.get(key)) ?? '[]')
    return Array.isArray(all) ? all.filter(isWhole) : []
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
}

function isWhole(one: Partial<Stored> | null | undefined): one is Stored {
  const texts = [one?.state, one?.verifier, one?.client?.clientId, one?.server?.issuer, one?.redirectUri]
  return texts.every((text) => typeof text === 'string') && typeof one?.startedAt === 'number'
}

function stored({ client, ...rest }: PendingSignIn): Stored {
  const { clientSecret, privateKey: _, ...facts } = client
  return { ...rest, client: { ...facts, ...(clientSecret ? { clientSecret: clientSecret.reveal() } : {}) } }
}

function revived({ client: { clientSecret, ...client }, ...rest }: Stored): PendingSignIn {
  return {
    ...rest,
    client: clientSecret === undefined ? client : { ...client, clientSecret: createSecret(clientSecret) },
  }
}
