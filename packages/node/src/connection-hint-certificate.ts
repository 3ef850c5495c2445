import type { ConnectionFailure } from './connection-failure.ts'
import type { NodeProcess } from './connection-process.ts'

const untrusted = [
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]

/** What to do about a certificate that was refused; never to accept it unseen. */
export function certificateHint(
  { codes }: ConnectionFailure,
  { host, hostname }: URL,
  process: NodeProcess,
): string | undefined {
  // A proxy that is itself https has a certificate too.
  const where = codes.includes('UND_ERR_PRX_TLS') ? 'the proxy' : host
  if (codes.some((code) => untrusted.includes(code))) return trustHint(where, process)
  if (codes.includes('CERT_HAS_EXPIRED'))
    return `The certificate of ${where} has expired, or the clock of this machine is wrong.`
  if (codes.includes('CERT_NOT_YET_VALID'))
    return `The certificate of ${where} is not valid yet, or the clock of this machine is wrong.`
  if (codes.includes('ERR_TLS_CERT_ALTNAME_INVALID'))
    return `The certificate of ${where} is for another host: check the host name (${hostname}) in the base URL.`
  const refusal = codes.find((code) => /^(?:CERT_|CRL_)[A-Z_]+$/.test(code))
  return refusal && `The certificate of ${where} was refused (${refusal}): have it replaced.`
}

/** How the process is told of a certificate authority that Node does not know. */
function trustHint(where: string, { env, supports, startedWith, certificatesAt }: NodeProcess): string {
  const file = env.NODE_EXTRA_CA_CERTS
  const system =
    supports('--use-system-ca') && !startedWith('--use-system-ca') && env.NODE_USE_SYSTEM_CA !== '1'
      ? ', or with NODE_OPTIONS=--use-system-ca if this machine trusts it'
      : ''
  const unknown = `Node does not trust the certificate of ${where}`
  if (!file)
    return `${unknown}: start the process with NODE_EXTRA_CA_CERTS=/path/to/ca.pem (the CA that signed it)${system}.`
  const found = certificatesAt(file)
  if (found === 'unreadable')
    return `${unknown}, and the file in NODE_EXTRA_CA_CERTS cannot be read: correct the path and start the process again${system}.`
  if (found === 'none')
    return `${unknown}, and the file in NODE_EXTRA_CA_CERTS holds no PEM certificate: convert it and start the process again${system}.`
  return `${unknown}: the file in NODE_EXTRA_CA_CERTS does not hold the CA that signed it, or was set too late. Add the CA and start the process again${system}.`
}
