import type { AuthContext } from './auth-context.ts'
import type { Credential, ProofKey, Secret } from './credential.ts'
import type { NamedResource } from './resource-lookup.ts'
import { attachContext } from './response-context.ts'

/** One request in a form that can be sent again. */
export interface Outgoing {
  readonly input: string | Request
  readonly init: RequestInit & { readonly headers: Headers; readonly method: string }
  /** Whether `init.body` can be sent a second time. */
  readonly replayable: boolean
  readonly hasBody: boolean
  /** What the request carries, and a URL that a server chose may repeat. */
  readonly secret: Secret
  /** What each request proves to have, where the token is bound to a key. */
  readonly boundTo: ProofKey | undefined
}

/** An answer, when its request went out, and whether it is one to the credential: a redirect may have led elsewhere. */
export interface Answer {
  readonly response: Response
  readonly sent: number
  readonly toCredential: boolean
}

/** Whether a URL that a server led to is covered by the resource. */
export function staysWithin(auth: AuthContext, target: string | URL, resource: NamedResource): boolean {
  return auth.find(target) === resource
}

/**
 * Tells the source that its credential was taken, and marks a refusal for `errorFrom`; only what was answered to the credential says
 * anything about it.
 *
 * @returns whether the credential itself may be what was refused: 401 is the standard's answer to a bad one, 403 is Pensyve's
 */
export function isSuspect(
  auth: AuthContext,
  { response, sent, toCredential }: Answer,
  resource: NamedResource,
  credential: Credential,
): boolean | Promise<boolean> {
  const { status } = response
  if (!toCredential) return false
  if (status < 400) {
    const told = response.ok ? auth.source.accepted?.(credential, auth.requestFor(resource), sent) : undefined
    return told ? told.then(() => false) : false
  }
  attachContext(response, { service: auth.service, resource, credential, at: auth.runtime.now() })
  return status === 401 || status === 403
}
