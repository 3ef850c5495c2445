import { PublicClientApplication } from '@azure/msal-browser'

export async function start(configuration, scopes) {
  const client = new PublicClientApplication(configuration)
  await client.initialize()
  return {
    signIn: () => client.loginRedirect({ scopes }),
    finishSignIn: () => client.handleRedirectPromise(),
    fetch: async (input, init = {}) => {
      const { accessToken } = await client.acquireTokenSilent({ scopes, account: client.getAllAccounts()[0] })
      const headers = new Headers(init.headers)
      headers.set('authorization', `Bearer ${accessToken}`)
      return fetch(input, { ...init, headers })
    },
  }
}
