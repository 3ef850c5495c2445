import { createSandbox, type Sandbox, type SandboxOptions } from '@pentauth/sandbox'
import { handlers } from '@pentauth/sandbox/msw'
import { type SetupWorker, setupWorker } from 'msw/browser'
import { expect, onTestFinished } from 'vitest'
import {
  type BrowserAuth,
  type BrowserAuthOptions,
  createAuth,
  memoryStore,
  type PentauthEvent,
  type Service,
} from '../../src/index.ts'
import { visit } from './visit.ts'

// A page with the sandbox's services where they are documented to be. Test files mock `framed.ts`: vitest's pages are frames.

export interface Visitor {
  readonly account?: string
  readonly allow?: boolean
}

export interface World {
  readonly sandbox: Sandbox
  readonly events: readonly PentauthEvent[]
  /** What the requests to the services were, with their headers and bodies. */
  readonly requests: readonly {
    readonly url: string
    readonly method: string
    readonly headers: Headers
    readonly body: string
  }[]
  open<Names extends string>(service: Service<Names>, options?: BrowserAuthOptions): BrowserAuth<Names>
  /** Where `signIn` sends the person. */
  leaves(auth: BrowserAuth, wishes?: Parameters<BrowserAuth['signIn']>[0]): Promise<URL>
  /** The whole way: to the service's pages and back. */
  signIn(
    auth: BrowserAuth,
    wishes?: Parameters<BrowserAuth['signIn']>[0],
    person?: Visitor,
  ): ReturnType<BrowserAuth['finishSignIn']>
}

let running: Promise<SetupWorker> | undefined
async function worker(): Promise<SetupWorker> {
  const started = setupWorker()
  await started.start({ quiet: true, onUnhandledRequest: 'bypass' } as never)
  return started
}

/** Addresses that the page was about to leave for; it stays. */
const left: string[] = []
interface Leaving extends Event {
  readonly destination: { readonly url: string }
}
const navigation = (globalThis as unknown as { readonly navigation: EventTarget }).navigation
navigation.addEventListener('navigate', (event) => {
  const { url } = (event as Leaving).destination
  if (new URL(url).origin === location.origin) return
  left.push(url)
  event.preventDefault()
})

export async function openWorld(options: SandboxOptions = {}): Promise<World> {
  const sandbox = createSandbox(options)
  const events: PentauthEvent[] = []
  const requests: { url: string; method: string; headers: Headers; body: string }[] = []
  const watched: Sandbox = {
    ...sandbox,
    async fetch(input, init) {
      const request = new Request(input, init)
      const { url, method, headers } = request
      requests.push({ url, method, headers, body: await request.clone().text() })
      return sandbox.fetch(request)
    },
  }
  running ??= worker()
  ;(await running).resetHandlers(...handlers(watched))
  const leaves: World['leaves'] = async (auth, wishes) => {
    left.length = 0
    expect(await auth.signIn(wishes)).toEqual({ outcome: 'redirecting' })
    await expect.poll(() => left.length).toBe(1)
    return new URL(left[0] ?? '')
  }
  return {
    sandbox,
    events,
    requests,
    open(service, given = {}) {
      const auth = createAuth(service, {
        redirectUri: '/callback',
        client: { name: 'Notes' },
        storage: memoryStore(),
        runtime: { now: () => sandbox.clock.now() },
        onEvent: (event) => void events.push(event),
        ...given,
      })
      onTestFinished(auth.dispose)
      return auth
    },
    leaves,
    signIn: async (auth, wishes, person) => auth.finishSignIn(await visit(sandbox, await leaves(auth, wishes), person)),
  }
}
