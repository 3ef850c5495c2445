import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { leakMarker, randomHex } from '../secrets.ts'

/** Claims of one access token, times in seconds since 1970. */
export interface AccessTokenClaims {
  readonly issuer: string
  readonly audience: string
  readonly account: string
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly now: number
  readonly lifetime: number
}

/** The Ed25519 keys of one authorization server. */
export interface Signing {
  sign(claims: AccessTokenClaims): Promise<string>
  /** The public keys: the one in use, and those before it. */
  keySet(): Promise<{ readonly keys: readonly JWK[] }>
  /** Signs with a new key from now on. */
  rotate(): void
}

interface SigningKey {
  readonly id: string
  // Made when it is first needed: most sandboxes sign nobody in.
  readonly pair: ReturnType<typeof generateKeyPair>
}

/** Makes the keys of one authorization server. */
export function createSigning(): Signing {
  const keys: SigningKey[] = []
  const add = (): SigningKey => {
    const key = { id: `key_${randomHex(16)}`, pair: generateKeyPair('EdDSA', { crv: 'Ed25519' }) }
    keys.unshift(key)
    return key
  }
  const current = (): SigningKey => keys[0] ?? add()
  return {
    async sign({ issuer, audience, account, clientId, scopes, now, lifetime }) {
      const { id, pair } = current()
      // The algorithm is the page's; the claims are assumed, as RFC 9068 has them.
      return new SignJWT({ scope: scopes.join(' '), client_id: clientId })
        .setProtectedHeader({ alg: 'EdDSA', kid: id, typ: 'at+jwt' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(account)
        .setIssuedAt(now)
        .setExpirationTime(now + lifetime)
        .setJti(leakMarker + randomHex(20))
        .sign((await pair).privateKey)
    },
    async keySet() {
      current()
      const described = keys.map(async ({ id, pair }) => {
        const { kty, crv, x } = await exportJWK((await pair).publicKey)
        return { kty, crv, x, kid: id, alg: 'EdDSA', use: 'sig' } as JWK
      })
      return { keys: await Promise.all(described) }
    },
    rotate: () => void add(),
  }
}
