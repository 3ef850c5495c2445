import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openPage } from './browser.ts'

const run = promisify(execFile)
const main = join(import.meta.dirname, '..', 'src', 'main.mjs')
const { CHROMIUM_PATH = '' } = process.env
const whyNot = CHROMIUM_PATH === '' ? ' (skipped: CHROMIUM_PATH names no browser)' : ''

describe('an app with a proxy', { timeout: 60_000 }, () => {
  it('gives a visitor what is allowed, and never the key', async () => {
    const { stdout, stderr } = await run(process.execPath, [main, '--json'])
    expect(stderr).toBe('')
    const { requests, pieces, keySeen } = JSON.parse(stdout)
    expect(keySeen).toBe(false)
    expect(pieces).toBeGreaterThan(1)
    expect(requests).toEqual([
      { what: 'asks before the login', status: 401 },
      { what: 'logs in', status: 200 },
      { what: 'asks Pendra', status: 200 },
      { what: 'lists the models', status: 200 },
      { what: 'asks for the keys', status: 403 },
      { what: 'climbs out of the path', status: 403 },
      { what: 'comes from a page of another site', status: 403 },
      { what: 'asks after the key was deleted', status: 502 },
    ])
  })

  it('tells people each step, and the operator why the service refuses', async () => {
    const { stdout } = await run(process.execPath, [main])
    expect(stdout).toMatch(/^operator {2}is told: Pendra .*Make a new key/m)
    expect(stdout).toMatch(/\nkey {7}in none of the answers\n$/)
  })

  it.skipIf(whyNot)(`works in a real browser${whyNot}`, async () => {
    const app = spawn(process.execPath, [main, '--serve'], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(async () => {
      const exit = once(app, 'exit')
      app.kill('SIGTERM')
      expect((await exit)[0]).toBe(0)
    })
    const { value } = await createInterface({ input: app.stdout })[Symbol.asyncIterator]().next()
    const look = await openPage(CHROMIUM_PATH, `${String(value).split(' ')[0]}#ask`)
    expect(await look("document.getElementById('status').textContent")).toMatch(/^200, \d+ pieces$/)
    expect(await look("document.getElementById('answer').textContent")).toContain('Tea, please.')
    // The session is not for scripts either.
    expect(await look("'cookies: ' + document.cookie")).toBe('cookies: ')
  })

  it('exits with 2 and its usage for an unknown option', async () => {
    const failed = await run(process.execPath, [main, '--nonsense']).catch((error) => error)
    expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining('node src/main.mjs --json') })
  })
})
