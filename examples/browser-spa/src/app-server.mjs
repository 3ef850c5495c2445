// The app's own server: Vite with the page, built or as it is being written, and the API beside it.
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { getRequestListener } from '@hono/node-server'
import react from '@vitejs/plugin-react'
import { build, createServer, preview } from 'vite'

/**
 * @typedef {object} AppServer
 * @property {string} address
 * @property {() => Promise<void>} close
 *
 * @param {{ api: import('hono').Hono, origins: Readonly<Record<string, string>>, dev: boolean | undefined }} parts
 * @returns {Promise<AppServer>}
 */
export async function serveApp({ api, origins, dev }) {
  const folder = mkdtempSync(join(tmpdir(), 'pentauth-browser-spa-'))
  // At the very end: Vite may still be writing when its server is closed.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const nonce = randomUUID()
  const listener = getRequestListener(api.fetch)
  /** @param {{ middlewares: import('vite').Connect.Server }} server */
  const withApi = ({ middlewares }) => {
    middlewares.use((request, response, next) => {
      if (request.url?.startsWith('/api/')) void listener(request, response)
      else next()
    })
  }
  const listening = { host: '127.0.0.1', port: 0, headers: headersFor(origins, dev ? nonce : undefined) }
  /** @type {import('vite').InlineConfig} */
  const config = {
    root: join(import.meta.dirname, 'app'),
    configFile: false,
    envDir: false,
    logLevel: 'error',
    cacheDir: join(folder, 'cache'),
    plugins: [react(), { name: 'api', configureServer: withApi, configurePreviewServer: withApi }],
    define: { 'import.meta.env.VITE_SANDBOX_ORIGINS': JSON.stringify(JSON.stringify(origins)) },
    // A font or a picture in a data: URL would need a wider policy.
    build: { outDir: join(folder, 'dist'), emptyOutDir: true, assetsInlineLimit: 0 },
    server: listening,
    preview: listening,
  }
  if (!dev) await build(config)
  const server = dev
    ? await (await createServer({ ...config, html: { cspNonce: nonce } })).listen()
    : await preview(config)
  return { address: server.resolvedUrls?.local[0] ?? '', close: () => server.close() }
}

/**
 * What the page may do: run its own scripts, and call its server and the services.
 * @param {Readonly<Record<string, string>>} origins of the services
 * @param {string | undefined} nonce of the scripts and styles that Vite writes into the page while it is being worked on
 */
function headersFor(origins, nonce) {
  const own = nonce ? `'self' 'nonce-${nonce}'` : "'self'"
  const policy = [
    "default-src 'none'",
    `script-src ${own}`,
    `style-src ${own}`,
    `connect-src ${["'self'", ...new Set(Object.values(origins))].join(' ')}`,
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]
  return {
    'content-security-policy': policy.join('; '),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  }
}
