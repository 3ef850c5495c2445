import type { Flow } from './flow.ts'
import { ownOrigins } from './own-origins.ts'
import { part } from './part.ts'
import { allowsPlainHttp, isSecure } from './secure-url.ts'

/**
 * Returns an address that a server told us, parsed, if requests may go there: https, or plain http on this machine, and no private network.
 *
 * This machine counts only where the flow's own resource is on it. The addresses of the service's definition, also as `relocate` left
 * them, are the program's own choice and as private as it likes. Only what the address itself says is looked at: core resolves no names,
 * so that a public name which leads to a private address is for the platform's `fetch` to refuse.
 *
 * @param what names the address in the message, such as `token_endpoint`
 * @throws PentauthError `unsafe_address`, which repeats neither query nor user information.
 * @see https://www.rfc-editor.org/rfc/rfc9728#section-7.7
 */
export async function checkAddress(flow: Flow, url: unknown, what: string): Promise<URL> {
  // Those of the definition's own hosts need only a look.
  if (typeof url === 'string' && plain.test(url) && URL.canParse(url)) {
    const address = new URL(url)
    const { service } = flow
    if (ownOrigins(service).has(address.origin) && (isSecure(address) || allowsPlainHttp(service))) return address
  }
  return (await part(import('./foreign-address.ts'))).checkForeign(flow, url, what)
}

const plain = /^https?:\/\/[\w.-]+(?::\d+)?(?:\/[\w./~?=&%-]*)?$/
