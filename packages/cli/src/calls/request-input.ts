import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { PentauthError } from '@pentauth/core'
import type { Host } from '../host.ts'

export interface RequestOptions {
  readonly request?: string
  readonly header?: readonly string[]
  readonly data?: string
}

/**
 * What is asked, as `fetch` takes it.
 *
 * @throws PentauthError `invalid_option`.
 */
export async function requestFrom({ request, header, data }: RequestOptions, host: Host): Promise<RequestInit> {
  const headers = headersFrom(header)
  const body = data === undefined ? undefined : await bodyFrom(data, host)
  if (body && !headers.has('content-type')) headers.set('content-type', contentTypeOf(body))
  const method = request?.toUpperCase() ?? (body ? 'POST' : 'GET')
  if (!/^[A-Z][A-Z-]{0,30}$/.test(method)) throw unusable('--request is no method', 'Give one such as POST.')
  if (body && /^(?:GET|HEAD)$/.test(method))
    throw unusable(`${method} takes no body`, 'Leave --data out, or --request.')
  return { method, headers, ...(body ? { body } : {}) }
}

/** What carries a credential is the service's choice, and a shell keeps what was typed. */
const credentials = /^(?:authorization|proxy-authorization|x-api-key|cookie|dpop)$/i

function headersFrom(lines: readonly string[] = []): Headers {
  const headers = new Headers()
  for (const line of lines) {
    const [, name = '', value = ''] = /^([!#$%&'*+.^_`|~\w-]+):\s*(.*?)\s*$/.exec(line) ?? []
    if (name === '' || /[^\t\x20-\x7e\x80-\xff]/.test(value))
      throw unusable('--header is no header', "Write it as 'name: value'.")
    if (credentials.test(name))
      throw unusable(
        `--header sets ${name.toLowerCase()}`,
        'pentauth fetch brings the credential by itself; curl takes any other.',
      )
    headers.append(name, value)
  }
  return headers
}

/** The bytes of a body, so that they can be sent again after a renewal. */
async function bodyFrom(data: string, { cwd, stdin }: Host): Promise<Uint8Array<ArrayBuffer>> {
  if (data === '-' || data === '@-') return new Uint8Array(await buffer(stdin))
  if (!data.startsWith('@')) return new TextEncoder().encode(data)
  const path = resolve(cwd, data.slice(1))
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unusable(
      `the file ${path} of --data cannot be read`,
      'Give @ and the path of a file, or the text itself.',
      cause,
    )
  })
  return new Uint8Array(bytes)
}

/** As people expect it from what they have written: JSON, a form, text, or bytes. */
function contentTypeOf(body: Uint8Array): string {
  const text = textOf(body)
  if (text === undefined) return 'application/octet-stream'
  if (isJson(text)) return 'application/json'
  return /^[^\s=&]+=[^\s]*$/.test(text) ? 'application/x-www-form-urlencoded' : 'text/plain;charset=utf-8'
}

/** The text that bytes are in UTF-8; `undefined` where they are none. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function unusable(what: string, hint: string, cause?: unknown): PentauthError {
  return new PentauthError({ code: 'invalid_option', message: `pentauth fetch: ${what}.`, hint, cause })
}
