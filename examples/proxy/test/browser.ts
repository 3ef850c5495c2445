import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'

/** Opens a page in a real browser until the test ends, and says what a script finds in it, once that is something. */
export async function openPage(program: string, url: string): Promise<(script: string) => Promise<string>> {
  const profile = mkdtempSync(join(tmpdir(), 'pentauth-proxy-'))
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']
  const more = ['--disable-sync', '--remote-debugging-port=0', `--user-data-dir=${profile}`, url]
  const browser = spawn(program, [...flags, ...more], { stdio: 'ignore' })
  onTestFinished(async () => {
    const exit = once(browser, 'exit')
    browser.kill('SIGTERM')
    await exit
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  })
  const socket = new WebSocket(await pageAddress(join(profile, 'DevToolsActivePort'), url))
  await new Promise((resolve) => socket.addEventListener('open', resolve))
  return async (script) => {
    for (let attempt = 1; attempt <= 200; attempt += 1) {
      socket.send(JSON.stringify({ id: attempt, method: 'Runtime.evaluate', params: { expression: script } }))
      const answer = await new Promise<string>((resolve) =>
        socket.addEventListener('message', ({ data }) => resolve(String(data)), { once: true }),
      )
      const found = JSON.parse(answer).result?.result?.value
      if (found) return String(found)
      await sleep(100)
    }
    throw new TypeError(`the page never had ${script}`)
  }
}

/** Where the browser lets others look into the page. */
async function pageAddress(portFile: string, url: string): Promise<string> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const [port = ''] = existsSync(portFile) ? readFileSync(portFile, 'utf8').split('\n') : []
    if (port !== '') {
      const pages = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as Record<string, string>[]
      const page = pages.find((target) => target.url === url)
      if (page?.webSocketDebuggerUrl) return page.webSocketDebuggerUrl
    }
    await sleep(100)
  }
  throw new TypeError('the browser does not start')
}
