import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { services } from '@pentauth/core/services'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const main = join(import.meta.dirname, '..', 'src', 'main.mjs')

describe('the demo', () => {
  it('prints only its rows with --json, every one as documented', async () => {
    const { stdout, stderr } = await run(process.execPath, [main, '--json'])
    const rows: Record<string, unknown>[] = JSON.parse(stdout)
    expect(stderr).toBe('')
    for (const row of rows) {
      expect(row).toEqual({
        service: expect.any(String),
        resource: expect.any(String),
        credential: expect.stringMatching(/^(?:api-key|client-credentials)$/),
        header: expect.stringMatching(/^(?:Authorization: Bearer|x-api-key)$/),
        operation: expect.stringMatching(/^(?:GET|POST) \//),
        status: expect.any(Number),
        ok: true,
        ms: expect.any(Number),
      })
    }
    expect(new Set(rows.map(({ service }) => service))).toEqual(new Set(services.map(({ id }) => id)))
    for (const { id } of services) {
      const statuses = rows.filter(({ service }) => service === id).map(({ status }) => Number(status))
      expect(statuses.some((status) => status === 200) && statuses.some((status) => status >= 400), id).toBe(true)
    }
  })

  it('covers every resource of every service that takes a key or a client and is no MCP server', async () => {
    const rows: { service: string; resource: string }[] = JSON.parse(
      (await run(process.execPath, [main, '--json'])).stdout,
    )
    const shown = new Set(rows.map(({ service, resource }) => `${service} ${resource}`))
    for (const service of services) {
      for (const [name, { protocol }] of Object.entries(service.resources)) {
        if (protocol !== 'mcp') expect(shown).toContain(`${service.id} ${name}`)
      }
    }
  })

  it('tells people where each key was found, the header, and a hint for each error', async () => {
    const { stdout } = await run(process.execPath, [main])
    expect(stdout).toContain('from PENSYVE_API_KEY')
    expect(stdout).toContain('as x-api-key, with anthropic-version: 2023-06-01')
    expect(stdout).toMatch(/hint: .*get_account/)
    expect(stdout).toContain('every header, status and error is the documented one')
  })

  it('exits with 2 and its usage for an unknown option', async () => {
    const failed = await run(process.execPath, [main, '--nonsense']).catch((error) => error)
    expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining('npm run -s demo -- --json') })
  })
})
