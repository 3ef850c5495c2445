import type { ConnectionFailure } from './connection-failure.ts'
import { failureOf } from './connection-failure.ts'
import { certificateHint } from './connection-hint-certificate.ts'
import { proxyHint } from './connection-hint-proxy.ts'
import { type NodeProcess, thisProcess } from './connection-process.ts'
import type { Environment } from './environment.ts'

export interface ConnectionHintOptions {
  /** The environment with the proxy and certificate settings; `process.env` unless given. */
  readonly env?: Environment
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
 *   console.error(connectionHint(error, 'https://api.pendra.ai') ?? error)
 * }
 * ```
 */
export function connectionHint(
  error: unknown,
  url: string | URL,
  options: ConnectionHintOptions = {},
): string | undefined {
  return URL.canParse(String(url)) ? hintFor(error, new URL(url), thisProcess(options.env)) : undefined
}

/** The hint in a process that tests can make up. */
export function hintFor(error: unknown, url: URL, process: NodeProcess): string | undefined {
  const failure = failureOf(error)
  const hint = certificateHint(failure, url, process) ?? proxyHint(failure, url, process) ?? plainHint(failure, url)
  if (hint === undefined || url.protocol !== 'https:' || process.env.NODE_TLS_REJECT_UNAUTHORIZED !== '0') return hint
  return `${hint} NODE_TLS_REJECT_UNAUTHORIZED=0 lets anybody read what is sent: remove it.`
}

/** Between here and the host, with no proxy and no certificate to blame. */
function plainHint({ codes, texts }: ConnectionFailure, { host, hostname, protocol }: URL): string | undefined {
  const met = (...names: readonly string[]) => names.some((name) => codes.includes(name))
  if (met('ENOTFOUND')) return `DNS knows no ${hostname}: check the host name in the base URL, DNS and VPN.`
  if (met('EAI_AGAIN')) return `DNS did not answer for ${hostname}: check network, DNS and VPN.`
  if (met('ECONNREFUSED')) return `Nothing listens at ${host}: check the base URL, and that the server runs.`
  if (met('ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG') || texts.some(isNoTls))
    return `What answers at ${host} does not speak TLS: check the port, and whether the base URL must start with http://.`
  if (codes.some((code) => /^(?:EPROTO|ERR_SSL_|ERR_TLS_)/.test(code)))
    return `TLS with ${host} failed: check the port, and what stands between (a firewall, a proxy).`
  if (codes.some((code) => code.startsWith('HPE_')))
    return `What answers at ${host} does not speak HTTP: check the port${protocol === 'http:' ? ', and whether the base URL must start with https://' : ''}.`
  if (met('ETIMEDOUT', 'ENETUNREACH', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT'))
    return `${host} cannot be reached from here: check network, VPN and firewall, and whether this network needs a proxy.`
  if (met('ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'))
    return `The connection to ${host} was closed before the answer was there: try again, and check what stands between (a firewall, a proxy).`
  return undefined
}

// One code, EPROTO, stands for many things on older Node.
function isNoTls(text: string): boolean {
  return /wrong version number|packet length too long/.test(text)
}
