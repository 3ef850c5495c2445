// The client of SDK v1 that the suites run: started with the URL of the suite's server.
import process from 'node:process'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { createTransport } from '@pentauth/mcp'
import { conclude, host } from './host.mjs'
import { useTools } from './tools.mjs'

const [url = ''] = process.argv.slice(2)

await conclude(async () => {
  const { auth, signIn } = await host(url)
  const capabilities = { elicitation: { form: { applyDefaults: true } } }
  const client = new Client({ name: 'pentauth-conformance', version: '0.0.0' }, { capabilities })
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: {} }))
  // Its transport does not fit its own interface under exactOptionalPropertyTypes.
  const transport = /** @type {any} */ (createTransport(StreamableHTTPClientTransport, auth, { signIn }))
  await client.connect(transport)
  await useTools(client)
  await client.close()
})
