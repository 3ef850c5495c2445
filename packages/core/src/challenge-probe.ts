import { type Challenge, parseChallenge } from './challenge.ts'
import type { Flow } from './flow.ts'
import { ask } from './http-oauth.ts'

/** What every server of the protocol can be asked; one that wants a token says so before it looks at it. */
const ping = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'ping' })

/** Servers that were asked, by the names that a definition has for where tokens come from. */
const documented = ['issuer', 'authorizationEndpoint', 'tokenEndpoint', 'protectedResourceMetadata'] as const

/** Whether nothing is known of a resource but its address, so that it has to be asked what its tokens are for. */
export function isUnknown({ service: { oauth }, resource: { protocol } }: Flow): boolean {
  return protocol === 'mcp' && !documented.some((name) => oauth && Object.hasOwn(oauth, name))
}

/**
 * Asks an MCP server, without any credential, what it wants: the challenge names the metadata and the scopes of this resource.
 *
 * @returns nothing where it says nothing of the kind, or cannot be reached: what is asked next tells why
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization
 */
export async function challengeOf(flow: Flow): Promise<Challenge | undefined> {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  const request = { method: 'POST', headers, body: ping }
  const { url, audience = url } = flow.resource
  const response = await ask(flow, 'challenge', audience, request).catch(() => undefined)
  if (response?.status !== 401) return undefined
  const challenges = parseChallenge(response.headers.get('www-authenticate'))
  return challenges.find(({ scheme }) => scheme === 'bearer') ?? challenges.find(({ scheme }) => scheme === 'dpop')
}
