import { randomUUID } from 'node:crypto'
import { createWriteStream, rmSync } from 'node:fs'
import { realpath, rename, rm, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Readable, type Writable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { PentauthError, withoutEcho } from '@pentauth/core'
import { type Host, whenEnded } from '../host.ts'
import { asJson, plain } from '../words.ts'
import { textOf } from './request-input.ts'

export interface ResponseOptions {
  readonly include?: boolean
  readonly output?: string
  readonly json?: boolean
}

/** Prints an answer as it was asked for: the body as it arrives, byte for byte. */
export async function writeResponse(
  given: Response,
  secrets: readonly string[],
  { include, output, json }: ResponseOptions,
  { cwd, stdout }: Host,
): Promise<void> {
  const response = await withoutEcho(given)
  if (json) return void stdout.write(asJson(await documentOf(response, secrets)))
  if (include) stdout.write(stdout.isTTY ? plain(headOf(response, secrets)) : headOf(response, secrets))
  if (output !== undefined) return intoFile(resolve(cwd, output), response)
  await intoStream(stdout, response)
}

/** Whole, as one document: JSON as such, other text as text, and bytes in base64. */
async function documentOf(response: Response, secrets: readonly string[]): Promise<object> {
  const bytes = new Uint8Array(await response.arrayBuffer())
  const facts = { status: response.status, headers: Object.fromEntries(shownHeaders(response, secrets)) }
  const text = textOf(bytes)
  if (text === undefined) return { ...facts, body: Buffer.from(bytes).toString('base64'), encoding: 'base64' }
  try {
    return { ...facts, body: text === '' ? null : JSON.parse(text) }
  } catch {
    return { ...facts, body: text }
  }
}

function headOf(response: Response, secrets: readonly string[]): string {
  const lines = shownHeaders(response, secrets).map(([name, value]) => `${name}: ${value}`)
  return `${[`HTTP ${response.status} ${response.statusText}`.trimEnd(), ...lines].join('\n')}\n\n`
}

/** The headers, without cookies and whatever else is as good as a credential, or repeats it. */
function shownHeaders({ headers }: Response, secrets: readonly string[]): [string, string][] {
  const forms = secrets.filter(({ length }) => length >= 8).map((form) => form.toLowerCase())
  const isSecret = (name: string, value: string) =>
    /^(?:set-cookie|authorization|proxy-authorization|x-api-key|authentication-info)$/.test(name) ||
    forms.some((form) => value.toLowerCase().includes(form))
  return [...headers].map(([name, value]) => [name, isSecret(name, value) ? '[secret]' : value])
}

async function intoStream(stream: NodeJS.WriteStream, { body }: Response): Promise<void> {
  if (!body) return
  const bytes = Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0])
  // A service has no say in what a terminal does.
  if (stream.isTTY) await pipeline(bytes, plainText, stream, { end: false })
  else await pipeline(bytes, stream, { end: false })
}

/** Text without what moves a cursor or turns a line round, and with an end of line, so that what comes next begins on one. */
async function* plainText(chunks: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder()
  let last = '\n'
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true }).replace(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu, '')
    last = text.at(-1) ?? last
    yield text
  }
  if (last !== '\n') yield '\n'
}

/** Whole or not at all, also where the process is ended meanwhile; what is no file, such as a device, stays what it is. */
async function intoFile(given: string, { body }: Response): Promise<void> {
  const there = await stat(given).catch(() => undefined)
  const isFile = there === undefined || there.isFile()
  const path = isFile ? await realpath(given).catch(() => given) : given
  const part = isFile ? `${path}.${randomUUID().slice(0, 8)}.part` : path
  const callOff = whenEnded(() => isFile && rmSync(part, { force: true }))
  try {
    const file: Writable = createWriteStream(
      part,
      isFile ? { flags: 'wx', mode: there ? there.mode & 0o777 : 0o666 } : {},
    )
    if (body) await pipeline(Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]), file)
    else await finished(file.end())
    if (isFile) await rename(part, path)
  } catch (cause) {
    if (isFile) await rm(part, { force: true })
    const { code } = cause as NodeJS.ErrnoException
    if (!(cause instanceof Error) || !/^(?:ENOENT|EACCES|EPERM|EISDIR|ENOSPC|EROFS|ENOTDIR)$/.test(code ?? ''))
      throw cause
    throw new PentauthError({
      code: 'invalid_option',
      message: `pentauth fetch: ${path} cannot be written (${code}).`,
      hint: 'Give --output a file in a folder that is there.',
      cause,
    })
  } finally {
    callOff()
  }
}
