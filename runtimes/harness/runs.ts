// One run of the bundle in one runtime, and one of core's own vitest in one Node.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { testKey } from '@pentauth/tooling/canary'
import type { TestOutcome } from '../inside/run.ts'
import { bundle, root } from './bundle.ts'
import { startRelay } from './relay.ts'
import { endAll, type Runtime, start } from './runtimes.ts'

const execute = promisify(execFile)
/** Of one runtime with all its files. A hanging one ends before the check that this is a part of. */
const longest = 4 * 60_000
const given = new AbortController()

/** Ends every run that is still going on: nobody waits for it any more. */
export function giveUp(): void {
  given.abort()
  endAll()
}

/** How every test of the files ended there. */
export async function runBundle(runtime: Runtime, files: readonly string[]): Promise<readonly TestOutcome[]> {
  given.signal.throwIfAborted()
  const code = await bundle(runtime.entry, files)
  const relay = await startRelay(code)
  const running = await start(runtime, code, relay)
  const timer = setTimeout(() => void relay.close(), longest)
  // What it told last may still be on its way.
  running.ended.then(() => setTimeout(() => void relay.close(), 1_000))
  try {
    return await relay.outcomes
  } catch (error) {
    throw new Error(`${runtime.name}: ${error instanceof Error ? error.message : error}\n${running.output()}`)
  } finally {
    clearTimeout(timer)
    await running.stop()
    await relay.close()
  }
}

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
const core = join(root, 'packages', 'core')

const pathsOf = (files: readonly string[]) => files.map((file) => `test/${file}`)

/** Which tests core's own vitest would run. */
export async function listTests(files: readonly string[]): Promise<readonly Pick<TestOutcome, 'file' | 'name'>[]> {
  const folder = await mkdtemp(join(tmpdir(), 'pentauth-runtime-'))
  try {
    const report = join(folder, 'list.json')
    // The files are loaded: what stands in them need not be what they define.
    const flags = ['--no-static-parse', `--json=${report}`]
    await execute(process.execPath, [vitest, 'list', ...pathsOf(files), ...flags], {
      cwd: core,
      timeout: longest,
      signal: given.signal,
    })
    const tests = JSON.parse(await readFile(report, 'utf8')) as { readonly file: string; readonly name: string }[]
    return tests.map(({ file, name }) => ({ file: basename(file), name }))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Those tests by that vitest, with its configuration, in that Node. */
export async function runVitest(node: string, files: readonly string[]): Promise<readonly TestOutcome[]> {
  const folder = await mkdtemp(join(tmpdir(), 'pentauth-runtime-'))
  try {
    const report = join(folder, 'report.json')
    const flags = ['--reporter=json', `--outputFile=${report}`]
    const { stdout, stderr, code } = await execute(node, [vitest, 'run', ...pathsOf(files), ...flags], {
      cwd: core,
      timeout: longest,
      signal: given.signal,
    }).then(
      (ended) => ({ ...ended, code: 0 }),
      (error: { stdout: string; stderr: string; code: number }) => error,
    )
    const { testResults } = JSON.parse(await readFile(report, 'utf8')) as Report
    const outcomes = testResults.flatMap(({ name, assertionResults, message }) => [
      ...assertionResults.map(({ ancestorTitles, title, status, failureMessages }) => ({
        file: basename(name),
        name: [...ancestorTitles, title].join(' > '),
        passed: status === 'passed',
        error: failureMessages.join('\n'),
      })),
      ...(message ? [{ file: basename(name), name: '(outside its tests)', passed: false, error: message }] : []),
    ])
    // Such as an error outside of every test.
    if (outcomes.length === 0 || (code !== 0 && outcomes.every(({ passed }) => passed))) {
      throw new Error(`vitest ended with ${code} after ${outcomes.length} tests\n${stdout}\n${stderr}`)
    }
    return outcomes
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly message: string
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[]
      readonly title: string
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

/** What the runtime calls itself. */
export async function versionOf(program: string): Promise<string> {
  const { stdout } = await execute(program, ['--version'], { timeout: 20_000 })
  return /\d[\w.-]*/.exec(stdout)?.[0] ?? stdout
}

/** What the build gives to a program that imports it as it is published. */
export async function smoke({ program, args }: Runtime, file: 'esm.mjs' | 'cjs.cjs'): Promise<unknown> {
  const path = fileURLToPath(new URL(`../smoke/${file}`, import.meta.url))
  const secrets = [testKey.pendra(), testKey.pentographerClientId(), testKey.pentographerSecret()]
  const { stdout } = await execute(program as string, [...args, path, ...secrets], { timeout: 60_000 })
  return JSON.parse(stdout)
}
