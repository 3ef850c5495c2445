import { type Sandbox, type SignInAtOptions, type SignInService, signInAt } from '../../src/index.ts'

/** The documented or assumed addresses, written down once more and not read from the sources. */
export const servers: Readonly<Record<SignInService, ServerAddresses>> = {
  pendium: {
    issuer: 'https://pendium.ai',
    authorize: 'https://pendium.ai/authorize',
    token: 'https://pendium.ai/token',
    register: 'https://pendium.ai/register',
    device: 'https://pendium.ai/device_authorization',
    resource: 'https://pendium.ai/mcp',
  },
  pensyve: {
    issuer: 'https://mcp.pensyve.com',
    authorize: 'https://pensyve.com/oauth/authorize',
    token: 'https://mcp.pensyve.com/oauth/token',
    register: 'https://mcp.pensyve.com/oauth/register',
    device: 'https://mcp.pensyve.com/oauth/device_authorization',
    resource: 'https://mcp.pensyve.com/mcp',
  },
  profundis: {
    issuer: 'https://auth.profundis.io',
    authorize: 'https://auth.profundis.io/authorize',
    token: 'https://auth.profundis.io/token',
    register: 'https://auth.profundis.io/register',
    device: 'https://auth.profundis.io/device_authorization',
    resource: 'https://mcp.profundis.io',
  },
}

interface ServerAddresses {
  readonly issuer: string
  readonly authorize: string
  readonly token: string
  readonly register: string
  readonly device: string
  readonly resource: string
}

export const signInServices = Object.keys(servers) as SignInService[]

export const redirectUri = 'http://127.0.0.1:7777/callback'
// RFC 7636, appendix B.
export const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
export const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

type Through = Pick<Sandbox, 'fetch'>

/** A reply with its JSON, if it is some. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on it.
  readonly json: any
}

async function replyOf(response: Response): Promise<Reply> {
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  return { status: response.status, headers: response.headers, json: isJson ? JSON.parse(text) : undefined }
}

export async function postForm(
  through: Through,
  url: string,
  form: Record<string, string> | string,
  headers: Record<string, string> = {},
): Promise<Reply> {
  return replyOf(await through.fetch(url, { method: 'POST', headers, body: new URLSearchParams(form) }))
}

export async function register(through: Through, service: SignInService, metadata: unknown): Promise<Reply> {
  const headers = { 'content-type': 'application/json' }
  return replyOf(
    await through.fetch(servers[service].register, { method: 'POST', headers, body: JSON.stringify(metadata) }),
  )
}

/** The client id of an app with the one redirect URI. */
export function appAt(sandbox: Sandbox, service: SignInService): string {
  return sandbox.clients.register(service, { name: 'Test app', redirectUris: ['http://127.0.0.1/callback'] }).clientId
}

/** An authorization URL with what is always needed; a change to undefined leaves a parameter out. */
export function authorizationUrl(
  service: SignInService,
  clientId: string,
  changes: Record<string, string | undefined> = {},
): string {
  const url = new URL(servers[service].authorize)
  const parameters = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: 'a state',
    resource: servers[service].resource,
    ...changes,
  }
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value)
  return url.href
}

/** A code for an app. */
export async function codeFor(
  sandbox: Sandbox,
  service: SignInService,
  clientId: string,
  options: SignInAtOptions & { readonly changes?: Record<string, string | undefined> } = {},
): Promise<string> {
  const callback = await signInAt(sandbox, authorizationUrl(service, clientId, options.changes), options)
  return callback.searchParams.get('code') ?? `no code: ${callback.search}`
}

/** The fields of a token request for a code. */
export function codeGrant(clientId: string, code: string): Record<string, string> {
  return {
    grant_type: 'authorization_code',
    code,
    client_id: clientId,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  }
}

/** A whole sign-in: the token endpoint's answer. */
export async function signedIn(
  sandbox: Sandbox,
  service: SignInService,
  clientId: string,
  options: Parameters<typeof codeFor>[3] = {},
): Promise<Reply> {
  const code = await codeFor(sandbox, service, clientId, options)
  return postForm(sandbox, servers[service].token, codeGrant(clientId, code))
}

export function refresh(
  sandbox: Through,
  service: SignInService,
  clientId: string,
  token: string,
  more: Record<string, string> = {},
): Promise<Reply> {
  const form = { grant_type: 'refresh_token', refresh_token: token, client_id: clientId, ...more }
  return postForm(sandbox, servers[service].token, form)
}
