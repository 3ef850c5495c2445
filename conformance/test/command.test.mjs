// The command itself: how it is called, and that a signal ends all that it has started.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

const MAIN = fileURLToPath(new URL('../main.mjs', import.meta.url))
const isInstalled = existsSync(new URL('../suites/node_modules', import.meta.url))

it('--help says how to call it', () => {
  const { status, stdout } = spawnSync(process.execPath, [MAIN, '--help'], { encoding: 'utf8', timeout: 50_000 })
  expect(status).toBe(0)
  expect(stdout).toContain('npm run -s conformance -- --json')
})

it('a wrong call is answered with the usage', () => {
  const { status, stderr } = spawnSync(process.execPath, [MAIN, '--nonsense'], { encoding: 'utf8', timeout: 50_000 })
  expect(status).toBe(2)
  expect(stderr).toMatch(/'--nonsense'[\s\S]*npm run conformance/)
})

it.skipIf(!isInstalled)('one scenario is one row for each suite and SDK that has it', () => {
  const args = [MAIN, '--json', '--sdk', 'v1', '--scenario', 'token-endpoint-auth-none']
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 50_000 })
  const row = { sdk: 'v1', scenario: 'auth/token-endpoint-auth-none', required: true, pass: true }
  expect({ status, ...JSON.parse(stdout) }).toEqual({
    status: 0,
    name: 'conformance',
    rows: ['0.2.0-alpha.12', '0.1.16'].map((suite) => ({ suite, ...row })),
  })
})

it.skipIf(!isInstalled || process.platform === 'win32')(
  'a signal ends runners and clients, and no folder stays',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pentauth-signal-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const env = { ...process.env, TMPDIR: folder }
    const child = spawn(process.execPath, [MAIN, '--suite', '0.1.16'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const results = () => readdirSync(folder, { recursive: true }).filter((path) => String(path).includes('pentauth'))
    // The runners have begun.
    for (let turn = 0; turn < 600 && results().length < 2; turn += 1) await new Promise((then) => setTimeout(then, 50))
    expect(results().length).toBeGreaterThan(0)
    child.kill('SIGINT')
    // Closed only when all that writes to the same stderr has ended, too.
    expect(await once(child, 'close')).toEqual([130, null])
    expect(results()).toEqual([])
  },
)
