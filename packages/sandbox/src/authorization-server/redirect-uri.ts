const loopback = new Set(['127.0.0.1', '[::1]', 'localhost'])

/**
 * Whether an app may register this address: https, or plain http on the app's own machine. Assumed for all three, as MCP
 * asks for it; `localhost` is taken for loopback, because MCP clients use it.
 */
export function isRegistrable(uri: string): boolean {
  if (!URL.canParse(uri)) return false
  const { protocol, hostname, username, password } = new URL(uri)
  if (uri.includes('#') || username !== '' || password !== '') return false
  return protocol === 'https:' || (protocol === 'http:' && loopback.has(hostname))
}

/** Whether an address is one of the registered: exactly so, but for the port of a loopback address (RFC 8252 section 7.3). */
export function isRegistered(uri: string, registered: readonly string[]): boolean {
  return registered.some((known) => known === uri || (withoutPort(known) ?? known) === withoutPort(uri))
}

/** A loopback address without its port; nothing for any other. */
function withoutPort(uri: string): string | undefined {
  const [, start, host, rest] = /^(http:\/\/)([^/?#:]+|\[[^\]]*\])(?::\d+)?(?=[/?#]|$)(.*)$/.exec(uri) ?? []
  return host !== undefined && loopback.has(host) ? `${start}${host}${rest}` : undefined
}

/** What a person is told of where an app is: its host, or that it is on their own machine. */
export function placeInWords(uri: string): string {
  const { hostname, protocol } = new URL(uri)
  return protocol === 'http:' ? 'a program on this computer' : hostname
}
