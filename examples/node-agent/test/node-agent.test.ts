import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const main = join(import.meta.dirname, '..', 'src', 'main.mjs')

describe('the agent', () => {
  it('has a key in CI and a sign-in on a laptop, and does the same work', async () => {
    const { stdout } = await run(process.execPath, [main, '--json'])
    expect(JSON.parse(stdout)).toEqual([
      { where: 'ci', credential: 'api-key', source: 'PROFUNDIS_API_KEY', status: 200, first: 'www.example.com' },
      { where: 'laptop', credential: 'access-token', source: 'saved sign-in', status: 200, first: 'www.example.com' },
    ])
  })

  it('tells people what happens where', async () => {
    const { stdout, stderr } = await run(process.execPath, [main])
    expect(stdout).toMatch(/^In CI, PROFUNDIS_API_KEY is set:\n {2}\{"credential":"api-key".*\n/)
    expect(stdout).toMatch(
      /\nand from then on the same agent works there, in every process:\n {2}\{"credential":"access-token"/,
    )
    expect(stderr).toContain('Profundis')
  })

  it('exits with 2 and its usage for an unknown option', async () => {
    const failed = await run(process.execPath, [main, '--nonsense']).catch((error) => error)
    expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining('node src/main.mjs --json') })
  })
})
