// The package as pages get it: a few files that bundlers keep apart, where Node has one.
//
// What every page needs is `shared`; `index` has what else is asked for by name, of which bundlers keep what a page uses. What is loaded
// later is in parts, so that a page loads few files, and none for a single function. A part takes what keeps something from the one
// place that has it; of functions it may have a copy of its own.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { build } from 'esbuild'

const OUT = 'dist/browser'
const ENTRIES = ['services', 'ky', 'sdk', 'schema', 'store-contract', 'jwt']

/** The parts, by the files behind an `import()` that are in them; all other such files are in `trouble`. */
const PARTS = {
  'sign-in': ['session-in-pages', 'sign-in-in-pages', 'sign-in-steps'],
  scopes: ['scope'],
  told: ['told-sign-in', 'told-request'],
  accounts: ['accounts'],
  'sign-out': ['sign-out-in-pages', 'revocation-steps'],
  registration: ['registration', 'registration-steps', 'client-authentication', 'push-steps'],
  addresses: ['foreign-address', 'documented-server', 'unusual-server'],
  'sign-in-trouble': [
    'token-refusal',
    'refused-token',
    'lasting-token',
    'session-refusal',
    'refresh-refusal',
    'response-refusal',
    'request-refusal',
    'document-refusal',
    'sign-in-failure',
    'sign-in-options',
  ],
  devices: ['device-sign-in', 'device-steps'],
  clients: ['client-steps'],
  keys: ['several-keys'],
  redirects: ['redirect'],
  dpop: ['dpop-steps'],
}

const partOf = new Map(Object.entries(PARTS).flatMap(([part, files]) => files.map((file) => [file, part])))

/** Who has the one copy of a file. @type {Map<string, string>} */
const owners = new Map()

/**
 * @param {string} unit
 * @returns {import('esbuild').Plugin}
 */
const resolver = (unit) => ({
  name: 'pages',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, kind }) => {
      const name = basename(path, '.ts')
      const isService = /\/services\/|\/services\.ts$/.test(path)
      const from =
        kind === 'dynamic-import'
          ? (partOf.get(name) ?? 'trouble')
          : isService && ENTRIES.includes(unit)
            ? 'index'
            : (owners.get(name) ?? unit)
      return from === unit && kind !== 'dynamic-import' ? undefined : { path: `./${from}.js`, external: true }
    })
  },
})

/**
 * Of two exports of one name `export *` would take neither, without a word.
 *
 * @param {readonly string[]} files
 */
function checkNames(files) {
  const names = files.flatMap((file) =>
    [...readFileSync(`src/${file}.ts`, 'utf8').matchAll(/^export (?:async )?(?:function|const|class) (\w+)/gm)].map(
      ([, name = '']) => name,
    ),
  )
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new Error(`Two files of one part export "${twice}".`)
}

/**
 * Makes one file of several.
 *
 * @param {string} unit
 * @param {readonly string[]} files
 * @param {boolean} [write]
 * @returns {Promise<readonly string[]>} the sources in it
 */
async function bundle(unit, files, write = true) {
  checkNames(files)
  const { metafile } = await build({
    stdin: {
      contents: files.map((file) => `export * from './src/${file}.ts'`).join('\n'),
      resolveDir: '.',
      sourcefile: `${unit}.ts`,
      loader: 'ts',
    },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    external: ['jose', 'ky', 'zod', ...(write ? [] : ['oauth4webapi'])],
    // Of the protocol library each part has what it uses: a bundler would give all of it to the page for the sake of one part.
    banner: {
      js: '/* With parts of oauth4webapi, (c) Filip Skokan, MIT License: https://github.com/panva/oauth4webapi */',
    },
    // Bundlers remove the white space, and need the comments that say what may be left out.
    minifySyntax: true,
    minifyIdentifiers: true,
    sourcemap: true,
    metafile: true,
    write,
    outfile: `${OUT}/${unit}.js`,
    plugins: [resolver(unit)],
    logLevel: 'warning',
  })
  if (write) fillMap(`${OUT}/${unit}.js.map`)
  return Object.keys(metafile.inputs)
    .filter((path) => path.startsWith('src/'))
    .map((path) => path.slice('src/'.length, -'.ts'.length))
}

/**
 * The protocol library's own sources are not in its package: tools warn of a map that leads to none.
 *
 * @param {string} path
 */
function fillMap(path) {
  const map = JSON.parse(readFileSync(path, 'utf8'))
  const sourcesContent = map.sourcesContent.map((/** @type {string | null} */ text) => text ?? '')
  writeFileSync(path, JSON.stringify({ ...map, sourcesContent }))
}

/** @returns {readonly string[]} the files behind an `import()` that are in no other part */
function troubles() {
  const found = readdirSync('src')
    .filter((file) => file.endsWith('.ts') && file !== 'oauth.ts')
    .flatMap((file) => [...readFileSync(`src/${file}`, 'utf8').matchAll(/(?<!typeof )import\('\.\/([\w-]+)\.ts'\)/g)])
    .map(([, name = '']) => name)
  return [...new Set(found)].filter((name) => !partOf.has(name))
}

/**
 * Builds a unit that has the one copy of its sources.
 *
 * @param {string} unit
 * @param {readonly string[]} files
 */
async function own(unit, files) {
  const sources = await bundle(unit, files, false)
  for (const file of sources) owners.set(basename(file), unit)
  await bundle(unit, sources)
}

/**
 * Builds a part that others use, too: what is behind its `import()` names no more than what is asked for there.
 *
 * @param {string} part
 * @param {readonly string[]} doors
 */
async function ownPart(part, doors) {
  const sources = (await bundle(part, doors, false)).filter((file) => !doors.includes(file))
  for (const file of sources) owners.set(basename(file), `${part}-shared`)
  await bundle(`${part}-shared`, sources)
  await bundle(part, doors)
}

rmSync(OUT, { recursive: true, force: true })
await own('shared', ['auth-for', 'credential-source', 'part'])
await bundle('index', ['index-in-pages'])
// What any page may need loads nothing of a sign-in.
await bundle('trouble', troubles())
await bundle('keys', PARTS.keys)
await bundle('redirects', PARTS.redirects)
await bundle('scopes', PARTS.scopes)
for (const entry of ENTRIES) await bundle(entry, [entry])
await ownPart('sign-in', PARTS['sign-in'])
for (const [part, files] of Object.entries(PARTS))
  if (!/^(?:sign-in|scopes|keys|redirects)$/.test(part)) await bundle(part, files)
