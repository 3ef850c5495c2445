// The peers that send requests: each as its own page shows it, with one retry policy, their default.
import { OAuth2Client } from 'google-auth-library'
import ky from 'ky'

/**
 * @param {string} url
 * @param {string} key
 * @returns {readonly import('../fetch.mjs').Contender[]}
 */
export function contenders(url, key) {
  // The way ky's page shows for a token: a hook that sets the header on each request.
  const client = ky.create({
    hooks: { beforeRequest: [({ request }) => request.headers.set('authorization', `Bearer ${key}`)] },
  })
  const google = new OAuth2Client()
  google.setCredentials({ access_token: key, expiry_date: Date.now() + 86_400_000 })
  return [
    { name: 'ky', request: async () => (await client(url)).json() },
    // It has parsed the body when it answers.
    { name: 'google-auth-library', request: async () => (await google.fetch(url)).data },
  ]
}
