// Test files, core and vitest's own runner in one module, which any runtime can load.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

export const root = fileURLToPath(new URL('../..', import.meta.url))
const inside = fileURLToPath(new URL('../inside', import.meta.url))
const coreTests = join(root, 'packages', 'core', 'test')

/** How it is loaded: as a program with Node's modules, or without any, by a page or a worker. */
export type Entry = 'in-process' | 'in-page' | 'in-worker'

/** Node's modules that tests and their doubles use, for platforms that have none. */
const standIns: Readonly<Record<string, string>> = {
  'node:crypto': 'node-crypto.ts',
  'node:http': 'node-http.ts',
  'node:util': 'node-util.ts',
}

/** For packages that the sandbox brings, which are CommonJS; Node's modules have no `require` otherwise. */
const requireOfNode = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"

/** @param files of core's tests, and `sandbox.test.ts` of this workspace */
export async function bundle(entry: Entry, files: readonly string[]): Promise<string> {
  const isWeb = entry !== 'in-process'
  const { outputFiles } = await build({
    entryPoints: [join(inside, `${entry}.ts`)],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2023',
    platform: isWeb ? 'browser' : 'node',
    // Without the warnings about packages that do nothing when they are only imported.
    logLevel: 'error',
    // What core's tests import, as core itself has it installed.
    nodePaths: [join(root, 'packages', 'core', 'node_modules'), join(root, 'node_modules')],
    plugins: [theTests(files), ...(isWeb ? [withoutNode] : [])],
    ...(isWeb ? { inject: [join(inside, 'web', 'globals.ts')] } : { banner: { js: requireOfNode } }),
  })
  return outputFiles[0]?.text ?? ''
}

function theTests(files: readonly string[]): Plugin {
  const pathOf = (file: string) => join(file === 'sandbox.test.ts' ? inside : coreTests, file)
  // The setup file of core's tests first, as in its own vitest.
  const load = (file: string) =>
    `import('@pentauth/tooling/canary').then(() => import(${JSON.stringify(pathOf(file))}))`
  const entries = files.map((file) => `${JSON.stringify(file)}: () => ${load(file)}`)
  return {
    name: 'the tests',
    setup({ onLoad }) {
      onLoad({ filter: /\/inside\/tests\.ts$/ }, () => ({
        contents: `export const files = { ${entries.join(', ')} }`,
        resolveDir: inside,
      }))
    },
  }
}

const withoutNode: Plugin = {
  name: 'without Node',
  setup({ onResolve }) {
    onResolve({ filter: /^node:/ }, ({ path, importer }) => {
      const standIn = standIns[path]
      return standIn === undefined
        ? { errors: [{ text: `${importer} needs ${path}, for which there is no stand-in` }] }
        : { path: join(inside, 'web', standIn) }
    })
  },
}
