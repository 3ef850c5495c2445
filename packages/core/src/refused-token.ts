import type { AccessToken, Credential } from './credential.ts'
import { isAbsent } from './credential-source.ts'
import type { Flow } from './flow.ts'
import { bring } from './session.ts'
import type { Place } from './session-state.ts'
import { isInVain } from './token-refusals.ts'

/**
 * Another token after a refusal, or `undefined` when renewing does not help.
 *
 * Only the current token is renewed: a refusal says which one it is about, and an early one says nothing about a later token.
 */
export async function tokenAfter(
  place: Place,
  flow: Flow,
  refused: Credential,
  sent: number,
): Promise<AccessToken | undefined> {
  const { state } = place
  const isOther = (token: AccessToken) =>
    token.secret.reveal() !== refused.secret.reveal() || sent < (state.current?.serial ?? 0)
  for (let round = 0; round < 3; round++) {
    const token = state.current?.token
    const now = flow.runtime.now()
    if (token && isOther(token) && (token.expiresAt === undefined || token.expiresAt > now)) return token
    // A service that refuses fresh tokens, too, must not have one made for each call.
    if (isInVain(state.refusals, flow.resource.name, now)) return undefined
    const found = await bring(place, flow, 'refused', refused)
    if (isAbsent(found)) return undefined
    // It may have been on its way before the refusal.
    if (isOther(found)) return found
  }
  return undefined
}
