import { createAuth, defineService, type Service } from '@pentauth/core'
import {
  enterpriseManaged,
  githubActionsToken,
  type IdentityToken,
  identityTokenEnv,
  identityTokenFile,
  importPrivateKey,
  privateKeyFile,
  workloadIdentity,
} from '@pentauth/node'
import { testKey } from '@pentauth/tooling/canary'

const issuer = 'https://auth.acme.example'
const grants = ['urn:ietf:params:oauth:grant-type:jwt-bearer']

const acme = (oauth: object = { issuer, tokenEndpoint: `${issuer}/token`, grants }) =>
  defineService({
    ...{ id: 'acme', name: 'Acme', errors: [], recommendations: [], links: { docs: { where: 'Acme docs' } } },
    resources: { rest: { url: 'https://api.acme.example/v1', protocol: 'rest', accessToken: true } },
    oauth: { tokenEndpointAuthMethod: 'none', grants: [], ...oauth },
  } as Service)

/** A token for an identity token, where every endpoint says the same. */
const access = (token: IdentityToken, answer: Response = new Response('<html>'), service = acme()) =>
  createAuth(service, {
    credential: workloadIdentity({ token, grant: 'jwt-bearer' }),
    runtime: { fetch: async () => answer },
  }).credential()

const identity = 'e30.e30.x'
const identityProvider = { issuer: 'https://login.acme.example', clientId: 'agent-at-login' }
/** A person's token where the identity provider, like every endpoint, says what is given. */
const managed = (answer: object | undefined) =>
  createAuth(acme(), {
    credential: enterpriseManaged({ idToken: identity, identityProvider, clientId: 'agent' }),
    runtime: {
      fetch: async (input) => {
        const { origin: issuer, pathname } = new URL(String(input))
        if (!pathname.startsWith('/.well-known/')) return Response.json(answer)
        return answer ? Response.json({ issuer, token_endpoint: `${issuer}/token` }) : new Response('', { status: 404 })
      },
    },
  }).credential()
const job = { ACTIONS_ID_TOKEN_REQUEST_URL: 'https://runner.example', ACTIONS_ID_TOKEN_REQUEST_TOKEN: testKey.token() }
const inActions = (env: Record<string, string>) => githubActionsToken({ audience: issuer, env })
const claims = btoa(JSON.stringify({ exp: 1, iss: 'https://ci.example', sub: 'repo:acme/agent' })).replace(/=+$/, '')

type Ways = readonly (() => unknown)[]

/** Ways to the errors of programs without a person, by code. */
export const workloadProvocations: Readonly<
  Record<
    | 'source_failed'
    | 'malformed_credential'
    | 'invalid_option'
    | 'invalid_service'
    | 'credential_not_accepted'
    | 'token_request_rejected'
    | 'token_response_invalid'
    | 'discovery_failed'
    | 'temporarily_unavailable',
    Ways
  >
> = {
  source_failed: [
    () => access(identityTokenFile(`${import.meta.dirname}/no-such-token`)),
    () => access(identityTokenFile(import.meta.dirname)),
    () => access(identityTokenEnv('ACME_ID_TOKEN', { env: {} })),
    () => access(() => `e30.${claims}.x`),
    () => access(inActions({})),
    () => access(inActions({ GITHUB_ACTIONS: 'true' })),
    () => access(inActions(job)),
    () => access(inActions(job), new Response('', { status: 403 })),
    () => privateKeyFile(`${import.meta.dirname}/no-such-key`),
  ],
  malformed_credential: [
    () => access(() => testKey.token()),
    () => access(() => testKey.token().repeat(2_000)),
    () => access(inActions({ ...job, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'a\nb' })),
    () => importPrivateKey(''),
  ],
  invalid_option: [
    () => workloadIdentity({ token: identity as never, grant: 'jwt-bearer' }),
    () => workloadIdentity({ token: () => identity, grant: 'saml' as never }),
    () => enterpriseManaged({ idToken: identity, identityProvider: {} as never, clientId: 'agent' }),
    () => githubActionsToken({} as never),
    () => access(inActions({ ...job, ACTIONS_ID_TOKEN_REQUEST_URL: 'http://runner.example' })),
    () => access(inActions({ ...job, ACTIONS_ID_TOKEN_REQUEST_URL: 'runner' })),
    () => identityTokenEnv(''),
    () => identityTokenFile(''),
    () => privateKeyFile(''),
  ],
  invalid_service: [() => access(() => identity, undefined, acme({ grants }))],
  credential_not_accepted: [() => access(() => identity, undefined, acme({ grants: ['authorization_code'] }))],
  token_request_rejected: [() => access(() => identity, Response.json({ error: 'invalid_grant' }, { status: 400 }))],
  token_response_invalid: [() => managed({ access_token: testKey.token(), token_type: 'Bearer' })],
  discovery_failed: [() => managed(undefined)],
  temporarily_unavailable: [() => access(inActions(job), new Response('', { status: 503 }))],
}
