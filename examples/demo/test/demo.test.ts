import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Service } from '@pentauth/core'
import { services } from '@pentauth/core/services'
import { beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const main = join(import.meta.dirname, '..', 'src', 'main.mjs')

interface Row {
  readonly service: string
  readonly resource: string
  readonly credential: 'api-key' | 'client-credentials' | 'oauth'
  readonly operation: string
  readonly status: number
}

/** Rows as "service resource credential: operation status", those of MCP servers only. */
const mcpRows = (rows: readonly Row[]) =>
  rows
    .filter(({ resource }) => resource === 'mcp')
    .map(({ service, credential, operation, status }) => `${service} ${credential}: ${operation} ${status}`)

describe('the demo', () => {
  let rows: readonly Row[]
  let stderr: string
  beforeAll(async () => {
    const done = await run(process.execPath, [main, '--json'])
    rows = JSON.parse(done.stdout)
    stderr = done.stderr
  })

  it('prints only its rows with --json, every one as documented', () => {
    expect(stderr).toBe('')
    for (const row of rows) {
      expect(row).toEqual({
        service: expect.any(String),
        resource: expect.any(String),
        credential: expect.stringMatching(/^(?:api-key|client-credentials|oauth)$/),
        header: expect.stringMatching(/^(?:Authorization: Bearer|x-api-key)$/),
        operation: expect.stringMatching(/^(?:GET|POST) \//),
        status: expect.any(Number),
        ok: true,
        ms: expect.any(Number),
      })
    }
    for (const { id } of services) {
      const statuses = rows.filter(({ service }) => service === id).map(({ status }) => status)
      expect(statuses.some((status) => status === 200) && statuses.some((status) => status >= 400), id).toBe(true)
    }
    expect(rows).toHaveLength(38)
  })

  it('covers every resource of every service, MCP servers with each credential they take', () => {
    const shown = new Set(rows.map(({ service, resource }) => `${service} ${resource}`))
    const shownAtMcp = new Set(mcpRows(rows).map((row) => row.split(':')[0]))
    const taken = services.flatMap(({ id, resources, oauth }: Service) => {
      const { apiKey, accessToken } = resources.mcp ?? {}
      const grants = (accessToken && oauth?.grants) || []
      return [
        ...(apiKey ? [`${id} api-key`] : []),
        ...(grants.includes('client_credentials') ? [`${id} client-credentials`] : []),
        ...(grants.includes('authorization_code') ? [`${id} oauth`] : []),
      ]
    })
    expect(shown).toEqual(
      new Set(services.flatMap(({ id, resources }) => Object.keys(resources).map((name) => `${id} ${name}`))),
    )
    expect(shownAtMcp).toEqual(new Set(taken))
  })

  it('signs in to three services, and at each calls, renews and is refused at the end', () => {
    expect(mcpRows(rows).filter((row) => row.includes(' oauth: '))).toEqual([
      'pendium oauth: POST /mcp get_account 200',
      'pendium oauth: POST /mcp get_account 200',
      'pendium oauth: POST /mcp get_account 401',
      'pensyve oauth: POST /mcp pensyve_status 200',
      'pensyve oauth: POST /mcp pensyve_status 200',
      'pensyve oauth: POST /mcp pensyve_status 401',
      'profundis oauth: POST / whoami 200',
      'profundis oauth: POST / whoami 200',
      'profundis oauth: POST / whoami 401',
    ])
  })

  it('tells people where each key and token is from, the header, and a hint for each error', async () => {
    const { stdout } = await run(process.execPath, [main])
    expect(stdout).toContain('from PENSYVE_API_KEY')
    expect(stdout).toContain('as x-api-key, with anthropic-version: 2023-06-01')
    expect(stdout).toMatch(/hint: .*get_account/)
    expect(stdout).toMatch(/from sign-in at http:\/\/127\.0\.0\.1:\d+\/oauth\/authorize, with PKCE/)
    expect(stdout).toContain('every header, status and error is the documented one')
  })

  it('exits with 2 and its usage for an unknown option', async () => {
    const failed = await run(process.execPath, [main, '--nonsense']).catch((error) => error)
    expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining('npm run -s demo -- --json') })
  })
})
