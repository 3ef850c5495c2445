import type { Secret } from './credential.ts'

// Shorter repetitions are chance, or the eight characters that are shown on purpose.
const repeated = 12

/**
 * Text that somebody else wrote, with what it repeats of the secrets replaced by `[secret]`: in part (12 characters at least), in other
 * case, in URL encoding, hex or base64, also with white space, control or invisible characters in between.
 *
 * @example
 * ```ts
 * const key = createSecret('pdr_sk_your_key_here')
 * console.log(withoutSecrets('refused: PDR_SK_YOUR_KEY_HERE', key)) // refused: [secret]
 * ```
 */
export function withoutSecrets(text: string, ...secrets: readonly Secret[]): string {
  const { letters, places } = compact(text)
  const hidden = new Array<boolean>(text.length).fill(false)
  for (const { pieces, lengths } of secrets.map(traceOf)) {
    for (let start = 0; start < letters.length; start++) {
      for (const length of lengths) {
        if (!pieces.has(letters.slice(start, start + length))) continue
        hidden.fill(true, places[start], (places[start + length - 1] as number) + 1)
      }
    }
  }
  let safe = ''
  for (let index = 0; index < text.length; index++) {
    if (!hidden[index]) safe += text[index]
    else if (!hidden[index - 1]) safe += '[secret]'
  }
  return safe
}

// As text: for a literal the engine would read Unicode's tables when this module is loaded, which costs more than all of its code.
const unseen = '[\\s\\p{Cc}\\p{Cf}\\p{Default_Ignorable_Code_Point}]'

/** The text in lower case and without what nobody sees, and where each of its letters stands in the text. */
function compact(text: string): { letters: string; places: number[] } {
  const isUnseen = new RegExp(unseen, 'u')
  let letters = ''
  const places: number[] = []
  for (let place = 0; place < text.length; place++) {
    const letter = text[place] as string
    if (isUnseen.test(letter)) continue
    letters += lowerCase(letter)
    places.push(place)
  }
  return { letters, places }
}

/** What of a secret is looked for. */
interface Trace {
  readonly pieces: ReadonlySet<string>
  readonly lengths: ReadonlySet<number>
}

const traces = /* @__PURE__ */ new WeakMap<Secret, Trace>()

function traceOf(secret: Secret): Trace {
  const known = traces.get(secret)
  if (known) return known
  const pieces = new Set(formsOf(secret.reveal()).map(lowerCase).flatMap(piecesOf))
  const trace = { pieces, lengths: new Set(Array.from(pieces, (piece) => piece.length)) }
  traces.set(secret, trace)
  return trace
}

// Letter by letter: the platform's own conversion changes the length of some texts.
function lowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** The ways in which a server may repeat a secret; base64 at each of the three places its first byte can have. */
export function formsOf(secret: string): string[] {
  const form = formEncoded(secret)
  const base64 = (form === secret ? [secret] : [secret, form]).flatMap((text) =>
    ['', '_', '__'].map((before) => {
      // The first characters depend on what stands before, the padding on what comes behind.
      const encoded = btoa(before + text).replace(/=+$/, '')
      return before ? encoded.slice(before.length + 1) : encoded
    }),
  )
  const base64url = base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))
  const hex = Array.from(secret, (letter) => letter.charCodeAt(0).toString(16).padStart(2, '0'))
  const percent = hex.map((byte) => `%${byte}`).join('')
  return [secret, encodeURIComponent(secret), form, percent, hex.join(''), ...base64, ...base64url]
}

/** As the Authorization header of a client has it (RFC 6749 section 2.3.1). */
function formEncoded(secret: string): string {
  const percent = (letter: string) => `%${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  return encodeURIComponent(secret)
    .replace(/[-_.!~*'()]/g, percent)
    .replaceAll('%20', '+')
}

/** Every part of a form that is long enough to be no chance; a short form as a whole. */
function piecesOf(form: string): string[] {
  if (form.length <= repeated) return [form]
  return Array.from({ length: form.length - repeated + 1 }, (_, start) => form.slice(start, start + repeated))
}
