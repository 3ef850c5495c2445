// All of Pentauth that this app needs. In yours, leave `relocate` out: it leads to the sandbox instead of the services.
import { type BrowserAuth, createAuth, pendium, pensyve, profundis, relocate } from '@pentauth/browser'
import { useSyncExternalStore } from 'react'
import { remember } from './event-list.ts'
import { origins } from './sandbox.ts'

const common = { client: { name: 'Browser example' }, onEvent: remember }

/** Made once, outside of components. Each service sends people back to a page of its own. */
export const auths = {
  pendium: createAuth(relocate(pendium, origins), { ...common, redirectUri: '/callback/pendium' }),
  // Asks for what it needs to read; more is asked for when a person wants to do more.
  pensyve: createAuth(relocate(pensyve, origins), { ...common, redirectUri: '/callback/pensyve', scope: 'mcp:read' }),
  profundis: createAuth(relocate(profundis, origins), { ...common, redirectUri: '/callback/profundis' }),
}

/** Who is signed in, here and in every other tab. */
export function useSession(auth: BrowserAuth) {
  return useSyncExternalStore(
    auth.subscribe,
    () => auth.session,
    () => auth.session,
  )
}

/** Finishes the sign-in that a service sent the person back from, and goes on where they were. */
export async function finishSignIn(auth: BrowserAuth) {
  const done = await auth.finishSignIn()
  if (done) history.replaceState(null, '', done.returnTo)
}
