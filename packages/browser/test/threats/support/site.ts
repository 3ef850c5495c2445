import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { build } from 'esbuild'
import { type Browser, type BrowserContext, chromium } from 'playwright'
import { afterAll, onTestFinished } from 'vitest'

// Real pages in Chromium, at sites of their own: for what a page cannot do to itself, such as being left, framed or redirected.

let bundled: Promise<string> | undefined

/** The package with a program of a page, as one script. */
export async function script(program: string): Promise<string> {
  const resolveDir = import.meta.dirname
  const options = { bundle: true, format: 'esm', platform: 'browser', target: 'es2023', write: false } as const
  const { outputFiles } = await build({ ...options, stdin: { contents: program, resolveDir, loader: 'ts' } })
  return outputFiles[0]?.text ?? ''
}

/** `window.pentauth` is the package. */
export function packageScript(): Promise<string> {
  const source = JSON.stringify(join(import.meta.dirname, '..', '..', '..', 'src', 'index.ts'))
  bundled ??= script(`import * as pentauth from ${source}\nObject.assign(globalThis, { pentauth })`)
  return bundled
}

export interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface Site {
  readonly origin: string
  /** What arrived, without what browsers ask of themselves. */
  readonly seen: Seen[]
}

type Answer = (request: Seen) => { status?: number; headers?: Record<string, string>; body?: string } | undefined

/** A server on this machine; each has a port, and so an origin, of its own. */
export async function site(answer: Answer, host = '127.0.0.1'): Promise<Site> {
  const seen: Seen[] = []
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = request
    const arrived = { method, path: url, headers, body: await text(request) }
    if (url !== '/favicon.ico') seen.push(arrived)
    const { status = 200, headers: said = {}, body = '' } = answer(arrived) ?? { status: 404 }
    response.writeHead(status, { 'cache-control': 'no-cache', ...said }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { origin: `http://${host}:${(server.address() as AddressInfo).port}`, seen }
}

const options = {
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  // Playwright turns off what brings a page back as it was.
  ignoreDefaultArgs: ['--disable-back-forward-cache'],
}
let running: Promise<Browser> | undefined
afterAll(async () => (await running)?.close())

/** A person's browser, with nothing in it; its pages share their storage. */
export async function person(): Promise<BrowserContext> {
  running ??= chromium.launch(options)
  const context = await (await running).newContext()
  onTestFinished(() => context.close())
  return context
}
