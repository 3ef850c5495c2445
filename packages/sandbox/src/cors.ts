import type { SandboxOptions } from './options.ts'
import type { Operation, Service } from './service.ts'
import type { ServiceName } from './service-name.ts'

// A page at any address may call: what is sent holds no cookie, and the answer is for who sent the secret.
const anyPage = '*'
// What a page may read beside the body: why it was refused, when to ask again, and its MCP session.
const readable =
  'www-authenticate, retry-after, ratelimit, ratelimit-policy, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, mcp-session-id, mcp-protocol-version, x-request-id, sunset, deprecation'

/**
 * Lets pages of other origins call these operations: `always`, or unless the service's `cors` switch is off. Found for
 * Pensyve's authorization server; assumed for the other two, and for every API and MCP server.
 */
export function withCors<S extends ServiceName>(
  operations: readonly Operation<S>[],
  cors: 'always' | 'switched' = 'switched',
): Operation<S>[] {
  return operations.map((operation) => ({ ...operation, cors }))
}

/** Whether the answer is for pages of other origins too; a path that the service does not have is an API's 404. */
export function isOpenToPages(service: Service, operation: Operation | undefined, options: SandboxOptions): boolean {
  const cors = operation === undefined ? 'switched' : operation.cors
  return cors === 'always' || (cors === 'switched' && options[service.name]?.cors !== false)
}

/** The method that a page asks to use, if the request is its browser's preflight. */
export function preflightMethod({ method, headers }: Request): string | undefined {
  return method === 'OPTIONS' ? (headers.get('access-control-request-method') ?? undefined) : undefined
}

/** The answer that lets a page send what its browser asked about. */
export function preflightAnswer(method: string, { headers }: Request): Response {
  const allowed = {
    'access-control-allow-methods': `${method}, OPTIONS`,
    'access-control-allow-headers': headers.get('access-control-request-headers') ?? 'content-type',
    'access-control-max-age': '600',
    vary: 'access-control-request-headers',
  }
  return new Response(null, { status: 204, headers: allowed })
}

/** Lets a page read an answer; what a scripted fault says of its own stays. */
export function openToPages({ headers }: Response): void {
  for (const [name, value] of [
    ['access-control-allow-origin', anyPage],
    ['access-control-expose-headers', readable],
  ] as const) {
    if (!headers.has(name)) headers.set(name, value)
  }
}
