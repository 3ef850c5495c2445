import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { conclude, transport } from './host.mjs'
const url = process.argv[2]
const is2026 = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION === '2026-07-28'
await conclude(async () => {
  const client = new Client({ name: 'pentauth', version: '0.0.0' }, { capabilities: {}, ...(is2026 ? { versionNegotiation: { mode: 'auto' } } : {}) })
  await client.connect(await transport(StreamableHTTPClientTransport, url))
  const { tools } = await client.listTools()
  for (const { name } of tools) await client.callTool({ name, arguments: {} })
  await client.close()
})
