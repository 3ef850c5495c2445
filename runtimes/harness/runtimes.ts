// The runtimes, where npm brought them, and how each is made to run the bundle.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Entry } from './bundle.ts'
import type { Relay } from './relay.ts'

const modules = fileURLToPath(new URL('../node_modules', import.meta.url))
const here = `${process.platform}-${process.arch}`

export interface Runtime {
  readonly name: string
  readonly entry: Entry
  /** The program, or why there is none here. */
  readonly program: string | { readonly missing: string }
  /** What it is called with, to run a file. */
  readonly args: readonly string[]
}

type Packages = Readonly<Record<string, readonly [name: string, file: string]>>

function found(packages: Packages): Runtime['program'] {
  const [name, file] = packages[here] ?? []
  if (name === undefined || file === undefined) return { missing: `npm has no package of it for ${here}` }
  const path = join(modules, name, file)
  return existsSync(path) ? path : { missing: `${name}, an optional dependency, is not installed` }
}

const node = (major: number) =>
  found(
    Object.fromEntries(
      ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'].map((arch) => [
        arch,
        [`node-${major}-${arch}`, 'bin/node'],
      ]),
    ),
  )
const bun = found({
  'linux-x64': ['@oven/bun-linux-x64-baseline', 'bin/bun'],
  'linux-arm64': ['@oven/bun-linux-aarch64', 'bin/bun'],
  'darwin-x64': ['@oven/bun-darwin-x64', 'bin/bun'],
  'darwin-arm64': ['@oven/bun-darwin-aarch64', 'bin/bun'],
})
const deno = found({
  'linux-x64': ['@deno/linux-x64-glibc', 'deno'],
  'linux-arm64': ['@deno/linux-arm64-glibc', 'deno'],
  'darwin-x64': ['@deno/darwin-x64', 'deno'],
  'darwin-arm64': ['@deno/darwin-arm64', 'deno'],
})
const workerd = found({
  'linux-x64': ['@cloudflare/workerd-linux-64', 'bin/workerd'],
  'linux-arm64': ['@cloudflare/workerd-linux-arm64', 'bin/workerd'],
  'darwin-x64': ['@cloudflare/workerd-darwin-64', 'bin/workerd'],
  'darwin-arm64': ['@cloudflare/workerd-darwin-arm64', 'bin/workerd'],
})
const chromiumPath = process.env.CHROMIUM_PATH || '/usr/bin/chromium'
const chromium = existsSync(chromiumPath) ? chromiumPath : { missing: 'CHROMIUM_PATH names no program' }

export const nodes: readonly Runtime[] = [
  { name: 'Node 22', entry: 'in-process', program: node(22), args: [] },
  { name: 'Node 26', entry: 'in-process', program: node(26), args: [] },
]
export const others: readonly Runtime[] = [
  { name: 'Bun', entry: 'in-process', program: bun, args: ['run'] },
  {
    name: 'Deno',
    entry: 'in-process',
    program: deno,
    args: ['run', '--no-prompt', '--allow-net', '--allow-env', '--allow-read'],
  },
  { name: 'workerd', entry: 'in-worker', program: workerd, args: ['serve'] },
  {
    name: 'Chromium',
    entry: 'in-page',
    program: chromium,
    args: [
      '--headless=new',
      // Its own sandbox needs rights that containers have not.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  },
]

/** Their process groups: a run that is given up must leave none behind. */
const alive = new Set<number>()

function end(group: number | undefined): void {
  if (group === undefined || !alive.delete(group)) return
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

/** Ends whatever still runs. */
export function endAll(): void {
  for (const group of alive) end(group)
}
process.on('exit', endAll)

/** Starts the runtime on the bundle; it ends by itself or when it is stopped. */
export async function start({ entry, program, args }: Runtime, code: string, { origin }: Relay) {
  if (typeof program !== 'string') throw new Error(program.missing)
  const folder = await mkdtemp(join(tmpdir(), 'pentauth-runtime-'))
  const file = join(folder, 'tests.mjs')
  await writeFile(file, code)
  const last = {
    'in-process': async () => [file, origin],
    'in-page': async () => [`--user-data-dir=${folder}`, `${origin}/`],
    'in-worker': async () => {
      await writeFile(join(folder, 'config.capnp'), workerConfig)
      return [join(folder, 'config.capnp'), '--control-fd=1']
    },
  }
  // A group of its own: a browser is many processes.
  const child = spawn(program, [...args, ...(await last[entry]())], {
    cwd: dirname(file),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (child.pid !== undefined) alive.add(child.pid)
  const output: string[] = []
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => output.push(String(error)))
    child.on('close', () => resolve())
  })
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => output.push(String(data)))
  if (entry === 'in-worker') {
    child.stdout.once('data', (line) => {
      const { port } = JSON.parse(String(line).split('\n')[0] ?? '') as { port: number }
      const told = (why: unknown) => {
        output.push(String(why))
        end(child.pid)
      }
      fetch(`http://127.0.0.1:${port}/?harness=${encodeURIComponent(origin)}`).then(
        async (response) => response.ok || told(`${response.status} ${await response.text()}`),
        told,
      )
    })
  }
  return {
    ended,
    output: () => output.join('').slice(-4000),
    async stop() {
      end(child.pid)
      await ended
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Without Node's interfaces, which are there by default: what works here needs the web's only. */
const workerConfig = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["127.0.0.0/8"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "tests.mjs", esModule = embed "tests.mjs")],
  compatibilityDate = "2026-10-01",
  compatibilityFlags = ["no_nodejs_compat", "no_nodejs_compat_v2"],
);
`
