import type { Environment } from './environment.ts'

export interface OpenPageOptions {
  /** The environment to read, such as `BROWSER` and `DISPLAY`; `process.env` unless given. */
  readonly env?: Environment | undefined
}

/**
 * Opens a page in the browser of the person at this machine, as `signIn` does: without a shell, and not where nobody would see it
 * (CI, SSH without a display, containers).
 *
 * @returns why nothing was opened, in words; `undefined` when a browser was started.
 * @throws PentauthError `unsafe_address` for what is no http(s) address.
 * @example
 * ```ts
 * const why = await openPage('https://console.pendra.ai/api-keys')
 * if (why) console.error(`Open it yourself: ${why}.`)
 * ```
 */
export async function openPage(address: string | URL, options: OpenPageOptions = {}): Promise<string | undefined> {
  // Few programs open one.
  const { openHere } = await import('./opened-page.ts')
  return openHere(address, options.env ?? process.env)
}
