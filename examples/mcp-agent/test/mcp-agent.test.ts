import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const main = join(import.meta.dirname, '..', 'src', 'main.mjs')

describe('the agent', () => {
  it('uses the tools of every server, with the credential that each wants', async () => {
    const { stdout } = await run(process.execPath, [main, '--json'])
    expect(JSON.parse(stdout)).toMatchObject([
      { server: 'Pendium', credential: 'access-token', source: 'saved sign-in', tools: 8, called: 'get_account' },
      { server: 'Pensyve', credential: 'api-key', source: 'PENSYVE_API_KEY', tools: 9, called: 'pensyve_status' },
      { server: 'Profundis', credential: 'access-token', source: 'saved sign-in', called: 'whoami' },
      { server: 'Pentographer', credential: 'access-token', called: 'list_projects' },
      { server: 'A server by its address', credential: 'access-token', source: 'saved sign-in', called: 'get_credits' },
    ])
  })

  it('tells people which tools there are, and by which credential', async () => {
    const { stdout } = await run(process.execPath, [main])
    expect(stdout).toMatch(/^Pendium: 8 tools by access-token \(saved sign-in\)\n {2}get_account: \{/)
    expect(stdout.match(/ tools by /g)).toHaveLength(5)
  })

  it('exits with 2 and its usage for an unknown option', async () => {
    const failed = await run(process.execPath, [main, '--nonsense']).catch((error) => error)
    expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining('node src/main.mjs --json') })
  })
})
