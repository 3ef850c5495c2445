/** What is used of Web Crypto; by shape, since not every program has the browser's types. */
export interface Digester {
  readonly subtle: { digest(algorithm: 'SHA-256', data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> }
}

/** The platform seam: everything core needs from where it runs. */
export interface Runtime {
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>
  readonly crypto: Digester
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves after that many milliseconds, or as soon as somebody no longer wants to wait. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /**
   * Who follows redirects: `self` where fetch shows a 3xx answer (Node, Bun, Deno, workers on servers), so that we decide hop by
   * hop; `platform` in browsers, which hide it.
   */
  readonly redirects: 'self' | 'platform'
  /**
   * What to set or check after `fetch` to that URL failed, in one or two sentences without any secret; `undefined` when nothing
   * better than a general hint is known.
   */
  explainConnection?(error: unknown, url: URL): string | undefined | Promise<string | undefined>
}

/** One function, so that what was learned through it is known to belong to the platform. */
const platformFetch: Runtime['fetch'] = (input, init) => globalThis.fetch(input, init)

/**
 * The runtime of the platform this code runs on; nothing is touched before it is needed.
 *
 * Globals are read at each call, so a `fetch` that a test or a tracer replaces later is the one that is used.
 */
export function defaultRuntime(): Runtime {
  return {
    fetch: platformFetch,
    get crypto() {
      return globalThis.crypto
    },
    now: () => Date.now(),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const end = () => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', end)
          resolve()
        }
        const timer = setTimeout(end, ms)
        signal?.addEventListener('abort', end)
      }),
    get redirects() {
      // Pages have a document, browser workers a WorkerLocation; server runtimes have neither.
      return 'document' in globalThis || 'WorkerLocation' in globalThis ? 'platform' : 'self'
    },
  }
}

/** The runtime of this platform with the parts that the caller replaced. */
export function withDefaults(given: Partial<Runtime> | null | undefined): Runtime {
  // Property by property: `crypto` and `redirects` are getters that must stay unread until they are needed.
  const descriptors = Object.entries(Object.getOwnPropertyDescriptors(given ?? {}))
  const set = descriptors.filter(([, { value, get }]) => value !== undefined || get)
  return Object.defineProperties(defaultRuntime(), Object.fromEntries(set))
}
