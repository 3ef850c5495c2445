import { type HttpHandler, HttpResponse, http } from 'msw/http'
import { isDroppedConnection, type Sandbox } from './sandbox.ts'

/**
 * MSW request handlers for every documented origin; each hands the request to `sandbox.fetch`.
 *
 * @example
 * import { setupServer } from 'msw/node'
 *
 * const server = setupServer(...handlers(sandbox))
 * server.listen({ onUnhandledFrame: 'error' })
 */
export function handlers(sandbox: Sandbox): HttpHandler[] {
  return sandbox.origins.map((origin) =>
    http.all(`${origin}/*`, async ({ request }) => {
      try {
        return await sandbox.fetch(request)
      } catch (error) {
        // MSW turns this into the network error that a broken connection is.
        if (isDroppedConnection(error)) return HttpResponse.error()
        throw error
      }
    }),
  )
}
