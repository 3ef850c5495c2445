import {
  type Auth,
  type CredentialSource,
  createAuth,
  firstOf,
  memoryStore,
  type PentauthEvent,
  relocate,
  type Service,
  type Store,
  signedIn,
} from '@pentauth/core'
import { createSandbox, type Sandbox, type SandboxOptions } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import { onTestFinished } from 'vitest'

/** A sandbox that listens, and what a program makes of one of its services. */
export interface World<Names extends string> {
  readonly sandbox: Sandbox
  readonly origins: Readonly<Record<string, string>>
  readonly service: Service<Names>
  readonly store: Store
  readonly events: PentauthEvent[]
  readonly shared: { readonly store: Store; readonly runtime: { now(): number }; onEvent(event: PentauthEvent): void }
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
  const service = relocate(documented, server.origins)
  const store = memoryStore()
  const events: PentauthEvent[] = []
  const shared = {
    store,
    runtime: { now: () => sandbox.clock.now() },
    onEvent: (event: PentauthEvent) => void events.push(event),
  }
  return {
    sandbox,
    origins: server.origins,
    service,
    store,
    events,
    shared,
    auth: (credential = firstOf(signedIn({ store }))) => createAuth(service, { ...shared, credential }),
    requests: (path) => sandbox.journal.entries.filter(({ url }) => path.test(new URL(url).pathname)).length,
  }
}
