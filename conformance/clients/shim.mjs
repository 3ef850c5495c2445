// TEMPORARY
import { createAuth, errorFrom, finishSignIn, PentauthError, parseChallenge, signedIn, startSignIn } from '@pentauth/core'
export function shimTransport(Transport, url, service, { store, credential, client, browse }) {
  const auth = createAuth(service, { credential: credential ?? signedIn({ store }) })
  const redirectUri = 'http://127.0.0.1:3000/callback'
  let challenge
  async function fetchIt(input, init) {
    for (let n = 0; ; n++) {
      let error, response
      try {
        response = await auth.fetch(input, init)
        if (response.status === 401 || response.status === 403) {
          challenge = parseChallenge(response.headers.get('www-authenticate') ?? '')
          error = await errorFrom(response)
          if (!error) return response
        } else return response
      } catch (e) { error = e }
      if (!PentauthError.isInstance(error) || !['sign_in_required', 'insufficient_scope'].includes(error.code) || n > 1 || credential) throw error
      if (!challenge) {
        const probe = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }, body: '{}' })
        challenge = parseChallenge(probe.headers.get('www-authenticate') ?? '')
      }
      const { url: to } = await startSignIn(service, { store, redirectUri, client, challenge })
      await finishSignIn(service, await browse(to), { store })
    }
  }
  return new Transport(new URL(url), { fetch: fetchIt })
}
