import type { DevicePrompt } from '@pentauth/core'

/** A person is to open a page of the service, from which their browser comes back to this machine. */
export interface RedirectRequest {
  readonly way: 'redirect'
  /** The page. */
  readonly url: URL
  /** Where the browser comes back to; who cannot reach it copies that address from the browser. */
  readonly redirectUri: string
  /** Milliseconds since the epoch after which the answer is not accepted any more. */
  readonly expiresAt: number
}

/** A person is to open a page of the service on any device, and allow the code there. */
export interface DeviceRequest extends DevicePrompt {
  readonly way: 'device'
}

/** What a person is to do so that they are signed in. */
export type SignInRequest = RedirectRequest | DeviceRequest

/**
 * Shows a person what to do, in the program's own way.
 *
 * It may return the address that the browser came back to, where the program learns it in another way than by the browser's own call.
 * What it throws ends the sign-in.
 */
export type Present = (request: SignInRequest) => unknown
