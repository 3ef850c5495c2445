// The client of SDK v2 that the suites run: started with the URL of the suite's server.
import process from 'node:process'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { createTransport } from '@pentauth/mcp'
import { conclude, host } from './host.mjs'
import { revision } from './scenario.mjs'
import { useTools } from './tools.mjs'

const [url = ''] = process.argv.slice(2)

await conclude(async () => {
  const { auth, signIn } = await host(url)
  const capabilities = { elicitation: { form: { applyDefaults: true } } }
  // The suite says which revision its server speaks; the older suite does not, and its servers speak the older ones.
  const mode = revision === '2026-07-28' ? 'auto' : 'legacy'
  const client = new Client(
    { name: 'pentauth-conformance', version: '0.0.0' },
    { capabilities, versionNegotiation: { mode } },
  )
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: {} }))
  await client.connect(createTransport(StreamableHTTPClientTransport, auth, { signIn }))
  await useTools(client)
  await client.close()
})
