import type { Secret } from './credential.ts'
import { formsOf } from './redaction.ts'

// A registered symbol, so that the ESM and CommonJS copies of this package understand each other's requests.
const noteKey: unique symbol = Symbol.for('pentauth.noteSent')

/** With somebody who is told of each secret that is sent. */
type NotingInit = RequestInit & { readonly [noteKey]?: (secret: string) => void }

/**
 * The `init` of an `auth.fetch`, for a gateway that must not pass on what a service repeats of the credential.
 *
 * @param note told of each secret before it is sent, of a renewed one too: as it is, percent-encoded, escaped as in JSON, in hex, and in
 *   base64 at each place. What it is told is as secret as the credential.
 * @example
 * ```ts
 * const sent: string[] = []
 * const init = noteSent({ method: 'GET' }, (forms) => void sent.push(...forms))
 * const text = await (await auth.fetch('https://api.pendra.ai/api/v1/models', init)).text()
 * if (!sent.some((form) => text.includes(form))) console.log(text)
 * ```
 */
export function noteSent(init: RequestInit, note: (forms: readonly string[]) => void): RequestInit {
  const noting: NotingInit = { ...init, [noteKey]: (secret) => note(writtenForms(secret)) }
  return noting
}

/** Tells who wants to know that a secret is about to be sent. */
export function tellSent(init: RequestInit, secret: Secret): void {
  // Its own: nobody is told by way of a polluted Object.prototype.
  if (Object.hasOwn(init, noteKey)) (init as NotingInit)[noteKey]?.(secret.reveal())
}

/** All ways in which a service may write a secret, with what JSON may escape. */
function writtenForms(secret: string): string[] {
  const unicode = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
  const forms = formsOf(secret)
    .flatMap((form) => [
      form,
      JSON.stringify(form).slice(1, -1),
      // As encoders do that fear for HTML.
      form.replace(/[<>&'"+]/g, unicode),
      form.replace(/[^\w.-]/g, unicode),
    ])
    .flatMap((form) => [form, form.replaceAll('/', '\\/')])
  return [...new Set(forms)]
}
