import { PentauthError } from './errors.ts'

/**
 * A part that is loaded when it is needed. A page may be offline by then, or the files of a new version may have taken the place of its own.
 *
 * @throws PentauthError `temporarily_unavailable` where it cannot be loaded.
 */
export async function part<P>(loading: Promise<P>): Promise<P> {
  try {
    return await loading
  } catch {
    throw new PentauthError({
      code: 'temporarily_unavailable',
      message: 'A part of the program could not be loaded.',
      hint: 'Check the network and try again, or load the page anew; nothing was signed out.',
      retryable: true,
    })
  }
}
