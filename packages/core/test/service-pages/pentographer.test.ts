import { caught, testKey } from '@pentauth/tooling/canary'
import { Client, fetchExchange, gql } from '@urql/core'
import { describe, expect, it } from 'vitest'
import { type Auth, clientCredentials } from '../../src/index.ts'
import { pentographer } from '../../src/services.ts'
import { describeOnBoth, expectHeader, expectOnly, keyring, refusalOf, send, tokenSource } from './world.ts'

const me = { query: '{ me { id } }' }
const projects = gql`{ projects { id name status findings { id title risk status } } }`
const createFinding = gql`
  mutation ($project: ID!, $input: CreateFindingInput!) {
    createFinding(projectId: $project, input: $input) { id title risk status }
  }
`

describe('Pentographer: the tables of its page', () => {
  it('knows the three prefixes and the token endpoint', () => {
    expect(pentographer.apiKey).toMatchObject({ prefix: 'ptg_', prefixSource: 'documented' })
    expect(pentographer.oauth).toMatchObject({
      clientIdPrefix: 'ptgc_',
      clientSecretPrefix: 'ptgs_',
      tokenEndpoint: 'https://app.pentographer.com/api/oauth/token',
      grants: ['client_credentials'],
      tokenEndpointAuthMethod: 'client_secret_post',
      tokenFormat: 'jwt',
      tokenLifetime: 3600,
    })
  })

  it('recommends keys for scripts and MCP, clients between machines', () => {
    const methods = Object.fromEntries(pentographer.recommendations.map(({ client, method }) => [client, method]))
    expect(methods).toEqual({
      'simple script': 'api-key',
      'MCP client': 'api-key',
      'machine-to-machine integration': 'client-credentials',
    })
  })

  it('says where keys and clients are made, and who manages them', () => {
    expect(pentographer.links.keys?.where).toBe('Workspace Settings > API Keys')
    expect(pentographer.links.clients?.where).toBe('Workspace Settings > OAuth Clients')
    expect(pentographer.access).toMatch(/administrators and owners see and manage all.*members only their own/)
  })
})

describeOnBoth('Pentographer', (world) => {
  const url = () => world.at(pentographer).resources.graphql.url
  const ask = (auth: Auth) => send(auth, url(), me)
  const urql = (auth: Auth) =>
    new Client({ url: url(), fetch: auth.fetch, exchanges: [fetchExchange], preferGetMethod: false })

  describe('the header', () => {
    it.each(['graphql', 'mcp', 'api'] as const)(
      'is Authorization: Bearer on %s, for keys and for tokens',
      async (name) => {
        const address = world.at(pentographer).resources[name].url
        const [key, token] = [testKey.pentographer(), testKey.token()]
        expectHeader(await world.auth(pentographer, key).headers(address), 'authorization', key)
        expectHeader(await world.auth(pentographer, tokenSource(token)).headers(address), 'authorization', token)
        const asked = world.auth(pentographer, key).headers(address, { header: 'x-api-key' })
        expect(await caught(asked)).toMatchObject({ code: 'credential_not_accepted' })
      },
    )

    it('carries a key to GraphQL', async () => {
      const { key } = world.sandbox.keys.create('pentographer')
      const response = await ask(world.auth(pentographer, key))
      expect([response.status, await response.json()]).toEqual([200, { data: { me: { id: 'ada' } } }])
      expect(expectOnly(world, 'authorization', key).credential).toMatchObject({ kind: 'api-key', valid: true })
    })

    it('carries a key to system endpoints', async () => {
      const { key } = world.sandbox.keys.create('pentographer')
      const address = `${world.at(pentographer).resources.api.url}/oauth/discovery`
      expect((await send(world.auth(pentographer, key), address)).status).toBe(200)
      expectOnly(world, 'authorization', key)
    })
  })

  describe('a real GraphQL client', () => {
    it.each(['an API key', 'client credentials'])('queries and changes data with %s', async (what) => {
      const client = world.sandbox.clients.create('pentographer')
      const { key } = world.sandbox.keys.create('pentographer')
      const graphql = urql(world.auth(pentographer, what === 'an API key' ? key : clientCredentials(client)))
      const before = await graphql.query(projects, {}).toPromise()
      expect(before.error).toBeUndefined()
      expect(before.data.projects[0].findings).toHaveLength(1)
      const input = { title: 'Open redirect', riskLevel: 'high' }
      const made = await graphql.mutation(createFinding, { project: 'acme-web', input }).toPromise()
      expect(made.data.createFinding).toMatchObject({ title: 'Open redirect', risk: 'high', status: 'draft' })
      const after = await graphql.query(projects, {}).toPromise()
      expect(after.data.projects[0].findings).toContainEqual(expect.objectContaining({ title: 'Open redirect' }))
      const kind = what === 'an API key' ? 'api-key' : 'access-token'
      expect(world.entries('graphql').map(({ credential }) => credential)).toMatchObject(
        Array(3).fill({ kind, header: 'authorization', valid: true }),
      )
      expect(world.entries('token')).toHaveLength(kind === 'api-key' ? 0 : 1)
    })

    it("gets the service's answer to a mistake, and its refusal of a key", async () => {
      const { id, key } = world.sandbox.keys.create('pentographer')
      const graphql = urql(world.auth(pentographer, key))
      const wrong = await graphql.query(gql`{ viewer { id } }`, {}).toPromise()
      expect(wrong.error?.graphQLErrors[0]?.message).toContain('viewer')
      world.sandbox.keys.revoke('pentographer', id)
      const refused = await graphql.query(gql`{ __schema { queryType { name } } }`, {}).toPromise()
      expect(refused.error?.response).toMatchObject({ status: 401 })
      expect(refused.data).toBeUndefined()
    })
  })

  describe('revocation', () => {
    it.each([true, false])('rejects a key with 401 at once (challenge: %s)', async (challenge) => {
      await world.restart({ pentographer: { challenge } })
      const { id, key } = world.sandbox.keys.create('pentographer')
      const { source, reads } = keyring(key)
      const auth = world.auth(pentographer, source)
      expect((await ask(auth)).status).toBe(200)
      world.sandbox.keys.revoke('pentographer', id)
      const response = await ask(auth)
      expect(response.headers.has('www-authenticate')).toBe(challenge)
      const readable = response.clone()
      const error = await refusalOf(response)
      expect(error).toMatchObject({
        status: 401,
        code: 'credential_refused',
        service: 'pentographer',
        retryable: false,
      })
      expect(error.message).toContain('401 "Unauthorized"')
      expect(error.hint).toContain('revoked, which takes effect at once')
      expect(error.hint).toContain('Workspace Settings > API Keys')
      expect(error.link).toBe(world.at(pentographer).links.keys?.url)
      expect(await readable.json()).toEqual({ error: 'Unauthorized' })
      expect([reads(), world.entries().length]).toEqual([2, 2])
    })

    it.each(['ada', 'admin'])("%s sees every key of the organisation and revokes a member's", async (as) => {
      const member = world.sandbox.keys.create('pentographer', { as: 'member' })
      const { key } = world.sandbox.keys.create('pentographer')
      expect(world.sandbox.keys.list('pentographer', { as })).toHaveLength(2)
      world.sandbox.keys.revoke('pentographer', member.id, { as })
      expect((await ask(world.auth(pentographer, member.key))).status).toBe(401)
      expect((await ask(world.auth(pentographer, key))).status).toBe(200)
    })

    it('a member sees and revokes only their own', async () => {
      const ada = world.sandbox.keys.create('pentographer')
      const member = world.sandbox.keys.create('pentographer', { as: 'member' })
      expect(world.sandbox.keys.list('pentographer', { as: 'member' }).map(({ id }) => id)).toEqual([member.id])
      expect(() => world.sandbox.keys.revoke('pentographer', ada.id, { as: 'member' })).toThrow(/may not/)
      expect((await ask(world.auth(pentographer, ada.key))).status).toBe(200)
      world.sandbox.keys.revoke('pentographer', member.id, { as: 'member' })
      expect((await ask(world.auth(pentographer, member.key))).status).toBe(401)
    })
  })
})
