import type { SavedAccount } from './accounts.ts'
import type { Runtime } from './runtime.ts'
import type { Resource, Service } from './service.ts'
import { sessionKey } from './session-key.ts'
import { placesOf } from './session-place.ts'
import { readText } from './session-saving.ts'
import { sessionNow } from './session-verdict.ts'
import { checked, flowOf } from './sign-in-flow.ts'
import { engineOf, type SignedInOptions } from './signed-in.ts'
import { parseStored } from './stored-session.ts'

export interface SavedAccountOptions extends SignedInOptions {
  /** Name of the resource in the service; the first that takes access tokens unless given. */
  readonly resource?: string | undefined
  /** Replaces parts of the platform, such as the clock. */
  readonly runtime?: Partial<Runtime> | undefined
}

/**
 * The sign-in of one account, with nothing secret: as this process knows it, else as its store holds it; `undefined` where there is none.
 *
 * @throws PentauthError `invalid_option` for an unusable store or label, or a service that takes no access tokens; `store_failed`.
 * @example
 * ```ts
 * const mine = await savedAccount(pensyve, { store, account: 'work' })
 * console.log(mine?.status, mine?.scopes)
 * ```
 */
export async function savedAccount(service: Service, given: SavedAccountOptions): Promise<SavedAccount | undefined> {
  const options = await checked(service, given)
  const flow = await flowOf(service, options.resource, options)
  const place = placesOf(engineOf(options), options)(flow.resource)
  const { account, key, state } = place
  const sharing = Object.entries<Resource>(service.resources).filter(
    ([, one]) => one.accessToken && sessionKey(one, options.app ?? 'default', account) === key,
  )
  const about = { account, resources: sharing.map(([name]) => name) }
  const text = await readText(place, flow)
  const isUseless = text !== undefined && text === state.useless
  const session = isUseless ? undefined : sessionNow(place, flow, text)
  if (!session) {
    const found = parseStored(text, account)
    // One that is still there is being signed out.
    if (found.is === 'nothing' || (found.is === 'session' && !isUseless)) return undefined
    return { ...about, status: found.is === 'unreadable' ? 'unreadable' : 'ended' }
  }
  const { scopes, expiresAt } = session
  return {
    ...about,
    status: 'signed_in',
    ...(scopes ? { scopes } : {}),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}
