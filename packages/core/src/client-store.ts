import type { ClientAuthMethod } from './client-authentication.ts'
import type { Flow } from './flow.ts'
import type { Store } from './store.ts'
import { guarded } from './store-failure.ts'

/** A registration as a store keeps it. A secret can be in it, which is one reason why a store must be private. */
export interface StoredRegistration {
  readonly version: 1
  readonly issuer: string
  /** As it was registered, with its port; absent for a client of devices, to which nobody is sent back. */
  readonly redirectUri?: string | undefined
  readonly clientId: string
  readonly authMethod: Exclude<ClientAuthMethod, 'private_key_jwt'>
  readonly clientSecret?: string | undefined
  /** Seconds since the epoch; absent for a secret that stays. */
  readonly secretExpiresAt?: number | undefined
  /** Sign-ins in a row that nobody has come back from yet, and when the first of them began (ms). */
  readonly unanswered?: { readonly count: number; readonly since: number } | undefined
}

/** Where a registration is kept. */
export interface RegistrationPlace {
  readonly issuer: string
  /** None for a client of devices. */
  readonly redirectUri: string | undefined
  readonly store: Store
}

/** The name of a registration in a store: a client is known to one issuer only, and for one redirect URI or for devices. */
export function registrationKey({ issuer, redirectUri }: Omit<RegistrationPlace, 'store'>): string {
  const way = redirectUri === undefined ? 'device' : encodeURIComponent(withoutPort(redirectUri))
  return `client/${encodeURIComponent(issuer)}/${way}`
}

/** The registration that is kept, if it can still be used; what cannot be read or has ended counts as none. */
export async function readRegistration(flow: Flow, place: RegistrationPlace): Promise<StoredRegistration | undefined> {
  const text = await guarded(flow.service, place.store).get(registrationKey(place))
  const kept = registrationIn(text)
  // The names are in the value too: one that was moved in the store must not bring a secret to another server.
  if (kept?.issuer !== place.issuer || !isSameRedirect(kept.redirectUri, place.redirectUri)) return undefined
  return kept.secretExpiresAt !== undefined && kept.secretExpiresAt * 1000 <= flow.runtime.now() ? undefined : kept
}

/**
 * Whether the server may have forgotten a client: it tells only the person then, on a page of its own. Two sign-ins that nobody came back
 * from are taken for a sign of it, if the first was a while ago, since several people may be on their way at once.
 */
export function isDoubtful({ unanswered }: StoredRegistration, now: number): boolean {
  return unanswered !== undefined && unanswered.count >= mostUnanswered && now - unanswered.since >= onTheWay
}

const mostUnanswered = 2
/** How long (ms) people take at least until one of several is back. */
const onTheWay = 60_000

/** Notes that a person is sent to the server for this client. */
export async function noteSent(flow: Flow, place: RegistrationPlace, kept: StoredRegistration): Promise<void> {
  const { count, since } = kept.unanswered ?? { count: 0, since: flow.runtime.now() }
  await writeRegistration(flow, place, { ...kept, unanswered: { count: count + 1, since } })
}

/** Notes that a person came back, so that the server knows the client. */
export async function noteReturned(flow: Flow, place: RegistrationPlace, clientId: string): Promise<void> {
  const kept = await readRegistration(flow, place)
  if (kept?.clientId !== clientId || !kept.unanswered) return
  const { unanswered: _, ...known } = kept
  await writeRegistration(flow, place, known)
}

export async function writeRegistration(flow: Flow, place: RegistrationPlace, kept: StoredRegistration): Promise<void> {
  await guarded(flow.service, place.store).set(registrationKey(place), JSON.stringify(kept))
}

export async function deleteRegistration(flow: Flow, place: RegistrationPlace): Promise<void> {
  await guarded(flow.service, place.store).delete(registrationKey(place))
}

/** Whether two redirect URIs are one to a server: it takes any port of a loopback address (RFC 8252 section 7.3). */
export function isSameRedirect(one: string | undefined, other: string | undefined): boolean {
  return withoutPort(one ?? '') === withoutPort(other ?? '')
}

// Of addresses only: for the name `localhost` the standard promises nothing.
function withoutPort(redirectUri: string): string {
  const [, origin, rest] =
    /^(http:\/\/(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]))(?::\d+)?([/?].*)?$/s.exec(redirectUri) ?? []
  return origin === undefined ? redirectUri : origin + (rest ?? '')
}

function registrationIn(text: string | undefined): StoredRegistration | undefined {
  try {
    const kept: Partial<StoredRegistration> = Object.assign(Object.create(null), JSON.parse(text ?? ''))
    const texts = [kept.issuer, kept.clientId, ...('redirectUri' in kept ? [kept.redirectUri] : [])]
    const needsSecret = kept.authMethod === 'client_secret_basic' || kept.authMethod === 'client_secret_post'
    const isWhole =
      kept.version === 1 &&
      texts.every((value) => typeof value === 'string' && value !== '') &&
      (needsSecret ? typeof kept.clientSecret === 'string' : kept.authMethod === 'none') &&
      (kept.secretExpiresAt === undefined || Number.isFinite(kept.secretExpiresAt))
    return isWhole ? (kept as StoredRegistration) : undefined
  } catch {
    return undefined
  }
}
