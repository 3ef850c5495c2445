import { createSecret, type Secret } from './credential.ts'
import { part } from './part.ts'
import { printable } from './printable.ts'
import { type TokenWish, tokenExchangeGrant } from './program-grants.ts'
import { withoutSecrets } from './redaction.ts'
import { type Grant, tokenPattern } from './token-answer.ts'

/** An Identity Assertion JWT Authorization Grant: what an identity provider says of a person to one authorization server. */
const idJag = 'urn:ietf:params:oauth:token-type:id-jag'

/**
 * An identity assertion for the token of a person (RFC 8693, with the type of draft-ietf-oauth-identity-assertion-authz-grant).
 *
 * Its answer has the assertion where others have an access token, and no other kind of token is taken for one.
 */
export function identityAssertionGrant(subjectToken: Secret, subjectTokenType: string, wish: TokenWish): Grant {
  const exchange = tokenExchangeGrant(subjectToken, { subjectTokenType, requestedTokenType: idJag }, wish)
  return {
    ...exchange,
    async judge(request, answer, secrets, requestedAt) {
      const found = answer.status === 200 ? assertionIn(answer.text, secrets) : undefined
      if (typeof found === 'object')
        return { accessToken: { kind: 'access-token', secret: found, source: request.source } }
      const { invalidAnswer, judgedTokens } = await part(import('./token-refusal.ts'))
      // An error, most often; what is none is no assertion either.
      if (found === undefined) await judgedTokens(request, answer, secrets, requestedAt)
      throw invalidAnswer(request.service, `a token that is no identity assertion (${found ?? 'an error'})`)
    },
  }
}

/** The assertion of a good answer, or why there is none; `undefined` where it is no answer with a token. */
function assertionIn(text: string, secrets: readonly Secret[]): Secret | string | undefined {
  const { access_token: assertion, issued_token_type: issued, token_type: type, error } = partsOf(text)
  if (typeof assertion !== 'string' || error !== undefined) return undefined
  const shown = (value: unknown) =>
    JSON.stringify(withoutSecrets(printable(String(value)), ...secrets, createSecret(assertion)))
  if (issued !== idJag) return `issued_token_type ${shown(issued)}`
  // It is no access token, and says so (RFC 8693 section 2.2.1).
  if (typeof type !== 'string' || !/^n_a$/i.test(type)) return `token_type ${shown(type)}`
  return tokenPattern.test(assertion) ? createSecret(assertion) : 'with characters that no token has'
}

function partsOf(text: string): Partial<Record<string, unknown>> {
  try {
    return Object.assign(Object.create(null), JSON.parse(text))
  } catch {
    return Object.create(null)
  }
}
