import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose'
import { ciOrigin } from '../ci.ts'
import { isJsonObject } from '../request-body.ts'
import type { OAuthClient } from './oauth-client.ts'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Algorithms that a client may sign with. */
export const assertionAlgorithms: readonly string[] = ['EdDSA', 'ES256', 'PS256', 'RS256']

/** The client a form says it is from by an assertion (RFC 7523 section 2.2), before anything of it is checked. */
export function claimedClient(fields: ReadonlyMap<string, string>): string | undefined {
  const assertion = fields.get('client_assertion')
  if (assertion === undefined || fields.get('client_assertion_type') !== assertionType) return undefined
  try {
    const { iss, sub } = decodeJwt(assertion)
    // The subject of a workload is no client, which the form has to name then.
    return iss === ciOrigin ? undefined : sub
  } catch {
    return undefined
  }
}

/** Judges assertions; each counts once. */
export type CheckAssertion = (client: OAuthClient, assertion: string, audiences: readonly string[]) => Promise<boolean>

/** Makes the judge of one authorization server. */
export function createCheckAssertion(now: () => number): CheckAssertion {
  const seen = new Set<string>()
  return async (client, assertion, audiences) => {
    if (client.keys === undefined) return false
    try {
      const { payload } = await jwtVerify(assertion, createLocalJWKSet(client.keys), {
        algorithms: [...assertionAlgorithms],
        issuer: client.id,
        subject: client.id,
        audience: [...audiences],
        currentDate: new Date(now()),
        requiredClaims: ['exp', 'jti'],
      })
      const id = JSON.stringify([client.id, payload.jti])
      if (seen.has(id)) return false
      seen.add(id)
      return true
    } catch {
      return false
    }
  }
}

/** The public keys in a client's metadata; undefined if there are none that can be used. */
export function keysOf(value: unknown): JSONWebKeySet | undefined {
  if (!isJsonObject(value) || !Array.isArray(value.keys) || value.keys.length === 0) return undefined
  const usable = value.keys.every((key) => isJsonObject(key) && typeof key.kty === 'string' && key.d === undefined)
  return usable ? (value as unknown as JSONWebKeySet) : undefined
}
