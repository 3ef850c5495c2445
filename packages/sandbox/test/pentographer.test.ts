import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { createSandbox, facts, leakMarker, type Sandbox } from '../src/index.ts'
import { type Answer, bearer, call, codeOf } from './call.ts'

const origin = 'https://app.pentographer.com'
const tokenUrl = `${origin}/api/oauth/token`

const query = (sandbox: Sandbox, credential: string, text: string, variables?: unknown): Promise<Answer> =>
  call(sandbox, `${origin}/api/graphql`, bearer(credential), { query: text, variables })

async function post(
  sandbox: Sandbox,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await sandbox.fetch(tokenUrl, { method: 'POST', headers, body: new URLSearchParams(form) })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: JSON.parse(text) }
}

const grant = (client: { clientId: string; clientSecret: string }): Record<string, string> => ({
  grant_type: 'client_credentials',
  client_id: client.clientId,
  client_secret: client.clientSecret,
})

describe('401', () => {
  test.each([
    ['no credential', undefined],
    ['an unknown key', `Bearer ptg_${'0'.repeat(64)}`],
    ['no token at all', 'Bearer nonsense'],
    ['another scheme', 'Basic YTpi'],
  ])('%s', async (_, authorization) => {
    const sandbox = createSandbox()
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
    const answer = await call(sandbox, `${origin}/api/graphql`, headers, { query: '{ __schema { types { name } } }' })
    expect([answer.status, answer.json]).toEqual([401, { error: 'Unauthorized' }])
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
  })

  test('after a revocation, and the challenge is a switch', async () => {
    const sandbox = createSandbox({ pentographer: { challenge: false } })
    const { id, key } = sandbox.keys.create('pentographer')
    expect((await query(sandbox, key, '{ me { id } }')).status).toBe(200)
    sandbox.keys.revoke('pentographer', id)
    const answer = await query(sandbox, key, '{ me { id } }')
    expect([answer.status, answer.json]).toEqual([401, { error: 'Unauthorized' }])
    expect(answer.headers.has('www-authenticate')).toBe(false)
  })
})

describe('GraphiQL', () => {
  const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
  const url = `${origin}/api/graphql`

  test('is shown to a browser that has no credential, and loads nothing', async () => {
    const sandbox = createSandbox()
    const page = await call(sandbox, url, html)
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(page.text).toContain('Authorization: Bearer')
    expect(page.text).not.toMatch(/<(script|link|img|iframe)|https?:|src=|href=/)
    expect(page.headers.get('content-security-policy')).toBe("default-src 'none'")
    expect(sandbox.journal.entries).toMatchObject([{ operation: 'graphql', status: 200, credential: undefined }])
  })

  test.each<[string, string, Record<string, string>, unknown?]>([
    ['a query sent from it', url, html, { query: '{ me { id } }' }],
    ['a query in the address', `${url}?query=%7B__typename%7D`, html],
    ['a program', url, { accept: 'application/json' }],
    ['a client that says nothing', url, {}],
    ['a key that is wrong', url, { ...html, ...bearer(`ptg_${'0'.repeat(64)}`) }],
    ['another scheme', url, { ...html, authorization: 'Basic YTpi' }],
  ])('%s without a good credential stays 401', async (_, address, headers, body) => {
    const answer = await call(createSandbox(), address, headers, body)
    expect([answer.status, answer.json]).toEqual([401, { error: 'Unauthorized' }])
  })

  test('a key in a browser queries', async () => {
    const sandbox = createSandbox()
    const headers = { ...html, ...bearer(sandbox.keys.create('pentographer').key) }
    const answer = await call(sandbox, `${url}?query=%7Bme%7Bid%7D%7D`, { ...headers, accept: 'application/json' })
    expect(answer.json).toEqual({ data: { me: { id: 'ada' } } })
    expect((await call(sandbox, url, headers, { query: '{ me { id } }' })).json).toEqual({
      data: { me: { id: 'ada' } },
    })
  })
})

describe('GraphQL', () => {
  test('reads the user, customers, projects and playbooks; the scheme in any case', async () => {
    const sandbox = createSandbox()
    const { key } = sandbox.keys.create('pentographer')
    const text = `{ me { id name email companyName } customers { id name contactEmail }
      projects { id name status customer { id name } findings { id title risk riskLevel status } }
      playbooks { id name version categories { id name items { id title risk frameworkRef } } } }`
    const response = await call(sandbox, `${origin}/api/graphql`, { authorization: `BEARER ${key}` }, { query: text })
    expect(response.json.errors).toBeUndefined()
    const { me, customers, projects, playbooks } = response.json.data
    expect(me).toEqual({ id: 'ada', name: 'Ada', email: 'ada@example.com', companyName: 'Analytical Engines' })
    expect(customers).toHaveLength(1)
    expect(projects[0].findings[0]).toMatchObject({ risk: 'medium', riskLevel: 'medium', status: 'draft' })
    expect(playbooks[0].categories[0].items[0].frameworkRef).toBe('WSTG-SESS-02')
  })

  test('mutations change the data', async () => {
    const sandbox = createSandbox()
    const { key } = sandbox.keys.create('pentographer')
    const create = `mutation ($project: ID!, $input: CreateFindingInput!) {
      createFinding(projectId: $project, input: $input) { id title risk riskLevel status } }`
    const input = { title: 'Open redirect', riskLevel: 'high' }
    const made = (await query(sandbox, key, create, { project: 'acme-web', input })).json.data.createFinding
    expect(made).toMatchObject({ title: 'Open redirect', risk: 'high', riskLevel: 'high', status: 'draft' })
    const update = `mutation ($id: ID!) {
      updateFindingStatus(findingId: $id, status: false_positive, justification: "by design") { status justification } }`
    await query(sandbox, key, update, { id: made.id })
    const read = await query(sandbox, key, '{ projects { findings { id status justification } } }')
    expect(read.json.data.projects[0].findings).toContainEqual({
      id: made.id,
      status: 'false_positive',
      justification: 'by design',
    })
  })

  test("another organisation's data is not there", async () => {
    const sandbox = createSandbox()
    const { key } = sandbox.keys.create('pentographer', { account: 'outsider' })
    expect((await query(sandbox, key, '{ projects { id } }')).json.data.projects).toEqual([{ id: 'umbra-web' }])
    const steal = `mutation { createFinding(projectId: "acme-web", input: { title: "x", riskLevel: low }) { id } }`
    expect((await query(sandbox, key, steal)).json.errors[0].message).toBe('Project not found.')
    const change = `mutation { updateFindingStatus(findingId: "acme-finding-1", status: confirmed) { id } }`
    expect((await query(sandbox, key, change)).json.errors[0].message).toBe('Finding not found.')
  })

  test('a member of the organisation sees its projects; filters and bad fields work as in any GraphQL', async () => {
    const sandbox = createSandbox()
    const { key } = sandbox.keys.create('pentographer', { as: 'member' })
    expect(
      (await query(sandbox, key, '{ projects(customerId: "acme-customer") { id } }')).json.data.projects,
    ).toHaveLength(1)
    expect((await query(sandbox, key, '{ projects(customerId: "none") { id } }')).json.data.projects).toEqual([])
    expect((await query(sandbox, key, '{ viewer { id } }')).json.errors[0].message).toContain('viewer')
    const url = `${origin}/api/graphql?query=${encodeURIComponent('{ me { id } }')}`
    expect((await call(sandbox, url, bearer(key))).json.data.me.id).toBe('member')
  })
})

describe('client credentials', () => {
  test('have the documented formats and are shown once', () => {
    const sandbox = createSandbox()
    const { clientSecret, ...info } = sandbox.clients.create('pentographer', { name: 'nightly' })
    expect(new RegExp(facts.pentographer.client?.idPattern ?? '^$').test(info.clientId)).toBe(true)
    expect(new RegExp(facts.pentographer.client?.secretPattern ?? '^$').test(clientSecret)).toBe(true)
    expect(clientSecret.indexOf(leakMarker)).toBe(8)
    expect(sandbox.clients.list('pentographer')).toEqual([info])
  })

  test('give a token as on the page, with the marker only in its jti', async () => {
    const sandbox = createSandbox({ now: () => 1_800_000_000_000 })
    const client = sandbox.clients.create('pentographer')
    const answer = await post(sandbox, grant(client))
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const { access_token, ...rest } = answer.json
    expect(rest).toEqual({ token_type: 'Bearer', expires_in: 3600 })
    const { jti, ...claims } = decodeJwt(access_token)
    expect(claims).toEqual({
      cid: client.clientId,
      oid: 'analytical-engines',
      sub: client.clientId,
      iat: 1_800_000_000,
      exp: 1_800_003_600,
    })
    expect(jti?.startsWith(leakMarker)).toBe(true)
    expect(answer.text.includes(leakMarker)).toBe(false)
    expect((await query(sandbox, access_token, '{ me { id } }')).json.data.me.id).toBe('ada')
  })

  test('the token ends after 3600 seconds on the moved clock', async () => {
    const sandbox = createSandbox({ now: () => 1_800_000_000_000 })
    const { access_token } = (await post(sandbox, grant(sandbox.clients.create('pentographer')))).json
    sandbox.clock.advance(3_599_000)
    expect((await query(sandbox, access_token, '{ me { id } }')).status).toBe(200)
    sandbox.clock.advance(1000)
    const answer = await query(sandbox, access_token, '{ me { id } }')
    expect([answer.status, answer.json]).toEqual([401, { error: 'Unauthorized' }])
  })

  test('deleting the client kills its tokens at once', async () => {
    const sandbox = createSandbox()
    const client = sandbox.clients.create('pentographer')
    const { access_token } = (await post(sandbox, grant(client))).json
    sandbox.clients.delete(client.clientId)
    expect((await query(sandbox, access_token, '{ me { id } }')).status).toBe(401)
    expect((await post(sandbox, grant(client))).json).toEqual({ error: 'invalid_client' })
    expect(codeOf(() => sandbox.clients.delete(client.clientId))).toBe('unknown_client')
  })

  test('an altered token, an unsigned one and one of another sandbox are refused', async () => {
    const [one, two] = [createSandbox(), createSandbox()]
    const { access_token } = (await post(one, grant(one.clients.create('pentographer')))).json as {
      access_token: string
    }
    const [, payload = ''] = access_token.split('.')
    const unsigned = `${btoa('{"alg":"none"}').replaceAll('=', '')}.${payload}.`
    for (const token of [`${access_token.slice(0, -3)}AAA`, unsigned]) {
      expect((await query(one, token, '{ me { id } }')).status).toBe(401)
    }
    expect((await query(two, access_token, '{ me { id } }')).status).toBe(401)
  })

  test("a wrong secret and another client's are refused", async () => {
    const sandbox = createSandbox()
    const { clientId } = sandbox.clients.create('pentographer')
    const other = sandbox.clients.create('pentographer')
    for (const clientSecret of [`ptgs_${'0'.repeat(64)}`, other.clientSecret]) {
      const answer = await post(sandbox, grant({ clientId, clientSecret }))
      expect([answer.status, answer.json]).toEqual([401, { error: 'invalid_client' }])
    }
    expect(sandbox.journal.entries.every(({ credential }) => credential?.valid === false)).toBe(true)
  })

  test('JSON and HTTP Basic are taken too', async () => {
    const sandbox = createSandbox()
    const client = sandbox.clients.create('pentographer')
    expect((await call(sandbox, tokenUrl, {}, grant(client))).json.token_type).toBe('Bearer')
    const authorization = `Basic ${btoa(`${client.clientId}:${client.clientSecret}`)}`
    const basic = await post(sandbox, { grant_type: 'client_credentials' }, { authorization })
    expect(basic.json.token_type).toBe('Bearer')
    expect(sandbox.journal.entries.map(({ credential }) => credential?.header)).toEqual(['body', 'authorization'])
    expect(sandbox.journal.entries.every(({ credential }) => credential?.kind === 'client')).toBe(true)
  })

  test.each([
    [{ grant_type: 'password' }, 400, { error: 'unsupported_grant_type' }],
    [{}, 400, { error: 'unsupported_grant_type' }],
    [
      { grant_type: 'client_credentials', client_id: 'ptgc_x' },
      400,
      { error: 'invalid_request', error_description: 'client_id and client_secret are required' },
    ],
    [
      { grant_type: 'client_credentials', client_id: 'ptgc_x', client_secret: 'ptgs_x' },
      401,
      { error: 'invalid_client' },
    ],
  ])('refuses %j', async (form, status, body) => {
    const answer = await post(createSandbox(), form as Record<string, string>)
    expect([answer.status, answer.json]).toEqual([status, body])
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  test('members manage their own clients, admins all of the organisation', () => {
    const sandbox = createSandbox()
    const ada = sandbox.clients.create('pentographer')
    const member = sandbox.clients.create('pentographer', { as: 'member' })
    expect(sandbox.clients.list('pentographer', { as: 'member' }).map(({ account }) => account)).toEqual(['member'])
    expect(sandbox.clients.list('pentographer', { as: 'outsider' })).toEqual([])
    expect(codeOf(() => sandbox.clients.delete(ada.clientId, { as: 'member' }))).toBe('not_allowed')
    sandbox.clients.delete(member.clientId, { as: 'admin' })
    expect(sandbox.clients.list('pentographer')).toHaveLength(1)
  })
})

test('discovery names the documented token endpoint', async () => {
  const { json } = await call(createSandbox(), `${origin}/api/oauth/discovery`)
  expect(json).toMatchObject({ token_endpoint: tokenUrl, grant_types_supported: ['client_credentials'] })
})
