import { afterEach, describe, expect, inject, it, vi } from 'vitest'
import { browserRuntime } from '../src/browser-runtime.ts'
import { connectionHint } from '../src/cors-diagnosis.ts'

// In Chromium, against real servers of this machine. What needs a page of its own (its policy, https, no network) is in
// e2e/connection.test.ts.

const servers = inject('servers')
const page = location.origin

afterEach(() => vi.restoreAllMocks())

/** What a page sees of a call that fails, and the hint for it. */
async function hintOf(address: string, init?: RequestInit): Promise<string | undefined> {
  const error = await fetch(address, init).then(
    () => 'answered',
    (reason: unknown) => reason,
  )
  return connectionHint(error, new URL(address))
}

describe('the hint for a connection that failed', () => {
  it('names CORS where a server answers and no page may read it', async () => {
    const hint = await hintOf(`${servers.closed}/v1/recall`)
    expect(hint).toContain(`${servers.closed} answers, but lets no page of ${page} read it (CORS).`)
    expect(hint).toContain('createProxy of @pentauth/node')
  })

  it('says so, and no more, where only this path or connection is the trouble', async () => {
    for (const origin of [servers.partly, servers.breaking]) {
      const hint = await hintOf(`${origin}/v1/recall`)
      expect(hint).toContain(`${origin} answers pages of ${page}: the connection broke, or this path or a header`)
    }
  })

  it('says that nobody is there', async () => {
    expect(await hintOf(`${servers.down}/v1`)).toContain(`Nothing answers at ${servers.down}: `)
  })

  it('has none for what is no failed connection', async () => {
    const asked = vi.spyOn(globalThis, 'fetch')
    const url = new URL(servers.closed)
    for (const error of [new DOMException('', 'TimeoutError'), new DOMException('', 'AbortError'), undefined, 'text'])
      expect(await connectionHint(error, url)).toBeUndefined()
    expect(asked).not.toHaveBeenCalled()
  })
})

describe('the question behind it', () => {
  const seen = async () => (await fetch(servers.asked)).json()

  it('goes to the root of that origin, and carries nothing', async () => {
    // biome-ignore lint/suspicious/noDocumentCookie: cookies know no ports, so this one would go along.
    document.cookie = 'who=ada'
    await seen()
    const address = new URL('/v1/secrets?code=abc', servers.closed)
    await connectionHint(new TypeError('Failed to fetch'), address)
    // The worker of other test files, where there is one, sends requests anew, with the origin of the page.
    const worker = navigator.serviceWorker.controller ? { referer: `${location.origin}/` } : {}
    expect(await seen()).toEqual(Array(2).fill({ method: 'GET', url: '/', ...worker }))
  })

  it('is asked once for all who fail at once', async () => {
    await seen()
    const error = new TypeError('Failed to fetch')
    const hints = await Promise.all(
      Array.from({ length: 100 }, (_, index) => connectionHint(error, new URL(`/${index}`, servers.closed))),
    )
    expect(new Set(hints).size).toBe(1)
    expect(await seen()).toHaveLength(2)
    await connectionHint(error, new URL(servers.closed))
    expect(await seen()).toHaveLength(2)
  })

  it('leaves no listener behind', async () => {
    const added = vi.spyOn(globalThis, 'addEventListener')
    const removed = vi.spyOn(globalThis, 'removeEventListener')
    await connectionHint(new TypeError('Failed to fetch'), new URL(servers.closed))
    expect(added.mock.calls.length).toBeGreaterThan(0)
    expect(removed.mock.calls).toEqual(added.mock.calls)
  })
})

describe('the runtime of a page', () => {
  it('explains connections, by the fetch it was given', async () => {
    const asked: string[] = []
    const fetch = async (input: string | URL | Request) => {
      asked.push(String(input))
      throw new TypeError('Failed to fetch')
    }
    const { explainConnection } = browserRuntime({ fetch })
    const hint = await explainConnection?.(new TypeError('Failed to fetch'), new URL('https://api.example/x'))
    expect(hint).toContain('Nothing answers at https://api.example: ')
    expect(asked).toEqual(['https://api.example/'])
  })

  it('knows that the browser is offline, without asking anybody', async () => {
    vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false)
    const fetch = vi.fn()
    const { explainConnection } = browserRuntime({ fetch })
    const hint = await explainConnection?.(new TypeError('Failed to fetch'), new URL(servers.closed))
    expect(hint).toContain('This browser is offline')
    expect(fetch).not.toHaveBeenCalled()
  })

  it('leaves what it is given as it is', () => {
    const explainConnection = () => 'mine'
    const crypto = vi.fn()
    const runtime = browserRuntime({
      explainConnection,
      get crypto() {
        return crypto()
      },
    })
    expect(runtime.explainConnection).toBe(explainConnection)
    expect(crypto).not.toHaveBeenCalled()
  })
})
