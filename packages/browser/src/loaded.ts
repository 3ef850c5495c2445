import { PentauthError } from '@pentauth/core'

/**
 * A part of the program that is loaded when it is needed.
 *
 * @throws PentauthError `temporarily_unavailable` where it cannot be loaded, as offline or after a deployment.
 */
export async function loaded<P>(loading: Promise<P>): Promise<P> {
  return loading.catch(() => {
    throw new PentauthError({
      code: 'temporarily_unavailable',
      message: 'A part of the program could not be loaded.',
      hint: 'Check the network and try again, or load the page anew; nothing was signed out.',
      retryable: true,
    })
  })
}
