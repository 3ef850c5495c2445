import { jwtVerify, SignJWT } from 'jose'
import { leakMarker, randomHex } from '../secrets.ts'
import type { SandboxState } from '../state.ts'
import type { PentographerAccount } from './accounts.ts'

/** Seconds an access token lives: `expires_in: 3600` on the page. */
export const accessTokenLifetime = 3600

/** Access tokens of client credentials: JWTs with claims as in the public source. */
export interface AccessTokens {
  issue(clientId: string, organisation: string): Promise<string>
  /** The account that made the token's client, if the token is good and the client still exists. */
  verify(token: string): Promise<PentographerAccount | undefined>
}

/** Makes the issuer and judge of access tokens of one sandbox, with a signing secret of its own. */
export function createAccessTokens({ accounts, clients, clock }: SandboxState): AccessTokens {
  const secret = crypto.getRandomValues(new Uint8Array(32))
  const seconds = (): number => Math.floor(clock.now() / 1000)
  return {
    issue: (clientId, organisation) =>
      new SignJWT({ cid: clientId, oid: organisation })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setSubject(clientId)
        .setIssuedAt(seconds())
        .setExpirationTime(seconds() + accessTokenLifetime)
        .setJti(leakMarker + randomHex(20))
        .sign(secret),
    async verify(token) {
      try {
        const currentDate = new Date(clock.now())
        const { payload } = await jwtVerify(token, secret, { algorithms: ['HS256'], currentDate })
        const client = clients.find(String(payload.cid))
        return client && accounts.get('pentographer', client.account)
      } catch {
        // Expired, altered, or no JWT at all: the service tells none of them apart.
        return undefined
      }
    },
  }
}
