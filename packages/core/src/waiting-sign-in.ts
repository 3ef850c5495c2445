/** A sign-in that has begun and waits for a person, as an error carries it. */
export interface WaitingSignIn {
  /** The page to send the person to. */
  readonly url: string
  /** What to compare or type there, where the person signs in with a device's code. */
  readonly userCode?: string | undefined
  /** Milliseconds since the epoch after which nobody can finish it any more. */
  readonly expiresAt: number
  /**
   * Finishes it: resolves when the session is saved. With a code, it only waits.
   *
   * @param callback the URL that the person was sent back to
   */
  complete(callback?: string | URL | URLSearchParams): Promise<{
    readonly account: string
    readonly scopes?: readonly string[]
    readonly expiresAt?: number
  }>
}
