// The MCP clients as their own pages have them: an OAuth provider that keeps everything in memory, what was discovered, too.
import { auth, createMCPClient } from '@ai-sdk/mcp'
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

const redirectUri = 'http://127.0.0.1:8123/callback'
const info = { name: 'bench', version: '1.0.0' }

/**
 * @param {{ origin: string, url: string }} place of the MCP server
 * @returns {readonly import('../mcp-client.mjs').McpContender[]}
 */
export function contenders(place) {
  return [
    official('@modelcontextprotocol/sdk (v1)', place, ClientV1, TransportV1, (transport, { searchParams }) =>
      transport.finishAuth(searchParams.get('code')),
    ),
    official('@modelcontextprotocol/client (v2)', place, ClientV2, TransportV2, (transport, { searchParams }) =>
      transport.finishAuth(searchParams),
    ),
    aiSdk(place),
  ]
}

function official(name, place, Client, Transport, finish) {
  const connect = async (provider, transport = new Transport(new URL(place.url), { authProvider: provider })) => {
    const client = new Client(info)
    await client.connect(transport)
    return client
  }
  const over = (client, memory) => ({
    list: () => client.listTools(),
    call: () => client.callTool({ name: 'echo', arguments: {} }),
    ...factsOf(memory),
    close: () => client.close(),
  })
  return {
    name,
    async signIn(browse, known) {
      const memory = memoryOf(place, known)
      const first = new Transport(new URL(place.url), { authProvider: memory.provider })
      await connect(memory.provider, first).catch(unlessAsked(memory))
      await finish(first, await browse(memory.asked))
      return over(await connect(memory.provider), memory)
    },
  }
}

function aiSdk(place) {
  const connect = ({ provider }) =>
    createMCPClient({ transport: { type: 'http', url: place.url, authProvider: provider }, onUncaughtError: () => {} })
  const over = (client, memory) => ({
    list: () => client.listTools(),
    call: () => client.callTool({ name: 'echo', arguments: {} }),
    ...factsOf(memory),
    close: () => client.close(),
  })
  return {
    name: '@ai-sdk/mcp',
    async signIn(browse, known) {
      const memory = memoryOf(place, known)
      await connect(memory).catch(unlessAsked(memory))
      const { searchParams } = await browse(memory.asked)
      await auth(memory.provider, {
        serverUrl: place.url,
        authorizationCode: searchParams.get('code'),
        callbackState: searchParams.get('state'),
        callbackIssuer: searchParams.get('iss'),
      })
      return over(await connect(memory), memory)
    },
  }
}

/** A provider that is what all three ask for, and what it was told. */
function memoryOf({ origin }, known) {
  const memory = { redirects: 0, asked: undefined }
  const kept = {
    client: known ? { client_id: 'bench', issuer: origin } : undefined,
  }
  const keep = (name) => (value) => {
    kept[name] = value
  }
  const provider = {
    redirectUrl: redirectUri,
    clientMetadata: {
      client_name: 'Bench',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
      ...(known ? { scope: 'tools' } : {}),
    },
    state: () => crypto.randomUUID(),
    saveState: keep('state'),
    storedState: () => kept.state,
    clientInformation: () => kept.client,
    saveClientInformation: keep('client'),
    tokens: () => kept.tokens,
    saveTokens: keep('tokens'),
    saveCodeVerifier: keep('verifier'),
    codeVerifier: () => kept.verifier,
    invalidateCredentials(scope) {
      if (scope === 'all' || scope === 'client') kept.client = undefined
      if (scope === 'all' || scope === 'tokens') kept.tokens = undefined
      if (scope === 'all' || scope === 'discovery') kept.discovery = undefined
    },
    saveDiscoveryState: keep('discovery'),
    discoveryState: () => kept.discovery,
    authorizationServerInformation: () => kept.server,
    saveAuthorizationServerInformation: keep('server'),
    redirectToAuthorization(to) {
      memory.redirects += 1
      memory.asked = to
    },
  }
  return Object.assign(memory, { provider, kept })
}

/** None of them looks at a clock. */
function factsOf(memory) {
  return {
    held: async () => memory.kept.tokens?.refresh_token,
    redirects: () => memory.redirects,
    expire() {},
  }
}

function unlessAsked(memory) {
  return (error) => {
    if (memory.asked === undefined) throw error
  }
}
