import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AccessToken } from '@pentauth/core'
import { createSandbox, type Sandbox } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import {
  type CredentialSource,
  clientCredentials,
  createAuth,
  defineService,
  firstOf,
  githubActionsToken,
  type IdentityToken,
  identityTokenEnv,
  identityTokenFile,
  type PentauthEvent,
  type Service,
  workloadIdentity,
} from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'pentauth-workload-'))
afterAll(() => rmSync(folder, { recursive: true }))

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
const documented = 'https://mcp.pensyve.com'
const audience = 'api://acme'

/** A service of one's own on a listening sandbox that trusts the jobs of its CI system. */
async function world(oauth?: Partial<NonNullable<Service['oauth']>>) {
  const sandbox = createSandbox({ pensyve: { workloadIdentity: [{ subject: 'repo:octo/agent:*', audience }] } })
  const server = await listen(sandbox)
  onTestFinished(() => server.close())
  const issuer = server.origins[documented] as string
  const service = defineService({
    ...{ id: 'acme', name: 'Acme', errors: [], recommendations: [], links: { docs: { where: 'Acme docs' } } },
    resources: { mcp: { url: `${issuer}/mcp`, protocol: 'mcp', accessToken: true } },
    ...(oauth ? { oauth: { grants: [], tokenEndpointAuthMethod: 'none', ...oauth } } : {}),
  })
  const events: PentauthEvent[] = []
  const authOf = (credential: CredentialSource, env = {}) =>
    createAuth(service, {
      env,
      credential,
      runtime: { now: sandbox.clock.now },
      onEvent: (event) => void events.push(event),
    })
  return { sandbox, server, issuer, service, events, authOf, job: sandbox.ci.job(), call: callOf(issuer) }
}

const callOf = (issuer: string) => async (auth: { fetch: typeof fetch }) => {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  return (await auth.fetch(`${issuer}/mcp`, { method: 'POST', body, headers })).status
}
const requests = (sandbox: Sandbox, grant = jwtBearer) => sandbox.tokens.requests('pensyve', grant)

describe('a job of GitHub Actions', () => {
  it.each([
    ['jwt-bearer', jwtBearer],
    ['token-exchange', exchange],
  ] as const)('calls a service by %s: 200 calls, one identity token, one access token', async (grant, type) => {
    const { sandbox, server, issuer, authOf, job, call, events } = await world()
    const token = githubActionsToken({ audience: issuer, env: job.env(server.origins) })
    const auth = authOf(workloadIdentity({ token, grant, issuer }))
    const statuses = await Promise.all(Array.from({ length: 200 }, () => call(auth)))
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect([requests(sandbox, type), sandbox.ci.requests]).toEqual([1, 1])
    expect(events.map(({ type }) => type)).toContain('token_received')
    expectNoMarker(events)
  })

  it('asks for both anew before the end, in the background, and after a refusal', async () => {
    const { sandbox, server, issuer, authOf, job, call } = await world()
    const token = githubActionsToken({ audience: issuer, env: job.env(server.origins) })
    const auth = authOf(workloadIdentity({ token, grant: 'jwt-bearer', issuer }))
    await call(auth)
    const until = async () => ((await auth.credential()) as AccessToken).expiresAt ?? 0
    const first = await until()
    sandbox.clock.advance(850_000)
    expect(await call(auth)).toBe(200)
    // Until the new one is here: what the server has counted may still be on its way.
    await expect.poll(until, { timeout: 30_000 }).toBeGreaterThan(first)
    expect([requests(sandbox), sandbox.ci.requests]).toEqual([2, 2])
    sandbox.tokens.revokeAccessTokens('pensyve')
    expect(await Promise.all(Array.from({ length: 20 }, () => call(auth)))).toEqual(Array(20).fill(200))
    expect([requests(sandbox), sandbox.ci.requests]).toEqual([3, 3])
  })

  it('works with an endpoint of the definition, and a client beside it', async () => {
    const { sandbox, server, issuer, service, job, call } = await world({ grants: [jwtBearer] })
    const { clientId, clientSecret } = sandbox.clients.register('pensyve', {
      redirectUris: [],
      authMethod: 'client_secret_basic',
      grantTypes: [jwtBearer],
    })
    const token = githubActionsToken({ audience: issuer, env: job.env(server.origins) })
    const here = defineService({
      ...service,
      oauth: { ...service.oauth, tokenEndpoint: `${issuer}/oauth/token` } as never,
    })
    const credential = workloadIdentity({ token, grant: 'jwt-bearer', clientId, clientSecret, scope: 'mcp:read' })
    const auth = createAuth(here, { env: {}, credential })
    expect([await call(auth), await auth.credential()]).toMatchObject([200, { scopes: ['mcp:read'] }])
  })

  it('says what the service should trust when it does not', async () => {
    const { sandbox, server, issuer, authOf } = await world()
    const job = sandbox.ci.job({ subject: 'repo:octo/other:ref:refs/heads/main' })
    const token = githubActionsToken({ audience: issuer, env: job.env(server.origins) })
    const error = await caught(authOf(workloadIdentity({ token, grant: 'jwt-bearer', issuer })).credential())
    expect(error).toMatchObject({ code: 'token_request_rejected', parameters: { error: 'invalid_grant' } })
    expect(error.hint).toContain(
      `iss "https://ci.sandbox.example", sub "repo:octo/other:ref:refs/heads/main", aud "${issuer}"`,
    )
    // Asked for once more before giving up.
    expect([requests(sandbox), sandbox.ci.requests]).toEqual([2, 2])
  })

  it('is told of a wrong audience by the service', async () => {
    const { server, issuer, authOf, job } = await world()
    const token = githubActionsToken({ audience: 'https://elsewhere.example', env: job.env(server.origins) })
    const error = await caught(authOf(workloadIdentity({ token, grant: 'token-exchange', issuer })).credential())
    expect(error).toMatchObject({ code: 'token_request_rejected', parameters: { error: 'invalid_request' } })
    expect(error.hint).toContain('aud "https://elsewhere.example"')
  })

  it('that has ended is refused', async () => {
    const { server, issuer, authOf, job } = await world()
    const env = job.env(server.origins)
    job.end()
    const token = githubActionsToken({ audience: issuer, env })
    const error = await caught(authOf(workloadIdentity({ token, grant: 'jwt-bearer', issuer })).credential())
    expect(error).toMatchObject({ code: 'source_failed', status: 401 })
  })

  it('speaks for a client, which then needs no secret', async () => {
    const { sandbox, server, issuer, authOf, job, call } = await world()
    const { clientId } = sandbox.clients.register('pensyve', {
      redirectUris: [],
      workload: job.subject,
      grantTypes: ['client_credentials'],
    })
    const assertion = githubActionsToken({ audience: issuer, env: job.env(server.origins) })
    const auth = authOf(clientCredentials({ clientId, assertion }, { issuer }))
    expect(await call(auth)).toBe(200)
    const other = sandbox.ci.job({ subject: 'repo:octo/other' })
    const wrong = githubActionsToken({ audience: issuer, env: other.env(server.origins) })
    const error = await caught(authOf(clientCredentials({ clientId, assertion: wrong }, { issuer })).credential())
    expect(error).toMatchObject({ code: 'client_refused', parameters: { error: 'invalid_client' } })
    expect(error.hint).toContain('sub "repo:octo/other"')
  })
})

describe('outside of GitHub Actions', () => {
  const inActions = { GITHUB_ACTIONS: 'true' }
  const url = { ACTIONS_ID_TOKEN_REQUEST_URL: 'http://127.0.0.1:9/token' }

  it.each<[name: string, env: Record<string, string>, message: string, hint: string]>([
    [
      'a laptop',
      {},
      'This is no job of GitHub Actions: ACTIONS_ID_TOKEN_REQUEST_URL and',
      'permissions: id-token: write',
    ],
    [
      'a job without the permission',
      inActions,
      'GitHub Actions gives this job no identity token:',
      'Add "permissions: id-token: write" to the job',
    ],
    ['half of it', { ...inActions, ...url }, 'ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set.', 'id-token: write'],
    [
      'a blank one',
      { ...inActions, ...url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: ' ' },
      'ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set.',
      'id-token: write',
    ],
  ])('%s is told so', async (_, env, message, hint) => {
    const { issuer, authOf, sandbox } = await world()
    const token = githubActionsToken({ audience, env })
    const error = await caught(authOf(workloadIdentity({ token, grant: 'jwt-bearer', issuer })).credential())
    expect(error).toMatchObject({ code: 'source_failed', message: expect.stringContaining(message) })
    expect(error.hint).toContain(hint)
    expect(requests(sandbox)).toBe(0)
  })

  it('a chain goes on, and its error names the way out', async () => {
    const { issuer, authOf } = await world()
    const missing = workloadIdentity({
      token: githubActionsToken({ audience, env: inActions }),
      grant: 'jwt-bearer',
      issuer,
    })
    const none = workloadIdentity({
      token: identityTokenEnv('ACME_ID_TOKEN', { env: {} }),
      grant: 'jwt-bearer',
      issuer,
    })
    const error = await caught(authOf(firstOf(missing, none)).credential())
    expect(error.code).toBe('no_credential')
    expect(error.tried).toEqual([
      {
        source: 'workload identity (GitHub Actions)',
        result: 'the job has no permission to get an identity token',
        next: 'add permissions: id-token: write to the job',
      },
      { source: 'workload identity (ACME_ID_TOKEN)', result: 'not set', next: 'export ACME_ID_TOKEN=eyJ…' },
    ])
  })

  it.each<[what: string, url: string, says: string]>([
    ['of another scheme', 'ftp://127.0.0.1/token', 'is no http(s) URL'],
    ['that is none', 'token', 'is no http(s) URL'],
    ['by plain http', 'http://actions.example/token', 'is plain http'],
    ['with a password', `https://me:${testKey.token()}@actions.example/token`, 'holds a user or password'],
  ])('no address %s is asked', async (_what, address, says) => {
    const { issuer, authOf } = await world()
    const env = { ACTIONS_ID_TOKEN_REQUEST_URL: address, ACTIONS_ID_TOKEN_REQUEST_TOKEN: testKey.token() }
    const token = githubActionsToken({ audience, env })
    const error = await caught(authOf(workloadIdentity({ token, grant: 'jwt-bearer', issuer })).credential())
    expect(error).toMatchObject({
      code: 'invalid_option',
      message: expect.stringContaining(`ACTIONS_ID_TOKEN_REQUEST_URL ${says}`),
    })
  })

  it('no token that a header does not carry is sent', async () => {
    const { issuer, authOf } = await world()
    const env = { ...url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: `${testKey.token()}\n1` }
    const token = githubActionsToken({ audience, env })
    const error = await caught(authOf(workloadIdentity({ token, grant: 'jwt-bearer', issuer })).credential())
    expect(error.code).toBe('malformed_credential')
  })

  it('without an audience nothing is made', () => {
    for (const wrong of [undefined, '', ' ', 5])
      expect(() => githubActionsToken({ audience: wrong as string })).toThrow('githubActionsToken needs an audience.')
  })
})

describe('a token in a file', () => {
  it('is read again when the platform has written another', async () => {
    const { sandbox, issuer, authOf, job, call } = await world()
    const path = join(folder, 'rotated')
    const write = async (lifetime: number) => {
      writeFileSync(`${path}.new`, await job.token({ audience, reusable: true, lifetime }))
      renameSync(`${path}.new`, path)
    }
    await write(600)
    const auth = authOf(workloadIdentity({ token: identityTokenFile(path), grant: 'token-exchange', issuer, audience }))
    expect(await call(auth)).toBe(200)
    sandbox.clock.advance(900_000)
    const error = await caught(auth.credential())
    expect(error).toMatchObject({ code: 'source_failed', service: 'acme' })
    expect(error.message).toMatch(/^The identity token from \S+rotated expired 30\d s ago \(exp \d+\)\./)
    await write(600)
    sandbox.clock.advance(1_000)
    expect(await call(auth)).toBe(200)
    expect(requests(sandbox, exchange)).toBe(2)
  })

  it('that was replaced between the reading and the refusal is tried once more', async () => {
    const { sandbox, issuer, authOf, job, call } = await world()
    const tokens = [await job.token({ audience: 'https://elsewhere.example' }), await job.token({ audience })]
    const auth = authOf(workloadIdentity({ token: () => tokens.shift() as string, grant: 'jwt-bearer', issuer }))
    expect(await call(auth)).toBe(200)
    expect(requests(sandbox)).toBe(2)
  })

  it('that stays the same is not sent twice', async () => {
    const { sandbox, issuer, authOf, job } = await world()
    const token = await job.token({ audience: 'https://elsewhere.example', reusable: true })
    const auth = authOf(workloadIdentity({ token: () => token, grant: 'jwt-bearer', issuer }))
    expect((await caught(auth.credential())).code).toBe('token_request_rejected')
    expect(requests(sandbox)).toBe(1)
  })

  it.each<[name: string, token: () => IdentityToken, code: string, says: string]>([
    ['no file', () => identityTokenFile(join(folder, 'none')), 'source_failed', 'cannot be read (no such file)'],
    ['a folder', () => identityTokenFile(folder), 'source_failed', 'cannot be read (a directory and not a file)'],
    [
      'no variable',
      () => identityTokenEnv('ACME_ID_TOKEN', { env: {} }),
      'source_failed',
      'The identity token variable ACME_ID_TOKEN is not set.',
    ],
    [
      'an API key',
      () => () => testKey.pensyve(),
      'malformed_credential',
      'The Acme identity token from the function is no JWT.',
    ],
    ['nothing', () => () => undefined as never, 'malformed_credential', 'is not a string'],
    ['a placeholder', () => () => '<token>', 'malformed_credential', 'is a placeholder'],
    ['a header', () => () => `Bearer ${testKey.token()}`, 'malformed_credential', 'begins with "Bearer "'],
    ['a page', () => () => `<html>${testKey.token()}\n</html>`, 'malformed_credential', 'cannot travel'],
    ['too much', () => () => testKey.token().repeat(2_000), 'malformed_credential', 'is longer than 64 KiB'],
    ['no claims', () => () => `${btoa('{}')}.${btoa('[')}.x`, 'malformed_credential', 'is no JWT'],
  ])('is refused before it is sent: %s', async (_, token, code, says) => {
    const { sandbox, issuer, authOf } = await world()
    const error = await caught(authOf(workloadIdentity({ token: token(), grant: 'jwt-bearer', issuer })).credential())
    expect(error).toMatchObject({ code, message: expect.stringContaining(says) })
    expect(requests(sandbox)).toBe(0)
  })

  it('may be of another kind for an exchange', async () => {
    const { issuer, authOf, sandbox } = await world()
    const subjectTokenType = 'urn:ietf:params:oauth:token-type:access_token'
    const token = () => testKey.token()
    const credential = workloadIdentity({ token, grant: 'token-exchange', issuer, subjectTokenType })
    expect((await caught(authOf(credential).credential())).code).toBe('token_request_rejected')
    expect(requests(sandbox, exchange)).toBe(1)
  })

  it('may come from a variable', async () => {
    const { issuer, authOf, job, call } = await world()
    const env = { ACME_ID_TOKEN: `${await job.token({ audience })}\n` }
    const auth = authOf(
      workloadIdentity({ token: identityTokenEnv('ACME_ID_TOKEN', { env }), grant: 'jwt-bearer', issuer }),
    )
    expect(await call(auth)).toBe(200)
  })
})

describe('a service that takes no such tokens', () => {
  it.each<[oauth: Parameters<typeof world>[0], code: string]>([
    [undefined, 'invalid_service'],
    [{ grants: ['authorization_code'] }, 'credential_not_accepted'],
    [{ grants: [jwtBearer] }, 'invalid_service'],
  ])('by its definition (%j) gets none', async (oauth, code) => {
    const { authOf, job, sandbox } = await world(oauth)
    const credential = workloadIdentity({ token: () => job.token({ audience }), grant: 'jwt-bearer' })
    expect((await caught(authOf(credential).credential())).code).toBe(code)
    expect(sandbox.journal.entries.filter(({ method }) => method !== 'GET')).toEqual([])
  })

  it('by its metadata gets none', async () => {
    const sandbox = createSandbox()
    const server = await listen(sandbox)
    onTestFinished(() => server.close())
    const { service, job } = await world()
    const issuer = server.origins[documented] as string
    const here = defineService({
      ...service,
      resources: { mcp: { ...service.resources.mcp, url: `${issuer}/mcp` } } as never,
    })
    const credential = workloadIdentity({ token: () => job.token({ audience }), grant: 'jwt-bearer', issuer })
    const error = await caught(createAuth(here, { env: {}, credential }).credential())
    expect(error.message).toContain(
      'Acme gives no tokens for identity tokens (jwt-bearer), so those from the function are not sent.',
    )
    expect(requests(sandbox)).toBe(0)
  })

  it('and options that mean nothing are refused at once', async () => {
    expect((await caught(() => workloadIdentity({ token: 'eyJ' as never, grant: 'jwt-bearer' }))).code).toBe(
      'invalid_option',
    )
    expect((await caught(() => workloadIdentity({ token: () => '', grant: 'saml' as never }))).code).toBe(
      'invalid_option',
    )
    expect((await caught(() => workloadIdentity(undefined as never))).code).toBe('invalid_option')
    expect((await caught(() => clientCredentials({ clientId: 'a', assertion: 'eyJ' as never }))).code).toBe(
      'invalid_option',
    )
    expect((await caught(() => identityTokenEnv(testKey.token()))).code).toBe('invalid_option')
    expect((await caught(() => identityTokenFile(''))).code).toBe('invalid_option')
  })
})
