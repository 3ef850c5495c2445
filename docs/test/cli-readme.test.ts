import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createSandbox, facts } from '@pentauth/sandbox'
import { listen } from '@pentauth/sandbox/server'
import { afterAll, describe, expect, it } from 'vitest'
import { codeBlocks } from './code-blocks.ts'
import { isOutput } from './shell-output.ts'

// Every shell block of the command line's README, in its order and one home, with `pentauth` on the PATH, keys and addresses of one
// sandbox in the environment, and a browser whose person allows everything. Without a block of output behind it, it ends well.

const root = join(import.meta.dirname, '..', '..')
const all = codeBlocks(join(root, 'packages', 'cli', 'README.md')).filter(({ language }) => language === 'sh')
const notRun = all.filter(({ info }) => info === 'no-run')
const blocks = all.filter((block) => !notRun.includes(block))

const folder = mkdtempSync(join(tmpdir(), 'pentauth-readme-'))
const sandbox = createSandbox()
const server = await listen(sandbox, { onePortPerService: true })
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})
const env = environment()

it('runs nearly all of them', () => {
  // These wait for somebody, change the machine, or want a registry.
  expect(notRun.map(({ line, code }) => `${line}: ${code.trim()}`).slice(8)).toEqual([])
  expect(blocks.length).toBeGreaterThan(2)
})

describe('packages/cli/README.md', () => {
  for (const { line, code, output } of blocks) {
    it(`line ${line}: ${code.split('\n')[0]}`, async () => {
      const { code: exitCode, printed } = await shell(output === undefined ? `set -e\n${code}` : code)
      if (output === undefined) expect(exitCode, printed).toBe(0)
      else if (!isOutput(printed, output)) expect(printed).toBe(output)
    })
  }
})

it('compares what is printed line by line', () => {
  expect(isOutput('a 12 b\nc\n', 'a … b\nc')).toBe(true)
  expect(isOutput('a\n1\n2\nb', 'a\n…\nb')).toBe(true)
  expect(isOutput('a\nb', 'a\n…\nb')).toBe(true)
  expect(isOutput('a.b', 'a…b')).toBe(true)
  for (const [printed, output] of [
    ['a\nx\nb', 'a…b'],
    ['axb', 'a.b'],
    ['a\nb', 'a'],
    ['a', 'a\nb'],
    ['x a', 'a'],
  ] as const)
    expect(isOutput(printed, output), output).toBe(false)
})

/** What it prints on stdout and stderr together, and its exit code. */
function shell(script: string): Promise<{ readonly code: number; readonly printed: string }> {
  return new Promise((resolve) => {
    const child = execFile('sh', ['-c', `exec 2>&1\n${script}`], { env, cwd: join(folder, 'work') }, (_, printed) =>
      resolve({ code: child.exitCode ?? -1, printed }),
    )
    child.stdin?.end()
  })
}

function environment(): Record<string, string> {
  for (const name of ['bin', 'work']) mkdirSync(join(folder, name))
  const program = join(folder, 'bin', 'pentauth')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${root}/packages/cli/dist/main.js' "$@"\n`)
  chmodSync(program, 0o755)
  const { clientId, clientSecret } = sandbox.clients.create('pentographer')
  const services = Object.values(facts).flatMap(({ name, env: { apiKey } }) => [
    [apiKey, sandbox.keys.create(name).key],
    [`${name.toUpperCase()}_BASE_URL`, server.baseUrls[name]],
  ])
  return {
    PATH: [dirname(program), dirname(process.execPath), '/usr/bin', '/bin'].join(':'),
    HOME: folder,
    PENTAUTH_HOME: join(folder, 'state'),
    BROWSER: `${process.execPath} ${join(root, 'packages', 'cli', 'test', 'support', 'person.mjs')}`,
    ...Object.fromEntries(services),
    PENTOGRAPHER_CLIENT_ID: clientId,
    PENTOGRAPHER_CLIENT_SECRET: clientSecret,
  }
}
