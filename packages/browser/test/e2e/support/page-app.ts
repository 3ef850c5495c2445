import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { PageConfig } from './page/app.ts'

/** The app on a port of its own, as a static server would have it. */
export interface PageApp extends AsyncDisposable {
  readonly origin: string
  /** What its pages say from now on. */
  config: PageConfig
  /** Sent with every page. */
  policy: string
  /** What was asked for, and the `Referer` that came with it. */
  readonly requests: readonly { readonly path: string; readonly referrer: string | undefined }[]
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

let bundled: Promise<ReadonlyMap<string, string>> | undefined

/** The scripts of the app, with the parts that are loaded later in files of their own. */
async function scripts(): Promise<ReadonlyMap<string, string>> {
  const { outputFiles } = await build({
    entryPoints: [here('page/app.ts')],
    bundle: true,
    write: false,
    splitting: true,
    format: 'esm',
    target: 'es2023',
    outdir: '/',
    logLevel: 'silent',
  })
  return new Map(outputFiles.map(({ path, text }) => [path, text]))
}

/** A policy that lets the app call those origins, and nothing else of what pages can do. */
export function strictPolicy(origins: Iterable<string>): string {
  const calls = `connect-src 'self' ${[...origins].join(' ')}`
  return `default-src 'none'; script-src 'self'; ${calls}; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'`
}

/** Serves the app on this machine. */
export async function servePageApp(config: PageConfig): Promise<PageApp> {
  bundled ??= scripts()
  const files = await bundled
  const requests: { path: string; referrer: string | undefined }[] = []
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://app')
    requests.push({ path: pathname, referrer: request.headers.referer })
    const script = files.get(pathname)
    if (script !== undefined) response.writeHead(200, { 'content-type': 'text/javascript' }).end(script)
    else if (pathname.includes('.')) response.writeHead(404).end()
    else {
      const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': app.policy }
      response.writeHead(200, headers).end(pageOf(app.config))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const app = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    config,
    policy: strictPolicy(Object.values(config.origins)),
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return app
}

function pageOf(config: PageConfig): string {
  const content = JSON.stringify(config).replaceAll('&', '&amp;').replaceAll('"', '&quot;')
  return `<!doctype html><html lang="en"><head><title>App</title><meta name="config" content="${content}"><script type="module" src="/app.js"></script></head><body><a href="/next">Next</a></body></html>`
}
