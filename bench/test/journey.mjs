// Makes the journey with the files in a folder, in a process of its own, and prints which of them were loaded.
import { registerHooks } from 'node:module'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { testKey } from '../../tooling/canary/test-key.mjs'

const folder = pathToFileURL(`${process.argv[2]}/`).href
/** @type {string[]} */
const loaded = []
registerHooks({
  load(url, context, nextLoad) {
    if (url.startsWith(folder)) loaded.push(url.slice(folder.length))
    return nextLoad(url, context)
  },
})

const origin = 'https://mcp.pensyve.com'
const redirectUri = 'https://app.example/callback'
const tokens = { token_type: 'Bearer', scope: 'mcp', refresh_token: testKey.token() }
let life = 0.001
/** @type {Record<string, () => object>} */
const answers = {
  [`${origin}/.well-known/oauth-protected-resource`]: () => ({
    resource: `${origin}/mcp`,
    authorization_servers: [origin],
  }),
  [`${origin}/.well-known/oauth-authorization-server`]: () => ({
    issuer: origin,
    authorization_endpoint: 'https://pensyve.com/oauth/authorize',
    token_endpoint: `${origin}/oauth/token`,
    code_challenge_methods_supported: ['S256'],
  }),
  [`${origin}/oauth/token`]: () => ({ ...tokens, access_token: testKey.token(), expires_in: life }),
  'https://api.pensyve.com/v1/recall': () => ({}),
}
const runtime = {
  redirects: 'platform',
  fetch: async (/** @type {string} */ url) => {
    const answer = answers[String(url)]
    return answer ? Response.json(answer()) : new Response(null, { status: 404 })
  },
}

const page = await import(`${folder}page.js`)
const store = page.memoryStore()
// As pages do who show who is signed in.
const onEvent = () => undefined
const { state } = await page.startSignIn(page.pensyve, {
  store,
  redirectUri,
  client: { clientId: 'page' },
  runtime,
  onEvent,
})
await page.finishSignIn(page.pensyve, `${redirectUri}?code=code-of-this-sign-in&state=${state}`, {
  store,
  runtime,
  onEvent,
})
life = 3600
const auth = page.createAuth(page.pensyve, { credential: page.signedIn({ store }), runtime, onEvent })
const { status } = await auth.fetch('https://api.pensyve.com/v1/recall', { method: 'POST', body: '{}' })
process.stdout.write(JSON.stringify({ status, loaded }))
