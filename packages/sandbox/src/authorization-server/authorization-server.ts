import type { Accounts } from '../accounts.ts'
import type { CiSystem } from '../ci.ts'
import type { Clock } from '../clock.ts'
import { withCors } from '../cors.ts'
import type { Operation, TokenInfo } from '../service.ts'
import type { FindClient } from './authorization-request.ts'
import { authorizeOperations } from './authorize.ts'
import { createBrowserSessions } from './browser-session.ts'
import { createClientAuthentication } from './client-authentication.ts'
import { createCodes } from './codes.ts'
import { type Configuration, placeOf, type ServerContext, type ServerOptions } from './configuration.ts'
import { createDeviceAuthorization, devicePages } from './device.ts'
import { createDeviceCodes } from './device-codes.ts'
import { createGrants, type Grants } from './grants.ts'
import { createIssue, type Issue } from './issue.ts'
import { metadataOperations, metadataProbes } from './metadata.ts'
import { type ClientMetadataStore, clientOfDocument, isDocumentAddress } from './metadata-documents.ts'
import { createOAuthClients, type OAuthClients } from './oauth-client.ts'
import { createRegistration } from './registration.ts'
import { createRevocation } from './revocation.ts'
import { createSignIn, type Entrance } from './sign-in.ts'
import { createSigning, type Signing } from './signing.ts'
import { createTokenEndpoint } from './token-endpoint.ts'
import { createWorkloads } from './workload-identity.ts'

/** The authorization server of one service. */
export interface AuthorizationServer {
  readonly configuration: Configuration
  /** Every endpoint, page and metadata document; `origins` are those of the service, where clients look for metadata. */
  operations(origins: readonly string[]): readonly Operation[]
  /** What a bearer token stands for, if it is good, not expired, not revoked, and for a resource of this service. */
  findAccessToken(token: string): Promise<TokenInfo | undefined>
  /** Where its people sign in, for other pages of the service. */
  readonly entrance: Entrance
  readonly clients: OAuthClients
  /** Deletes a client and ends its grants; false if there is none. */
  forget(clientId: string): boolean
  readonly grants: Grants
  readonly issue: Issue
  readonly signing: Signing
  /** Token requests that came, by grant type. */
  readonly requests: ReadonlyMap<string, number>
}

/** What an authorization server is made of. */
export interface ServerParts {
  readonly accounts: Accounts
  readonly clock: Clock
  readonly options: ServerOptions | undefined
  readonly clientMetadata: ClientMetadataStore
  readonly ci: CiSystem
}

/** Makes the authorization server of one service. */
export function createAuthorizationServer(given: Configuration, parts: ServerParts): AuthorizationServer {
  const { accounts, clock, clientMetadata } = parts
  const options = parts.options ?? {}
  // Programs without a person need a proof of their own.
  const authMethods = [...new Set([...given.authMethods, 'client_secret_basic', 'private_key_jwt'] as const)]
  const configuration = options.workloadIdentity === undefined ? given : { ...given, authMethods }
  const { endpoints, resources } = configuration
  const context: ServerContext = { configuration, options, accounts, clock }
  const clients = createOAuthClients()
  const grants = createGrants(clock)
  const signing = createSigning()
  const issue = createIssue(context, grants, signing)
  const codes = createCodes(clock)
  const devices = createDeviceCodes(clock)
  const sessions = createBrowserSessions(configuration.service, clock)
  const { service, title, signIn: way } = configuration
  const signIn = createSignIn({ service, title, url: endpoints.authorize, signIn: way }, accounts, sessions)
  const findClient: FindClient = async (id) =>
    clients.find(id) ??
    (isDocumentAddress(id) ? clientOfDocument(id, clientMetadata.read, configuration, options) : undefined)
  const workloads = createWorkloads(context, parts.ci)
  const authenticate = createClientAuthentication(context, clients, findClient, workloads)
  const requests = new Map<string, number>()
  const count = (type: string): void => void requests.set(type, (requests.get(type) ?? 0) + 1)
  const device = { context, sessions, signIn, devices, authenticate }

  const post = (name: string, url: string, answer: Operation['answer']): Operation => ({
    name,
    method: 'POST',
    ...placeOf(url),
    answer,
  })
  const programs: readonly Operation[] = [
    ...metadataOperations(context, signing),
    post('register', endpoints.register, createRegistration(context, clients)),
    post(
      'token',
      endpoints.token,
      createTokenEndpoint({ context, authenticate, grants, codes, devices, workloads, issue, count }),
    ),
    ...(endpoints.revoke === undefined
      ? []
      : [post('revoke', endpoints.revoke, createRevocation(authenticate, grants))]),
    ...(options.deviceAuthorization === true
      ? [post('device_authorization', endpoints.deviceAuthorization, createDeviceAuthorization(device))]
      : []),
  ]
  const pages: readonly Operation[] = [
    ...authorizeOperations({ context, sessions, signIn, codes, findClient }),
    ...signIn.operations,
    ...(options.deviceAuthorization === true ? devicePages(device) : []),
  ]
  return {
    configuration,
    operations: (origins) => [...withCors([...programs, ...metadataProbes(origins)], 'always'), ...pages],
    async findAccessToken(token) {
      const found = await grants.findAccessToken(token)
      return resources.some(({ url }) => url === found?.resource) ? found : undefined
    },
    entrance: { sessions, signIn },
    clients,
    forget(clientId) {
      if (!clients.delete(clientId)) return false
      grants.revoke({ clientId })
      return true
    },
    grants,
    issue,
    signing,
    requests,
  }
}

/** The challenge that leads a client to the authorization server of a resource (RFC 9728 section 5.1). */
export function challengeFor(metadata: string, error?: string): string {
  return `Bearer resource_metadata="${metadata}"${error === undefined ? '' : `, error="${error}"`}`
}
