import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { localPendra } from './support/auth.ts'
import { serve } from './support/server.ts'

// Objects that answer one thing when they are checked and another when they are sent must not lead a credential away.

async function scene() {
  const foreign = await serve()
  const home = await serve((response) => response.writeHead(307, { location: `${foreign.origin}/x` }).end())
  return { auth: localPendra(home.origin), url: `${home.origin}/v1/messages`, foreign, home }
}
const credentials = (headers: Record<string, unknown>) =>
  ['authorization', 'x-api-key'].filter((name) => name in headers)

describe('nothing reaches another origin', () => {
  it.each([
    ['a String object', () => new String('follow')],
    ['a list', () => ['follow']],
    ['an object with a text', () => ({ toString: () => 'follow' })],
  ])('by a redirect mode that is %s', async (_name, redirect) => {
    const { auth, url, foreign } = await scene()
    await auth.fetch(url, { redirect: redirect() as unknown as RequestRedirect })
    expect(foreign.seen.flatMap(({ headers }) => credentials(headers))).toEqual([])
  })

  it('by a Request whose mode is hidden', async () => {
    const { auth, url, foreign } = await scene()
    class Hidden extends Request {
      override get redirect(): RequestRedirect {
        return undefined as unknown as RequestRedirect
      }
    }
    await auth.fetch(new Hidden(url))
    expect(foreign.seen.flatMap(({ headers }) => credentials(headers))).toEqual([])
  })

  it('by a Request that shows a covered URL and holds another', async () => {
    const { auth, url, foreign } = await scene()
    class Disguised extends Request {
      override get url() {
        return url
      }
    }
    const error = await caught(auth.fetch(new Disguised(`${foreign.origin}/x`, { method: 'POST', body: 'b' })))
    expect(error).toMatchObject({ code: 'url_not_covered' })
    expect(foreign.seen).toHaveLength(0)
  })

  it('by something that only looks like a Request', async () => {
    const { auth, url, foreign } = await scene()
    const fake = { [Symbol.toStringTag]: 'Request', url, headers: {}, toString: () => `${foreign.origin}/x` }
    await caught(auth.fetch(fake as unknown as Request))
    await caught(
      auth.fetch(
        new Proxy(new Request(`${foreign.origin}/x`), { get: (_, name) => (name === 'url' ? url : undefined) }),
      ),
    )
    expect(foreign.seen).toHaveLength(0)
  })

  it('by a host that repeats the key', async () => {
    const key = testKey.pendra()
    const home = await serve((response) =>
      response.writeHead(307, { location: `http://${key.toUpperCase()}.example/` }).end(),
    )
    const auth = localPendra(home.origin)
    const error = await caught(auth.fetch(`${home.origin}/v1/messages`, { method: 'POST', body: 'b' }))
    expect(error.message.toLowerCase().includes(key.slice(7, 27).toLowerCase())).toBe(false)
  })
})
