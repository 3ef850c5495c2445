import { type Accounts, createAccounts } from './accounts.ts'
import { type OutsideOrigins, outsideOf, reachedTogether, type SandboxRequestInit } from './addresses.ts'
import { type Apps, createApps } from './authorization-server/apps.ts'
import { type ClientMetadata, createClientMetadata } from './authorization-server/metadata-documents.ts'
import { createAuthorizationServers } from './authorization-server/servers.ts'
import { createTokens, type Tokens } from './authorization-server/tokens.ts'
import { type Ci, ciOrigin, createCi } from './ci.ts'
import { type Clients, createClients } from './clients.ts'
import { type Clock, createClock } from './clock.ts'
import { isOpenToPages, openToPages, preflightAnswer, preflightMethod } from './cors.ts'
import { createFaults, type Faults, faultResponse } from './faults.ts'
import { createJournal, type Journal, journalCredential, journalUrl } from './journal.ts'
import { createKeys, type Keys } from './keys.ts'
import type { SandboxOptions } from './options.ts'
import { createPendium } from './pendium/service.ts'
import { createPendra } from './pendra/service.ts'
import { createPensyve } from './pensyve/service.ts'
import { createPentographer } from './pentographer/service.ts'
import { createProfundis } from './profundis/service.ts'
import { SandboxError } from './sandbox-error.ts'
import { type Exchange, findOperation, type Service } from './service.ts'
import type { SandboxState } from './state.ts'
import { createUsageLog, type UsageFilter, type UsageTypes } from './usage.ts'

/** The five services, in memory. */
export interface Sandbox {
  /**
   * Answers a request to one of the documented origins. It takes what `fetch` takes, so it can be given to a client as
   * its `fetch`; redirects are returned, not followed.
   *
   * @throws {SandboxError} `unknown_origin`: the request is for a host that is none of the services'
   * @throws The reason of `init.signal`, if it was aborted while a fault delayed the request
   * @throws {TypeError} A fault dropped the connection, as `fetch` would have it; its `cause` is a SandboxError
   * @example
   * await sandbox.fetch('https://api.pensyve.com/v1/health')
   */
  fetch(input: Request | URL | string, init?: SandboxRequestInit): Promise<Response>
  /** The documented origins that the sandbox answers for. */
  readonly origins: readonly string[]
  readonly accounts: Accounts
  readonly keys: Keys
  readonly clients: Clients
  /** Client ID metadata documents, in the place of the network. */
  readonly clientMetadata: ClientMetadata
  /** Apps that people have connected by signing in. */
  readonly apps: Apps
  /** Access and refresh tokens, as the services see them. */
  readonly tokens: Tokens
  /** A CI system whose jobs get identity tokens; it answers where a service's `workloadIdentity` trusts it. */
  readonly ci: Ci
  readonly clock: Clock
  readonly faults: Faults
  readonly journal: Journal
  /**
   * Usage records, oldest first; they stay when their key is gone.
   *
   * @example
   * const { id } = sandbox.keys.create('pendra')
   * sandbox.usage('pendra', { keyId: id })
   */
  usage<S extends keyof UsageTypes>(service: S, filter?: UsageFilter): readonly UsageTypes[S][]
}

/**
 * Makes a sandbox of the five services: nothing leaves the process, and nothing is shared between two sandboxes.
 *
 * @example
 * const sandbox = createSandbox()
 * const { key } = sandbox.keys.create('pendra')
 * await sandbox.fetch('https://api.pendra.ai/api/v1/models', { headers: { authorization: `Bearer ${key}` } })
 */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
  const clock = createClock(options.now)
  const accounts = createAccounts()
  const keys = createKeys(accounts, clock)
  const clientMetadata = createClientMetadata(options.fetchClientMetadata)
  const ci = createCi(clock)
  const authorizationServers = createAuthorizationServers({ accounts, clock, clientMetadata, ci }, options)
  const clients = createClients(accounts, clock, authorizationServers)
  const apps = createApps(authorizationServers)
  const usage = createUsageLog()
  const state: SandboxState = { options, clock, accounts, keys, clients, usage, apps, authorizationServers }
  // The cast forgets which accounts a service has: each sees only the exchanges made with its own `identify`.
  const services = new Map<string, Service>(
    [
      createPendium(state),
      createPensyve(state),
      createProfundis(state),
      createPentographer(state),
      createPendra(state),
    ].flatMap((service) => service.origins.map((origin) => [origin, service as unknown as Service])),
  )
  const { pendium, pensyve, profundis } = options
  const hasCi = [pendium, pensyve, profundis].some((one) => one?.workloadIdentity !== undefined)
  const allOrigins = [...services.keys(), ...(hasCi ? [ciOrigin] : [])]
  const faults = createFaults()
  const journal = createJournal()

  const answer = async (request: Request, origins: OutsideOrigins | undefined): Promise<Response> => {
    // 1. The service, by the documented origin.
    const called = new URL(request.url)
    const service = services.get(called.origin)
    if (service === undefined && called.origin === ciOrigin && hasCi) return ci.answer(request)
    if (service === undefined) throw unknownOrigin(called.origin, allOrigins)
    const at = clock.now()
    const asked = preflightMethod(request)
    const together = reachedTogether(called.origin, service.origins, origins)
    const { operation, url } = findOperation(service, asked ?? request.method, called, together)
    // 2. A scripted fault, if one is for this request; its delay comes first, like the delay of a network.
    const fault = faults.take(service.name, request.method, url, asked)
    const open = fault?.cors !== false && isOpenToPages(service, operation, options)
    const gaveUp = fault?.delay !== undefined && (await pause(fault.delay, request.signal)) === 'aborted'
    // 3. Who is asking, which every service says in its own way.
    const outside = outsideOf(origins)
    const exchange: Exchange = { request, url, outside, identity: await service.identify(request) }
    const note = (status: number, faulted: boolean): void =>
      journal.add({
        at,
        service: service.name,
        operation: operation && operation.name + (asked === undefined ? '' : '_preflight'),
        method: request.method,
        url: journalUrl(url),
        status,
        credential: journalCredential(exchange.identity),
        headers: [...request.headers.keys()],
        faulted,
      })
    if (gaveUp || fault?.drop === true) {
      note(0, true)
      throw gaveUp ? request.signal.reason : connectionDropped()
    }
    const scripted = fault && faultResponse(fault)
    if (scripted !== undefined) {
      if (open) openToPages(scripted)
      note(scripted.status, true)
      return scripted
    }
    // 4. The service's own answer.
    const answered =
      asked === undefined ? operation?.answer(exchange) : open ? preflightAnswer(asked, request) : undefined
    const response = await (answered ?? service.notFound(exchange))
    if (fault?.drop === 'response') {
      note(0, true)
      throw connectionDropped()
    }
    service.stamp?.(response.headers)
    if (open) openToPages(response)
    note(response.status, false)
    return response
  }

  return {
    fetch: async (input, init) => answer(new Request(input, init), init?.origins),
    origins: allOrigins,
    ci,
    accounts,
    keys,
    clients,
    clientMetadata,
    apps,
    tokens: createTokens(authorizationServers, {
      accountId: (service, id) => accounts.get(service, id).id,
      now: clock.now,
    }),
    clock,
    faults,
    journal,
    usage: usage.read,
  }
}

const unknownOrigin = (origin: string, origins: readonly string[]): SandboxError =>
  new SandboxError({
    code: 'unknown_origin',
    message: `The sandbox does not answer for ${origin}.`,
    hint: `It answers for ${origins.join(', ')}.`,
  })

// What `fetch` rejects with when a connection breaks, so that clients meet the error they will meet in production.
const connectionDropped = (): TypeError =>
  // biome-ignore lint/plugin: not ours to name, it stands for the platform's own error; its cause has our code.
  new TypeError('fetch failed', {
    cause: new SandboxError({ code: 'connection_dropped', message: 'A scripted fault dropped the connection.' }),
  })

/** Tells whether an error of `fetch` is a dropped connection of the sandbox's own. */
export function isDroppedConnection(error: unknown): boolean {
  return error instanceof TypeError && SandboxError.isInstance(error.cause) && error.cause.code === 'connection_dropped'
}

function pause(ms: number, signal: AbortSignal): Promise<'over' | 'aborted'> {
  return new Promise((resolve) => {
    const abort = (): void => {
      clearTimeout(timer)
      resolve('aborted')
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort)
      resolve('over')
    }, ms)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}
