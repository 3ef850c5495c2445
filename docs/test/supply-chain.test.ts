import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { threat } from '@pentauth/tooling/threat'
import { afterAll } from 'vitest'

// Row N4 of docs/threats.md: what an install of our packages would do, read from the tarballs that would be published.

const run = promisify(execFile)
const root = join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'pentauth-tarballs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Packs what would be published, and returns the unpacked folders. */
async function packed(): Promise<string[]> {
  const tarballs = join(folder, 'tarballs')
  await run('pnpm', ['-r', '--filter', './packages/*', 'pack', '--pack-destination', tarballs], { cwd: root })
  const folders: string[] = []
  for (const file of readdirSync(tarballs)) {
    const target = join(folder, file.replace(/\.tgz$/, ''))
    mkdirSync(target)
    await run('tar', ['-xzf', join(tarballs, file), '-C', target])
    folders.push(join(target, 'package'))
  }
  return folders
}

/** A package as they look that have robbed people. */
async function malicious(): Promise<string[]> {
  const target = join(folder, 'malicious')
  mkdirSync(join(target, 'dist'), { recursive: true })
  const scripts = { postinstall: 'node dist/index.js' }
  const dependencies = { 'left-pad': '*' }
  writeFileSync(join(target, 'package.json'), JSON.stringify({ name: 'twin', scripts, dependencies }))
  writeFileSync(join(target, 'dist', 'index.js'), `const run = ${'ev'}${'al'}; new ${'Func'}${'tion'}('return 1')()`)
  return [target]
}

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly bin?: unknown
  readonly scripts?: Record<string, string>
  readonly dependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
  readonly bundledDependencies?: unknown
}

const installs = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare']
/** What a runtime dependency may be; one more is a decision and not an accident. */
const allowed = [
  'ky',
  'oauth4webapi',
  'jose',
  'zod',
  // The files of the formats that MCP clients are configured in belong to people: their parsers keep what is not ours.
  'jsonc-parser',
  'smol-toml',
  'yaml',
  'hono',
  '@hono/node-server',
  '@modelcontextprotocol/server',
  // The bridge speaks MCP by the official transports.
  '@modelcontextprotocol/client',
  'graphql',
  'graphql-yoga',
  'msw',
  // The arguments and the help of the command line; it has no dependencies.
  'commander',
  // Its questions at a terminal, and the difference that people see before a file of theirs is written.
  '@clack/prompts',
  'diff',
]

function problemsOf(path: string): string[] {
  const manifest: Manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
  const { name, scripts = {}, dependencies = {}, optionalDependencies = {} } = manifest
  const code = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((file) => /\.[cm]?js$/.test(file))
  const ranges = Object.entries({ ...dependencies, ...optionalDependencies })
  return [
    ...installs.filter((script) => script in scripts).map((script) => `${name} runs ${script}`),
    ...(code.length === 0 ? [`${name} has no code`] : []),
    ...(manifest.bundledDependencies ? [`${name} bundles dependencies`] : []),
    // A range within one major version, from the registry: no tag, no URL, nothing of the workspace left.
    ...ranges
      .filter(([, range]) => !/^[\^~]?\d+\.\d+\.\d+$/.test(range))
      .map(([of, range]) => `${name}: ${of} ${range}`),
    ...ranges
      .map(([of]) => of)
      .filter((of) => !of.startsWith('@pentauth/') && !allowed.includes(of))
      .map((of) => `${name} depends on ${of}`),
    ...code.flatMap((file) => {
      const text = readFileSync(join(path, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '')
      return /\beval\b|\bnew Function\b|\bFunction\(|\brunInThisContext\b|\bchild_process['"]\)?\.exec\b/.test(text)
        ? [`${name}/${file} runs text as code`]
        : []
    }),
  ]
}

threat<() => Promise<string[]>, string[]>('N4', 'an install runs nothing, and the code evaluates nothing', {
  ours: packed,
  twin: malicious,
  attack: (folders) => folders(),
  breaches: (folders) => [...(folders.length === 0 ? ['nothing was packed'] : []), ...folders.flatMap(problemsOf)],
})
