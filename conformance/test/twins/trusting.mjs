// SDK v1 as it is documented: it does not compare who has answered a sign-in.
import process from 'node:process'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { InMemoryOAuthClientProvider } from '@modelcontextprotocol/sdk/examples/client/simpleOAuthClientProvider.js'

const url = new URL(process.argv.at(-1) ?? '')
const redirectUri = 'http://localhost:3000/callback'
/** @type {URL | undefined} */
let page
const metadata = { client_name: 'Twin', redirect_uris: [redirectUri] }
// Neither it nor the transport fits its own interface under exactOptionalPropertyTypes.
const authProvider = /** @type {any} */ (
  new InMemoryOAuthClientProvider(redirectUri, metadata, (to) => {
    page = to
  })
)
const connect = async () => {
  const transport = new StreamableHTTPClientTransport(url, { authProvider })
  const client = new Client({ name: 'twin', version: '0.0.0' })
  await client.connect(/** @type {any} */ (transport)).catch(async () => {
    const { headers } = await fetch(String(page), { redirect: 'manual' })
    await transport.finishAuth(new URL(headers.get('location') ?? '').searchParams.get('code') ?? '')
  })
  return client
}
await connect()
await (await connect()).listTools()
process.stdout.write('ok\n')
process.exit()
