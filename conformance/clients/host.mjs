// The host around both clients: what a program of yours would have, and the suite stands in for.
import process from 'node:process'
import { apiKey, createAuth, finishSignIn, firstOf, memoryStore, signedIn, startSignIn } from '@pentauth/core'
import { mcpService, pentauthErrorIn } from '@pentauth/mcp'
import { testKey } from '../../tooling/canary/test-key.mjs'
import { programCredential } from './programs.mjs'
import { context, scenario } from './scenario.mjs'

const redirectUri = 'http://localhost:3000/callback'

/**
 * @param {string} url of the MCP server
 * @returns {Promise<{ auth: import('@pentauth/core').Auth, signIn?: import('@pentauth/mcp').SignInWay }>} what `createTransport` takes
 */
export async function host(url) {
  if (!scenario.startsWith('auth/')) return withKey(url)
  const credential = programCredential()
  return credential ? { auth: createAuth(mcpService(url), { credential }) } : withSignIn(url)
}

/**
 * The scenarios without authorization: a key goes along, and everything else has to arrive as the SDK sent it.
 * @param {string} url
 */
function withKey(url) {
  const service = mcpService(url, { apiKey: { env: 'CONFORMANCE_API_KEY' } })
  return { auth: createAuth(service, { credential: apiKey(testKey.token('conformance')) }) }
}

/** @param {string} url */
async function withSignIn(url) {
  const store = memoryStore()
  const dpop = scenario.startsWith('auth/dpop')
  const service = mcpService(url, {
    client: await clientAt(url),
    legacyEndpoints: scenario.startsWith('auth/2025-03-26'),
  })
  /** @type {import('@pentauth/mcp').SignInWay} */
  const signIn = async ({ service, challenge }) => {
    const { url: page } = await startSignIn(service, { store, redirectUri, challenge, dpop })
    await finishSignIn(service, await browse(page), { store })
  }
  return { auth: createAuth(service, { credential: firstOf(signedIn({ store })) }), signIn }
}

/**
 * @param {string} url
 * @returns {Promise<import('@pentauth/core').ClientOptions>}
 */
async function clientAt(url) {
  if (scenario === 'auth/basic-cimd') return { metadataUrl: 'https://conformance-test.local/client-metadata.json' }
  if (scenario !== 'auth/pre-registration') return { name: 'Conformance' }
  const { client_id: clientId, client_secret: clientSecret, issuer = await issuerOf(url) } = context
  return { clientId, clientSecret, issuer }
}

/**
 * Where the client was registered, which a host knows, and the older suite does not say.
 * @param {string} url
 * @returns {Promise<string>}
 */
async function issuerOf(url) {
  const { origin, pathname } = new URL(url)
  const response = await fetch(`${origin}/.well-known/oauth-protected-resource${pathname}`)
  const { authorization_servers: servers } = /** @type {any} */ (await response.json())
  return servers[0]
}

/**
 * The person with the browser: the suite's server consents at once.
 * @param {URL} page
 * @returns {Promise<string>} where the person was sent back to
 */
async function browse(page) {
  const { headers } = await fetch(page, { redirect: 'manual' })
  return headers.get('location') ?? ''
}

/**
 * Ends the process as the suite expects, and says how it went: `ok`, or the code of our error.
 * @param {() => Promise<void>} work
 */
export async function conclude(work) {
  try {
    await work()
    process.stdout.write('ok\n')
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
    process.stdout.write(`${pentauthErrorIn(error)?.code ?? 'another error'}\n`)
    process.exitCode = 1
  }
}
