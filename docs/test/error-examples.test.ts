import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, promisify } from 'node:util'
import { sandboxTest } from '@pentauth/sandbox/vitest'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { codeBlocks } from './code-blocks.ts'
import { errorPages, folder as pagesFolder } from './error-pages.ts'
import { giveCredentials } from './give-credentials.ts'

// The example of every page in docs/errors compiles, and runs against the sandbox; what it prints is compared where the page says it.

const docs = join(import.meta.dirname, '..')
const folder = join(docs, '.blocks', 'errors')
const blocks = errorPages().flatMap(({ code }) =>
  codeBlocks(join(pagesFolder, `${code}.md`))
    .filter(({ language }) => language === 'ts')
    .map((block) => ({ ...block, page: code })),
)
const pathOf = (page: string) => join(folder, `${page}.ts`)

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const { page, code } of blocks) writeFileSync(pathOf(page), `${code}\nexport {}\n`)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('compiles every example', { timeout: 60_000 }, async () => {
  const problems = await promisify(execFile)('tsc', [
    '-p',
    join(docs, 'tsconfig.errors.json'),
    '--pretty',
    'false',
  ]).then(
    () => '',
    ({ stdout, message }) => String(stdout || message),
  )
  expect(problems).toBe('')
})

describe('every example runs', () => {
  const test = sandboxTest()
  for (const { page, output } of blocks) {
    test(page, async ({ sandbox }) => {
      giveCredentials(sandbox)
      const printed: string[] = []
      vi.spyOn(console, 'log').mockImplementation((...values) => void printed.push(format(...values)))
      await import(pathOf(page))
      vi.restoreAllMocks()
      expect(printed.join('\n')).toBe(output ?? '')
    })
  }
})
