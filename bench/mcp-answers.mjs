// An MCP server with one tool, as far as a bench needs one: stateless, and every answer is JSON.

const tool = { name: 'echo', description: 'Says ok.', inputSchema: { type: 'object' } }

/** @type {Readonly<Record<string, (params: any) => object>>} */
const results = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'bench', version: '1.0.0' },
  }),
  ping: () => ({}),
  'tools/list': () => ({ tools: [tool] }),
  'tools/call': () => ({ content: [{ type: 'text', text: 'ok' }] }),
}

/**
 * @param {string | undefined} method of HTTP
 * @param {string} body
 * @returns {import('./oauth-server.mjs').Answer}
 */
export function mcpAnswer(method, body) {
  // It has nothing to say by itself, so it has no stream for that.
  if (method !== 'POST') return { status: 405, headers: { allow: 'POST' } }
  const { id, method: name, params = {} } = JSON.parse(body)
  if (id === undefined) return { status: 202 }
  const result = Object.hasOwn(results, name) ? results[name]?.(params) : undefined
  const error = { code: -32_601, message: 'Method not found' }
  return { status: 200, body: { jsonrpc: '2.0', id, ...(result ? { result } : { error }) } }
}
