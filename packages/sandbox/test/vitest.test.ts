import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const folder = fileURLToPath(new URL('./fixtures/', import.meta.url))
const config = fileURLToPath(new URL('./fixtures/vitest.config.ts', import.meta.url))
const guarded = fileURLToPath(new URL('./fixtures/guarded.fixture.ts', import.meta.url))
const concurrent = fileURLToPath(new URL('./fixtures/concurrent.fixture.ts', import.meta.url))
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))

interface Run {
  readonly code: number
  readonly results: readonly { readonly title: string; readonly status: string; readonly failureMessages: string[] }[]
}

/** Runs one fixture file in a Vitest of its own. */
async function run(file: string, env: Record<string, string> = {}): Promise<Run> {
  const place = await mkdtemp(join(tmpdir(), 'sandbox-fixture-'))
  try {
    const report = join(place, 'report.json')
    const args = [vitest, 'run', file, '--config', config]
    const options = { cwd: folder, env: { ...process.env, ...env, VITEST: undefined, NODE_ENV: 'test' } }
    const code = await new Promise<number>((resolve) => {
      const child = execFile(process.execPath, [...args, '--reporter=json', `--outputFile=${report}`], options)
      child.once('exit', (exit) => resolve(exit ?? -1))
    })
    return { code, results: JSON.parse(await readFile(report, 'utf8')).testResults[0].assertionResults }
  } finally {
    await rm(place, { recursive: true })
  }
}

describe('the fixture', () => {
  test('fails a test for an unexpected request and for one never made, and no other', { timeout: 60_000 }, async () => {
    const server = createServer((_, response) => response.end('from the network')).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const { code, results } = await run(guarded, { LOCAL_ORIGIN: `http://127.0.0.1:${port}` })
    server.close()
    expect(code).toBe(1)
    expect(results).toHaveLength(15)
    for (const { title, status } of results) {
      expect([title, status]).toEqual([title, title.startsWith('fails') ? 'failed' : 'passed'])
    }
    const messageOf = (title: string): string =>
      results.find((result) => result.title === `fails: ${title}`)?.failureMessages.join('\n') ?? ''
    expect(messageOf('an unexpected host')).toContain(
      `an unexpected request was made: GET http://127.0.0.1:${port}/hello?token=***`,
    )
    expect(messageOf('an unexpected host')).not.toContain('psy_should_not_show')
    expect(messageOf('an unknown path of a service')).toContain('GET https://api.pensyve.com/v1/nowhere')
    expect(messageOf('an expected request never made')).toContain('was made 0 times, not at least once')
    expect(messageOf('made once, expected twice')).toContain('was made 1 time, not 2 times')
  })

  test('refuses two tests at once', { timeout: 60_000 }, async () => {
    const { code, results } = await run(concurrent)
    expect(code).toBe(1)
    for (const { title, status } of results) {
      expect([title, status]).toEqual([title, title.startsWith('fails') ? 'failed' : 'passed'])
    }
    expect(results[1]?.failureMessages.join('\n')).toContain('Two tests with a sandbox ran at the same time')
  })
})
