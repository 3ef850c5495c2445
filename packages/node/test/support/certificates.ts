import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generate } from 'selfsigned'

/** A key and the certificate that goes with it, as PEM. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

/** A certificate authority of a company's own, made for one test file. */
export interface Authority extends Certificate {
  /** Where its certificate is written. */
  readonly file: string
  issue(name: string, dates?: { readonly notBeforeDate: Date; readonly notAfterDate: Date }): Promise<Certificate>
}

export async function makeAuthority(folder: string, name: string): Promise<Authority> {
  const made = await generate([{ name: 'commonName', value: name }], {
    ...elliptic,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  const ca = { key: made.private, cert: made.cert }
  const file = join(folder, `${name}.pem`)
  writeFileSync(file, made.cert)
  return { ...ca, file, issue: (host, dates) => certificateFor(host, { ca, ...dates }) }
}

/** A certificate that nobody signed but itself. */
export function selfSigned(host: string): Promise<Certificate> {
  return certificateFor(host, {})
}

const elliptic = { keyType: 'ec', algorithm: 'sha256' } as const

async function certificateFor(host: string, options: object): Promise<Certificate> {
  const made = await generate([{ name: 'commonName', value: host }], {
    ...elliptic,
    ...options,
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'subjectAltName', altNames: [{ type: 2, value: host }] },
    ],
  })
  return { key: made.private, cert: made.cert }
}
