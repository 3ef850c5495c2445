import { connectionHint } from '../../../../src/cors-diagnosis.ts'
import {
  type BrowserAuth,
  createAuth,
  type FinishedCallback,
  memoryStore,
  type PentauthEvent,
  pendium,
  pensyve,
  profundis,
  relocate,
  type SessionSnapshot,
  type SignInOptions,
  type SignInResult,
} from '../../../../src/index.ts'

// The app that a person uses in the tests: what a small app of one's own would do, and handles for the tests to pull.

/** What the server of the app says in the page. */
export interface PageConfig {
  readonly service: 'pendium' | 'pensyve' | 'profundis'
  readonly origins: Readonly<Record<string, string>>
  readonly storage?: 'default' | 'memory'
  /** How often the callback page finishes the sign-in, all at once; none leaves that to the test. */
  readonly finish?: 0 | 1 | 2
  readonly options?: { readonly clientId?: string; readonly scope?: string; readonly account?: string }
}

/** What came of something, as far as a test in another process can be told. */
export interface Settled<T> {
  readonly value?: T
  readonly error?: {
    readonly name: string
    readonly code?: string
    readonly message: string
    readonly hint?: string
    readonly retryable?: boolean
  }
}

const config: PageConfig = JSON.parse(document.querySelector<HTMLMetaElement>('meta[name=config]')?.content ?? '{}')
const service = relocate({ pendium, pensyve, profundis }[config.service], config.origins)
const events: PentauthEvent[] = []
let offset = 0
const auth: BrowserAuth = createAuth(service, {
  redirectUri: '/callback',
  ...config.options,
  ...(config.storage === 'memory' ? { storage: memoryStore() } : {}),
  runtime: { now: () => Date.now() + offset },
  onEvent: (event) => void events.push(event),
})
const snapshots: SessionSnapshot[] = [auth.session]
auth.subscribe(() => snapshots.push(auth.session))

function settled<T>(work: Promise<T>): Promise<Settled<T>> {
  return work.then(
    (value) => ({ value }),
    (error) => {
      const { name, code, message, hint, retryable } = error
      return { error: { name, code, message, hint, retryable } }
    },
  )
}

/** One call of the service: the status of its answer. */
function call(): Promise<Settled<number>> {
  const { mcp, rest } = service.resources
  if (config.service === 'pensyve') return settled(auth.fetch(`${rest?.url}/status`).then(({ status }) => status))
  const headers = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
  return settled(auth.fetch(mcp?.url ?? '', { method: 'POST', headers, body }).then(({ status }) => status))
}

/** What tests see of the page. */
export interface App {
  readonly auth: BrowserAuth
  readonly events: readonly PentauthEvent[]
  readonly session: SessionSnapshot
  /** Every session since the page was loaded. */
  readonly snapshots: readonly SessionSnapshot[]
  readonly call: () => Promise<Settled<number>>
  /** That many calls at once. */
  readonly burst: (count: number) => Promise<Settled<number>[]>
  readonly signIn: (wishes?: SignInOptions) => Promise<Settled<SignInResult>>
  readonly finish: (url?: string) => Promise<Settled<FinishedCallback | undefined>>
  readonly signOut: () => Promise<Settled<void>>
  /** The hint of the event that tells of a call's failure. */
  readonly hint: (url: string) => Promise<string | undefined>
  /** The hint for a call of that address that failed. */
  readonly explain: (url: string) => Promise<string | undefined>
  /** Lets time pass (ms), for the session of this page. */
  readonly later: (ms: number) => void
  /** What the callbacks of this page came to. */
  finished: readonly Settled<FinishedCallback | undefined>[]
  /** The address right after the first of them was begun, or as it was. */
  address: string
}

const page: App = {
  auth,
  events,
  get session() {
    return auth.session
  },
  snapshots,
  call,
  burst: (count) => Promise.all(Array.from({ length: count }, call)),
  signIn: (wishes) => settled(auth.signIn(wishes)),
  finish: (url) => settled(auth.finishSignIn(url)),
  signOut: () => settled(auth.signOut()),
  async hint(url) {
    const from = events.length
    await auth.fetch(url).catch(() => undefined)
    // Events come a moment after what they tell of.
    await new Promise((resolve) => setTimeout(resolve))
    for (const event of events.slice(from)) if (event.type === 'connection_failed') return event.hint
    return undefined
  },
  explain: (url) => connectionHint(new TypeError('Failed to fetch'), new URL(url)),
  later(ms) {
    offset += ms
  },
  finished: [],
  address: location.href,
}

declare global {
  interface Window {
    app: App
    /** Where the policy of the page was broken; set up before the app. */
    violations: string[]
  }
}

window.app = page
if (location.pathname.endsWith('callback')) {
  const work = Array.from({ length: config.finish ?? 1 }, () => page.finish())
  page.address = location.href
  page.finished = await Promise.all(work)
}
document.body.dataset.ready = 'yes'
