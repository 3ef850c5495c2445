/** Where each documented origin is reached from outside; one without an entry is reached as documented. */
export type OutsideOrigins = Readonly<Record<string, string>>

/** What `sandbox.fetch` takes beside what `fetch` takes. */
export interface SandboxRequestInit extends RequestInit {
  /**
   * The addresses at which the sender reaches the documented origins: metadata, pages and challenges of the response
   * then name these, and a request to an address that stands for several of a service's origins is for the one that has
   * such an operation. `listen` gives its own.
   */
  readonly origins?: OutsideOrigins | undefined
}

/** The documented origins that the sender reaches at the same address as this one, which is among them. */
export function reachedTogether(
  origin: string,
  all: readonly string[],
  outside: OutsideOrigins = {},
): readonly string[] {
  const address = outside[origin]
  return address === undefined ? [origin] : all.filter((one) => outside[one] === address)
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
