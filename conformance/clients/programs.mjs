// The credentials of programs that nobody signs in for, by scenario: the suites' extensions.
import { clientCredentials, enterpriseManaged, workloadIdentity } from '@pentauth/core'
import { importPrivateKey } from '@pentauth/node'
import { context, scenario } from './scenario.mjs'

// The suites do not say at which server their client was made. A program of yours does, by `issuer`, and needs no such trust.
const unsaid = { dangerouslyTrustResourceIssuer: true }

const company = () => {
  const { client_id: clientId, client_secret: clientSecret, idp_id_token: idToken } = context
  const { idp_client_id, idp_token_endpoint: tokenEndpoint } = context
  const identityProvider = { tokenEndpoint, clientId: idp_client_id }
  return enterpriseManaged({ idToken, identityProvider, clientId, clientSecret, ...unsaid })
}

/** @type {Readonly<Record<string, () => import('@pentauth/core').CredentialSource>>} */
const programs = {
  'auth/client-credentials-basic'() {
    const { client_id: clientId, client_secret: clientSecret } = context
    return clientCredentials({ clientId, clientSecret }, unsaid)
  },
  'auth/client-credentials-jwt'() {
    const { client_id: clientId, private_key_pem: pem } = context
    return clientCredentials({ clientId, privateKey: importPrivateKey(pem) }, unsaid)
  },
  'auth/enterprise-managed-authorization': company,
  // Its name in the older suite.
  'auth/cross-app-access-complete-flow': company,
  'auth/wif-jwt-bearer'() {
    const { client_id: clientId, valid_jwt: jwt } = context
    return workloadIdentity({ token: () => jwt, grant: 'jwt-bearer', clientId, ...unsaid })
  },
}

/** @returns {import('@pentauth/core').CredentialSource | undefined} nothing where a person signs in */
export function programCredential() {
  return programs[scenario]?.()
}
