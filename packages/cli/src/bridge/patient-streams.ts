import { setTimeout as sleep } from 'node:timers/promises'
import { type Auth, PentauthError } from '@pentauth/core'

/** Between two tries (ms), twice as long each time. */
const firstPause = 1_000
const longestPause = 30_000

/**
 * The same `Auth`, whose streams for what a server says by itself wait until it is there: a restart, a network that is down and a night's
 * sleep are no end of them.
 *
 * @param forgotten told of a session that had a stream, and that the server knows no more
 */
export function patientStreams(auth: Auth, forgotten: (session: string) => void): Auth {
  let streaming: string | undefined
  return {
    ...auth,
    async fetch(input, init) {
      const headers = new Headers(init?.headers)
      // The older transport's only stream comes before any version, and who opens it waits.
      if (init?.method !== 'GET' || !headers.has('mcp-protocol-version')) return auth.fetch(input, init)
      const session = headers.get('mcp-session-id') ?? undefined
      for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
        const response = await auth.fetch(input, init).catch((error: unknown) => {
          if (!mayPass(error)) throw error
          return undefined
        })
        // A server that has no such stream need not know 405.
        if (response && (response.status < 500 || response.status === 501)) {
          if (response.ok) streaming = session
          else if (response.status === 404 && session && session === streaming) forgotten(session)
          return response
        }
        await response?.body?.cancel().catch(() => undefined)
        await sleep(pause, undefined, init.signal ? { signal: init.signal } : {})
      }
    },
  }
}

/** Whether nothing answers (which `fetch` fails with that way), or it is busy, or somebody has to sign in, which is for a call to say. */
function mayPass(error: unknown): boolean {
  if (!PentauthError.isInstance(error)) return error instanceof TypeError
  return error.retryable || error.code === 'sign_in_required' || error.code === 'no_credential'
}
