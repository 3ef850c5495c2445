import { useContext } from 'react'
import { AuthContext, AuthProvider } from 'react-oauth2-code-pkce'

export function useStart() {
  const { token, logIn } = useContext(AuthContext)
  return {
    signIn: () => logIn(),
    fetch: async (input, init = {}) => {
      const headers = new Headers(init.headers)
      headers.set('authorization', `Bearer ${token}`)
      return fetch(input, { ...init, headers })
    },
  }
}
// The provider is what handles the callback and renews.
export { AuthProvider }
