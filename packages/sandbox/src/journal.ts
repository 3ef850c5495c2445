import { leakMarker, previewOf } from './secrets.ts'
import type { Identity, PresentedCredential } from './service.ts'
import type { CredentialHeader, ServiceName } from './service-name.ts'

/** One request that reached the sandbox, without its body, its query values or any secret. */
export interface JournalEntry {
  /** When it came, in milliseconds since 1970 on the sandbox's clock. */
  readonly at: number
  readonly service: ServiceName
  /** Undefined when the service has no such operation. */
  readonly operation: string | undefined
  readonly method: string
  /** On the documented origin, with values of the query replaced by `***` unless the parameter is known to be harmless. */
  readonly url: string
  /** 0 when there was none: the connection was dropped, or the caller gave up during a delay. */
  readonly status: number
  readonly credential:
    | {
        readonly kind: PresentedCredential['kind']
        readonly header: CredentialHeader | 'body'
        /** At most eight characters and at most a quarter of it. */
        readonly preview: string
        /** Whether the service knows it, whatever the request was answered. */
        readonly valid: boolean
      }
    | undefined
  /** Names of the request's headers, in lower case, sorted. */
  readonly headers: readonly string[]
  /** Whether a scripted fault answered in the service's place. */
  readonly faulted: boolean
}

/** What was asked of the sandbox, oldest first. */
export interface Journal {
  readonly entries: readonly JournalEntry[]
  clear(): void
}

/** The journal, with the side that only the kernel uses. */
export interface WritableJournal extends Journal {
  add(entry: JournalEntry): void
}

/** Makes the journal of one sandbox. */
export function createJournal(): WritableJournal {
  const entries: JournalEntry[] = []
  return {
    // A copy: a list kept by a test must not grow behind its back.
    get entries() {
      return [...entries]
    },
    add: (entry) => {
      entries.push(Object.freeze(entry))
    },
    clear: () => {
      entries.length = 0
    },
  }
}

/** What the journal keeps of a credential. */
export function journalCredential({ presented, holder, known }: Identity): JournalEntry['credential'] {
  if (presented === undefined) return undefined
  const valid = known ?? holder !== undefined
  return { kind: presented.kind, header: presented.header, preview: previewOf(presented.value), valid }
}

// Parameters of the operations below whose values say what was asked and cannot be a credential.
const harmlessParameters = new Set(['syntheticId', 'brand', 'url', 'uuid', 'slug', 'type', 'client_version'])
const looksSecret = new RegExp(`${leakMarker}|pendium_|pk_live_|psy_|ptg_|ptgs_|pdr_sk_|eyJ[A-Za-z0-9_-]{10}`)

/** A URL without what may be secret in it. */
export function journalUrl(url: URL): string {
  const path = url.pathname
    .split('/')
    .map((segment) => (looksSecret.test(segment) ? '***' : segment))
    .join('/')
  const query = [...url.searchParams].map(([name, value]) => {
    const shown = harmlessParameters.has(name) && !looksSecret.test(value) ? encodeURIComponent(value) : '***'
    return `${looksSecret.test(name) ? '***' : encodeURIComponent(name)}=${shown}`
  })
  return url.origin + path + (query.length === 0 ? '' : `?${query.join('&')}`)
}
