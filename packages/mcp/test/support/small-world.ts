import {
  type Auth,
  type CredentialSource,
  createAuth,
  finishSignIn,
  memoryStore,
  type PentauthEvent,
  type Runtime,
  type Service,
  type SignInOptions,
  type StartSignInOptions,
  type Store,
  signedIn,
  startSignIn,
} from '@pentauth/core'
import { type McpServiceOptions, mcpService } from '../../src/index.ts'
import { type Issuer, issuer } from './issuer.ts'
import { type McpServer, type McpServerOptions, mcpServer, type Refusal } from './mcp-server.ts'
import { type Handler, notMine, type Seen, serve, type TestServer } from './server.ts'

export const redirectUri = 'http://127.0.0.1:8123/callback'

export interface SmallWorldOptions {
  readonly answers?: McpServerOptions['answers']
  readonly path?: '/mcp' | '/sse'
  /** Whether the authorization server is at the MCP server's origin, which has no metadata then. */
  readonly together?: boolean
  readonly service?:
    | McpServiceOptions
    | ((origins: { readonly server: string; readonly home: string }) => McpServiceOptions)
  /** Where its metadata is; at the usual place unless given. */
  readonly metadata?: string
  /** Refuses before the token is looked at. */
  readonly guard?: (seen: Seen) => Refusal | undefined
  /** Lets in what has no token. */
  readonly admit?: (seen: Seen) => boolean
  /** The challenge of a refused token; with the metadata's address unless given. */
  readonly challenge?: (origin: string) => string
}

/** A small MCP server, an authorization server of its own, and what a program makes of them. */
export interface SmallWorld {
  readonly url: string
  readonly server: TestServer
  readonly mcp: McpServer
  readonly issuer: Issuer
  /** Of the authorization server. */
  readonly home: TestServer
  /** Paths that are not there. */
  readonly hide: Set<string>
  /** Moves the MCP server to another authorization server. */
  move(): Promise<{ readonly issuer: Issuer; readonly home: TestServer }>
  readonly service: Service<'mcp'>
  readonly store: Store
  readonly clock: { now: number }
  readonly events: PentauthEvent[]
  readonly shared: SignInOptions
  auth(credential?: CredentialSource, runtime?: Partial<Runtime>): Auth<'mcp'>
  signIn(options?: Partial<StartSignInOptions>): Promise<void>
}

export async function smallWorld(options: SmallWorldOptions = {}): Promise<SmallWorld> {
  const { answers = 'json', path = '/mcp', together = false } = options
  const { metadata = `/.well-known/oauth-protected-resource${path}` } = options
  const first = issuer()
  const homes: { issuer: Issuer; home: TestServer }[] = []
  const current = () => homes.at(-1) ?? { issuer: first, home: server }
  const mcp = mcpServer({
    ...{ answers, path, metadata },
    issuer: () => (together ? undefined : current().home.origin),
    guard(seen, origin) {
      const refusal = options.guard?.(seen)
      if (refusal) return refusal
      if (options.admit?.(seen)) return undefined
      const token = seen.headers.get('authorization')?.replace(/^Bearer /, '') ?? ''
      if (current().issuer.valid.has(token)) return undefined
      const place = `resource_metadata="${origin}${metadata}"`
      const error = token ? 'error="invalid_token"' : ''
      const plain = `Bearer ${[error, together ? '' : place].filter(Boolean).join(', ')}`.trim()
      return { status: 401, challenge: options.challenge?.(origin) ?? plain }
    },
  })
  const hide = new Set<string>()
  const hidden: Handler = ({ path: asked }, response) => (hide.has(asked) ? response.writeHead(404).end() : notMine)
  const server = await serve(hidden, mcp.handler, ...(together ? [first.handler] : []))
  homes.push({ issuer: first, home: together ? server : await serve(first.handler) })
  const url = `${server.origin}${path}`
  const origins = { server: server.origin, home: current().home.origin }
  const described = typeof options.service === 'function' ? options.service(origins) : options.service
  const service = mcpService(url, described)
  const clock = { now: Date.now() }
  const events: PentauthEvent[] = []
  const store = memoryStore()
  const shared: SignInOptions = {
    store,
    runtime: {
      now: () => clock.now,
      // Nobody waits.
      async sleep(ms) {
        clock.now += ms
      },
    },
    onEvent: (event) => void events.push(event),
  }
  const client = described?.client ?? { name: 'Test' }
  return {
    ...{ url, server, hide, mcp, issuer: first, home: current().home, service, store, clock, events, shared },
    async move() {
      const other = issuer(`issuer ${homes.length}`)
      const next = { issuer: other, home: await serve(other.handler) }
      homes.push(next)
      return next
    },
    auth: (credential = signedIn({ store }), runtime = {}) =>
      createAuth(service, { runtime: { ...shared.runtime, ...runtime }, onEvent: shared.onEvent, credential }),
    async signIn(given = {}) {
      const { url: page } = await startSignIn(service, { client, redirectUri, ...shared, ...given })
      await finishSignIn(service, current().issuer.approve(page), { ...shared, ...given })
    },
  }
}
