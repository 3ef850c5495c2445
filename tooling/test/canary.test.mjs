// The canary is only worth something if it fails: each leaking test below is run in a vitest of its own.
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { masked } from '../canary/marker.mjs'

const tooling = fileURLToPath(new URL('..', import.meta.url))
const vitest = fileURLToPath(new URL('../vitest.mjs', import.meta.resolve('vitest')))

const HEAD = `
import { it, expect } from 'vitest'
import { caught, testKey } from '${tooling}vitest/canary.mjs'
const key = testKey.pensyve()
const leak = () => new Error('refused: ' + key)
const clean = () => new Error('refused: psy_…')
const hidden = () => Object.defineProperty(clean(), 'request', { value: { headers: { authorization: key } } })
`

const LEAKING = {
  'a rejection': `await expect(Promise.reject(leak())).rejects.toThrow()`,
  'a rejection of a function': `await expect(async () => { throw leak() }).rejects.toThrow('refused')`,
  'a rejection matched by its fields': `await expect(Promise.reject(leak())).rejects.toMatchObject({ name: 'Error' })`,
  'a thrown error': `expect(() => { throw leak() }).toThrow()`,
  'a thrown error matched by class': `expect(() => { throw leak() }).toThrow(Error)`,
  'a value': `expect(leak()).toBeInstanceOf(Error)`,
  'a value in a list': `expect([{ error: leak() }]).toHaveLength(1)`,
  'a resolved value': `await expect(Promise.resolve(leak())).resolves.toBeDefined()`,
  'a cause': `expect(new Error('outer', { cause: leak() })).toBeDefined()`,
  'a hidden property': `expect(hidden()).toBeDefined()`,
  'a JWT': `expect(new Error('token e30.' + btoa('{"k":"' + key + '"}'))).toBeDefined()`,
  'a swallowed assertion': `try { expect(leak()).toBe(1) } catch {}`,
  'a caught error': `expect((await caught(() => { throw leak() })).name).toBe('Error')`,
  'a console line': `console.warn({ headers: { key } })`,
  'an inline snapshot': `expect({ headers: { key } }).toMatchInlineSnapshot()`,
  'an inline snapshot of a text': `expect('key ' + key).toMatchInlineSnapshot()`,
  'an inline snapshot that agrees': `expect(key).toMatchInlineSnapshot(JSON.stringify(key))`,
  'an inline snapshot of a name': `expect({ [key]: 1 }).toMatchInlineSnapshot()`,
  'an inline snapshot of an error': `expect(hidden()).toMatchInlineSnapshot()`,
  'an inline snapshot of a thrown error': `expect(() => { throw leak() }).toThrowErrorMatchingInlineSnapshot()`,
  'an inline snapshot of a rejection': `await expect(Promise.reject(leak())).rejects.toThrowErrorMatchingInlineSnapshot()`,
  'a snapshot': `expect([{ key }]).toMatchSnapshot()`,
  'a snapshot of a thrown error': `expect(() => { throw leak() }).toThrowErrorMatchingSnapshot()`,
  'a file snapshot': `await expect('key ' + key).toMatchFileSnapshot('./leak.txt')`,
  'a file snapshot of data': `await expect({ key }).toMatchFileSnapshot('./leak.json')`,
  'a write to stderr': `process.stderr.write(key + '\\n')`,
}

const CLEAN = {
  'a clean rejection': `await expect(Promise.reject(clean())).rejects.toThrow('refused')`,
  'a clean thrown error': `expect(() => { throw clean() }).toThrow(Error)`,
  'a credential where it belongs': `expect({ authorization: 'Bearer ' + key }).toEqual({ authorization: 'Bearer ' + key })`,
  'clean inline snapshots': `expect([]).toMatchInlineSnapshot('[]')
    expect('one').toMatchInlineSnapshot('"one"')
    expect('two').toMatchInlineSnapshot('"two"')`,
  'a clean inline snapshot of a thrown error': `expect(() => { throw clean() }).toThrowErrorMatchingInlineSnapshot('[Error: refused: psy_…]')`,
  'a clean snapshot': `expect({ a: 'fine' }).toMatchSnapshot()`,
  'a clean file snapshot': `await expect('fine').toMatchFileSnapshot('./fine.txt')`,
  'a clean console line': `console.log('fine')`,
}

const FAILING = {
  'an assertion that fails': `expect({ a: 1 }).toMatchObject({ a: 2 })`,
  'an inline snapshot that differs': `expect('one').toMatchInlineSnapshot('"two"')`,
  'a file snapshot that differs': `await expect('fine').toMatchFileSnapshot('./other.txt')`,
}

/** @type {Map<string, string>} */
const outcomes = new Map()
let output = ''
let folder = ''

beforeAll(async () => {
  folder = mkdtempSync(join(tooling, 'test', '.canary-'))
  const tests = Object.entries({ ...LEAKING, ...CLEAN, ...FAILING }).map(
    ([name, body]) => `it(${JSON.stringify(name)}, async () => {\n${body}\n})`,
  )
  writeFileSync(join(folder, 'twin.test.mjs'), HEAD + tests.join('\n'))
  writeFileSync(join(folder, 'fine.txt'), 'fine')
  writeFileSync(join(folder, 'other.txt'), 'other')
  writeFileSync(
    join(folder, 'vitest.config.mjs'),
    `export default { test: { include: ['*.test.mjs'], setupFiles: ['${tooling}vitest/canary.mjs'] } }`,
  )
  const result = join(folder, 'result.json')
  output = await new Promise((resolve) => {
    const args = [vitest, 'run', '--root', folder, '--reporter=json', `--outputFile=${result}`]
    // Under CI vitest writes no snapshot, and a missing one would fail first.
    const env = { ...process.env, CI: '' }
    execFile(process.execPath, args, { cwd: folder, encoding: 'utf8', env }, (_error, stdout, stderr) =>
      resolve(masked(stdout + stderr)),
    )
  })
  const report = existsSync(result) ? JSON.parse(readFileSync(result, 'utf8')) : {}
  for (const { title, status, failureMessages } of report.testResults?.[0]?.assertionResults ?? []) {
    outcomes.set(title, masked(`${status} ${stripVTControlCharacters(failureMessages.join(' '))}`))
  }
}, 60_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a test fails that looks at or prints a credential in', () => {
  it.each(Object.keys(LEAKING))('%s', (name) => {
    expect(outcomes.get(name), output.slice(0, 2000)).toMatch(/^failed .*A test credential shows/)
  })
})

describe('a test passes with', () => {
  it.each(Object.keys(CLEAN))('%s', (name) => {
    expect(outcomes.get(name), output.slice(0, 2000)).toMatch(/^passed/)
  })
})

it.each(Object.keys(FAILING))('%s points at the test, not at the canary', (name) => {
  const failure = outcomes.get(name)
  expect(failure).toMatch(/^failed .*twin\.test\.mjs/s)
  expect(failure).not.toContain('canary.mjs')
  expect(failure).not.toContain('A test credential shows')
})
