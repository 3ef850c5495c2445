import { caught, testKey } from '@pentauth/tooling/canary'
import { expect, it } from 'vitest'
import { clientCredentials } from '../../src/index.ts'
import { pentographer } from '../../src/services.ts'
import { configuredClient, mcpClient, toolCall } from './people.ts'
import { describeOnBoth, expectHeader, refusalOf, send } from './world.ts'

// Pentographer's MCP server with a key and with a client's token, and the token endpoint as the page's curl has it.

describeOnBoth('Pentographer, MCP and tokens', (world) => {
  const mcp = () => world.at(pentographer).resources.mcp.url
  const endpoint = () => world.at(pentographer).oauth?.tokenEndpoint ?? ''
  const ask = (form: Record<string, string>) => fetch(endpoint(), { method: 'POST', body: new URLSearchParams(form) })

  it('a key connects an editor, in the header of its configuration', async () => {
    const { key } = world.sandbox.keys.create('pentographer')
    await using client = await configuredClient(world.at(pentographer), { authorization: `Bearer ${key}` })
    expect(await client.tools()).toContain('list_projects')
    for (const { headers } of world.arrivals) expectHeader(headers, 'authorization', key)
  })

  it.each(['a key', 'a client'])('%s calls tools, and reads through GraphQL what it wrote', async (way) => {
    const { key } = world.sandbox.keys.create('pentographer')
    const client = world.sandbox.clients.create('pentographer')
    const auth = world.auth(pentographer, way === 'a key' ? key : clientCredentials(client))
    await using mcpOf = await mcpClient(world.at(pentographer), auth)
    const finding = { projectId: 'acme-web', title: 'Open redirect', riskLevel: 'high' }
    expect((await mcpOf.call('create_finding', finding)).isError).toBe(false)
    const query = { query: '{ projects { id findings { title } } }' }
    const response = await send(auth, world.at(pentographer).resources.graphql.url, query)
    expect(JSON.stringify(await response.json())).toContain('Open redirect')
    expect(await mcpOf.call('get_project', { projectId: 'none' })).toMatchObject({ text: 'Project not found.' })
    expect(world.entries('token')).toHaveLength(way === 'a key' ? 0 : 1)
  })

  it.each(['a key', 'a client'])('%s that is revoked is 401 Unauthorized at once, on MCP too', async (way) => {
    const { id, key } = world.sandbox.keys.create('pentographer')
    const client = world.sandbox.clients.create('pentographer')
    const auth = world.auth(pentographer, way === 'a key' ? key : clientCredentials(client))
    expect((await send(auth, mcp(), ...toolCall('list_projects'))).status).toBe(200)
    if (way === 'a key') world.sandbox.keys.revoke('pentographer', id)
    else world.sandbox.clients.delete(client.clientId)
    const response = await send(auth, mcp(), ...toolCall('list_projects'))
    expect(await response.clone().json()).toEqual({ error: 'Unauthorized' })
    const error = await refusalOf(response)
    expect(error).toMatchObject({ status: 401, code: 'credential_refused' })
    const { keys, clients } = world.at(pentographer).links
    expect(error.hint).toContain(way === 'a key' ? keys?.where : clients?.where)
  })

  it('the token endpoint answers the curl of the page with the three fields, and the token is a JWT', async () => {
    const { clientId, clientSecret } = world.sandbox.clients.create('pentographer')
    const response = await ask({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret })
    const answer = await response.json()
    expect([response.status, Object.keys(answer).sort()]).toEqual([200, ['access_token', 'expires_in', 'token_type']])
    expect(answer).toMatchObject({ token_type: 'Bearer', expires_in: 3600 })
    expect(JSON.parse(atob(answer.access_token.split('.')[0]))).toMatchObject({ alg: expect.any(String) })
    const headers = { authorization: `Bearer ${answer.access_token}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ query: '{ me { id } }' })
    const graphql = await fetch(world.at(pentographer).resources.graphql.url, { method: 'POST', headers, body })
    expect(graphql.status).toBe(200)
    expect(world.entries()[0]?.url).toBe('https://app.pentographer.com/api/oauth/token')
  })

  // Found in the public source: the page shows no refusal of the token endpoint.
  it.each([
    ['another grant', { grant_type: 'password' }, 400, { error: 'unsupported_grant_type' }],
    [
      'no secret',
      { grant_type: 'client_credentials', client_id: testKey.pentographerClientId() },
      400,
      { error: 'invalid_request', error_description: 'client_id and client_secret are required' },
    ],
    [
      'a client that nobody made',
      {
        grant_type: 'client_credentials',
        client_id: testKey.pentographerClientId(),
        client_secret: testKey.pentographerSecret(),
      },
      401,
      { error: 'invalid_client' },
    ],
  ])('the token endpoint refuses %s, and core says what it said', async (_, form, status, body) => {
    const response = await ask(form as Record<string, string>)
    expect([response.status, await response.json()]).toEqual([status, body])
    world.sandbox.faults.add({ service: 'pentographer', path: '/api/oauth/token', status, body })
    const auth = world.auth(pentographer, clientCredentials(world.sandbox.clients.create('pentographer')))
    const error = await caught(send(auth, mcp(), ...toolCall('list_projects')))
    expect(error).toMatchObject({ status, code: status === 401 ? 'client_refused' : 'token_request_rejected' })
    expect(error.message).toContain(body.error)
    expect(world.entries('mcp')).toEqual([])
  })
})
