// What tests use of `node:crypto`.
import { Buffer } from './globals.ts'
import { hmac, joined, sha256 } from './sha256.ts'

type Encoding = 'hex' | 'base64' | 'base64url'

function digester(finish: (message: Uint8Array) => Uint8Array) {
  const parts: Uint8Array[] = []
  return {
    update(data: string | Uint8Array) {
      parts.push(typeof data === 'string' ? new TextEncoder().encode(data) : data)
      return this
    },
    digest: (encoding: Encoding) => new Buffer(finish(joined(parts))).toString(encoding),
  }
}

export const createHash = (_sha256: string) => digester(sha256)
export const createHmac = (_sha256: string, key: string) =>
  digester((message) => hmac(new TextEncoder().encode(key), message))
