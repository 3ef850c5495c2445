import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const main = join(import.meta.dirname, '..', 'src', 'main.mjs')

describe('the agent', { timeout: 60_000 }, () => {
  it('makes no failed call while its key is rotated twice', async () => {
    const { stdout, stderr } = await run(process.execPath, [main, '--json'])
    expect(stderr).toBe('')
    const { calls, failedCalls, switches } = JSON.parse(stdout)
    expect(failedCalls).toBe(0)
    expect(calls).toBeGreaterThanOrEqual(500)
    const fingerprint = expect.stringMatching(/^[0-9a-f]{8}$/)
    const row = { from: fingerprint, to: fingerprint, reason: 'changed' }
    expect(switches).toEqual([row, row])
    expect(switches[1].from).toBe(switches[0].to)
    expect(new Set([switches[0].from, switches[0].to, switches[1].to]).size).toBe(3)
  })

  it('tells people each step, each switch and the outcome', async () => {
    const { stdout } = await run(process.execPath, [main])
    expect(stdout).toMatch(/^agent {5}rest is at http:\/\/127\.0\.0\.1:\d+\/v1, by PENSYVE_BASE_URL$/m)
    const switched = /^agent {5}switched from psy_\w{4}… \(sha256 [0-9a-f]{8}…\) to psy_\w{4}… .*: the file changed$/gm
    expect(stdout.match(switched)).toHaveLength(2)
    expect(stdout).toMatch(/\n0 failed calls\n$/)
  })

  it('exits with 2 and its usage for an unknown option', async () => {
    const failed = await run(process.execPath, [main, '--nonsense']).catch((error) => error)
    expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining('node src/main.mjs --json') })
  })
})
