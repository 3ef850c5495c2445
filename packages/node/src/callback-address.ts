import { PentauthError } from '@pentauth/core'

/** Where a person's browser comes back to on this machine. */
export interface CallbackAddress {
  readonly host: '127.0.0.1' | '[::1]' | 'localhost'
  /** 0 for any free one. */
  readonly port: number
  /** Path and query letter by letter, since servers compare them so. */
  readonly path: string
}

const onThisMachine = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(?::(\d{1,5}))?([/?][\x21\x22\x24-\x7e]*)?$/
const isPort = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) < 65_536

/**
 * The address that the options ask for: a free port of 127.0.0.1 unless they say more.
 *
 * @throws PentauthError `invalid_option` for an address that is not on this machine, or no port.
 */
export function callbackAddress(options: { readonly port?: unknown; readonly redirectUri?: unknown }): CallbackAddress {
  const { port, redirectUri } = options
  if (port !== undefined && !isPort(port))
    throw unusable('port', 'is no port', 'Give a number up to 65535, or leave it out for any free port.')
  if (redirectUri === undefined) return { host: '127.0.0.1', port: port ?? 0, path: '/callback' }
  const [, host, digits, path = ''] = onThisMachine.exec(String(redirectUri)) ?? []
  // Without a number any port is meant, as RFC 8252 has it.
  const named = digits === undefined ? 0 : Number(digits)
  if (host === undefined || !isPort(named) || !URL.canParse(String(redirectUri))) {
    throw unusable(
      'redirectUri',
      'is no http address of this machine',
      'Give one such as http://127.0.0.1:8123/callback; where a server of yours is called back, use startSignIn() and finishSignIn().',
    )
  }
  if (port && named && port !== named)
    throw unusable('port', 'is another one than that of the redirectUri', 'Leave one of them out.')
  return { host: host as CallbackAddress['host'], port: named || port || 0, path }
}

/** An option of a sign-in that cannot be used. */
export function unusable(option: string, what: string, hint: string): PentauthError {
  return new PentauthError({ code: 'invalid_option', message: `The option "${option}" ${what}.`, hint })
}
