import type { ConnectionFailure } from './connection-failure.ts'
import type { NodeProcess } from './connection-process.ts'
import { isExcluded, isLoopback, type NamedProxy, proxyFor } from './proxy-variables.ts'

/** No connection was made: to the host, or to the proxy when there is one. */
const unreached = [
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ETIMEDOUT',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_PRX_CONN',
]

/** What to do when a proxy is in use and fails, or is set and not in use. */
export function proxyHint(failure: ConnectionFailure, url: URL, process: NodeProcess): string | undefined {
  const use = useOf(process)
  const proxy = proxyFor(url, process.env)
  const status = failure.texts.map((text) => /^Proxy response \((\d{3})\)/.exec(text)?.[1]).find(Boolean)
  if (status) return refusedHint(status, url, use === 'unknown' ? undefined : proxy)
  const isUnreached = failure.codes.some((code) => unreached.includes(code))
  if (isUnreached && process.dispatchers.some((name) => /^(?:Socks5)?ProxyAgent$/.test(name)))
    return 'The proxy that the program set cannot be reached: correct its address.'
  if (!proxy || isExcluded(url, process.env)) return undefined
  if (use === 'ignored' || proxy.isUnread) {
    // Firewalls that want a proxy drop what comes without one, or reset it.
    const isDropped = failure.isTimeout || failure.codes.includes('ECONNRESET')
    return isUnreached || isDropped ? ignoredHint(url, proxy, process) : undefined
  }
  if (use === 'unknown' || !isUnreached) return undefined
  return `The proxy ${nameOf(proxy)} cannot be reached: correct its address, or have ${url.hostname} excluded with NO_PROXY.`
}

/** Whether `fetch` asks the proxy variables; nothing is claimed about a dispatcher of the program's own. */
function useOf({ dispatchers, env, startedWith, readsProxyVariables }: NodeProcess): 'used' | 'ignored' | 'unknown' {
  if (dispatchers.includes('EnvHttpProxyAgent')) return 'used'
  if (dispatchers.length > 0) return dispatchers.every((name) => name === 'Agent') ? 'ignored' : 'unknown'
  const isOn = env.NODE_USE_ENV_PROXY === '1' || startedWith('--use-env-proxy')
  return readsProxyVariables && isOn ? 'used' : 'ignored'
}

function ignoredHint(url: URL, proxy: NamedProxy, { env, readsProxyVariables }: NodeProcess): string | undefined {
  // No proxy leads to this machine itself.
  if (isLoopback(url)) return undefined
  const { variable, isUnread, origin } = proxy
  if (!origin)
    return `${variable} is set and is no http:// or https:// URL: percent-encode what is special in its password.`
  if (!readsProxyVariables)
    return `${variable} is set, and fetch in this version of Node ignores it: use Node 22.21 or 24, or setGlobalDispatcher(new EnvHttpProxyAgent()) of undici@7.`
  if (isUnread)
    return `${variable} is set, and Node does not read it: set HTTPS_PROXY to the same, and NODE_USE_ENV_PROXY=1, before the process starts.`
  if (env.NODE_USE_ENV_PROXY === '1')
    return `${variable} and NODE_USE_ENV_PROXY=1 are set, and Node's fetch does not use them: both must be set before the process starts, and no setGlobalDispatcher may undo them.`
  return `${variable} is set, and Node's fetch ignores it: set NODE_USE_ENV_PROXY=1 before the process starts.`
}

/** The proxy answered, and not with a tunnel. */
function refusedHint(status: string, url: URL, proxy: NamedProxy | undefined): string {
  const named = proxy ? nameOf(proxy) : 'that the program set'
  const where = proxy ? ` in ${proxy.variable}` : ''
  if (isLoopback(url)) return `The proxy ${named} cannot lead to this machine itself: set NO_PROXY=${url.hostname}.`
  if (status === '407')
    return proxy?.hasPassword
      ? `The proxy ${named} refused the user and password${where} (407): correct them, with special characters percent-encoded.`
      : `The proxy ${named} wants a user and password (407): write them${where}, percent-encoded, as http://user:password@host.`
  if (status.startsWith('5'))
    return `The proxy ${named} could not reach ${url.hostname} (${status}): check the host name in the base URL, or have it excluded with NO_PROXY.`
  return `The proxy ${named} does not let ${url.hostname} through (${status}): have it allowed there, or excluded with NO_PROXY.`
}

function nameOf({ origin, variable }: NamedProxy): string {
  return origin ? `${origin} (${variable})` : `in ${variable}`
}
