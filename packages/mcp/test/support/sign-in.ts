import { finishSignIn, type Service, type StartSignInOptions, startSignIn } from '@pentauth/core'
import { signInAt } from '@pentauth/sandbox'

export const redirectUri = 'http://127.0.0.1:8123/callback'

/** Signs a person in at the sandbox's pages. */
export async function signInBy(service: Service, options: Omit<StartSignInOptions, 'redirectUri'>): Promise<void> {
  const { url } = await startSignIn(service, { client: { name: 'Test' }, ...options, redirectUri })
  await finishSignIn(service, await signInAt(fetch, url), options)
}
