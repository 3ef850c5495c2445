// The peers' headers with a credential at hand: no call goes to a network, none renews anything.
import Anthropic from '@anthropic-ai/sdk'
import { ConfidentialClientApplication } from '@azure/msal-node'
import { OAuth2Client } from 'google-auth-library'
import OpenAI from 'openai'
import { clientOptions, scopes } from './msal-options.mjs'

const YEAR_MS = 31_536_000_000

/**
 * @param {string} key
 * @returns {readonly import('../headers.mjs').Contender[]}
 */
export function contenders(key) {
  const google = new OAuth2Client()
  google.setCredentials({ access_token: key, expiry_date: Date.now() + YEAR_MS })
  const openai = new OpenAI({ apiKey: key })
  const anthropic = new Anthropic({ apiKey: key })
  const msal = new ConfidentialClientApplication(clientOptions(key))

  return [
    {
      name: 'google-auth-library',
      async run(times) {
        let headers
        for (let i = 0; i < times; i += 1) headers = await google.getRequestHeaders()
        return headers
      },
    },
    {
      name: '@azure/msal-node',
      // MSAL gives out tokens, not headers; the first call fills its cache from an endpoint that is a function.
      async run(times) {
        let headers
        for (let i = 0; i < times; i += 1) {
          const { accessToken } = await msal.acquireTokenByClientCredential({ scopes })
          headers = { authorization: `Bearer ${accessToken}` }
        }
        return headers
      },
    },
    {
      name: 'openai',
      // Not public, but the smallest call that answers with headers; what `buildRequest` adds would only make it slower.
      async run(times) {
        let headers
        for (let i = 0; i < times; i += 1)
          headers = (await openai.authHeaders({ method: 'get', path: '/models' })).values
        return headers
      },
    },
    {
      name: '@anthropic-ai/sdk',
      // As above.
      async run(times) {
        let headers
        for (let i = 0; i < times; i += 1)
          headers = (await anthropic.authHeaders({ method: 'get', path: '/v1/models' })).values
        return headers
      },
    },
  ]
}
