import { PentauthError } from '@pentauth/core'
import { createSandbox } from '@pentauth/sandbox'
import { listen, type SandboxServer } from '@pentauth/sandbox/server'
import { expectNoMarker } from '@pentauth/tooling/canary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beginsAs, errorPages } from './error-pages.ts'
import { type Provocations, provocations } from './provoked.ts'

// What the pages of docs/errors say is what happens: every error is provoked, and its page has its message, its fields and whether
// it is worth trying again.

const sandbox = createSandbox()
let server: SandboxServer
let ways: Provocations
beforeAll(async () => {
  server = await listen(sandbox)
  ways = provocations(sandbox, server)
})
afterAll(() => server.close())

const always = ['name', 'code', 'message', 'docs', 'retryable']

describe.each(errorPages())('$code', (page) => {
  it('is said and set as its page says', async () => {
    const provoked: PentauthError[] = []
    // One after the other: what the sandbox is told to answer next is meant for one of them.
    for (const way of ways[page.code as keyof Provocations]) provoked.push(await errorOf(way))
    expect(provoked.length).toBeGreaterThan(0)
    for (const error of provoked) {
      expectNoMarker(error)
      expect({ code: error.code, docs: error.docs, retryable: error.retryable }).toEqual({
        code: page.code,
        docs: `@pentauth/core/docs/errors/${page.code}.md`,
        // A page that says when it is yes is taken at its word.
        retryable: /`retryable`: yes after/.test(page.fields)
          ? error.retryable
          : page.fields.includes('`retryable`: yes.'),
      })
      const unnamed = Object.keys(error.toJSON()).filter(
        (name) => !always.includes(name) && !page.fields.includes(`\`${name}\``),
      )
      expect(unnamed).toEqual([])
      expect(
        page.messages.some((message) => beginsAs(message, error.message)),
        error.message,
      ).toBe(true)
    }
    const unheard = page.messages.filter((message) => !provoked.some((error) => beginsAs(message, error.message)))
    expect(unheard).toEqual([])
  })
})

async function errorOf(way: () => unknown): Promise<PentauthError> {
  const found = await Promise.resolve()
    .then(way)
    .catch((error: unknown) => error)
  if (PentauthError.isInstance(found)) return found
  throw new TypeError(`No error of ours: ${String(found)}`)
}
