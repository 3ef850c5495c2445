import { HttpResponse, http, passthrough } from 'msw'
import { setupServer } from 'msw/node'
import { test as base, type TestAPI } from 'vitest'
import { createExpectations, type Expectations, type ExpectedRequest } from './expectations.ts'
import { journalUrl } from './journal.ts'
import { handlers } from './msw.ts'
import type { SandboxOptions } from './options.ts'
import { createSandbox, type Sandbox } from './sandbox.ts'
import { SandboxError } from './sandbox-error.ts'

export type { ExpectedRequest } from './expectations.ts'

/** How the tests of one file are guarded. */
export interface SandboxTestOptions extends SandboxOptions {
  /**
   * Addresses outside the sandbox that tests may call: they go to the network. A string is a URL that what is called
   * must begin with, up to a whole segment of its path; a pattern is tried on the whole URL.
   */
  readonly allow?: readonly (string | RegExp)[] | undefined
}

/** What a test gets. */
export interface SandboxFixtures {
  /** A new sandbox, which answers on the documented origins while the test runs. */
  readonly sandbox: Sandbox
  /** Says that a request must be made before the test ends, or the test fails. */
  readonly expectRequest: (expected: ExpectedRequest) => void
}

// MSW listens on the whole process, so two tests at once would see each other's requests.
let busy = false

/**
 * Makes a Vitest `test` with a sandbox on the documented origins. The test fails if it makes a request that no operation
 * of the sandbox answers and that is not allowed, and if it does not make one that it expected.
 *
 * @throws {SandboxError} In a test: `expectation_failed`, `concurrent_fixture` (not for `test.concurrent`)
 * @example
 * const test = sandboxTest({ allow: ['http://127.0.0.1:3000'] })
 * test('recalls with the key', async ({ sandbox, expectRequest }) => {
 *   expectRequest({ service: 'pensyve', operation: 'recall', credential: { valid: true } })
 *   const headers = { authorization: `Bearer ${sandbox.keys.create('pensyve').key}` }
 *   await fetch('https://api.pensyve.com/v1/recall', { method: 'POST', headers, body: '{"query":"tea"}' })
 * })
 */
export function sandboxTest(options: SandboxTestOptions = {}): TestAPI<SandboxFixtures> {
  const { allow = [], ...sandboxOptions } = options
  const guarded = base.extend<SandboxFixtures & { readonly guard: Guard }>({
    guard: [
      // biome-ignore lint/correctness/noEmptyPattern: Vitest reads a fixture's needs from this pattern.
      async ({}, use) => {
        if (busy) throw concurrent()
        const sandbox = createSandbox(sandboxOptions)
        const expectations = createExpectations()
        const server = guardedServer(sandbox, expectations, allow)
        busy = true
        try {
          await use({ sandbox, expectations })
        } finally {
          server.close()
          busy = false
        }
        noteUnknownPaths(sandbox, expectations, allow)
        expectations.verify(sandbox.journal.entries)
      },
      { auto: true },
    ],
    sandbox: async ({ guard }, use) => use(guard.sandbox),
    expectRequest: async ({ guard }, use) => use(guard.expectations.expectRequest),
  })
  return guarded
}

interface Guard {
  readonly sandbox: Sandbox
  readonly expectations: Expectations
}

function guardedServer(
  sandbox: Sandbox,
  expectations: Expectations,
  allow: readonly (string | RegExp)[],
): ReturnType<typeof setupServer> {
  const server = setupServer(
    ...handlers(sandbox),
    http.all('*', ({ request }) => {
      if (isAllowed(request.url, allow)) return passthrough()
      expectations.noteUnexpected(`${request.method} ${journalUrl(new URL(request.url))}`)
      return HttpResponse.error()
    }),
  )
  server.listen({
    // Only what is no HTTP request comes here. MSW's own report is not used: it prints URLs and bodies.
    onUnhandledFrame: ({ frame }) => {
      expectations.noteUnexpected(`a ${frame.protocol} connection`)
      throw new SandboxError({ code: 'expectation_failed', message: 'The sandbox does not answer this connection.' })
    },
  })
  return server
}

// The origin is a service's and the path is none of its operations: answered with the service's 404, and most often a
// mistake in the address.
function noteUnknownPaths(sandbox: Sandbox, expectations: Expectations, allow: readonly (string | RegExp)[]): void {
  for (const { operation, faulted, method, url } of sandbox.journal.entries) {
    if (operation === undefined && !faulted && !isAllowed(url, allow)) expectations.noteUnexpected(`${method} ${url}`)
  }
}

function isAllowed(url: string, allow: readonly (string | RegExp)[]): boolean {
  return allow.some((entry) => {
    if (typeof entry !== 'string') return new RegExp(entry.source, entry.flags.replace(/[gy]/g, '')).test(url)
    return url.startsWith(entry) && (entry.endsWith('/') || /^[/?#]?$/.test(url.charAt(entry.length)))
  })
}

const concurrent = (): SandboxError =>
  new SandboxError({
    code: 'concurrent_fixture',
    message: 'Two tests with a sandbox ran at the same time in one file.',
    hint: 'Leave out test.concurrent: the sandbox listens on the whole process.',
  })
