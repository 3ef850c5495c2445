import type { Secret } from './credential.ts'

// Shorter repetitions are chance, or the eight characters that are shown on purpose.
const repeated = 12

/** Text that somebody else wrote, with what it repeats of the secrets replaced: in part, in other case, URL-encoded, in base64. */
export function withoutSecrets(text: string, ...secrets: readonly Secret[]): string {
  const pieces = new Set(secrets.flatMap((secret) => formsOf(secret.reveal()).map(lowerCase).flatMap(piecesOf)))
  const lengths = new Set(Array.from(pieces, (piece) => piece.length))
  const lower = lowerCase(text)
  const hidden = new Array<boolean>(text.length).fill(false)
  for (let start = 0; start < text.length; start++) {
    for (const length of lengths) {
      if (pieces.has(lower.slice(start, start + length))) hidden.fill(true, start, start + length)
    }
  }
  let safe = ''
  for (let index = 0; index < text.length; index++) {
    if (!hidden[index]) safe += text[index]
    else if (!hidden[index - 1]) safe += '[secret]'
  }
  return safe
}

// Letter by letter: the platform's own conversion changes the length of some texts.
function lowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** The ways in which a server may repeat a secret; base64 at each of the three places its first byte can have. */
function formsOf(secret: string): string[] {
  const base64 = ['', '_', '__'].map((before) => {
    // The first characters depend on what stands before, the padding on what comes behind.
    const encoded = btoa(before + secret).replace(/=+$/, '')
    return before ? encoded.slice(before.length + 1) : encoded
  })
  const base64url = base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))
  const percent = Array.from(secret, (letter) => `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')
  return [secret, encodeURIComponent(secret), percent, ...base64, ...base64url]
}

/** Every part of a form that is long enough to be no chance; a short form as a whole. */
function piecesOf(form: string): string[] {
  if (form.length <= repeated) return [form]
  return Array.from({ length: form.length - repeated + 1 }, (_, start) => form.slice(start, start + repeated))
}
