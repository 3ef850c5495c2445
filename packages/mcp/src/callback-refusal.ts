import { PentauthError, type Service } from '@pentauth/core'

/** The error about a callback that is no answer to a sign-in of the provider's. */
export function notAccepted(
  service: Service,
  flaw: string,
  hint = 'Nothing was signed in. Start the sign-in again, and finish it within ten minutes.',
): PentauthError {
  return new PentauthError({
    code: 'sign_in_response_invalid',
    message: `The response to the sign-in at ${service.name} was not accepted. ${flaw}`,
    service: service.id,
    hint,
    link: service.links.docs.url,
  })
}

const refusals: Readonly<Record<string, string>> = {
  access_denied: 'It was declined.',
  invalid_scope: 'The authorization server does not give the requested scope.',
  invalid_target: 'The authorization server does not know the resource.',
}

/** Not in the server's words: anybody can make up a callback. */
export function refused(service: Service, code: string): PentauthError {
  const isTrouble = code === 'server_error' || code === 'temporarily_unavailable'
  const isKnown = Object.hasOwn(refusals, code)
  return new PentauthError({
    code: isTrouble ? 'temporarily_unavailable' : 'sign_in_failed',
    message: isTrouble
      ? `${service.name}'s authorization server cannot sign anybody in now.`
      : `The sign-in at ${service.name} was refused. ${isKnown ? refusals[code] : 'The authorization server gave a reason of its own.'}`,
    service: service.id,
    ...(isTrouble || isKnown ? { parameters: { error: code } } : {}),
    hint: isTrouble ? 'Try again later.' : 'Start the sign-in again, and allow the access.',
    link: service.links.docs.url,
    retryable: isTrouble,
  })
}
