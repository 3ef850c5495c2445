import { createSecret, type Secret } from './credential.ts'
import { shapeFlaw } from './credential-shape.ts'
import type { CredentialRequest } from './credential-source.ts'
import { throwIfTemporary } from './document-refusal.ts'
import { PentauthError } from './errors.ts'
import { ask } from './http-oauth.ts'
import { type IdentityToken, type IdentityTokenRequest, nameOf } from './identity-token.ts'

/** An identity token that looks usable. */
export interface ReadToken {
  readonly secret: Secret
  /** Its claims, believed by nobody; none where it is no JWT. */
  readonly claims: Readonly<Partial<Record<string, unknown>>> | undefined
}

/** More than any header could carry; real ones have 1 to 8 KiB. */
const longest = 65_536
/** A clock (s) that is off by less hides no token that the server may still take. */
const leeway = 60

/**
 * Reads the identity token anew, and refuses one that no server would take, before it is sent anywhere.
 *
 * @param isJwt whether it must be a JWT
 * @throws PentauthError `malformed_credential`, `source_failed` for one that has expired, and what the source itself throws.
 */
export async function readIdentityToken(
  token: IdentityToken,
  request: CredentialRequest,
  isJwt: boolean,
): Promise<ReadToken> {
  const { service, runtime } = request
  const name = nameOf(token)
  const raw: unknown = typeof token === 'function' ? await token() : await token.read(requestFor(request))
  const value = typeof raw === 'string' ? raw.trim() : ''
  const claims = claimsIn(value)
  const flaw =
    typeof raw !== 'string'
      ? 'is not a string'
      : value.length > longest
        ? `is longer than ${longest / 1024} KiB`
        : (shapeFlaw(value) ?? (isJwt && !claims ? 'is no JWT' : undefined))
  if (flaw !== undefined) {
    throw new PentauthError({
      code: 'malformed_credential',
      message: `The ${service.name} identity token from ${name} ${flaw}.`,
      service: service.id,
      hint: 'Look at what stands there: it must be the token that the platform signed for this workload, and nothing else.',
      link: service.links.docs.url,
    })
  }
  const ended = typeof claims?.exp === 'number' ? Math.floor(runtime.now() / 1000 - claims.exp) : undefined
  if (ended === undefined || !(ended > leeway)) return { secret: createSecret(value), claims }
  throw new PentauthError({
    code: 'source_failed',
    message: `The identity token from ${name} expired ${ended} s ago (exp ${claims?.exp}).`,
    service: service.id,
    hint: 'Whoever writes it there must renew it; where it is new, the clock of this machine is wrong.',
  })
}

function requestFor({ service, resource, runtime, emit }: CredentialRequest): IdentityTokenRequest {
  return {
    service,
    now: runtime.now,
    ask: async (what, url, init = {}) => {
      const response = await ask({ runtime, emit }, 'identity_token', url, init)
      throwIfTemporary({ service, resource, runtime, emit }, what, url, response)
      return response
    },
  }
}

/** The claims of a JWT that is signed; one that is encrypted shows none. */
function claimsIn(token: string): ReadToken['claims'] {
  if (token.length > longest) return undefined
  // Five parts: encrypted for the server (RFC 7516 section 3.1).
  if (/^[\w-]+(?:\.[\w-]*){4}$/.test(token)) return Object.create(null)
  const [head, payload] = /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token) ? token.split('.').map(jsonIn) : []
  return head && payload
}

function jsonIn(part: string): ReadToken['claims'] {
  try {
    const bytes = Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), (letter) =>
      letter.charCodeAt(0),
    )
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof json === 'object' && json !== null ? Object.assign(Object.create(null), json) : undefined
  } catch {
    return undefined
  }
}
