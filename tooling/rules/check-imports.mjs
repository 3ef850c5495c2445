// Importing any entry of any package does nothing: each is imported in a Node of its own, by `import` and by `require`.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PROBE = fileURLToPath(new URL('import-probe.mjs', import.meta.url))

/** Entries that cannot be imported alone, and why. @type {Readonly<Record<string, string>>} */
const NOT_ALONE = {
  '@pentauth/sandbox/vitest': 'registers hooks with the vitest that runs the test',
}

/**
 * Globals of libraries that an entry is made of, and that they cannot work without. Ours would be a failure.
 * @type {readonly { entries: RegExp, changes: RegExp, why: string }[]}
 */
const THEIRS = [
  { entries: /^@pentauth\/core\/schema$/, changes: /^globalThis\.__zod_global/, why: 'zod shares its registry' },
  { entries: /^@pentauth\/sandbox\/msw$/, changes: /^globalThis\.__MSW_/, why: 'msw patches each client once' },
  {
    entries: /^@pentauth\/sandbox(\/(msw|server))?$/,
    changes: /^globalThis\.__[a-z][A-Za-z]+$/,
    why: "tslib, under the sandbox's GraphQL server, puts its helpers there",
  },
]

/**
 * @typedef {object} Entry
 * @property {string} name such as `@pentauth/core/ky`
 * @property {'import' | 'require'} kind
 * @property {string} file
 */

/**
 * @param {string} root
 * @param {number} [patience] milliseconds after which an import that has not ended by itself counts as one that stays
 * @returns {Promise<readonly string[]>} problems
 */
export async function checkImports(root, patience = 10_000) {
  const folders = readdirSync(join(root, 'packages'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const entries = folders
    .map((entry) => join(root, 'packages', entry.name))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .flatMap(entriesOf)
  /** @type {string[]} */
  const problems = []
  const queue = [...entries]
  const work = async () => {
    for (let entry = queue.shift(); entry !== undefined; entry = queue.shift())
      problems.push(...(await probe(entry, patience)))
  }
  await Promise.all([work(), work(), work()])
  return problems.sort()
}

/**
 * @param {string} folder
 * @returns {readonly Entry[]}
 */
function entriesOf(folder) {
  const { name, exports = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return Object.entries(exports).flatMap(([path, conditions]) => {
    const full = join(name, path).replaceAll('\\', '/')
    if (typeof conditions === 'string' || Object.hasOwn(NOT_ALONE, full)) return []
    return /** @type {const} */ (['import', 'require']).flatMap((kind) => {
      const target = conditions[kind]?.default ?? conditions[kind]
      return typeof target === 'string' ? [{ name: full, kind, file: join(folder, target) }] : []
    })
  })
}

/**
 * @param {Entry} entry
 * @param {number} patience
 * @returns {Promise<readonly string[]>}
 */
function probe({ name, kind, file }, patience) {
  const what = `${kind} of ${name}`
  if (!existsSync(file)) return Promise.resolve([`${what}: ${file} is missing; is it built?`])
  return new Promise((resolve) => {
    const { NODE_OPTIONS: _, ...env } = process.env
    const child = spawn(process.execPath, [PROBE, kind, file], { env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
    let printed = ''
    let report = ''
    child.stdout?.on('data', (chunk) => (printed += chunk))
    child.stderr?.on('data', (chunk) => (printed += chunk))
    child.stdio[3]?.on('data', (chunk) => (report += chunk))
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, patience)
    child.on('close', (code) => {
      clearTimeout(timer)
      const problems = []
      if (late) problems.push(`${what}: keeps the process alive`)
      else if (code !== 0) problems.push(`${what}: exit code ${code}`)
      if (printed !== '') problems.push(`${what}: prints ${JSON.stringify(printed.slice(0, 300))}`)
      const theirs = THEIRS.filter(({ entries }) => entries.test(name))
      const changed = /** @type {string[]} */ (JSON.parse(report === '' ? '[]' : report)).filter(
        (change) => !theirs.some(({ changes }) => changes.test(change)),
      )
      if (changed.length > 0) problems.push(`${what}: changes ${changed.join(', ')}`)
      resolve(problems)
    })
  })
}
