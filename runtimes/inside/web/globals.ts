// What tests use of Node's globals, for this bundle only: the code under test finds no `process` on `globalThis`.
import { joined } from './sha256.ts'

type Encoding = 'utf8' | 'hex' | 'base64' | 'base64url' | 'latin1'

export class Buffer extends Uint8Array {
  static override from(data: unknown, encoding: unknown = 'utf8'): Buffer {
    if (typeof data !== 'string') return new Buffer(data as ArrayBuffer)
    if (encoding === 'hex') return new Buffer((data.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)))
    if (encoding === 'utf8') return new Buffer(new TextEncoder().encode(data))
    const text = encoding === 'latin1' ? data : atob(data.replaceAll('-', '+').replaceAll('_', '/'))
    return new Buffer([...text].map((char) => char.charCodeAt(0)))
  }

  static concat(parts: readonly Uint8Array[]): Buffer {
    return new Buffer(joined(parts))
  }

  override toString(encoding: Encoding = 'utf8'): string {
    if (encoding === 'utf8') return new TextDecoder().decode(this)
    if (encoding === 'hex') return [...this].map((byte) => byte.toString(16).padStart(2, '0')).join('')
    const binary = [...this].map((byte) => String.fromCharCode(byte)).join('')
    if (encoding === 'latin1') return binary
    const text = btoa(binary)
    return encoding === 'base64' ? text : text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
  }
}

const stream = { write: () => true }
export const process = { env: {}, stdout: stream, stderr: stream, on: () => undefined, off: () => undefined }

// Taken at once: a test may turn the clock.
const { setTimeout } = globalThis

export function setImmediate(work: () => void): void {
  setTimeout(work, 0)
}
