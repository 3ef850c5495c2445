import { createAuth0Client } from '@auth0/auth0-spa-js'

export async function start(options) {
  const client = await createAuth0Client({ ...options, useRefreshTokens: true, cacheLocation: 'localstorage' })
  return {
    signIn: () => client.loginWithRedirect(),
    finishSignIn: () => client.handleRedirectCallback(),
    fetch: async (input, init = {}) => {
      const headers = new Headers(init.headers)
      headers.set('authorization', `Bearer ${await client.getTokenSilently()}`)
      return fetch(input, { ...init, headers })
    },
  }
}
