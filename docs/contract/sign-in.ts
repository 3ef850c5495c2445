// The public contract of signing in: this file is compiled, not run. A change that breaks it breaks users.
import type { webcrypto } from 'node:crypto'
import {
  type Callback,
  type ClientIdMetadataDocument,
  type ClientOptions,
  clientCredentials,
  clientMetadata,
  createAuth,
  type DevicePrompt,
  type DeviceSignInOptions,
  deviceSignIn,
  type FinishedSignIn,
  type FinishSignInOptions,
  finishSignIn,
  type Lock,
  memoryLock,
  memoryStore,
  type PentauthEvent,
  parseChallenge,
  pendium,
  pensyve,
  pentographer,
  type SignedInOptions,
  type SignInOptions,
  type SignOutOptions,
  type StartedSignIn,
  type StartSignInOptions,
  type Store,
  signedIn,
  signOut,
  startSignIn,
  traceDiagram,
} from '@pentauth/core'
import { type VerifiedToken, type VerifyOptions, verifyAccessToken } from '@pentauth/core/jwt'

export async function signsIn(callback: Callback): Promise<string> {
  const events: PentauthEvent[] = []
  const store: Store = memoryStore()
  const lock: Lock = memoryLock()
  const shared: SignInOptions = {
    store,
    lock,
    account: 'work',
    app: 'notes',
    runtime: { now: () => 0 },
    onEvent: (event) => void events.push(event),
  }
  const clients: readonly ClientOptions[] = [
    { name: 'Notes', uri: 'https://notes.example', applicationType: 'native' },
    { metadataUrl: 'https://notes.example/client.json' },
    { clientId: 'notes' },
    { clientId: 'notes', clientSecret: 'words', issuer: 'https://mcp.pensyve.com' },
  ]
  const challenge = parseChallenge('Bearer scope="mcp:write"')
  const options: StartSignInOptions = {
    ...shared,
    redirectUri: 'http://127.0.0.1:8123/callback',
    client: clients[0],
    resource: 'mcp',
    scope: 'mcp',
    challenge,
    issuer: 'https://mcp.pensyve.com',
  }
  const started: StartedSignIn = await startSignIn(pensyve, options)
  const finished: FinishedSignIn = await finishSignIn(pensyve, callback, shared)
  const source: SignedInOptions = { store, lock, account: finished.account, app: 'notes', name: 'notes' }
  const auth = createAuth(pensyve, { credential: signedIn(source) })
  const leaving: SignOutOptions = { ...source, runtime: {}, onEvent: () => undefined }
  await signOut(pensyve, leaving)
  console.log(started.url.href, started.state, new Date(started.expiresAt), finished.scopes, auth.service.id)
  return traceDiagram(events)
}

/** What a listener can rely on. */
export function heard(event: PentauthEvent): readonly unknown[] {
  switch (event.type) {
    case 'request_sent':
      return [event.id, event.purpose, event.method, event.url]
    case 'request_ended':
      return [event.id, event.status, event.error, event.reason, event.duration]
    case 'discovery_failed':
      return [event.resource, event.code, event.status, event.error, event.reason]
    case 'registration_failed':
      return [event.issuer, event.code, event.error]
    case 'sign_in_started':
      return [event.account, event.issuer, event.way, event.page, event.scope, event.addedScopes]
    case 'sign_in_returned':
      return [event.account, event.issuer]
    case 'sign_in_failed':
      return [event.account, event.issuer, event.code, event.error]
    case 'signed_in':
      return [event.account, event.scopes, event.expiresAt]
    case 'session_renewed':
      return [event.account, event.by, event.expiresAt]
    case 'signed_out':
      return [event.account, event.revocation, event.code]
    default:
      return []
  }
}

export async function signsDeviceIn(shared: SignInOptions, signal: AbortSignal): Promise<FinishedSignIn> {
  const present = ({ verificationUri, verificationUriComplete, userCode, expiresAt }: DevicePrompt) =>
    console.log(verificationUri.href, verificationUriComplete?.href, userCode, new Date(expiresAt))
  const options: DeviceSignInOptions = { ...shared, client: { name: 'Notes' }, scope: 'mcp', present, signal }
  return deviceSignIn(pensyve, options)
}

export async function withKey(shared: SignInOptions, privateKey: webcrypto.CryptoKey): Promise<void> {
  const client: ClientOptions = { clientId: 'notes', issuer: 'https://pendium.ai', privateKey }
  const { url } = await startSignIn(pendium, { ...shared, redirectUri: 'https://notes.example/callback', client })
  const finish: FinishSignInOptions = { ...shared, privateKey }
  await finishSignIn(pendium, url, finish)
  createAuth(pendium, { credential: signedIn({ store: shared.store, privateKey }) })
  createAuth(pentographer, { credential: clientCredentials({ clientId: 'ptgc_your_client_id', privateKey }) })
}

export function described(): ClientIdMetadataDocument {
  return clientMetadata({
    url: 'https://notes.example/client.json',
    name: 'Notes',
    redirectUris: ['http://127.0.0.1/'],
  })
}

export async function verified(token: string): Promise<VerifiedToken> {
  const options: VerifyOptions = {
    service: pensyve,
    issuer: 'https://mcp.pensyve.com',
    audience: ['https://mcp.pensyve.com/mcp'],
    jwksUri: 'https://mcp.pensyve.com/jwks',
    algorithms: ['EdDSA'],
    clockTolerance: 30,
    requiredScopes: ['mcp:read'],
    runtime: { now: () => Date.now() },
  }
  const { subject, clientId, scopes, issuer, audience, expiresAt, claims } = await verifyAccessToken(token, options)
  console.log(subject?.length, clientId?.length, scopes.length, issuer, audience[0], new Date(expiresAt), claims.sub)
  return verifyAccessToken(token, { issuer: 'https://mcp.pensyve.com', audience: 'https://mcp.pensyve.com/mcp' })
}
