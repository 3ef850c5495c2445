import { createAuth, pendium, pendra, pensyve, pentographer, profundis, type Service } from '@pentauth/node'
import { createSandbox, type Sandbox, type SandboxOptions, signInAt } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ExamineOptions, examine } from '../../src/doctor/examine.ts'
import { broken, usual } from '../support/examined.ts'

/** Examines a service as the sandbox has it. */
async function examined(
  service: Service,
  origin: string,
  wishes: Partial<ExamineOptions> = {},
  options: SandboxOptions = {},
  kind = 'mcp',
  prepare: (sandbox: Sandbox) => void = () => {},
) {
  const sandbox = createSandbox(options)
  prepare(sandbox)
  const server = await listen(sandbox)
  onTestFinished(() => server.close())
  const env = { [`${service.id.toUpperCase()}_BASE_URL`]: server.origins[origin] }
  const { service: moved } = createAuth(service, { env })
  const resource =
    Object.values(moved.resources).find(({ protocol }) => protocol === kind) ?? Object.values(moved.resources)[0]
  const report = await examine(moved, resource?.url ?? '', {
    ...usual,
    present: async (request) => (request.way === 'redirect' ? (await signInAt(fetch, request.url)).href : undefined),
    ...wishes,
  })
  return { report, sandbox }
}

// What no page of the services names, and no MUST asks for.
const unsaid = ['info challenge.scope', 'info resource.scopes', 'info server.revocation', 'info server.device']
const kept = 'info registration.removed'

describe('doctor in the sandbox, with a sign-in', () => {
  it('finds no error at Pendium', async () => {
    const { report } = await examined(pendium, 'https://pendium.ai', { signIn: true })
    expect(broken(report)).toEqual([...unsaid, kept, 'info token.scope'])
  })

  it('finds no error at Pensyve, and revokes what it got', async () => {
    const { report, sandbox } = await examined(pensyve, 'https://mcp.pensyve.com', { signIn: true })
    expect(broken(report)).toEqual(['info challenge.scope', 'info resource.path_place', 'info server.device', kept])
    expect(report.exchanges.at(-1)?.note).toBe('revokes the refresh token')
    expect(sandbox.apps.list('pensyve')).toEqual([])
  })

  it('finds no error at Profundis', async () => {
    const { report } = await examined(profundis, 'https://mcp.profundis.io', { signIn: true })
    expect(broken(report)).toEqual([...unsaid, kept, 'info token.scope'])
  })

  it('finds refresh tokens that stay, and those that work twice', async () => {
    const stays = { pensyve: { refreshRotation: 'none' } } as const
    const first = await examined(pensyve, 'https://mcp.pensyve.com', { signIn: true }, stays)
    expect(broken(first.report)).toContain('error token.rotated')
    const grace = { pensyve: { refreshRotation: 'grace' } } as const
    const second = await examined(pensyve, 'https://mcp.pensyve.com', { signIn: true }, grace)
    expect(broken(second.report)).toContain('warning token.reuse')
  })
})

describe('doctor in the sandbox, where nobody signs in', () => {
  it('finds no error at Pentographer, which gives tokens to programs', async () => {
    const { report } = await examined(pentographer, 'https://app.pentographer.com')
    expect(broken(report)).toEqual([])
    expect(JSON.stringify(report.steps[2]?.notes)).toContain('client_credentials')
  })

  it('finds no error at Pendra, which takes keys', async () => {
    const { report } = await examined(pendra, 'https://api.pendra.ai')
    expect(broken(report).filter((found) => !found.startsWith('info'))).toEqual([])
    expect(JSON.stringify(report.steps[2]?.notes)).toContain('takes API keys here')
  })
})

describe('doctor at what is not MCP', () => {
  it('asks an operation, and demands less', async () => {
    const { report } = await examined(pensyve, 'https://api.pensyve.com', {}, {}, 'rest')
    expect(report.exchanges[0]).toMatchObject({ method: 'GET', url: expect.stringMatching(/\/v1\/status$/) })
    // Found in the public gateway: no challenge, and 403 for a key that is refused.
    expect(broken(report).slice(0, 3)).toEqual([
      'error challenge.header',
      'warning challenge.invalid_status',
      'info resource.found',
    ])
  })

  it('asks a query of GraphQL', async () => {
    const { report } = await examined(pentographer, 'https://app.pentographer.com', {}, {}, 'graphql')
    expect(broken(report)).toEqual(['warning challenge.invalid_token'])
  })
})

describe('doctor in a sandbox with faults', () => {
  it('tells a server in trouble from one without metadata', async () => {
    const { report } = await examined(pendium, 'https://pendium.ai', {}, {}, 'mcp', ({ faults }) => {
      faults.add({ service: 'pendium', path: '/.well-known/*', status: 503 })
      faults.add({ service: 'pendium', path: '/token', drop: true })
    })
    expect(broken(report)).toContain('error resource.found')
    expect(broken(report)).toContain('error client.signs_in')
    expect(JSON.stringify(report)).toContain('It is in trouble')
    expect(JSON.stringify(report)).toContain('temporarily_unavailable')
  })
})
