import type { NamedResource } from './resource-lookup.ts'
import { sessionKey } from './session-key.ts'
import { checkedLabels, type PlaceOptions } from './session-labels.ts'
import { defaultLock, type Place, sharedState } from './session-state.ts'
import type { Engine } from './stored-session.ts'

/** Where the session of a resource is. */
export function placesOf(
  engine: () => Promise<Engine>,
  options: PlaceOptions,
): ((resource: NamedResource) => Place) & { readonly name: string } {
  const { store, lock, account, app, name } = checkedLabels(options)
  const place = (resource: NamedResource): Place => {
    const key = sessionKey(resource, app, account)
    return { state: sharedState(store, key), store, lock: lock ?? defaultLock(store), key, account, name, engine }
  }
  return Object.defineProperty(place, 'name', { value: name })
}
