import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { signInAt } from '@pentauth/sandbox'
import {
  type Auth,
  createAuth,
  finishSignIn,
  memoryStore,
  type PentauthEvent,
  type Resource,
  type Service,
  type StartedSignIn,
  type StartSignInOptions,
  type Store,
  signedIn,
  signOut,
  startSignIn,
} from '../../src/index.ts'
import type { World } from './world.ts'

// People who sign in at the sandbox's pages, and the official MCP client that works for them.

const redirectUri = 'http://127.0.0.1:8123/callback'

/** What a person does at the pages: who they are, and whether they allow it. */
export interface Person {
  readonly account?: string
  readonly allow?: boolean
}

export interface SignIns<Names extends string> {
  /** The service, where this transport has it. */
  readonly there: Service<Names>
  readonly store: Store
  start(options?: Partial<StartSignInOptions>): Promise<StartedSignIn>
  /** Goes through the pages, and comes back with the callback. */
  visit(url: URL, person?: Person): Promise<URL>
  signIn(options?: Partial<StartSignInOptions>, person?: Person): ReturnType<typeof finishSignIn>
  auth(account?: string): Auth<Names>
  signOut(): Promise<void>
}

/** A person's sign-ins through the real pages, and what follows from them. */
export function signInsOf<Names extends string>(
  world: World,
  service: Service<Names>,
  store: Store = memoryStore(),
): SignIns<Names> {
  const there = world.at(service)
  const shared = {
    store,
    runtime: { now: () => world.sandbox.clock.now() },
    onEvent: (event: PentauthEvent) => void (world.events as PentauthEvent[]).push(event),
  }
  const through = () => (world.transport === 'msw' ? world.sandbox : fetch)
  const signIns: SignIns<Names> = {
    there,
    store,
    start: (options = {}) => startSignIn(there, { ...shared, redirectUri, client: { name: 'Test' }, ...options }),
    visit: (url, person = {}) => signInAt(through(), url, person),
    async signIn(options = {}, person = {}) {
      const { url } = await signIns.start(options)
      return finishSignIn(there, await signIns.visit(url, person), shared)
    },
    auth: (account = 'default') => createAuth(there, { ...shared, credential: signedIn({ store, account }) }),
    signOut: () => signOut(there, shared),
  }
  return signIns
}

export interface ToolResult {
  readonly text: string
  readonly isError: boolean
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on it.
  readonly json: any
}

export interface McpClient extends AsyncDisposable {
  readonly tools: () => Promise<string[]>
  readonly call: (name: string, args?: Record<string, unknown>) => Promise<ToolResult>
}

/** The official client at a service's MCP endpoint, with `auth.fetch` for its fetch. */
export async function mcpClient(service: Service, { fetch }: Pick<Auth, 'fetch'>): Promise<McpClient> {
  return connected(mcpUrl(service), { fetch: fetch as typeof globalThis.fetch })
}

/** The same with headers instead, as in the files that people write for their clients. */
export async function configuredClient(service: Service, headers: Record<string, string>): Promise<McpClient> {
  return connected(mcpUrl(service), { requestInit: { headers } })
}

export function mcpUrl(service: Service): string {
  return Object.values<Resource>(service.resources).find(({ protocol }) => protocol === 'mcp')?.url ?? ''
}

async function connected(
  url: string,
  options: ConstructorParameters<typeof StreamableHTTPClientTransport>[1],
): Promise<McpClient> {
  const client = new Client({ name: 'test', version: '1.0.0' })
  await client.connect(new StreamableHTTPClientTransport(new URL(url), options))
  return {
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    async call(name, args = {}) {
      const { content, isError = false } = await client.callTool({ name, arguments: args })
      const text = (content as { text?: string }[])[0]?.text ?? ''
      return { text, isError: Boolean(isError), json: /^[[{]/.test(text) ? JSON.parse(text) : undefined }
    },
    [Symbol.asyncDispose]: () => client.close(),
  }
}

/** A call of a tool as one request, to look at the answer itself. */
export function toolCall(name: string, args: object = {}): [body: object, headers: Record<string, string>] {
  const params = { name, arguments: args }
  return [{ jsonrpc: '2.0', id: 1, method: 'tools/call', params }, { accept: 'application/json, text/event-stream' }]
}
