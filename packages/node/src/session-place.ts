import { type Resource, type Service, type StartSignInOptions, type Store, sessionKey } from '@pentauth/core'

/** Where the session of a sign-in will be. */
export interface SessionPlace {
  /** Its name, for what belongs to it. */
  readonly key: string
  /** What is there now. */
  saved(): Promise<SavedSignIn>
}

interface SavedSignIn {
  /** By which it is told from another; absent where nobody is signed in. */
  readonly signInId?: unknown
  readonly scopes: readonly unknown[]
}

/** The place for the resource that is meant; core refuses what is none. */
export function sessionPlace(
  service: Service,
  resource: string | undefined,
  { store, app, account }: { readonly store: Store; readonly app: string; readonly account: string },
): SessionPlace {
  const all = Object.entries<Resource>(service.resources)
  const found = all.find(([name, { accessToken }]) => (resource === undefined ? accessToken : name === resource))
  const key = found ? sessionKey(found[1], app, account) : ''
  return { key, saved: async () => signInIn(found && (await store.get(key).catch(() => undefined))) }
}

/** Core judges what is saved; here it only matters whether it is another one. */
function signInIn(text: string | null | undefined): SavedSignIn {
  try {
    const { signInId, scopes }: { signInId?: unknown; scopes?: unknown } = JSON.parse(text ?? '{}')
    return { signInId, scopes: Array.isArray(scopes) ? scopes : [] }
  } catch {
    return { scopes: [] }
  }
}

/** Whether a session has what a sign-in is to bring. */
export function hasScopes(
  { scopes }: SavedSignIn,
  { scope, challenge }: Pick<StartSignInOptions, 'scope' | 'challenge'>,
): boolean {
  const asked = [challenge ?? []].flat().map((one) => one?.parameters?.scope)
  // What is no text is for core to refuse.
  const wanted = [scope, ...asked].flatMap((text) => (typeof text === 'string' ? text.split(' ') : [])).filter(Boolean)
  return wanted.every((one) => scopes.includes(one))
}
