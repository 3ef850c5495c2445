import { type Environment, own } from './environment.ts'

export interface ConnectionHintOptions {
  /** The environment with the proxy and certificate settings; `process.env` unless given. */
  readonly env?: Environment | undefined
}

/**
 * What to set or check after `fetch` to a URL failed: proxy variables that Node ignores, a certificate authority it does not know,
 * a host or port where nothing answers; `undefined` when the error says nothing about the connection.
 *
 * Only what this version of Node supports is suggested; no hint holds a secret or switches a check off.
 *
 * @param error what `fetch` rejected with
 * @example
 * ```ts
 * const auth = createAuth(pendra)
 * try {
 *   await auth.fetch('https://api.pendra.ai/api/v1/models')
 * } catch (error) {
 *   console.error((await connectionHint(error, 'https://api.pendra.ai')) ?? error)
 * }
 * ```
 */
export async function connectionHint(
  error: unknown,
  url: string | URL,
  options: ConnectionHintOptions = {},
): Promise<string | undefined> {
  const { env = process.env } = own(options)
  if (!URL.canParse(String(url))) return undefined
  // Loaded when a connection has failed, which in most processes is never.
  const [{ hintFor }, { thisProcess }] = await Promise.all([
    import('./connection-diagnosis.ts'),
    import('./connection-process.ts'),
  ])
  return hintFor(error, new URL(url), thisProcess(env))
}
