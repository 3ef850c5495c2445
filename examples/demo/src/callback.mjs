// The address on this machine that a service's pages lead back to.
import { once } from 'node:events'
import { createServer } from 'node:http'

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  connection: 'close',
}

/** @param {string} text */
const page = (text) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Pentauth demo</title>
<h1>${text}</h1>
</html>
`

/** Listens on a free port of 127.0.0.1, for one sign-in after another. */
export async function listenForCallback() {
  /** @type {{ state: string, came(url: URL): void } | undefined} */
  let waiting
  const server = createServer((request, response) => {
    const path = request.url?.startsWith('/') ? request.url : '/'
    const url = new URL(`${redirectUri.slice(0, -'/callback'.length)}${path}`)
    // Any program of this machine can call: only the answer to our own question ends the wait.
    const ours =
      request.method === 'GET' && url.pathname === '/callback' && waiting?.state === url.searchParams.get('state')
    const said = ours
      ? 'Done. Go back to the terminal; this tab can be closed.'
      : 'This is no answer the demo waits for.'
    response.writeHead(ours ? 200 : 400, headers).end(page(said))
    if (ours) waiting?.came(url)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const redirectUri = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/callback`

  return {
    redirectUri,
    /**
     * @param {string} state of the sign-in
     * @param {AbortSignal} signal
     * @returns {Promise<URL>}
     */
    async wait(state, signal) {
      signal.throwIfAborted()
      try {
        return await new Promise((came, reject) => {
          waiting = { state, came }
          signal.addEventListener('abort', () => reject(signal.reason), { once: true })
        })
      } finally {
        waiting = undefined
      }
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      // A browser keeps connections that it has not used yet.
      server.closeAllConnections()
      await closed
    },
  }
}
