// The peers that keep a sign-in alive: each as its own page or example shows it.
import { OAuth2Client, OAuth2Fetch } from '@badgateway/oauth2-client'
import { auth } from '@modelcontextprotocol/sdk/client/auth.js'
import { withOAuth } from '@modelcontextprotocol/sdk/client/middleware.js'
import { InMemoryOAuthClientProvider } from '@modelcontextprotocol/sdk/examples/client/simpleOAuthClientProvider.js'
import { OAuth2Client as GoogleClient } from 'google-auth-library'
import { AuthorizationCode } from 'simple-oauth2'

const redirectUri = 'http://127.0.0.1:8123/callback'

/**
 * @param {import('../oauth-client.mjs').World} world
 * @returns {readonly import('../oauth-client.mjs').Contender[]}
 */
export function contenders({ origin, url }) {
  return [
    google('google-auth-library', origin, url, {}),
    // On no page, but meant for tokens that are refused before their end.
    google('google-auth-library, forceRefreshOnFailure', origin, url, { forceRefreshOnFailure: true }),
    badgateway(origin, url),
    simple(origin, url),
    mcp(origin, url),
  ]
}

function google(name, origin, url, options) {
  return {
    name,
    async resume({ accessToken, refreshToken, expiresAt }) {
      const client = new GoogleClient({
        clientId: 'bench',
        clientSecret: 'bench',
        endpoints: { oauth2TokenUrl: `${origin}/token` },
        ...options,
      })
      client.setCredentials({ access_token: accessToken, refresh_token: refreshToken, expiry_date: expiresAt })
      return {
        // It has parsed the body when it answers.
        call: async () => (await client.fetch(url)).data,
        // The app hears of a new one by an event and can save it; the client itself goes on with this one.
        held: async () => client.credentials.refresh_token ?? undefined,
      }
    },
  }
}

function badgateway(origin, url) {
  return {
    name: '@badgateway/oauth2-client',
    async resume(session) {
      const client = new OAuth2Client({ server: origin, clientId: 'bench', tokenEndpoint: '/token' })
      let stored = session
      const wrapper = new OAuth2Fetch({
        client,
        getStoredToken: () => stored,
        storeToken: (token) => {
          stored = token
        },
        getNewToken: () => null,
        // Its timer would keep this process for an hour.
        scheduleRefresh: false,
      })
      return { call: async () => (await wrapper.fetch(url)).json(), held: async () => stored.refreshToken }
    },
  }
}

function simple(origin, url) {
  return {
    name: 'simple-oauth2',
    async resume(session) {
      const client = new AuthorizationCode({
        client: { id: 'bench', secret: 'bench' },
        auth: { tokenHost: origin, tokenPath: '/token' },
      })
      let token = client.createToken({
        access_token: session.accessToken,
        refresh_token: session.refreshToken,
        expires_at: new Date(session.expiresAt),
      })
      return {
        async call() {
          if (token.expired()) token = await token.refresh()
          const headers = { authorization: `Bearer ${token.token.access_token}` }
          return (await fetch(url, { headers })).json()
        },
        held: async () => token.token.refresh_token,
      }
    },
  }
}

function mcp(origin, url) {
  const metadata = { client_name: 'Bench', redirect_uris: [redirectUri] }
  const over = (provider) => {
    const authorized = withOAuth(provider, url)(fetch)
    return {
      call: async () => (await authorized(url)).json(),
      held: async () => provider.tokens()?.refresh_token,
    }
  }
  return {
    name: '@modelcontextprotocol/sdk',
    async resume({ accessToken, refreshToken }) {
      const provider = new InMemoryOAuthClientProvider(redirectUri, metadata, () => {})
      provider.saveClientInformation({ client_id: 'bench', issuer: origin })
      const tokens = { access_token: accessToken, refresh_token: refreshToken, token_type: 'Bearer', issuer: origin }
      provider.saveTokens(tokens)
      return over(provider)
    },
    async signIn(browse) {
      let asked
      const provider = new InMemoryOAuthClientProvider(redirectUri, metadata, (to) => {
        asked = to
      })
      await auth(provider, { serverUrl: url })
      const callback = await browse(asked)
      await auth(provider, { serverUrl: url, authorizationCode: callback.searchParams.get('code') })
      return over(provider)
    },
  }
}
