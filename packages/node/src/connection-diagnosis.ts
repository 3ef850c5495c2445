import { type ConnectionFailure, failureOf } from './connection-failure.ts'
import { certificateHint } from './connection-hint-certificate.ts'
import { proxyHint } from './connection-hint-proxy.ts'
import type { NodeProcess } from './connection-process.ts'

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
