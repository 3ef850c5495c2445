// A page's bundle as an app makes it, and which of its files are loaded when.
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, extname, resolve } from 'node:path'
import process from 'node:process'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/**
 * The parts behind an `import()` that a sign-in needs in which everything goes well: redirect, callback, reload, renewal, call. By the
 * names of their files; every other part is for trouble, or for what an option asks for.
 *
 * What this says is to be proved in a browser, by the files that a page fetches: `bundlePage` writes them, and says of each what it is for.
 */
export const journey = ['sign-in', 'scopes', 'told']

/**
 * @typedef {object} PageFile
 * @property {string} name in the output folder
 * @property {string} part the file behind an `import()` that this is; nothing for what others share
 * @property {'first' | 'journey' | 'trouble'} when loaded at once, in the course of a sign-in, or only if something fails or is asked for
 * @property {number} min bytes
 * @property {number} gzip bytes
 */

/**
 * Bundles an entry for a page, split where it loads something later.
 *
 * @param {string} entry file
 * @param {{ outdir?: string, external?: readonly string[] }} [options] the files are written only where a folder for them is given
 * @returns {Promise<readonly PageFile[]>} what can be loaded at all
 */
export async function bundlePage(entry, { outdir, external = [] } = {}) {
  const { metafile, outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    external: [...external],
    metafile: true,
    outdir: outdir ?? resolve('page'),
    // Written below, so that what is counted and what is written are the same bytes.
    write: false,
    logLevel: 'error',
  })
  const { outputs } = metafile
  const main = Object.keys(outputs).filter((path) => isSame(outputs[path]?.entryPoint, entry))
  const first = reached(outputs, main, () => false)
  const later = reached(outputs, main, (path) => journey.includes(partOf(outputs, path)))
  const all = reached(outputs, main, () => true)
  const contentsOf = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]))
  if (outdir !== undefined) {
    await mkdir(outdir, { recursive: true })
    for (const path of all) await writeFile(resolve(path), contentsOf.get(basename(path)) ?? '')
  }
  return [...all].map((path) => {
    const contents = contentsOf.get(basename(path)) ?? new Uint8Array()
    return {
      name: basename(path),
      part: partOf(outputs, path),
      when: first.has(path) ? 'first' : later.has(path) ? 'journey' : 'trouble',
      min: contents.length,
      gzip: gzipSync(contents, { level: 9 }).length,
    }
  })
}

/** @typedef {import('esbuild').Metafile['outputs']} Outputs */

/**
 * The files that are loaded with some others.
 *
 * @param {Outputs} outputs
 * @param {readonly string[]} from
 * @param {(path: string) => boolean} isLoaded whether what is behind an `import()` is, too
 */
function reached(outputs, from, isLoaded) {
  const found = new Set(from)
  // What is added is gone through, too.
  for (const path of found) {
    for (const { path: next, kind, external } of outputs[path]?.imports ?? []) {
      if (external || !(next in outputs)) continue
      if (kind !== 'dynamic-import' || isLoaded(next)) found.add(next)
    }
  }
  return found
}

/**
 * @param {Outputs} outputs
 * @param {string} path
 */
function partOf(outputs, path) {
  const file = outputs[path]?.entryPoint
  return file === undefined ? '' : basename(file, extname(file))
}

/**
 * @param {string | undefined} entryPoint as esbuild shows it, from the working directory
 * @param {string} entry
 */
function isSame(entryPoint, entry) {
  return entryPoint !== undefined && resolve(process.cwd(), entryPoint) === resolve(entry)
}

/**
 * What a browser loads of a page.
 *
 * @param {readonly PageFile[]} files
 * @param {readonly PageFile['when'][]} [when] all of them unless given
 */
export function sizeOf(files, when = ['first', 'journey', 'trouble']) {
  const counted = files.filter((file) => when.includes(file.when))
  const sum = (/** @type {'min' | 'gzip'} */ of) => counted.reduce((total, file) => total + file[of], 0)
  return { min: sum('min'), gzip: sum('gzip') }
}
