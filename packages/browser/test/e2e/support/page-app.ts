import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import type { PageConfig } from './page/app.ts'

/** The app on a port of its own, as a static server would have it. */
export interface PageApp extends AsyncDisposable {
  readonly origin: string
  /** What its pages say from now on. */
  config: PageConfig
  /** Whether its scripts cannot be had, as after a deployment. */
  withoutScripts: boolean
  /** Sent with every page. */
  policy: string
  /** Whether its pages share no group of windows with those of other origins (COOP). */
  isolated: boolean
  /** What was asked for, and the `Referer` that came with it. */
  readonly requests: readonly { readonly path: string; readonly referrer: string | undefined }[]
}

/** A twin of our client has it: in that file of `src`, one text is another. */
export interface Defect {
  readonly file: string
  readonly text: string
  readonly becomes: string
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

let bundled: Promise<ReadonlyMap<string, string>> | undefined

/** The scripts of the app, with the parts that are loaded later in files of their own. */
async function scripts(defects: readonly Defect[] = []): Promise<ReadonlyMap<string, string>> {
  const { outputFiles } = await build({
    entryPoints: [here('page/app.ts')],
    bundle: true,
    write: false,
    splitting: true,
    format: 'esm',
    target: 'es2023',
    outdir: '/',
    logLevel: 'silent',
    plugins: defects.map(withDefect),
  })
  return new Map(outputFiles.map(({ path, text }) => [path, text]))
}

/** One defect for a file. */
function withDefect({ file, text, becomes }: Defect): Plugin {
  const path = here(`../../../src/${file}`)
  return {
    name: `defect in ${file}`,
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, async (loaded) => {
        if (loaded.path !== path) return undefined
        const source = await readFile(path, 'utf8')
        if (source.split(text).length !== 2) throw new Error(`${file} has not once: ${text}`)
        return { contents: source.replace(text, () => becomes), loader: 'ts' }
      })
    },
  }
}

/** A policy that lets the app call those origins, and nothing else of what pages can do. */
export function strictPolicy(origins: Iterable<string>): string {
  const calls = `connect-src 'self' ${[...origins].join(' ')}`
  return `default-src 'none'; script-src 'self'; ${calls}; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'`
}

/** Serves the app on this machine. */
export async function servePageApp(config: PageConfig, defects: readonly Defect[] = []): Promise<PageApp> {
  if (defects.length === 0) bundled ??= scripts()
  const files = await (defects.length === 0 && bundled ? bundled : scripts(defects))
  const requests: { path: string; referrer: string | undefined }[] = []
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://app')
    requests.push({ path: pathname, referrer: request.headers.referer })
    const script = files.get(pathname)
    if (script !== undefined && !app.withoutScripts)
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(script)
    else if (pathname.includes('.')) response.writeHead(404).end()
    else {
      const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': app.policy }
      if (app.isolated) response.setHeader('cross-origin-opener-policy', 'same-origin')
      response.writeHead(200, headers).end(pageOf(app.config))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const app = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    config,
    withoutScripts: false,
    policy: strictPolicy(Object.values(config.origins)),
    isolated: false,
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
