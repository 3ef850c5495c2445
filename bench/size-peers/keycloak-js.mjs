import Keycloak from 'keycloak-js'

export function start(configuration) {
  const keycloak = new Keycloak(configuration)
  return {
    signIn: () => keycloak.login(),
    finishSignIn: () => keycloak.init({ pkceMethod: 'S256' }),
    fetch: async (input, init = {}) => {
      await keycloak.updateToken(30)
      const headers = new Headers(init.headers)
      headers.set('authorization', `Bearer ${keycloak.token}`)
      return fetch(input, { ...init, headers })
    },
  }
}
