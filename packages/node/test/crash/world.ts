import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { testKey } from '@pentauth/tooling/canary'

/** What a server makes of a refresh token that was replaced: it is worthless, or taken once more. */
export type Rotation = 'strict' | 'grace'

/** The tokens of a sign-in and its renewals. */
interface Family {
  access: string
  refresh: string
  last: string | undefined
  alive: boolean
}

/** What a process asks the lab, and what it is answered. */
export type Control = (path: string, body: Record<string, unknown>) => unknown

/**
 * An authorization server and a resource that know what they gave to whom, and whether it arrived.
 *
 * `states` is what the store of the processes has held or may hold, in the order of things: refresh tokens, or `nothing`. Up to `proven`
 * they are known to have been handed out by our client; an earlier one must never be found again.
 */
export interface World {
  readonly origin: string
  readonly states: string[]
  proven: number
  tokenRequests: number
  /** Told when an answer with tokens has left. */
  onGrant: () => void
  /** Notes that our client handed out an access token. */
  readonly prove: (access: unknown) => void
  control: Control
  readonly judge: (refresh: unknown) => 'current' | 'replaced' | 'unknown'
  readonly close: () => Promise<void>
}

export async function openWorld(rotation: Rotation): Promise<World> {
  const families: Family[] = []
  /** Where an access token stands in the states. */
  const stateOf = new Map<string, number>()
  let made = 0

  const issue = (family: Family) => {
    made += 1
    Object.assign(family, {
      last: family.refresh,
      access: testKey.token(`access ${made}`),
      refresh: testKey.token(`refresh ${made}`),
    })
    stateOf.set(family.access, world.states.push(family.refresh) - 1)
    return { access_token: family.access, refresh_token: family.refresh, token_type: 'Bearer', expires_in: 3600 }
  }
  const token = (form: URLSearchParams) => {
    world.tokenRequests += 1
    if (form.get('grant_type') !== 'refresh_token') {
      const family: Family = { access: '', refresh: '', last: undefined, alive: true }
      families.push(family)
      return issue(family)
    }
    const given = form.get('refresh_token')
    const family = families.find(({ refresh, last }) => given === refresh || given === last)
    if (!family?.alive) return undefined
    if (given !== family.refresh && rotation === 'strict') {
      family.alive = false
      return undefined
    }
    return issue(family)
  }
  const revoke = (form: URLSearchParams) => {
    const family = families.find(({ refresh, access }) => [refresh, access].includes(form.get('token') ?? ''))
    if (family) family.alive = false
  }
  const resource = ({ headers: { authorization } }: IncomingMessage) => {
    const family = families.find(({ access, alive }) => alive && authorization === `Bearer ${access}`)
    if (!family) return 401
    // Whoever sends it has it from our client.
    world.prove(family.access)
    return 200
  }

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? '', origin)
    const body = await text(request)
    const json = (status: number, content: unknown, then?: () => void) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content), then)
    switch (pathname) {
      case '/.well-known/oauth-protected-resource/mcp':
        return json(200, { resource: `${origin}/mcp`, authorization_servers: [origin] })
      case '/.well-known/oauth-authorization-server':
        return json(200, metadata(origin))
      case '/authorize': {
        const back = new URL(searchParams.get('redirect_uri') ?? '')
        back.search = String(
          new URLSearchParams({ code: testKey.token('code'), state: searchParams.get('state') ?? '', iss: origin }),
        )
        return response.writeHead(302, { location: back.href }).end()
      }
      case '/token': {
        const tokens = token(new URLSearchParams(body))
        return tokens ? json(200, tokens, world.onGrant) : json(400, { error: 'invalid_grant' })
      }
      case '/revoke':
        revoke(new URLSearchParams(body))
        return json(200, {})
      case '/mcp':
        return json(resource(request), {})
      default:
        return json(200, (await world.control(pathname, JSON.parse(body))) ?? {})
    }
  }
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const world: World = {
    origin,
    states: ['nothing'],
    proven: 0,
    tokenRequests: 0,
    onGrant: () => {},
    control: () => {},
    prove(access) {
      world.proven = Math.max(world.proven, stateOf.get(String(access)) ?? 0)
    },
    judge(refresh) {
      const family = families.find(({ refresh: current, last }) => refresh === current || refresh === last)
      if (!family?.alive) return 'unknown'
      return refresh === family.refresh ? 'current' : 'replaced'
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return world
}

const metadata = (origin: string) => ({
  issuer: origin,
  authorization_endpoint: `${origin}/authorize`,
  token_endpoint: `${origin}/token`,
  revocation_endpoint: `${origin}/revoke`,
  response_types_supported: ['code'],
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['none'],
  authorization_response_iss_parameter_supported: true,
})
