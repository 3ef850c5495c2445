import { PentauthError, type PentauthErrorCode } from './errors.ts'

/** The same failure with another way out. */
export function withHint(error: PentauthError, code: PentauthErrorCode, hint: string): PentauthError {
  const { message, hint: before = '', service, status, parameters } = error
  const said = message.endsWith(before) ? message.slice(0, message.length - before.length).trimEnd() : message
  return new PentauthError({ code, message: said, service, status, parameters, hint })
}
