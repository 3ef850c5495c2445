import type { AccessToken } from './credential.ts'
import { type Absent, isAbsent } from './credential-source.ts'
import type { Flow } from './flow.ts'
import { bring, tokenOf } from './session.ts'
import type { Place } from './session-state.ts'
import { lasts, unlessPassing } from './token-life.ts'

/** The token of the session, renewed first where it ends too soon (s): once for all who share the session, as any other renewal. */
export async function lastingToken(place: Place, flow: Flow, minLife: number): Promise<AccessToken | Absent> {
  const token = await tokenOf(place, flow)
  const { current } = place.state
  if (isAbsent(token) || !current?.renewable || lasts(token, current.obtainedAt, flow.runtime.now(), minLife))
    return token
  return bring(place, flow, 'expiring', token).catch((error) => unlessPassing(error, token))
}
