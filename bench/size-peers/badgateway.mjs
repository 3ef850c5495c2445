import { generateCodeVerifier, OAuth2Client, OAuth2Fetch } from '@badgateway/oauth2-client'

export function start(settings, redirectUri) {
  const client = new OAuth2Client(settings)
  const saved = (name, value) => {
    if (value !== undefined) sessionStorage.setItem(name, value)
    return sessionStorage.getItem(name) ?? undefined
  }
  const authorized = new OAuth2Fetch({
    client,
    getNewToken: async () => null,
    storeToken: (token) => void saved('token', JSON.stringify(token)),
    getStoredToken: () => JSON.parse(saved('token') ?? 'null'),
  })
  return {
    async signIn() {
      const state = saved('state', crypto.randomUUID())
      const codeVerifier = saved('verifier', await generateCodeVerifier())
      location.href = await client.authorizationCode.getAuthorizeUri({ redirectUri, state, codeVerifier })
    },
    async finishSignIn() {
      const [state, codeVerifier] = [saved('state'), saved('verifier')]
      const token = await client.authorizationCode.getTokenFromCodeRedirect(location.href, {
        redirectUri,
        state,
        codeVerifier,
      })
      saved('token', JSON.stringify(token))
    },
    fetch: (input, init) => authorized.fetch(input, init),
  }
}
