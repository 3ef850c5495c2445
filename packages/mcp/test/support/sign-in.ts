import { finishSignIn, type Service, type StartSignInOptions, startSignIn } from '@pentauth/core'
import { signInAt } from '@pentauth/sandbox'

export const redirectUri = 'http://127.0.0.1:8123/callback'

/** Signs a person in at the sandbox's pages; `through` reaches them. */
export async function signInBy(
  service: Service,
  options: Omit<StartSignInOptions, 'redirectUri'>,
  through: Parameters<typeof signInAt>[0] = fetch,
): Promise<void> {
  const { url } = await startSignIn(service, { client: { name: 'Test' }, ...options, redirectUri })
  await finishSignIn(service, await signInAt(through, url), options)
}
