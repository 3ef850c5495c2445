import { caught } from '@pentauth/tooling/canary'
import { expect, it } from 'vitest'
import { discover } from '../src/discovery.ts'
import { flowAt, resourceDocument, resourcePath, serverDocument, serverPath, site } from './support/discovery.ts'

// What a page's fetch does otherwise than a server's. The same tests also run in a real one (runtimes/).

it('a redirect of an OAuth endpoint, which a browser hides, is no trouble that passes', async () => {
  const { origin } = await site(() => ({}))
  const hidden = Object.defineProperties(new Response(null), {
    status: { value: 0 },
    type: { value: 'opaqueredirect' },
  })
  const flow = flowAt(origin, { fetch: async () => hidden, redirects: 'platform' })
  const error = await caught(discover(flow))
  expect(error).toMatchObject({ code: 'discovery_failed', message: expect.stringContaining('302') })
})

it('metadata is not taken from the cache of a browser, and no other platform is asked to have none', async () => {
  const { origin } = await site((here) => ({
    [resourcePath]: resourceDocument(here),
    [serverPath]: serverDocument(here),
  }))
  const modesOn = async (redirects: 'platform' | 'self') => {
    const modes = new Set<RequestCache | undefined>()
    const fetch = (url: string | URL | Request, init?: RequestInit) => {
      modes.add(init?.cache)
      return globalThis.fetch(url, init)
    }
    await discover(flowAt(origin, { fetch, redirects }))
    return [...modes]
  }
  expect(await modesOn('platform')).toEqual(['no-store'])
  expect(await modesOn('self')).toEqual([undefined])
})
