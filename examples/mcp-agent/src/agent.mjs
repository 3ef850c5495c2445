// The agent: the official client, and one line of ours, whatever credential the server wants.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { createTransport } from '@pentauth/mcp'

/**
 * Lists the tools of a server and calls one.
 * @param {import('@pentauth/node').Auth} auth
 * @param {import('@pentauth/mcp').SignInWay} signIn asked only where nobody is signed in
 * @param {string} tool
 */
export async function useTools(auth, signIn, tool) {
  const client = new Client({ name: 'mcp-agent', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
  await client.connect(createTransport(StreamableHTTPClientTransport, auth, { signIn }))
  try {
    const { tools } = await client.listTools()
    const { content } = await client.callTool({ name: tool, arguments: {} })
    const [first] = /** @type {{ text?: string }[]} */ (content)
    return { tools: tools.length, called: tool, answer: first?.text ?? '' }
  } finally {
    await client.close()
  }
}
