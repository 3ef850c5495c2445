import { defineService, PentauthError, type Service } from '@pentauth/core'
import { services } from '@pentauth/core/services'
import type { Environment } from '@pentauth/node'
import { audienceOf, audiencesOf, located } from './saved.ts'

/**
 * What tokens of an audience are for: one of our services where it is now, else an MCP server at that address; `undefined` where it is no
 * address that one could have.
 */
export async function serviceOf(audience: string, env: Environment): Promise<Service | undefined> {
  for (const service of services) {
    const here = located(service, env)
    if (!PentauthError.isInstance(here) && audiencesOf(here).has(audience)) return here
  }
  const { mcpService } = await import('@pentauth/mcp')
  try {
    const service = mcpService(audience)
    const { mcp } = service.resources
    // It may be another spelling of it than ours.
    return audienceOf(mcp) === audience
      ? service
      : defineService({ ...service, resources: { mcp: { ...mcp, audience } } })
  } catch {
    return undefined
  }
}
