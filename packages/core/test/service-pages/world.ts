import { createSandbox, type JournalEntry, type Sandbox, type SandboxOptions } from '@pentauth/sandbox'
import { handlers } from '@pentauth/sandbox/msw'
import { listen } from '@pentauth/sandbox/server'
import { expectNoMarker } from '@pentauth/tooling/canary'
import { setupServer } from 'msw/node'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { createSecret } from '../../src/credential.ts'
import {
  type Auth,
  apiKey,
  type CredentialHeader,
  type CredentialSource,
  createAuth,
  errorFrom,
  type PentauthError,
  type PentauthEvent,
  relocate,
  type Service,
} from '../../src/index.ts'

/** A request as it came to the sandbox, values included: the journal keeps names only. */
export interface Arrival {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body: Promise<string>
}

/** One sandbox for one test, and the way core reaches it. */
export interface World {
  /** `msw`: the documented origins; `http`: a real server, and the definitions relocated to it. */
  readonly transport: 'msw' | 'http'
  readonly sandbox: Sandbox
  readonly arrivals: readonly Arrival[]
  readonly events: readonly PentauthEvent[]
  /** The journal's entries, or those of one operation. */
  entries(operation?: string): readonly JournalEntry[]
  /** Replaces the sandbox by one with other switches. */
  restart(options: SandboxOptions): Promise<void>
  /** The definition as this transport needs it. */
  at<Names extends string>(service: Service<Names>): Service<Names>
  /** An `Auth` on the sandbox's clock; a string is an API key. */
  auth<Names extends string>(service: Service<Names>, credential: CredentialSource | string): Auth<Names>
}

/** Runs the same tests on MSW, at the documented origins, and on real HTTP, with the definitions relocated. */
export function describeOnBoth(title: string, define: (world: World) => void): void {
  describe.each(['msw', 'http'] as const)(`${title}, on %s`, (transport) => {
    let running: Running
    const arrivals: Arrival[] = []
    const events: PentauthEvent[] = []
    const start = async (options: SandboxOptions) => {
      running = await (transport === 'msw' ? onMsw : onHttp)(createSandbox(options), arrivals)
    }
    beforeEach(() => start({}))
    afterEach(async () => {
      await running.stop()
      // True of every request and event of every test here.
      for (const { headers } of arrivals) expect(credentialHeadersIn(headers).length).toBeLessThan(2)
      expectNoMarker([arrivals.map(({ url }) => url), events, running.sandbox.journal.entries])
      arrivals.length = 0
      events.length = 0
    })
    const world: World = {
      transport,
      arrivals,
      events,
      get sandbox() {
        return running.sandbox
      },
      entries: (operation) =>
        running.sandbox.journal.entries.filter((entry) => (operation ?? entry.operation) === entry.operation),
      async restart(options) {
        await running.stop()
        await start(options)
      },
      at: (service) => (running.origins ? relocate(service, running.origins) : service),
      auth: (service, credential) =>
        createAuth(world.at(service), {
          credential: typeof credential === 'string' ? apiKey(credential) : credential,
          runtime: { now: () => running.sandbox.clock.now() },
          onEvent: (event) => void events.push(event),
        }),
    }
    define(world)
  })
}

interface Running {
  readonly sandbox: Sandbox
  readonly origins?: Readonly<Record<string, string>>
  stop(): Promise<void>
}

async function onMsw(sandbox: Sandbox, arrivals: Arrival[]): Promise<Running> {
  const server = setupServer(...handlers(watched(sandbox, arrivals)))
  server.listen({ onUnhandledFrame: 'error' })
  return { sandbox, stop: async () => server.close() }
}

async function onHttp(sandbox: Sandbox, arrivals: Arrival[]): Promise<Running> {
  const server = await listen(watched(sandbox, arrivals))
  return { sandbox, origins: server.origins, stop: () => server.close() }
}

function watched(sandbox: Sandbox, arrivals: Arrival[]): Sandbox {
  return {
    ...sandbox,
    fetch(input, init) {
      const request = new Request(input, init)
      const { method, url, headers } = request
      const body = request.clone().text()
      arrivals.push({ method, url, headers, body: body.catch(() => '') })
      // How the server says under which address it was called.
      return sandbox.fetch(request, init?.origins ? { origins: init.origins } : undefined)
    },
  }
}

/** Sends JSON (or a form) to a resource's URL; a body makes it a POST. */
export function send(auth: Auth, url: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  if (body === undefined) return auth.fetch(url, { headers })
  if (body instanceof FormData) return auth.fetch(url, { method: 'POST', headers, body })
  const json = { 'content-type': 'application/json', ...headers }
  return auth.fetch(url, { method: 'POST', headers: json, body: JSON.stringify(body) })
}

/** Gives the keys in turn, the last one for ever, and counts the readings: a source that could renew at any refusal. */
export function keyring(...keys: readonly string[]): {
  readonly source: CredentialSource
  readonly reads: () => number
} {
  let reads = 0
  const source = apiKey(() => {
    reads += 1
    return keys[Math.min(reads, keys.length) - 1] ?? ''
  })
  return { source, reads: () => reads }
}

/** An access token from elsewhere, such as a sign-in. */
export function tokenSource(value: string): CredentialSource {
  const secret = createSecret(value)
  return { name: 'a sign-in', kind: 'access-token', get: () => ({ kind: 'access-token', source: 'a sign-in', secret }) }
}

/** The one request that arrived, which carried this credential in this header and in no other. */
export function expectOnly(world: World, header: CredentialHeader, secret?: string): JournalEntry {
  expect(world.entries()).toHaveLength(1)
  const [entry] = world.entries()
  const [arrival] = world.arrivals
  if (!entry || !arrival) throw new Error('no request arrived')
  expectHeader(arrival.headers, header, secret)
  expect(entry.credential).toMatchObject({ header })
  return entry
}

/** Headers with the credential in this header and in no other; values are compared without being shown. */
export function expectHeader(given: Headers | Record<string, string>, header: CredentialHeader, secret?: string): void {
  const headers = new Headers(given)
  expect(credentialHeadersIn(headers)).toEqual([header])
  const expected = header === 'authorization' ? `Bearer ${secret}` : secret
  if (secret !== undefined) expect(headers.get(header) === expected, 'it is that credential').toBe(true)
}

const credentialHeadersIn = (headers: Headers) => ['authorization', 'x-api-key'].filter((name) => headers.has(name))

/** The typed error of a refused response, which stays as readable as it was. */
export async function refusalOf(response: Response): Promise<PentauthError> {
  const error = await errorFrom(response)
  if (!error) throw new Error(`status ${response.status} is no refusal`)
  expectNoMarker(error)
  expect(response.bodyUsed).toBe(false)
  expect(error.status).toBe(response.status)
  expect((await response.text()).length).toBeGreaterThan(0)
  return error
}

/** `GET /path` and the name of each operation of a resource, to compare with a test's own rows. */
export function operationsOf(service: Service, resource: string): string[] {
  const operations = service.resources[resource]?.operations ?? []
  return operations.map(({ name, method, path }) => `${name} ${method} ${path}`).sort()
}
