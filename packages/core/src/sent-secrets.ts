import type { Secret } from './credential.ts'

// A registered symbol, so that the ESM and CommonJS copies of this package understand each other's requests.
export const noteKey: unique symbol = Symbol.for('pentauth.noteSent')

/** With somebody who is told of each secret that is sent. */
export type NotingInit = RequestInit & { readonly [noteKey]?: (secret: string) => void }

/** Tells who wants to know that a secret is about to be sent. */
export function tellSent(init: RequestInit, secret: Secret): void {
  // Its own: nobody is told by way of a polluted Object.prototype.
  if (Object.hasOwn(init, noteKey)) (init as NotingInit)[noteKey]?.(secret.reveal())
}
