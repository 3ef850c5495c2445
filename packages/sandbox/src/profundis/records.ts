import type { JsonObject } from '../request-body.ts'
import { stringField } from '../request-body.ts'

/** The domain a caller asks about, in lower case; undefined if the field holds none. */
export function domainOf(fields: JsonObject): string | undefined {
  const domain = stringField(fields, 'domain')?.toLowerCase()
  return domain !== undefined && /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain) ? domain : undefined
}

/** The hosts that every domain has here. */
export function hostsOf(domain: string): string[] {
  return ['www', 'api', 'mail', 'dev', 'staging', 'vpn'].map((name) => `${name}.${domain}`)
}

/** An address for a host, always the same, from the block of RFC 5737 that is for examples. */
export function addressOf(host: string): string {
  const sum = [...host].reduce((total, letter) => total + (letter.codePointAt(0) ?? 0), 0)
  return `192.0.2.${1 + (sum % 254)}`
}

/** One DNS record. */
export interface DnsRecord {
  readonly name: string
  readonly type: string
  readonly value: string
}

/** The DNS records that every domain has here. */
export function recordsOf(domain: string): DnsRecord[] {
  return [
    { name: domain, type: 'A', value: addressOf(domain) },
    { name: domain, type: 'NS', value: `ns1.${domain}` },
    { name: domain, type: 'MX', value: `10 mail.${domain}` },
    { name: domain, type: 'TXT', value: 'v=spf1 -all' },
    ...hostsOf(domain).map((name) => ({ name, type: 'A', value: addressOf(name) })),
  ]
}
