import { apiKey } from '@pentauth/core'
import { caught, testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import type { SignInWay } from '../../src/index.ts'
import { connect, connectStock, type OfficialClient } from '../support/clients.ts'
import { type SmallWorld, type SmallWorldOptions, smallWorld } from '../support/small-world.ts'
import { stockProvider } from '../support/stock.ts'

// Rows O of docs/threats.md: what happens to sign-ins and secrets in MCP clients. The twin is the SDK by itself, as its documents
// have it.

const key = testKey.token('a key of the server')

interface Client {
  readonly client: OfficialClient
  /** How many times somebody was asked to sign in. */
  readonly asked: () => number
}

/** A client that is signed in, by the adapter. */
async function byAdapter(world: SmallWorld, wish: { readonly helps?: boolean } = {}): Promise<Client> {
  await world.signIn()
  let asked = 0
  const signIn: SignInWay = async ({ challenge }) => {
    asked += 1
    if (wish.helps === false) throw new TypeError('nobody came')
    await world.signIn({ challenge })
  }
  return { client: await connect('v2', world.auth(), { signIn }), asked: () => asked }
}

/** A client that is signed in, by the SDK alone. */
async function byStock(world: SmallWorld): Promise<Client> {
  const provider = stockProvider({ client: { client_id: 'client-0' }, tokens: world.issuer.issue() })
  const client = await connectStock('v2', world.url, { authProvider: provider })
  return { client, asked: () => provider.pages.length }
}

const echo = (client: OfficialClient) => client.callTool({ name: 'echo', arguments: {} })

threat<(world: SmallWorld) => Promise<Client>, { ok: number; renewals: number; asked: number }>(
  'O1',
  'calls at once with one refused token use the refresh token more than once',
  {
    ours: byAdapter,
    twin: byStock,
    async attack(make) {
      const world = await smallWorld()
      const { client, asked } = await make(world)
      world.issuer.valid.clear()
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => echo(client)))
      const ok = outcomes.filter(({ status }) => status === 'fulfilled').length
      return { ok, renewals: world.issuer.refreshes(), asked: asked() }
    },
    breaches: ({ ok, renewals, asked }) => [
      ...(ok === 20 ? [] : [`${20 - ok} calls failed`]),
      ...(renewals === 1 ? [] : [`${renewals} renewals`]),
      ...(asked === 0 ? [] : [`${asked} people were asked to sign in`]),
    ],
  },
)

/** A way to sign in as hosts write it: whatever is refused, somebody has to sign in. */
async function withoutMemory(world: SmallWorld): Promise<Client> {
  const first = await byAdapter(world)
  let asked = 0
  const callTool: OfficialClient['callTool'] = async (call) => {
    try {
      return await first.client.callTool(call)
    } catch {
      asked += 1
      await world.signIn()
      return first.client.callTool(call)
    }
  }
  return { client: { ...first.client, callTool }, asked: () => asked }
}

threat<(world: SmallWorld) => Promise<Client>, number>(
  'O2',
  'a server that always refuses has people sign in again and again',
  {
    ours: byAdapter,
    twin: withoutMemory,
    async attack(make) {
      const refused = { on: false }
      const guard: SmallWorldOptions['guard'] = ({ body }) =>
        refused.on && body.includes('tools/call')
          ? { status: 401, challenge: 'Bearer error="invalid_token"' }
          : undefined
      const world = await smallWorld({ guard })
      const { client, asked } = await make(world)
      refused.on = true
      for (let call = 0; call < 10; call++) await caught(echo(client))
      return asked()
    },
    breaches: (asked) => (asked <= 1 ? [] : [`${asked} sign-ins for 10 calls`]),
  },
)

interface KeyClient {
  readonly connect: (world: SmallWorld) => Promise<OfficialClient>
}

const keyByAdapter: KeyClient = { connect: (world) => connect('v2', world.auth(apiKey(key))) }
const keyByStock: KeyClient = {
  connect: (world) =>
    connectStock('v2', world.url, {
      requestInit: { headers: { authorization: `Bearer ${key}` } },
      authProvider: undefined,
    }),
}

threat<KeyClient, string>('O3', 'a server repeats the key, and the error of the SDK has it', {
  ours: keyByAdapter,
  twin: keyByStock,
  async attack({ connect }) {
    const state = { status: 200 }
    const isGood = (authorization: string | null) => authorization === `Bearer ${key}`
    const world = await smallWorld({
      service: { apiKey: { env: 'SMALL_API_KEY' } },
      admit: ({ headers }) => isGood(headers.get('authorization')),
      guard: ({ headers, body }) =>
        state.status !== 200 && body.includes('tools/call')
          ? { status: state.status, body: { error: `no: ${headers.get('authorization')}` } }
          : undefined,
    })
    const client = await connect(world)
    let said = ''
    for (const status of [400, 403, 404, 500, 503]) {
      state.status = status
      // Not `caught`, which would refuse what the twin throws.
      const error: unknown = await echo(client).catch((thrown: unknown) => thrown)
      said += `${error} ${JSON.stringify(error)} ${JSON.stringify((error as { data?: unknown }).data)}`
    }
    return said
  },
  breaches: (said) => (said.includes(key) ? ['the key is in an error'] : []),
})

const twoSecrets = { authorization: `Bearer ${key}`, 'x-api-key': key }

threat<(world: SmallWorld) => Promise<unknown>, boolean>(
  'O4',
  'a key for the MCP server reaches its authorization server',
  {
    ours: (world) => connect('v2', world.auth(apiKey(key)), { transport: { requestInit: { headers: twoSecrets } } }),
    twin: (world) =>
      connectStock('v2', world.url, { authProvider: stockProvider(), requestInit: { headers: twoSecrets } }),
    async attack(make) {
      const world = await smallWorld({ service: { apiKey: { env: 'SMALL_API_KEY' } } })
      await caught(make(world))
      return world.home.seen.some(({ headers, body }) => [...headers.values(), body].join().includes(key))
    },
    breaches: (hasKey) => (hasKey ? ['the authorization server has the key'] : []),
  },
)
