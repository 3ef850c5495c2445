/** Where each documented origin is reached from outside; one without an entry is reached as documented. */
export type OutsideOrigins = Readonly<Record<string, string>>

/** What `sandbox.fetch` takes beside what `fetch` takes. */
export interface SandboxRequestInit extends RequestInit {
  /**
   * The addresses at which the sender reaches the documented origins: metadata, pages and challenges of the response
   * then name these. `listen` gives its own.
   */
  readonly origins?: OutsideOrigins | undefined
}

/** A documented URL as the sender of one request must write it. */
export type Outside = (url: string) => string

/** Makes the renaming of one request. */
export function outsideOf(origins: OutsideOrigins = {}): Outside {
  return (url) => {
    const origin = origins[new URL(url).origin]
    // Only the origin is replaced, so that "https://host" does not become "https://host/".
    return origin === undefined ? url : url.replace(/^https?:\/\/[^/?#]+/, () => origin)
  }
}
