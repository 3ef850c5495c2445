import type { Runtime } from '@pentauth/core'

// Loaded when a connection has failed: browsers keep the reason from pages, and much of it can be found out.

const timeoutMs = 5_000
const advice = 'Ask who runs it to allow this origin, or use createProxy of @pentauth/node.'

/**
 * What to set or check after `fetch` to a URL failed in a page: offline, mixed content, the page's own policy, CORS, or nobody there;
 * `undefined` when the error says nothing about the connection.
 *
 * It asks for the root of that origin and for nothing else, without cookies, credential and referrer.
 */
export async function connectionHint(
  error: unknown,
  url: URL,
  fetch: Runtime['fetch'] = globalThis.fetch,
): Promise<string | undefined> {
  // On a server nothing of this is known, and what took too long or was given up is no riddle.
  if (!('location' in globalThis) || (error as Error | undefined)?.name !== 'TypeError') return undefined
  const { origin, protocol, hostname } = url
  const page = location.origin
  if (navigator.onLine === false) return 'This browser is offline: try again when it is connected.'
  if (location.protocol === 'https:' && protocol === 'http:' && !isLoopback(hostname))
    return `This page came by https, and browsers let no such page call ${origin}: use an https address.`
  const found = await (asked.get(origin) ?? ask(origin, fetch))
  if (found === 'forbidden')
    return `The Content-Security-Policy of this page does not let it call ${origin}: add that to its connect-src.`
  if (found === 'silent')
    return `Nothing answers at ${origin}: check the address and the network (DNS, VPN, blockers), and open it in a tab of its own to see more.`
  if (found === 'closed') return `${origin} answers, but lets no page of ${page} read it (CORS). ${advice}`
  if (found === 'open')
    return `${origin} answers pages of ${page}: the connection broke, or this path or a header is not allowed for them (CORS). Try again; if it stays so: ${advice}`
  return undefined
}

type Finding = 'forbidden' | 'silent' | 'closed' | 'open' | 'unknown'

/** Questions that wait for their answer: a hundred calls that fail at once need one. */
const asked = new Map<string, Promise<Finding>>()

function ask(origin: string, fetch: Runtime['fetch']): Promise<Finding> {
  const work = find(origin, fetch).finally(() => asked.delete(origin))
  asked.set(origin, work)
  return work
}

async function find(origin: string, fetch: Runtime['fetch']): Promise<Finding> {
  let policy: string | undefined
  // The question meets the same policy, so nobody has to listen before something has failed.
  const violated = ({ blockedURI, effectiveDirective, disposition, originalPolicy }: SecurityPolicyViolationEvent) => {
    const isOurs = blockedURI === origin || blockedURI.startsWith(`${origin}/`)
    if (isOurs && effectiveDirective === 'connect-src' && disposition === 'enforce') policy = originalPolicy
  }
  // In time for what the browser tells a moment after the failure.
  const answers = (mode: RequestMode) =>
    fetch(`${origin}/`, {
      mode,
      credentials: 'omit',
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
      signal: AbortSignal.timeout(timeoutMs),
    }).then(
      ({ body }) => {
        body?.cancel().catch(() => undefined)
        return true
      },
      () => new Promise<false>((resolve) => setTimeout(resolve, 10, false)),
    )
  const name = 'securitypolicyviolation'
  addEventListener(name, violated)
  try {
    const isThere = await answers('no-cors')
    // A policy may allow some paths only, and then says nothing about this one.
    if (policy !== undefined) return policy.includes(`${new URL(origin).host}/`) ? 'unknown' : 'forbidden'
    if (!isThere) return 'silent'
    return (await answers('cors')) ? 'open' : 'closed'
  } finally {
    removeEventListener(name, violated)
  }
}

function isLoopback(hostname: string): boolean {
  return /^(?:127\.\d+\.\d+\.\d+|\[::1\]|(?:.+\.)?localhost)$/.test(hostname)
}
