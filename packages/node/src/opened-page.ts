import { openBrowser } from './browser.ts'
import type { Environment } from './environment.ts'
import { thisHost } from './host.ts'
import { surroundingsOf } from './surroundings.ts'

/** Opens a page where somebody sees it, and else says why not. */
export async function openHere(address: string | URL, env: Environment): Promise<string | undefined> {
  const host = thisHost(env)
  const { why } = surroundingsOf(host)
  return why ?? openBrowser(address, host)
}
