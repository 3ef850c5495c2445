import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const main = join(import.meta.dirname, '..', 'src', 'main.mjs')
const { REDIS_SERVER_PATH = '' } = process.env
const whyNot = REDIS_SERVER_PATH === '' ? ' (skipped: REDIS_SERVER_PATH names no redis-server)' : ''

describe(`the fleet${whyNot}`, { timeout: 60_000 }, () => {
  it.skipIf(whyNot)('makes one token request for each expiry and no failed call, and survives', async () => {
    const { stdout, stderr } = await run(process.execPath, [main, '--json'])
    expect(stderr).toBe('')
    const { calls, ...outcome } = JSON.parse(stdout)
    expect(outcome).toEqual({ processes: 3, expiries: 5, failedCalls: 0, tokenRequests: 5, survivors: 2 })
    expect(calls).toBeGreaterThanOrEqual(300)
  })

  it.skipIf(whyNot)('tells people what happens', async () => {
    const { stdout } = await run(process.execPath, [main])
    expect(stdout.match(/^token {5}ended (\d)×: \1 token requests, \d+ calls, 0 failed$/gm)).toHaveLength(5)
    expect(stdout).toMatch(/^worker {4}3 is killed, the others go on$/m)
    expect(stdout).toMatch(/\n2 of 3 processes left, 0 failed calls of \d+\n$/)
  })

  it('says what is missing where there is no Redis', async () => {
    const env = { ...process.env, REDIS_SERVER_PATH: join(import.meta.dirname, 'no-redis-server') }
    const failed = await run(process.execPath, [main], { env }).catch((error) => error)
    expect(failed).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^This example needs redis-server: .*\n$/),
    })
  })

  it('exits with 2 and its usage for an unknown option', async () => {
    const failed = await run(process.execPath, [main, '--nonsense']).catch((error) => error)
    expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining('node src/main.mjs --json') })
  })
})
