// Pentauth in the world of the storms-mcp bench: the official clients, with our transport.
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { createAuth, finishSignIn, memoryStore, signedIn, startSignIn } from '@pentauth/core'
import { createTransport, mcpService } from '@pentauth/mcp'
import { keyOf } from './oauth-client.mjs'

/**
 * @typedef {object} McpClient connected
 * @property {() => Promise<unknown>} list
 * @property {() => Promise<unknown>} call one `tools/call`
 * @property {() => Promise<string | undefined>} held the refresh token that it would use next
 * @property {() => number} redirects how often somebody was sent to sign in
 * @property {() => void} expire lets the client's clock reach the end of the token, where it looks at one
 * @property {() => Promise<void>} close
 */

/**
 * @typedef {object} McpContender
 * @property {string} name
 * @property {(browse: import('./oauth-client.mjs').Browse, known: boolean) => Promise<McpClient>} signIn from nothing; `known`: with a
 * client that somebody has registered, and the scope that it wants
 */

const redirectUri = 'http://127.0.0.1:8123/callback'
const SCOPE = 'tools'
const HOUR_MS = 3_600_000
const info = { name: 'bench', version: '1.0.0' }

/**
 * @param {string} url of the MCP server
 * @returns {readonly McpContender[]}
 */
export function oursOnBoth(url) {
  return [
    ours('pentauth, SDK v1', url, async (auth, signIn) => {
      const client = new ClientV1(info)
      // Its transport does not fit its own interface under exactOptionalPropertyTypes.
      await client.connect(/** @type {any} */ (createTransport(TransportV1, auth, { signIn })))
      return client
    }),
    ours('pentauth, SDK v2', url, async (auth, signIn) => {
      const client = new ClientV2(info)
      await client.connect(createTransport(TransportV2, auth, { signIn }))
      return client
    }),
  ]
}

/**
 * @typedef {object} Connection what both official clients have
 * @property {() => Promise<unknown>} listTools
 * @property {(call: { name: string, arguments: {} }) => Promise<unknown>} callTool
 * @property {() => Promise<void>} close
 */

/**
 * @param {string} name
 * @param {string} url
 * @param {(auth: import('@pentauth/core').Auth, signIn: import('@pentauth/mcp').SignInWay) => Promise<Connection>} connect
 * @returns {McpContender}
 */
function ours(name, url, connect) {
  return {
    name,
    async signIn(browse, known) {
      const store = memoryStore()
      const service = mcpService(url, known ? { client: { clientId: 'bench' } } : {})
      let redirects = 0
      let ahead = 0
      const runtime = {
        now: () => Date.now() + ahead,
        // A fetch of its own: what another sign-in of this process has discovered is not known through it.
        fetch: (/** @type {string | URL | Request} */ input, /** @type {RequestInit | undefined} */ init) =>
          fetch(input, init),
      }
      /** @type {import('@pentauth/mcp').SignInWay} */
      const signIn = async ({ service, challenge, reason }) => {
        redirects += 1
        // The person is there once.
        if (redirects > 1) throw reason
        const scope = known ? SCOPE : undefined
        const { url: page } = await startSignIn(service, { store, redirectUri, challenge, scope, runtime })
        await finishSignIn(service, await browse(page), { store, runtime })
      }
      const client = await connect(createAuth(service, { credential: signedIn({ store }), runtime }), signIn)
      return {
        list: () => client.listTools(),
        call: () => client.callTool({ name: 'echo', arguments: {} }),
        held: async () => JSON.parse((await store.get(keyOf(url))) ?? '{}').refreshToken,
        redirects: () => redirects,
        expire() {
          ahead = HOUR_MS
        },
        close: () => client.close(),
      }
    },
  }
}
