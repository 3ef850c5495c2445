import { sessionKey } from '@pentauth/core'
import { caught } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { pentauthErrorIn, type SignInWanted, signInAsError } from '../src/index.ts'
import { both, connect, connectStock } from './support/clients.ts'
import type { Refusal } from './support/mcp-server.ts'
import type { Seen } from './support/server.ts'
import { redirectUri, type SmallWorld, smallWorld } from './support/small-world.ts'
import { stockProvider } from './support/stock.ts'

// `WWW-Authenticate` as real servers and gateways write it: several challenges in one header, quotes with anything in them.

type Kind = (typeof both)[number]

const call = { name: 'echo', arguments: {} }

/** Refuses calls of tools for want of scope, once or as long as the token is the same. */
function scopeGuard(challenge: string, times = 1): (seen: Seen) => Refusal | undefined {
  let left = times
  return ({ body }) => (body.includes('tools/call') && left-- > 0 ? { status: 403, challenge } : undefined)
}

/** Signs a person in whenever that is wanted, and keeps what for. */
function signingIn(world: SmallWorld): {
  readonly wanted: SignInWanted[]
  signIn(wanted: SignInWanted): Promise<void>
} {
  const wanted: SignInWanted[] = []
  return {
    wanted,
    async signIn(one) {
      wanted.push(one)
      await world.signIn(one.challenge ? { challenge: one.challenge } : {})
    },
  }
}

async function stock(kind: Kind, world: SmallWorld, tokens: object | undefined) {
  const provider = stockProvider({ client: { client_id: 'client-0' }, tokens: tokens as never })
  return { provider, connected: connectStock(kind, world.url, { authProvider: provider }) }
}

const tricky =
  'Basic realm="staff, only", Bearer error="insufficient_scope", error_description="need scope=admin now, or scope=\\"root\\"", scope="files:write"'

describe.each(both)('%s', (kind) => {
  it('asks for the scope of the challenge and not for what its description mentions, and keeps what there was', async () => {
    const world = await smallWorld({ guard: scopeGuard(tricky) })
    await world.signIn({ scope: 'files:read' })
    const { wanted, signIn } = signingIn(world)
    const client = await connect(kind, world.auth(), { signIn })
    await client.callTool(call)
    expect(wanted).toMatchObject([{ resource: 'mcp', reason: { code: 'insufficient_scope', status: 403 } }])
    expect(wanted[0]?.challenge?.map(({ scheme }) => scheme)).toEqual(['basic', 'bearer'])
    // The session that follows says what the page was asked for.
    const session = await world.store.get(sessionKey(world.service.resources.mcp, 'default', 'default'))
    expect(JSON.parse(session ?? '{}').scopes).toEqual(['files:read', 'files:write'])
  })

  it('the twin: the SDK asks for the scope that the description mentions', async () => {
    const world = await smallWorld({ guard: scopeGuard(tricky.slice(tricky.indexOf('Bearer'))) })
    const { refresh_token: _, ...tokens } = world.issuer.issue()
    const { provider, connected } = await stock(kind, world, tokens)
    await caught((await connected).callTool(call))
    expect(provider.pages[0]?.searchParams.get('scope')).toContain('admin')
    expect(provider.pages[0]?.searchParams.get('scope')).not.toContain('files:write')
  })

  it('a scope that is refused again after the sign-in is asked for once', async () => {
    const world = await smallWorld({ guard: scopeGuard('Bearer error="insufficient_scope", scope="files:write"', 99) })
    await world.signIn({ scope: 'files:read' })
    const { wanted, signIn } = signingIn(world)
    const client = await connect(kind, world.auth(), { signIn })
    expect(pentauthErrorIn(await caught(client.callTool(call)))).toMatchObject({ code: 'insufficient_scope' })
    expect(wanted).toHaveLength(1)
    // The session has all that is asked for: a further sign-in would bring nothing new.
    const error = pentauthErrorIn(await caught(client.callTool(call)))
    expect([error?.code, world.issuer.forms.length]).toEqual(['insufficient_scope', 2])
  })

  it('without a way to sign in the error says what is missing', async () => {
    const world = await smallWorld({ guard: scopeGuard(tricky) })
    await world.signIn({ scope: 'files:read' })
    const client = await connect(kind, world.auth())
    const error = pentauthErrorIn(await caught(client.callTool(call)))
    expect(error).toMatchObject({ code: 'insufficient_scope', status: 403, parameters: { scope: 'files:write' } })
  })

  describe('metadata that only the challenge leads to, behind one for another scheme', () => {
    const options = {
      metadata: '/elsewhere/meta',
      challenge: (origin: string) =>
        `Negotiate, Basic realm="x", Bearer realm="a \\"quoted\\" one, Bearer", resource_metadata="${origin}/elsewhere/meta"`,
    }

    it('is found', async () => {
      const world = await smallWorld(options)
      const signIn = signInAsError({ ...world.shared, redirectUri, client: { name: 'Test' } })
      const failure = pentauthErrorIn(await caught(connect(kind, world.auth(), { signIn })))
      expect(new URL(failure?.signIn?.url ?? '').origin).toBe(world.home.origin)
    })

    it('the twin: the SDK does not see it', async () => {
      const world = await smallWorld(options)
      const { provider, connected } = await stock(kind, world, undefined)
      await caught(connected)
      expect(world.server.at('/elsewhere/meta')).toEqual([])
      expect(provider.pages.map(({ origin }) => origin)).not.toContain(world.home.origin)
    })
  })

  it.each([
    ['empty', ''],
    ['no challenge', undefined],
    ['of another scheme', 'Basic realm="x"'],
    ['broken', 'Bearer scope="files, error='],
    ['endless', `Bearer ${'a="b", '.repeat(2000)}`],
  ])('a 401 whose challenge is %s still is a 401', async (_, challenge) => {
    const guard = ({ headers }: Seen) =>
      headers.get('authorization') ? { status: 401, ...(challenge === undefined ? {} : { challenge }) } : undefined
    const world = await smallWorld({ guard })
    await world.signIn()
    expect(pentauthErrorIn(await caught(connect(kind, world.auth())))).toMatchObject({ code: 'credential_refused' })
  })
})
