import type { Environment } from './environment.ts'

/** The proxy that the environment names for a URL. */
export interface NamedProxy {
  readonly variable: string
  /** Without user and password; `undefined` when the value is unusable, or cannot be told apart from a password. */
  readonly origin: string | undefined
  readonly hasPassword: boolean
  /** A variable that other programs read and Node does not. */
  readonly isUnread: boolean
}

/** The proxy for a URL as Node chooses it: lower case first, and the http one also for https; else what only others read. */
export function proxyFor({ protocol }: URL, env: Environment): NamedProxy | undefined {
  const read = protocol === 'https:' ? ['HTTPS_PROXY', 'HTTP_PROXY'] : ['HTTP_PROXY']
  for (const name of [...read, 'ALL_PROXY']) {
    const variable = env[name.toLowerCase()] === undefined ? name : name.toLowerCase()
    const value = env[variable]
    if (value) return { variable, ...partsOf(value), isUnread: name === 'ALL_PROXY' }
  }
  return undefined
}

function partsOf(value: string): Pick<NamedProxy, 'origin' | 'hasPassword'> {
  const unknown = { origin: undefined, hasPassword: value.includes('@') }
  if (!/^(?:https?|socks[45]?[ah]?):\/\//i.test(value) || !URL.canParse(value)) return unknown
  const { protocol, host, username, pathname, search, hash } = new URL(value)
  // With "/", "?" or "#" in a password, what looks like the host is a part of it.
  if (host === '' || `${pathname}${search}${hash}`.includes('@')) return unknown
  return { origin: `${protocol}//${host}`, hasPassword: username !== '' }
}

/** Whether NO_PROXY has the host, its domain or everything; a port in an entry counts. */
export function isExcluded({ hostname, port, protocol }: URL, env: Environment): boolean {
  const host = bare(hostname)
  const ownPort = port || (protocol === 'https:' ? '443' : '80')
  return (env.no_proxy ?? env.NO_PROXY ?? '').split(/[,\s]+/).some((entry) => {
    // The port is not taken for one in a bare IPv6 address.
    const [, name = entry, only] = /^(\[.*\]|[^:]*):(\d+)$/.exec(entry) ?? []
    if (name === '' || (only !== undefined && only !== ownPort)) return false
    const domain = bare(name.replace(/^\*?\.(?=.)/, ''))
    return name === '*' || host === domain || host.endsWith(`.${domain}`)
  })
}

export function isLoopback({ hostname }: URL): boolean {
  return /^(?:127\.[\d.]+|localhost|.+\.localhost|\[::1\])$/.test(hostname)
}

function bare(host: string): string {
  return host
    .replace(/^\[(.+)\]$/, '$1')
    .replace(/(?<=.)\.$/, '')
    .toLowerCase()
}
