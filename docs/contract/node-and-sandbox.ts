// The public contract of @pentauth/node and @pentauth/sandbox: this file is compiled, not run.
import { pensyve } from '@pentauth/core/services'
import {
  type Account,
  type AccountOptions,
  type Auth,
  apiKey,
  type ConnectionHintOptions,
  type Credential,
  type CredentialSource,
  clientCredentials,
  connectionHint,
  createAuth,
  createProxy,
  type DeviceRequest,
  defineService,
  type EncryptedFileStoreOptions,
  type Environment,
  type EnvKeyOptions,
  type EventListener,
  type ExpandOptions,
  encrypted,
  encryptedFileStore,
  envKey,
  errorFrom,
  expandVariables,
  type FileStore,
  type FileStoreOptions,
  fileStore,
  firstOf,
  type GithubActionsTokenOptions,
  githubActionsToken,
  type HeadersOptions,
  type IdentityTokenOptions,
  type IdentityTokenSource,
  identityTokenEnv,
  identityTokenFile,
  importPrivateKey,
  type KeyCommandOptions,
  type KeyFileOptions,
  keyCommand,
  keyFile,
  listAccounts,
  listSessions,
  type NodeAuthOptions,
  type NodeSignInOptions,
  type OpenPageOptions,
  openPage,
  PentauthError,
  type PentauthErrorCode,
  type PentauthEvent,
  type Present,
  type PrivateKeyFileOptions,
  type PrivateKeyOptions,
  type ProxyCaller,
  type ProxyEvent,
  type ProxyOptions,
  type ProxyProblem,
  type ProxyRule,
  privateKeyFile,
  type RedirectRequest,
  relocate,
  resourceFor,
  type SavedAccount,
  type SavedSession,
  type Service,
  type SignInRequest,
  type SigningKey,
  type SignOutOptions,
  type Store,
  type StoreKey,
  signIn,
  signOut,
  stateFolder,
  switchAccount,
  throwIfRefused,
  type WorkloadIdentityOptions,
  workloadIdentity,
} from '@pentauth/node'
import { type RedisStore, type RedisStoreClient, type RedisStoreOptions, redisStore } from '@pentauth/node/redis'
import {
  type Accounts,
  type AppRegistration,
  type Apps,
  type AuthorizationServerFacts,
  type Ci,
  type CiJob,
  type ClientMetadata,
  type Clients,
  type Clock,
  type ConnectedApp,
  createSandbox,
  type Fault,
  type Faults,
  facts,
  type IssuedTokens,
  type JobTokenOptions,
  type Journal,
  type JournalEntry,
  type KeyInfo,
  type Keys,
  leakMarker,
  type NewClient,
  type NewKey,
  type RefreshRotation,
  type RegisteredApp,
  type Sandbox,
  SandboxError,
  type SandboxErrorCode,
  type SandboxOptions,
  type ServiceFacts,
  type ServiceName,
  type SignInService,
  signInAt,
  type TokenOptions,
  type Tokens,
  type WorkloadTrust,
} from '@pentauth/sandbox'
import { handlers } from '@pentauth/sandbox/msw'
import { listen, type SandboxServer } from '@pentauth/sandbox/server'
import { sandboxTest } from '@pentauth/sandbox/vitest'

export async function withoutAPerson(sandbox: Sandbox): Promise<void> {
  const issuer = 'https://auth.acme.example'
  const actions: GithubActionsTokenOptions = { audience: issuer, env: process.env }
  const file: IdentityTokenOptions = { env: process.env }
  const tokens: IdentityTokenSource[] = [
    githubActionsToken(actions),
    identityTokenFile('/var/run/secrets/tokens/acme', file),
    identityTokenEnv('ACME_ID_TOKEN', file),
  ]
  const rest: Omit<WorkloadIdentityOptions, 'token'> = { grant: 'token-exchange', issuer }
  const keys: PrivateKeyOptions = { algorithm: 'PS256', name: 'ACME_KEY' }
  const inFile: PrivateKeyFileOptions = { algorithm: 'PS256', env: process.env }
  const privateKey: SigningKey[] = [
    importPrivateKey('', keys),
    importPrivateKey({ kty: 'OKP' }),
    privateKeyFile('a.pem'),
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference to a variable
    privateKeyFile('~/${APP}.pem', inFile),
  ]
  const trust: WorkloadTrust = { subject: 'repo:octo/*', audience: 'api://acme', account: 'ada', scopes: ['mcp'] }
  createSandbox({ pensyve: { workloadIdentity: [trust] } })
  const ci: Ci = sandbox.ci
  const job: CiJob = ci.job({ subject: 'repo:octo/agent' })
  const options: JobTokenOptions = { audience: ci.issuer, lifetime: 60, reusable: true, claims: {} }
  const shown: [string, string, number] = [await job.token(options), job.subject, ci.requests]
  job.end()
  void [tokens.map((token) => workloadIdentity({ token, ...rest })), privateKey, job.env({}), shown]
}

export function node(): void {
  const auth: Auth = createAuth(pensyve)
  const onEvent: EventListener = (event: PentauthEvent) => event.type
  const options: NodeAuthOptions = {
    env: process.env,
    envFile: '.env.local',
    credential: apiKey('psy_your_key_here'),
    runtime: { now: () => 0 },
    onEvent,
  }
  const configured: Auth = createAuth(pensyve, options)
  createAuth(pensyve, { envFile: true })
  const where: ConnectionHintOptions = { env: process.env }
  const hint: Promise<string | undefined> = connectionHint(
    new TypeError('fetch failed'),
    new URL('https://x.example'),
    where,
  )
  void [auth, configured, hint]
}

/** A person at a terminal. */
export async function atTheTerminal(signal: AbortSignal): Promise<void> {
  const present: Present = (request: SignInRequest) => {
    const shown: RedirectRequest | DeviceRequest = request
    return shown.way === 'redirect'
      ? [shown.url, shown.redirectUri, shown.expiresAt]
      : [shown.userCode, shown.verificationUri]
  }
  const store = fileStore()
  const account: NodeSignInOptions = { account: 'work', app: 'agent', store, scope: 'mcp:read', signal, timeout: 60 }
  const where: NodeSignInOptions = { redirectUri: 'http://localhost:8765/cb', port: 8765, browser: false, present }
  const auth: Auth = await signIn(pensyve)
  void [auth, await signIn(pensyve, account), await signIn(pensyve, { ...where, client: { clientId: 'client-1' } })]
}

/** Where sessions are kept, and whose they are. */
export async function kept(client: RedisStoreClient, key: Uint8Array): Promise<void> {
  const folder: FileStoreOptions = { folder: './state', env: process.env, onEvent: ({ type }) => void type }
  const files: FileStore = fileStore(folder)
  const inKeychain: EncryptedFileStoreOptions = { folder: './state' }
  const how: StoreKey[] = [key, () => key]
  const redis: RedisStoreOptions = { prefix: 'agents:', lease: 3_000 }
  const fleet: RedisStore = redisStore(client, redis)
  const stores: Store[] = [files, fleet, encryptedFileStore(inKeychain), ...how.map((one) => encrypted(fleet, one))]
  const where: AccountOptions = { store: files, app: 'agent' }
  const accounts: readonly Account[] = await listAccounts(pensyve, where)
  const sessions: readonly SavedSession[] = await listSessions(where)
  const saved: readonly SavedAccount[] = accounts
  await switchAccount(pensyve, saved[0]?.account ?? 'work', where)
  const leaving: SignOutOptions = { ...where, account: 'work' }
  await signOut(pensyve, leaving)
  const auth: Auth = createAuth(pensyve, { store: files, account: 'work', app: 'agent' })
  void [
    sessions.length,
    stores,
    auth,
    stateFolder(process.env),
    accounts.map(({ isCurrent, status }) => [isCurrent, status]),
  ]
}

/** A page that uses a service without its key. */
export function forPages(auth: Auth): (request: Request) => Promise<Response> {
  const rule: ProxyRule = { method: 'GET', path: '/models', query: true }
  const options: ProxyOptions = {
    resource: 'rest',
    prefix: '/api/pendra',
    allow: ['POST /chat/completions', rule],
    authorize: (request): ProxyCaller => request.headers.get('cookie') !== null,
    onEvent: ({ status, problem }: ProxyEvent) => void [status, problem satisfies ProxyProblem | undefined],
  }
  return createProxy(auth, options)
}

/** Sources by name, and what configuration values are made of. */
export function sources(env: Environment): void {
  const inEnvironment: EnvKeyOptions = { env }
  const inFile: KeyFileOptions = { env }
  const ofCommand: KeyCommandOptions = { timeout: 60 }
  const source: CredentialSource = firstOf(
    keyFile('/run/secrets/pensyve', inFile),
    envKey('TEAM_KEY', inEnvironment),
    keyCommand(['op', 'read', 'op://agents/pensyve/key'], ofCommand),
    keyCommand(['get-key']),
  )
  const options: ExpandOptions = { env, where: 'config.json' }
  const value: string = expandVariables('https://example.com', options)
  void [source, value, keyFile('~/pensyve.key'), envKey('TEAM_KEY'), expandVariables('plain')]
}

/** What users of node need of core is there without a second import. */
export async function handedOn(auth: Auth, value: unknown): Promise<void> {
  const source: CredentialSource = firstOf(
    apiKey('psy_your_key_here'),
    clientCredentials({ clientId: 'ptgc_your_client_id', clientSecret: 'ptgs_your_client_secret' }),
  )
  const service: Service = defineService(relocate(pensyve, { 'https://api.pensyve.com': 'http://127.0.0.1:4100' }))
  const either: HeadersOptions = { header: 'x-api-key' }
  const credential: Credential = await auth.credential(resourceFor(service, 'https://api.pensyve.com/v1').url)
  const response: Response = await throwIfRefused(await auth.fetch('https://api.pensyve.com/v1/health'))
  const error: PentauthError | undefined = await errorFrom(response)
  const code: PentauthErrorCode | undefined = PentauthError.isInstance(value) ? value.code : error?.code
  void [source, either, credential, code]
}

export async function sandbox(): Promise<void> {
  const options: SandboxOptions = { now: () => 0, streamInterval: 5, pensyve: { invalidKeyStatus: 401 } }
  const sandbox: Sandbox = createSandbox(options)
  const response: Response = await sandbox.fetch(new Request('https://api.pensyve.com/v1/health'))
  const asFetch: typeof fetch = sandbox.fetch
  const origins: readonly string[] = sandbox.origins
  const server: SandboxServer = await listen(sandbox, { host: '127.0.0.1', port: 0, onePortPerService: true })
  const page: OpenPageOptions = { env: { PENSYVE_BASE_URL: server.baseUrls.pensyve } }
  void ((await openPage(server.baseUrls.pensyve, page)) satisfies string | undefined)
  const local: Service = relocate(pensyve, server.origins)
  await server.close()
  const test = sandboxTest({ ...options, allow: ['http://127.0.0.1:3000', /localhost/] })
  void [response, asFetch, origins, local, test, handlers(sandbox), leakMarker]
}

export async function signingIn({ apps, clientMetadata, clients, tokens, fetch }: Sandbox): Promise<void> {
  const service: SignInService = 'pensyve'
  const app: AppRegistration = { redirectUris: ['http://127.0.0.1/callback'], authMethod: 'none', scopes: ['mcp:read'] }
  const registered: RegisteredApp = clients.register(service, app)
  const documents: ClientMetadata = clientMetadata
  documents.set('https://app.example/client.json', { client_id: 'https://app.example/client.json' })
  const callback: URL = await signInAt({ fetch }, 'https://pensyve.com/oauth/authorize', {
    account: 'ada',
    allow: true,
  })
  await signInAt(globalThis.fetch, callback)

  const rotation: RefreshRotation = 'grace'
  const strict: Sandbox = createSandbox({ pendium: { refreshRotation: rotation, deviceAuthorization: true } })
  const options: TokenOptions = { account: 'ada', scopes: ['mcp'], clientId: registered.clientId }
  const made: Tokens = tokens
  const issued: IssuedTokens = await made.issue(service, options)
  const ended: number = made.expire(service, { account: 'ada' }) + made.revokeAccessTokens(service)
  const requests: number = made.requests(service, 'refresh_token')
  made.rotateSigningKey('pensyve')
  const connected: Apps = apps
  const list: readonly ConnectedApp[] = connected.list(service, { account: 'ada' })
  connected.revoke(service, list[0]?.id ?? '')
  const server: AuthorizationServerFacts | undefined = facts.pendium.authorizationServer
  const local: Response = await strict.fetch('https://pendium.ai/token', {
    origins: { 'https://pendium.ai': 'http://localhost:1' },
  })
  void [issued.accessToken, ended, requests, server?.issuer, local]
}

export function state({ accounts, clients, clock, faults, journal, keys, usage }: Sandbox): void {
  const people: Accounts = accounts
  people.create('profundis', { id: 'grace', plan: 'free' })
  people.update('profundis', 'grace', { purchasedCredits: 100 })
  void [people.get('pendium').id, people.list('pendra')]

  const made: Keys = keys
  const key: NewKey = made.create('pensyve', { account: 'ada', scope: 'mcp:read', name: 'agent', as: 'ada' })
  const next: NewKey = made.rotate('pensyve', key.id)
  made.renew('profundis', { account: 'ada' })
  made.revoke('pensyve', next.id, { as: 'ada' })
  const left: readonly KeyInfo[] = made.list('pensyve')

  const oauth: Clients = clients
  const client: NewClient = oauth.create('pentographer', { name: 'nightly import' })
  oauth.delete(client.clientId)
  void [client.clientSecret, oauth.list('pentographer')]

  const time: Clock = clock
  time.advance(1000)
  time.set(time.now())

  const script: Faults = faults
  const all: readonly Fault[] = [
    { service: 'pensyve', status: 503, headers: { 'retry-after': '1' }, body: { detail: 'later' } },
    { origin: 'https://pendium.ai', method: 'GET', path: '/api/*', times: 2, drop: true },
    { path: /models/, garbage: true },
    { redirect: 'https://example.com/' },
    { delay: 100 },
  ]
  for (const fault of all) script.add(fault).remove()
  script.clear()

  const log: Journal = journal
  const entry: JournalEntry | undefined = log.entries[0]
  const seen = [entry?.operation, entry?.credential?.header, entry?.status, entry?.headers, entry?.faulted]
  log.clear()
  void [left, seen, usage('pendra', { keyId: key.id })]
}

export function told(value: unknown): void {
  const name: ServiceName = 'pensyve'
  const known: ServiceFacts = facts[name]
  if (!SandboxError.isInstance(value)) return
  const code: SandboxErrorCode = value.code
  void [known, code, value.message, value.hint]
}
