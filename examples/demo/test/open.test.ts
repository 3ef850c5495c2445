import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { signInAt } from '@pentauth/sandbox'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'

const main = join(import.meta.dirname, '..', 'src', 'main.mjs')
const stops: (() => unknown)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** The demo with `--open`, and what it prints line by line. */
function open(env: Record<string, string>, ...args: readonly string[]) {
  const demo = spawn(process.execPath, [main, '--open', ...args], {
    env: { ...process.env, DISPLAY: '', WAYLAND_DISPLAY: '', SSH_CONNECTION: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exit = once(demo, 'close')
  stops.push(() => demo.exitCode ?? demo.kill('SIGKILL'))
  const lines = args.includes('--json') ? demo.stderr : demo.stdout
  let json = ''
  if (lines === demo.stderr) demo.stdout.on('data', (chunk) => (json += chunk))
  return { demo, exit, lines: createInterface({ input: lines }), json: () => JSON.parse(json) }
}

const urlIn = (line: string) => /^ {2}(http:\/\/127\.0\.0\.1:\d+\/\S*authorize\?\S+)$/.exec(line)?.[1]

/** The first page that somebody is to open; the lines after it are thrown away. */
function firstUrl(lines: Interface): Promise<string> {
  return new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      const url = urlIn(line)
      if (url) resolve(url)
    })
    lines.once('close', () => reject(new Error('no URL was printed')))
  })
}

const callbackOf = (url: string) => new URL(new URL(url).searchParams.get('redirect_uri') ?? '')

describe('the demo with --open', () => {
  it('over SSH prints each URL and how to reach it, and goes on when the person comes back', async () => {
    const { exit, lines } = open({ SSH_CONNECTION: '192.0.2.1 50000 192.0.2.2 22' })
    const urls: string[] = []
    const text: string[] = []
    for await (const line of lines) {
      text.push(line)
      const url = urlIn(line)
      if (!url) continue
      urls.push(url)
      const answer = await fetch(await signInAt(fetch, url))
      expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('Go back to the terminal')])
    }
    expect(await exit).toEqual([0, null])
    expect(urls).toHaveLength(3)
    for (const url of urls) {
      const [page, callback] = [new URL(url).port, callbackOf(url).port]
      expect(text.join('\n')).toContain(`ssh -L ${page}:127.0.0.1:${page} -L ${callback}:127.0.0.1:${callback} `)
    }
    expect(text.join('\n')).toContain('every header, status and error is the documented one')
  })

  it('keeps stdout for the rows with --json, and a stranger does not end the wait', async () => {
    const { exit, lines, json } = open({}, '--json')
    for await (const line of lines) {
      const url = urlIn(line)
      if (!url) continue
      const foreign = callbackOf(url)
      foreign.search = '?code=abc&state=made-up'
      expect((await fetch(foreign)).status).toBe(400)
      expect((await fetch(await signInAt(fetch, url))).status).toBe(200)
    }
    expect(await exit).toEqual([0, null])
    expect(json()).toHaveLength(38)
  })

  it('says in a line that the person refused, and fails', async () => {
    const { demo, exit, lines } = open({})
    let stderr = ''
    demo.stderr.on('data', (chunk) => (stderr += chunk))
    await fetch(await signInAt(fetch, await firstUrl(lines), { allow: false }))
    expect(await exit).toEqual([1, null])
    expect(stderr).toMatch(/^The sign-in at Pendium was refused\..*\n$/)
    expect(stderr).not.toContain('    at ')
  })

  it('cleans up when it is interrupted', async () => {
    const { demo, exit, lines } = open({})
    const url = await firstUrl(lines)
    let stderr = ''
    demo.stderr.on('data', (chunk) => (stderr += chunk))
    // As from a terminal, where the command that started it passes the signal on, too.
    demo.kill('SIGINT')
    demo.kill('SIGINT')
    // The second one may arrive when everything is closed and Node is on its way out.
    const [status, signal] = await exit
    expect([130, 'SIGINT']).toContain(status ?? signal)
    expect(stderr).toBe('\nStopped.\n')
    await expect(fetch(callbackOf(url))).rejects.toThrow('fetch failed')
  })

  it.runIf(process.platform === 'linux')('opens the browser of the system, where there is a display', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'demo-browser-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const opened = join(folder, 'opened')
    await writeFile(join(folder, 'xdg-open'), `#!/bin/sh\nprintf '%s' "$1" >"${opened}"\n`)
    await chmod(join(folder, 'xdg-open'), 0o755)
    const { demo, exit, lines } = open({ DISPLAY: ':0', PATH: `${folder}${delimiter}${process.env.PATH}` })
    const url = await firstUrl(lines)
    await vi.waitFor(async () => expect(await readFile(opened, 'utf8')).toBe(url), { timeout: 30_000 })
    demo.kill('SIGTERM')
    expect(await exit).toEqual([143, null])
  })
})
