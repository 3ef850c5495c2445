import {
  type Auth,
  type CredentialSource,
  createAuth,
  firstOf,
  memoryStore,
  type PentauthEvent,
  relocate,
  type Service,
  type SignInOptions,
  type Store,
  signedIn,
} from '@pentauth/core'
import { createSandbox, type Sandbox, type SandboxOptions } from '@pentauth/sandbox'
import { handlers } from '@pentauth/sandbox/msw'
import { listen } from '@pentauth/sandbox/server'
import { setupServer } from 'msw/node'
import { onTestFinished } from 'vitest'

/** A sandbox that listens, and what a program makes of one of its services. */
export interface World<Names extends string> {
  readonly sandbox: Sandbox
  readonly origins: Readonly<Record<string, string>>
  readonly service: Service<Names>
  readonly store: Store
  readonly events: PentauthEvent[]
  readonly shared: SignInOptions
  /** By a sign-in in the store, unless another source is given. */
  auth(credential?: CredentialSource): Auth<Names>
  /** Requests that the sandbox got at that path. */
  requests(path: RegExp): number
}

export async function worldOf<Names extends string>(
  documented: Service<Names>,
  options: SandboxOptions = {},
): Promise<World<Names>> {
  const sandbox = createSandbox(options)
  const server = await listen(sandbox)
  onTestFinished(() => server.close())
  return around(sandbox, relocate(documented, server.origins), server.origins)
}

/** A sandbox that answers at the documented addresses. */
export function documentedWorld<Names extends string>(
  service: Service<Names>,
  options: SandboxOptions = {},
): World<Names> {
  const sandbox = createSandbox(options)
  const server = setupServer(...handlers(sandbox))
  server.listen({ onUnhandledFrame: 'error' })
  onTestFinished(() => server.close())
  return around(sandbox, service, {})
}

function around<Names extends string>(
  sandbox: Sandbox,
  service: Service<Names>,
  origins: World<Names>['origins'],
): World<Names> {
  const store = memoryStore()
  const events: PentauthEvent[] = []
  const shared = {
    store,
    runtime: {
      now: () => sandbox.clock.now(),
      // Nobody waits, such as a device between two questions.
      sleep: async (ms: number) => sandbox.clock.advance(ms),
    },
    onEvent: (event: PentauthEvent) => void events.push(event),
  }
  return {
    sandbox,
    origins,
    service,
    store,
    events,
    shared,
    auth: (credential = firstOf(signedIn({ store }))) =>
      createAuth(service, { runtime: shared.runtime, onEvent: shared.onEvent, credential }),
    requests: (path) => sandbox.journal.entries.filter(({ url }) => path.test(new URL(url).pathname)).length,
  }
}
