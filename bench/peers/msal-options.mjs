// MSAL with a token endpoint that is a function: no request leaves the process.

const YEAR = 31_536_000
const tenant = 'https://login.bench.example/tenant'

export const scopes = ['https://bench.example/.default']

/** @param {string} token what the endpoint gives out */
export function clientOptions(token) {
  const answer = (body) => async () => ({ status: 200, headers: {}, body })
  return {
    auth: {
      clientId: 'bench',
      clientSecret: 'bench-secret',
      authority: tenant,
      knownAuthorities: ['login.bench.example'],
    },
    system: {
      networkClient: {
        sendGetRequestAsync: answer({
          issuer: `${tenant}/v2.0`,
          authorization_endpoint: `${tenant}/authorize`,
          token_endpoint: `${tenant}/token`,
          jwks_uri: `${tenant}/keys`,
        }),
        sendPostRequestAsync: answer({
          token_type: 'Bearer',
          access_token: token,
          expires_in: YEAR,
          ext_expires_in: YEAR,
        }),
      },
    },
  }
}
