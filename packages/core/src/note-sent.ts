import { formsOf } from './redaction.ts'
import { type NotingInit, noteKey } from './sent-secrets.ts'

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
