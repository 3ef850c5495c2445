import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pensyve, pentographer } from '@pentauth/core/services'
import { caught, testKey } from '@pentauth/tooling/canary'
import { afterAll, describe, expect, it } from 'vitest'
import { createAuth } from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'pentauth-env-'))
afterAll(() => rmSync(folder, { recursive: true }))

const key = testKey.pensyve()
let files = 0
function file(text: string): string {
  const path = join(folder, `${++files}.env`)
  writeFileSync(path, text)
  return path
}
const authFor = (text: string, env = {}) => createAuth(pensyve, { env, envFile: file(text) })

describe('a .env file, when asked', () => {
  it.each([
    ['plain', `PENSYVE_API_KEY=${key}`],
    ['in quotes', `PENSYVE_API_KEY="${key}"`],
    ['exported', `export PENSYVE_API_KEY=${key}`],
    ['behind a byte order mark', `\uFEFFPENSYVE_API_KEY=${key}`],
    ['with Windows line ends', `A=1\r\nPENSYVE_API_KEY=${key}\r\n`],
    ['with a comment behind it', `PENSYVE_API_KEY=${key} # production`],
    ['the last of two', `PENSYVE_API_KEY=${testKey.pensyve('old')}\nPENSYVE_API_KEY=${key}`],
  ])('%s', async (_name, text) => {
    expect((await authFor(text).credential()).secret.reveal() === key).toBe(true)
  })

  it('is behind the environment', async () => {
    const environment = testKey.pensyve('environment')
    const auth = authFor(`PENSYVE_API_KEY=${key}`, { PENSYVE_API_KEY: environment })
    expect((await auth.credential()).secret.reveal() === environment).toBe(true)
  })

  it('names file and line', async () => {
    const credential = await authFor(`# keys\n\nPENSYVE_API_KEY=${key}`).credential()
    expect(credential.source).toBe(`${folder}/${files}.env:3`)
    const error = await caught(authFor(`OTHER=1\nPENSYVE_API_KEY=${testKey.pendra()}`).credential())
    expect(error.message).toContain(`from ${folder}/${files}.env:2 looks like a Pendra API key`)
  })

  it('refuses a value that its syntax would cut at a "#"', async () => {
    const error = await caught(authFor(`PENSYVE_API_KEY=${key}#tail`).credential())
    expect(error).toMatchObject({ code: 'malformed_credential', hint: 'Put the value in quotes.' })
  })

  it('serves client credentials too', async () => {
    const text = `PENTOGRAPHER_CLIENT_ID=${testKey.pentographerClientId()}\n`
    const error = await caught(createAuth(pentographer, { env: {}, envFile: file(text) }).credential())
    expect(error.tried.at(-1).result).toBe('PENTOGRAPHER_CLIENT_SECRET not set')
  })

  it('says that there is none', async () => {
    const path = join(folder, 'absent.env')
    const error = await caught(createAuth(pensyve, { env: {}, envFile: path }).credential())
    expect(error.tried).toContainEqual({
      source: `PENSYVE_API_KEY in ${path}`,
      result: 'there is no such file',
      next: 'add the line PENSYVE_API_KEY=psy_…',
    })
  })

  it('says why it cannot be read', async () => {
    const path = join(folder, 'folder.env')
    mkdirSync(path)
    const error = await caught(createAuth(pensyve, { env: {}, envFile: path }).credential())
    expect(error).toMatchObject({ code: 'invalid_option' })
    expect(error.message).toContain('not a file')
    chmodSync(path, 0o700)
  })

  it('is not looked for unless asked', async () => {
    const error = await caught(createAuth(pensyve, { env: {} }).credential())
    expect(error.tried.map(({ source }: { source: string }) => source)).toEqual([
      'option "credential"',
      'PENSYVE_API_KEY',
      'PENSYVE_API_KEY_FILE',
      'saved sign-in',
    ])
  })
})
