// The published build as it is, no bundler between: a key's headers, and a token request by the part that is loaded later.
import process from 'node:process'

const [apiKeyOfPendra = '', clientId = '', clientSecret = ''] = process.argv.slice(2)

/** @param {typeof import('@pentauth/core')} core @param {typeof import('@pentauth/core/services')} services */
export async function smoke(core, services) {
  const { apiKey, clientCredentials, createAuth } = core
  const { pendra, pentographer } = services
  const key = createAuth(pendra, { credential: apiKey(apiKeyOfPendra) })
  const headers = await key.headers('https://api.pendra.ai/v1/messages')
  const grant = { access_token: 'token', token_type: 'Bearer', expires_in: 3600 }
  const client = createAuth(pentographer, {
    credential: clientCredentials({ clientId, clientSecret }),
    runtime: { fetch: async () => Response.json(grant) },
  })
  const { kind } = await client.credential()
  console.log(JSON.stringify([Object.keys(headers), kind]))
}
