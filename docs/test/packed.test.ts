import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { errorCodes } from './error-pages.ts'

// What users install is the tarball, not this tree: packed, installed elsewhere, imported and required there.

const run = promisify(execFile)
const root = join(import.meta.dirname, '..', '..')
const app = mkdtempSync(join(tmpdir(), 'pentauth-packed-'))

beforeAll(async () => {
  const tarballs = join(app, 'tarballs')
  await run('pnpm', ['-r', '--filter', './packages/*', 'pack', '--pack-destination', tarballs], { cwd: root })
  writeFileSync(join(app, 'package.json'), '{"private":true}')
  const files = readdirSync(tarballs).map((file) => join(tarballs, file))
  await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', ...files], {
    cwd: app,
  })
}, 120_000)
afterAll(() => rmSync(app, { recursive: true, force: true }))

const program = `
const headers = createAuth(pensyve, { env: { PENSYVE_API_KEY: 'psy_' + 'a'.repeat(20) } }).headers(pensyve.resources.rest.url)
headers.then((found) => console.log(Object.keys(found).join()), (error) => console.log(error.code))
`

it('is imported by ES modules', async () => {
  writeFileSync(
    join(app, 'app.mjs'),
    `import { createAuth } from '@pentauth/node'
import { pensyve } from '@pentauth/core/services'
import { createHttp } from '@pentauth/core/ky'
import { parseService } from '@pentauth/core/schema'
import { openaiOptions } from '@pentauth/core/sdk'
import { createSandbox } from '@pentauth/sandbox'
void [createHttp, parseService, openaiOptions, createSandbox]
${program}`,
  )
  const { stdout, stderr } = await run('node', ['app.mjs'], { cwd: app })
  expect({ stdout, stderr }).toEqual({ stdout: 'authorization\n', stderr: '' })
})

it('is required by CommonJS, and errors of one copy are recognised by the other', async () => {
  writeFileSync(
    join(app, 'app.cjs'),
    `const { createAuth, PentauthError } = require('@pentauth/node')
const { pensyve } = require('@pentauth/core/services')
const { createHttp } = require('@pentauth/core/ky')
const { parseService } = require('@pentauth/core/schema')
const { openaiOptions } = require('@pentauth/core/sdk')
const { createSandbox } = require('@pentauth/sandbox')
void [createHttp, openaiOptions, createSandbox]
import('@pentauth/core/schema').then((esm) => {
  try { esm.parseService({}) } catch (error) { console.log(PentauthError.isInstance(error), error.code) }
})
${program}`,
  )
  const { stdout } = await run('node', ['app.cjs'], { cwd: app })
  expect(stdout.trim().split('\n').sort()).toEqual(['authorization', 'true invalid_service'])
})

it('has the command line', async () => {
  const pentauth = join(app, 'node_modules', '.bin', 'pentauth')
  const env = { PATH: process.env.PATH, HOME: app, PENSYVE_API_KEY: `psy_${'a'.repeat(20)}` }
  const { version } = JSON.parse(readFileSync(join(root, 'packages', 'cli', 'package.json'), 'utf8'))
  expect((await run(pentauth, ['--version'], { cwd: app, env })).stdout).toBe(`${version}\n`)
  const { stdout } = await run(pentauth, ['headers', 'pensyve'], { cwd: app, env })
  expect(JSON.parse(stdout)).toEqual({ authorization: `Bearer ${env.PENSYVE_API_KEY}` })
})

it('holds the built files and nothing else', async () => {
  for (const name of ['core', 'node', 'sandbox']) {
    const folder = join(app, 'node_modules', '@pentauth', name)
    const files = readdirSync(folder).filter((file) => file !== 'node_modules')
    const built = name === 'core' ? ['dist', 'docs', 'package.json'] : ['dist', 'package.json']
    expect(files.sort()).toEqual(expect.arrayContaining(built))
    expect(files.filter((file) => ![...built, 'README.md', 'LICENSE', 'CHANGELOG.md'].includes(file))).toEqual([])
  }
})

it('holds the page that each error names, where the error says it is', async () => {
  writeFileSync(
    join(app, 'docs.mjs'),
    `import { PentauthError } from '@pentauth/node'
for (const code of process.argv.slice(2)) console.log(new PentauthError({ code, message: 'x' }).docs)`,
  )
  const codes = errorCodes()
  const { stdout } = await run('node', ['docs.mjs', ...codes], { cwd: app })
  const firstLines = stdout
    .trim()
    .split('\n')
    .map((path) => readFileSync(join(app, 'node_modules', path), 'utf8').split('\n')[0])
  expect(firstLines).toEqual(codes.map((code) => `# \`${code}\``))
  const installed = readdirSync(join(app, 'node_modules', '@pentauth', 'core', 'docs', 'errors'))
  expect(installed.sort()).toEqual(['README.md', ...codes.map((code) => `${code}.md`)].sort())
})
