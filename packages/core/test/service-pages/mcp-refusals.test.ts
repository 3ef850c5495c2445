import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { errorFrom, firstOf, parseChallenge, type Service, throwIfRefused } from '../../src/index.ts'
import { createHttp } from '../../src/ky.ts'
import { pendium, pensyve, pentographer, profundis } from '../../src/services.ts'
import { mcpClient, mcpUrl, signInsOf, toolCall } from './people.ts'
import { describeOnBoth, keyring, refusalOf, send, tokenSource, type World } from './world.ts'

// What the MCP servers answer to a missing and to a refused credential: the page's texts where it has some, and the way to sign in.

interface Row {
  readonly service: Service
  readonly missing: Record<string, unknown>
  readonly invalid: Record<string, unknown>
  /** What is said in the refusal of a credential. */
  readonly said: string
  /** Where the challenge leads; absent where no sign-in is documented. */
  readonly metadata?: string
  readonly issuer?: string
  readonly authorize?: string
  /** The code of a request whose credential got lost. */
  readonly lost: string
}

const rows: readonly Row[] = [
  {
    service: pendium,
    missing: { error: 'Authentication required. Connect via OAuth.' },
    invalid: { error: 'Invalid or expired OAuth token. Re-authenticate via OAuth.' },
    said: 'Invalid or expired OAuth token. Re-authenticate via OAuth.',
    metadata: 'https://pendium.ai/.well-known/oauth-protected-resource',
    issuer: 'https://pendium.ai',
    authorize: 'https://pendium.ai/authorize',
    lost: 'authentication_required',
  },
  {
    service: pensyve,
    // Found in the gateway's source: the page has no error text.
    missing: {
      error: 'unauthorized',
      message: 'Missing or invalid Authorization header. Use: Bearer psy_your_key',
    },
    invalid: { error: 'unauthorized', message: 'Invalid or revoked API key' },
    said: 'Invalid or revoked API key',
    metadata: 'https://mcp.pensyve.com/.well-known/oauth-protected-resource',
    issuer: 'https://mcp.pensyve.com',
    authorize: 'https://pensyve.com/oauth/authorize',
    lost: 'authentication_required',
  },
  {
    service: profundis,
    // Assumed: nothing but the gate and the credits is documented.
    missing: { error: 'invalid_token', error_description: 'A Profundis credential is required.' },
    invalid: { error: 'invalid_token', error_description: 'The credential is invalid or has been renewed.' },
    said: 'The credential is invalid or has been renewed.',
    metadata: 'https://mcp.profundis.io/.well-known/oauth-protected-resource',
    issuer: 'https://auth.profundis.io',
    authorize: 'https://auth.profundis.io/authorize',
    lost: 'credential_refused',
  },
  {
    service: pentographer,
    missing: { error: 'Unauthorized' },
    invalid: { error: 'Unauthorized' },
    said: 'Unauthorized',
    lost: 'credential_refused',
  },
]

/** A documented address, as this transport has it. */
const addressOf = (world: World, { service }: Row, documented: string) => {
  const moved = Object.values(world.at(service).resources).map(({ url }) => new URL(url).origin)
  const origins = Object.values(service.resources).map(({ url }) => new URL(url).origin)
  const { origin, pathname } = new URL(documented)
  return `${moved[origins.indexOf(origin)] ?? origin}${pathname}`.replace(/\/$/, '')
}

describeOnBoth('MCP without a good credential', (world) => {
  describe.each(rows)('$service.name', (row) => {
    const { service, missing, invalid, said, metadata, issuer, authorize, lost } = row
    const endpoint = () => mcpUrl(world.at(service))
    const challengeOf = (response: Response) => parseChallenge(response.headers.get('www-authenticate'))

    it('no credential: 401, the text, and a challenge that names the metadata', async () => {
      const [body, headers] = toolCall('anything')
      const json = { 'content-type': 'application/json', ...headers }
      const response = await fetch(endpoint(), { method: 'POST', headers: json, body: JSON.stringify(body) })
      const [challenge] = challengeOf(response)
      expect([response.status, challenge?.scheme.toLowerCase()]).toEqual([401, 'bearer'])
      expect(challenge?.parameters.error).toBeUndefined()
      expect(await response.json()).toEqual(missing)
      if (!metadata) return expect(challenge?.parameters.resource_metadata).toBeUndefined()
      expect(challenge?.parameters.resource_metadata).toBe(addressOf(world, row, metadata))
    })

    it('an unknown token: 401, the text, a challenge, and one request', async () => {
      const token = testKey.token()
      const response = await send(world.auth(service, tokenSource(token)), endpoint(), ...toolCall('anything'))
      expect(await response.clone().json()).toEqual(invalid)
      expect(challengeOf(response)[0]?.parameters.error).toBe('invalid_token')
      const error = await refusalOf(response)
      expect(error).toMatchObject({ status: 401, code: 'credential_refused', service: service.id, retryable: false })
      expect(error.message).toContain(`refused the access token from a sign-in`)
      expect(error.message).toContain(JSON.stringify(said))
      expect(world.entries()).toMatchObject([
        { operation: 'mcp', credential: { header: 'authorization', valid: false } },
      ])
    })

    it('the official client stops there, and nothing but its first request was sent', async () => {
      expect(
        await caught(mcpClient(world.at(service), world.auth(service, tokenSource(testKey.token())))),
      ).toBeDefined()
      expect(new Set(world.entries().map(({ operation, status }) => `${operation} ${status}`))).toEqual(
        new Set(['mcp 401']),
      )
    })

    it('a credential that got lost on the way', async () => {
      world.sandbox.faults.add({
        service: service.id as 'pendium',
        path: new URL(mcpUrl(service)).pathname,
        status: 401,
        body: missing,
      })
      const response = await send(
        world.auth(service, tokenSource(testKey.token())),
        endpoint(),
        ...toolCall('anything'),
      )
      const error = await refusalOf(response)
      expect(error).toMatchObject({ status: 401, code: lost })
      expect(error.hint).not.toMatch(/_API_KEY|x-api-key/)
    })

    if (metadata && issuer && authorize)
      it('the refusal leads to the metadata, to the authorization server and to its page', async () => {
        const response = await send(
          world.auth(service, tokenSource(testKey.token())),
          endpoint(),
          ...toolCall('anything'),
        )
        const [challenge] = challengeOf(response)
        const described = await (await fetch(challenge?.parameters.resource_metadata ?? '')).json()
        expect(described).toMatchObject({ bearer_methods_supported: ['header'] })
        expect(described.resource).toBe(endpoint())
        expect(described.authorization_servers).toHaveLength(1)
        const [server] = described.authorization_servers
        const about = await (await fetch(`${server}/.well-known/oauth-authorization-server`)).json()
        expect(about).toMatchObject({ issuer: server, code_challenge_methods_supported: ['S256'] })
        if (world.transport === 'msw') expect([server, about.authorization_endpoint]).toEqual([issuer, authorize])
        const { url } = await signInsOf(world, service).start(challenge ? { challenge } : {})
        expect(`${url.origin}${url.pathname}`).toBe(about.authorization_endpoint)
        expect(url.searchParams.get('resource')).toBe(endpoint())
        expect(url.searchParams.get('code_challenge_method')).toBe('S256')
      })
  })

  it('Pensyve: 403 without a challenge, as in the public gateway', async () => {
    await world.restart({ pensyve: { invalidMcpCredentialStatus: 403 } })
    const { source, reads } = keyring(testKey.pensyve())
    const response = await send(world.auth(pensyve, source), mcpUrl(world.at(pensyve)), ...toolCall('pensyve_status'))
    expect(response.headers.has('www-authenticate')).toBe(false)
    expect(await response.clone().json()).toEqual({ error: 'forbidden', message: 'Invalid or revoked API key' })
    expect(await refusalOf(response)).toMatchObject({ status: 403, code: 'credential_refused' })
    expect([reads(), world.entries().length]).toEqual([2, 1])
  })

  it('Pentographer: 401 without a challenge, as in the public source', async () => {
    await world.restart({ pentographer: { challenge: false } })
    const auth = world.auth(pentographer, tokenSource(testKey.token()))
    const response = await send(auth, mcpUrl(world.at(pentographer)), ...toolCall('list_projects'))
    expect(response.headers.has('www-authenticate')).toBe(false)
    expect(await refusalOf(response)).toMatchObject({ status: 401, code: 'credential_refused' })
  })
})

describeOnBoth('a refused access token', (world) => {
  interface Surface {
    readonly service: Service
    readonly name: string
    readonly path: string
    readonly body: unknown
  }
  const both: readonly Surface[] = [
    { service: pensyve, name: 'rest', path: '/recall', body: { query: 'tea' } },
    { service: pensyve, name: 'mcp', path: '', body: toolCall('pensyve_status')[0] },
    { service: profundis, name: 'rest', path: '/subdomains', body: { domain: 'example.com' } },
    { service: profundis, name: 'mcp', path: '', body: toolCall('whoami')[0] },
    { service: pentographer, name: 'graphql', path: '', body: { query: '{ me { id } }' } },
    { service: pentographer, name: 'mcp', path: '', body: toolCall('list_projects')[0] },
  ]

  // Each takes keys and tokens, and has one text for both.
  it.each(both)(
    '$service.name $name: the way out is that of a token, and of a key for a key',
    async ({ service, name, path, body }) => {
      const there: Service = world.at(service)
      const url = `${there.resources[name]?.url}${path}`
      const headers = { accept: 'application/json, text/event-stream' }
      const { id, key } = world.sandbox.keys.create(service.id as 'pensyve')
      world.sandbox.keys.revoke(service.id as 'pensyve', id)
      const [forToken, forKey] = await Promise.all(
        [tokenSource(testKey.token()), key].map(async (source) =>
          refusalOf(await send(world.auth(service, source), url, body, headers)),
        ),
      )
      expect([forToken?.code, forKey?.code]).toEqual(['credential_refused', 'credential_refused'])
      expect([forToken?.message.includes('the access token'), forKey?.message.includes('the API key')]).toEqual([
        true,
        true,
      ])
      const { keys, clients, connectedApps, docs } = there.links
      expect(forKey?.link).toBe(keys?.url ?? docs.url)
      if (service === pentographer) {
        expect(forToken?.hint).toContain(clients?.where)
        expect(forToken?.link).toBe(clients?.url)
      } else {
        expect(forToken?.hint).toContain('Sign in again.')
        expect(forToken?.hint).not.toMatch(/\bkey\b/i)
        expect(forToken?.link).toBe(connectedApps?.url ?? docs.url)
      }
    },
  )

  it('through ky, and thrown, the way out is the same', async () => {
    const json = { query: 'tea' }
    const hint = 'The sign-in has ended or was revoked. Sign in again.'
    for (const status of [401, 403] as const) {
      await world.restart({ pensyve: { invalidKeyStatus: status, invalidTokenStatus: status } })
      const url = `${world.at(pensyve).resources.rest.url}/recall`
      const auth = world.auth(pensyve, tokenSource(testKey.token()))
      expect(await caught(createHttp(auth, { retry: 0 }).post(url, { json }))).toMatchObject({ hint, status })
      expect(await caught(send(auth, url, json).then(throwIfRefused))).toMatchObject({ hint, status })
    }
  })

  it.each([pensyve, profundis])(
    '$name: a session that was revoked speaks of signing in, beside a key that works',
    async (service) => {
      const { there, signIn, auth } = signInsOf<string>(world, service)
      await signIn()
      const id = service.id as 'pensyve'
      const [app] = world.sandbox.apps.list(id)
      world.sandbox.apps.revoke(id, app?.id ?? '')
      const response = await send(auth(), mcpUrl(there), ...toolCall('whoami'))
      expect((await errorFrom(response))?.hint).toMatch(/^The sign-in has ended or was revoked\. Sign in again\./)
      expect((await caught(auth().credential())).code).toBe('sign_in_required')
      // A chain says what was sent.
      const { id: key, key: value } = world.sandbox.keys.create(id)
      world.sandbox.keys.revoke(id, key)
      const chain = world.auth(service, firstOf(tokenSource(testKey.token()), keyring(value).source))
      expect((await refusalOf(await send(chain, mcpUrl(there), ...toolCall('whoami')))).message).toContain(
        'access token',
      )
    },
  )
})
