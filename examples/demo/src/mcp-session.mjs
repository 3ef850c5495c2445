// The official MCP client, which sends by the `fetch` of a visit.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { errorFrom } from '@pentauth/node'

/**
 * @typedef {import('./visit.mjs').Visit} Visit
 * @typedef {{ status: number, body: unknown, error?: import('@pentauth/node').PentauthError }} Outcome
 * @typedef {object} McpSession
 * @property {(tool: { name: string, arguments?: Record<string, unknown> }) => Promise<Outcome>} call
 * @property {() => Promise<void>} close
 */

/**
 * @param {Visit} visit
 * @returns {Promise<McpSession>}
 */
export async function connect(visit) {
  /** @type {Omit<Outcome, 'body'>} of the last request, since the client does not tell it */
  let outcome = { status: 0 }
  const client = new Client({ name: 'pentauth-demo', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(new URL(visit.base), {
    async fetch(input, init) {
      const response = await visit.fetch(input, init)
      // The client also asks for a stream of the server's own messages, which the sandbox does not have.
      if (init?.method === 'POST') {
        const error = await errorFrom(response)
        outcome = { status: response.status, ...(error ? { error } : {}) }
      }
      return response
    },
  })
  await client.connect(transport)
  return {
    async call(tool) {
      const result = await client.callTool(tool).catch((error) => {
        if (!outcome.error) throw error
      })
      return { ...outcome, body: result && !result.isError ? bodyOf(result) : undefined }
    },
    close: () => client.close(),
  }
}

/** @param {import('@modelcontextprotocol/client').CallToolResult} result */
function bodyOf({ content: [first] }) {
  const text = first?.type === 'text' ? first.text : ''
  try {
    return JSON.parse(text)
  } catch {
    // Pentographer's tools answer in words.
    return text
  }
}
