import { defineService, type Service } from '@pentauth/core'

export interface McpServiceOptions {
  /** Name for people; the host unless given. */
  readonly name?: string | undefined
}

/**
 * Describes any MCP server, of which nothing is asked before its first use.
 *
 * @throws PentauthError `invalid_service` for a URL that cannot be a server.
 * @example
 * ```ts
 * const service = mcpService('https://mcp.acme.example/mcp')
 * ```
 */
export function mcpService(url: string | URL, { name }: McpServiceOptions = {}): Service<'mcp'> {
  const { host } = new URL(url)
  return defineService({
    id: `mcp-${host.replace(/[^a-z0-9]+/g, '-')}`,
    name: name ?? host,
    resources: { mcp: { url: String(url), protocol: 'mcp', accessToken: true } },
    errors: [],
    links: { docs: { where: host } },
    recommendations: [],
  })
}
