import { UserManager } from 'oidc-client-ts'

/** @param {import('oidc-client-ts').UserManagerSettings} settings */
export function start(settings) {
  const manager = new UserManager(settings)
  const token = async () => {
    let user = await manager.getUser()
    if (!user || user.expired) user = await manager.signinSilent()
    return user?.access_token
  }
  return {
    signIn: () => manager.signinRedirect(),
    finishSignIn: () => manager.signinRedirectCallback(),
    fetch: async (input, init = {}) => {
      const headers = new Headers(init.headers)
      headers.set('authorization', `Bearer ${await token()}`)
      return fetch(input, { ...init, headers })
    },
  }
}
