// A service that repeats what it was sent must not show the credential to the page.

/** A form of a secret that is shorter may be there by chance. */
const shortest = 8
/** So much of the beginning of one, where a body ends, is no chance. */
const telling = 12

/** What must not be passed on. */
export interface Echoes {
  /** Whether a text holds it. */
  readonly isIn: (text: string) => boolean
  /** Looks through a body. */
  readonly scan: () => EchoScan
}

/** Looks through a body that comes in pieces. */
export interface EchoScan {
  /** What may be passed on by now; `undefined` where the body holds what must not be. */
  push(chunk: Uint8Array): Uint8Array | undefined
  /** The same at the end of the body. */
  end(): Uint8Array | undefined
}

/** @param forms all ways in which the secrets may be written */
export function echoesOf(forms: readonly string[]): Echoes {
  const patterns = [...new Set(forms.filter(({ length }) => length >= shortest).map((form) => letters(utf8(form))))]
  const isIn = (text: string) => patterns.some((pattern) => text.includes(pattern))
  return { isIn: (text) => isIn(letters(utf8(text))), scan: () => scan(patterns, isIn) }
}

function scan(patterns: readonly string[], isIn: (text: string) => boolean): EchoScan {
  let held: Uint8Array = new Uint8Array()
  return {
    push(chunk) {
      const bytes = held.byteLength === 0 ? chunk : Buffer.concat([held, chunk])
      const text = letters(bytes)
      if (isIn(text)) return undefined
      const end = beginningIn(text, patterns)
      // A copy: who made the chunk may use its memory again.
      held = bytes.slice(end)
      return bytes.subarray(0, end)
    },
    end: () => (held.byteLength >= telling ? undefined : held),
  }
}

/** Where the end of a text may be the beginning of a pattern; else the end itself. */
function beginningIn(text: string, patterns: readonly string[]): number {
  let first = text.length
  for (const pattern of patterns) {
    const letter = pattern.charAt(0)
    let at = text.indexOf(letter, Math.max(0, text.length - pattern.length + 1))
    while (at !== -1 && at < first) {
      if (pattern.startsWith(text.slice(at))) first = at
      at = text.indexOf(letter, at + 1)
    }
  }
  return first
}

/** One letter for each byte, whatever its case. */
function letters({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1').toLowerCase()
}

function utf8(text: string): Uint8Array {
  return Buffer.from(text)
}

/** The body, which fails where it holds what must not be passed on; without delay for what cannot be the beginning of it. */
export function guarded(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  { push, end }: EchoScan,
  found: () => unknown,
): ReadableStream<Uint8Array> {
  const pass = (safe: Uint8Array | undefined, controller: TransformStreamDefaultController<Uint8Array>) => {
    if (!safe) controller.error(found())
    else if (safe.byteLength > 0) controller.enqueue(safe)
  }
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => pass(push(chunk), controller),
      flush: (controller) => pass(end(), controller),
    }),
  )
}

/** Bytes of a refusal that are read, and for how long (ms): what it says must be known before any of it is passed on. */
const mostRead = 65_536
const longestRead = 10_000

/** A body, cut where it is too long or takes too long; `undefined` where it holds what must not be passed on. */
export async function readSafely(
  body: ReadableStream<Uint8Array>,
  { push, end }: EchoScan,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const reader = body.getReader()
  const stop = () => void reader.cancel().catch(() => undefined)
  const timer = setTimeout(stop, longestRead)
  const parts: Uint8Array[] = []
  try {
    for (let size = 0; size < mostRead; ) {
      const { done, value } = await reader.read()
      const safe = done ? end() : push(value.subarray(0, mostRead - size))
      if (!safe) return undefined
      parts.push(safe)
      if (done) break
      size += value.byteLength
    }
    return Buffer.concat(parts)
  } finally {
    clearTimeout(timer)
    stop()
  }
}
