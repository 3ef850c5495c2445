import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { conclude, transport } from './host.mjs'
const url = process.argv[2]
await conclude(async () => {
  const client = new Client({ name: 'pentauth', version: '0.0.0' }, { capabilities: {} })
  await client.connect(await transport(StreamableHTTPClientTransport, url))
  const { tools } = await client.listTools()
  for (const { name } of tools) await client.callTool({ name, arguments: {} })
  await client.close()
})
