import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { format, promisify } from 'node:util'
import { sandboxTest } from '@pentauth/sandbox/vitest'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type CodeBlock, codeBlocks } from './code-blocks.ts'
import { giveCredentials } from './give-credentials.ts'
import { launchChromium, runInPage } from './page-blocks.ts'

// Every code block of every README: TypeScript is compiled and run against the sandbox on the documented origins, and what it
// prints is compared; of the shell lines the demo is run; other languages only show output or files.

const run = promisify(execFile)
const root = join(import.meta.dirname, '..', '..')
const folder = join(import.meta.dirname, '..', '.blocks', 'readme')
const readmes = ['README.md', ...globSync('{packages,examples}/*/README.md', { cwd: root })]
const blocks = readmes.flatMap((file) => codeBlocks(join(root, file)).map((block) => ({ file, ...block })))
const typescript = blocks.filter(({ language }) => language === 'ts')
const testFiles = typescript.filter(({ code }) => code.includes('@pentauth/sandbox/vitest'))
const pageScripts = typescript.filter(({ code }) => code.includes("from '@pentauth/browser'"))
const programs = typescript.filter((block) => !testFiles.includes(block) && !pageScripts.includes(block))

const nameOf = ({ file, line }: { file: string; line: number }) => `${file.replaceAll(/[/.]/g, '-')}-${line}`
const pathOf = (block: { file: string; line: number } & CodeBlock) =>
  join(folder, `${nameOf(block)}${testFiles.includes(block) ? '.test' : ''}.ts`)

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  // `export {}` makes a block without imports a module of its own.
  for (const block of typescript) writeFileSync(pathOf(block), `${block.code}\nexport {}\n`)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('finds the READMEs and their blocks', () => {
  expect(readmes).toContain('README.md')
  expect(programs.length).toBeGreaterThan(5)
})

it('needs at most ten lines of code for each', () => {
  const lines = (code: string) => code.split('\n').filter((line) => line.trim() !== '').length
  const long = typescript.filter(({ code }) => lines(code) > 10)
  expect(long.map(({ file, line, code }) => `${file}:${line} has ${lines(code)}`)).toEqual([])
})

it('compiles every TypeScript block', async () => {
  const problems = await run('tsc', ['-p', join(import.meta.dirname, '..', 'tsconfig.json')]).then(
    () => '',
    ({ stdout, message }) => stdout || message,
  )
  expect(problems).toBe('')
})

describe('TypeScript blocks print what the README says', () => {
  const test = sandboxTest({ allow: [/^http:\/\/127\.0\.0\.1:/] })
  for (const block of programs) {
    test(`${block.file}:${block.line}`, async ({ sandbox }) => {
      giveCredentials(sandbox)
      const printed: string[] = []
      vi.spyOn(console, 'log').mockImplementation((...values) => void printed.push(format(...values)))
      await import(pathOf(block))
      vi.restoreAllMocks()
      if (block.output !== undefined) expect(printed.join('\n')).toBe(block.output)
    })
  }
})

describe('what is for pages prints in Chromium what the README says', () => {
  const test = sandboxTest()
  let browser: Awaited<ReturnType<typeof launchChromium>>
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser.close())
  for (const block of pageScripts) {
    test(`${block.file}:${block.line}`, async ({ sandbox }) => {
      const printed = await runInPage(browser, pathOf(block), sandbox, block.output?.split('\n').length ?? 0)
      if (block.output !== undefined) expect(printed).toBe(block.output)
    })
  }
})

describe.runIf(testFiles.length > 0)('test files in READMEs pass', () => {
  for (const block of testFiles) {
    it(`${block.file}:${block.line}`, { timeout: 60_000 }, async () => {
      const path = relative(join(import.meta.dirname, '..'), pathOf(block))
      const options = { cwd: join(import.meta.dirname, '..'), env: { ...process.env, NO_COLOR: '1' } }
      await run('vitest', ['run', '--config', 'vitest.blocks.config.ts', path], options)
    })
  }
})

it('runs the demo as the README says', { timeout: 180_000 }, async () => {
  const shell = blocks.filter(({ language }) => language === 'sh').map(({ code }) => code)
  expect(shell.join('\n')).toMatch(/^npm run demo\b/m)
  const { stdout } = await run('npm', ['run', '-s', 'demo', '--', '--json'], { cwd: root })
  const rows: { ok: boolean }[] = JSON.parse(stdout)
  expect(rows.length).toBeGreaterThan(10)
  expect(rows.every(({ ok }) => ok)).toBe(true)
})

it('links to files that exist', () => {
  for (const file of readmes) {
    const links = codeless(join(root, file)).matchAll(/\]\((?!https?:|#)([^)#]+)/g)
    for (const [, target] of links)
      expect(existsSync(join(root, file, '..', target ?? '')), `${file}: ${target}`).toBe(true)
  }
})

function codeless(path: string): string {
  return codeBlocks(path).reduce((text, { code }) => text.replace(code, ''), readFileSync(path, 'utf8'))
}
