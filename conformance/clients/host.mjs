import process from 'node:process'
import { memoryStore, PentauthError, apiKey } from '@pentauth/core'
import { mcpService } from '@pentauth/mcp'
import { shimTransport } from './shim.mjs'
export const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? ''
export const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}')
export async function browse(to) {
  const { headers } = await fetch(to, { redirect: 'manual' })
  return headers.get('location') ?? ''
}
async function clientFor(url) {
  if (scenario === 'auth/basic-cimd') return { metadataUrl: 'https://conformance-test.local/client-metadata.json' }
  if (scenario === 'auth/pre-registration') {
    const u = new URL(url)
    const doc = await (await fetch(`${u.origin}/.well-known/oauth-protected-resource${u.pathname}`)).json()
    return { clientId: context.client_id, clientSecret: context.client_secret, issuer: doc.authorization_servers[0] }
  }
  return { name: 'Conformance' }
}
export async function transport(T, url) {
  const service = mcpService(url)
  return shimTransport(T, url, service, { store: memoryStore(), client: await clientFor(url), browse })
}
export async function conclude(work) {
  try { await work(); process.stdout.write('ok\n'); process.exit(0) }
  catch (error) {
    process.stderr.write(`${error.stack}\n`)
    let e = error
    while (e && !PentauthError.isInstance(e)) e = e.cause
    process.stdout.write(`${e?.code ?? 'error'}\n`)
    process.exit(1)
  }
}
