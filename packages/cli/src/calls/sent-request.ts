import { noteSent } from '@pentauth/core'
import type { Auth } from '@pentauth/node'

/** An answer, and the ways in which it may repeat the credential. */
export interface Sent {
  readonly response: Response
  readonly secrets: readonly string[]
}

/** Sends a request, and remembers what must not be shown. */
export async function sent(auth: Auth, url: string, init: RequestInit): Promise<Sent> {
  const secrets: string[] = []
  const response = await auth.fetch(
    url,
    noteSent(init, (forms) => void secrets.push(...forms)),
  )
  return { response, secrets }
}
