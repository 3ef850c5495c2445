// A machine without a keychain, or without the package for it: what is published, installed in a folder of its own.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hasMarker } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { temporaryFolder, textIn } from './support/encrypted.ts'

const own = fileURLToPath(new URL('..', import.meta.url))
const WAYS =
  'Where there is no keychain, as in a container, give encryptedFileStore a "key", or choose fileStore(), which does not encrypt.'

/** What a process says that is to save a value with the key of the keychain; `keyring` is the package, or `real` the one there is. */
function saving(keyring?: string, { isCommonJs = false, env = {} } = {}) {
  const root = temporaryFolder()
  const modules = join(root, 'node_modules')
  const node = join(modules, '@pentauth/node')
  mkdirSync(node, { recursive: true })
  cpSync(join(own, 'dist'), join(node, 'dist'), { recursive: true })
  cpSync(join(own, 'package.json'), join(node, 'package.json'))
  symlinkSync(realpathSync(join(own, 'node_modules/@pentauth/core')), join(modules, '@pentauth/core'), 'junction')
  const place = join(modules, '@napi-rs/keyring')
  if (keyring === 'real') {
    mkdirSync(join(modules, '@napi-rs'))
    symlinkSync(realpathSync(join(own, 'node_modules/@napi-rs/keyring')), place, 'junction')
  } else if (keyring !== undefined) {
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, 'package.json'), '{ "name": "@napi-rs/keyring", "main": "index.js" }')
    writeFileSync(join(place, 'index.js'), keyring)
  }
  const folder = join(root, 'state')
  const script = join(root, `saving.${isCommonJs ? 'cjs' : 'mjs'}`)
  const take = isCommonJs
    ? "const { encryptedFileStore } = require('@pentauth/node')"
    : "import { encryptedFileStore } from '@pentauth/node'"
  writeFileSync(
    script,
    `${take}
const say = (words) => console.log(JSON.stringify(words))
encryptedFileStore({ folder: ${JSON.stringify(folder)} }).set('a', 'a value in the clear').then(
  () => say({ saved: true }),
  (error) => say({ code: error.code, message: error.message, retryable: error.retryable, cause: String(error.cause) }),
)`,
  )
  const { stdout, stderr } = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: root, ...env },
    timeout: 50_000,
  })
  expect(stderr).toBe('')
  expect([hasMarker(stdout), textIn(folder).includes('clear')]).toEqual([false, false])
  expect(readdirSync(folder).filter((name) => name.endsWith('.json'))).toEqual([])
  return JSON.parse(stdout)
}

/** A package whose entries do as told. */
const fake = (get: string, set = '') => `
exports.AsyncEntry = class {
  constructor(service, account, options) { this.made = [service, options.linux.store].join(' ') }
  async getPassword() { ${get} }
  async setPassword(text) { ${set} }
}`

describe('the package', () => {
  it.each([false, true])('is not installed (as CommonJS: %s)', (isCommonJs) => {
    expect(saving(undefined, { isCommonJs })).toEqual({
      code: 'store_failed',
      message: `The OS keychain cannot be used: the package @napi-rs/keyring is not installed. Run "npm install @napi-rs/keyring". ${WAYS}`,
      retryable: false,
      cause: 'undefined',
    })
  })

  it('has no part for this machine', () => {
    const { code, message } = saving(`throw new Error("Cannot find native binding")`)
    expect(code).toBe('store_failed')
    expect(message).toContain('the package @napi-rs/keyring cannot be loaded here. Install it again on this machine')
  })
})

describe('the keychain', () => {
  it('of the kernel is not used: the Secret Service is asked for by name', () => {
    const { message } = saving(
      fake(`throw new Error(this.made === 'pentauth secret-service' ? 'it is locked' : 'other')`),
    )
    expect(message).toMatch(/^The OS keychain cannot be used: it is locked\. /)
  })

  it.each([
    // As the package says it on Linux, macOS and Windows.
    [
      'DBus error: Using X11 for dbus-daemon autolaunch was disabled',
      'no Secret Service is there in this D-Bus session',
    ],
    [
      'The name org.freedesktop.secrets was not provided by any .service files',
      'no Secret Service is there in this D-Bus session',
    ],
    ['Secret Service: no result found', 'it has no default collection'],
    ["Couldn't access platform storage: AccessDenied", 'access was denied'],
    ['Secret Service: unlock prompt was dismissed', 'it is locked'],
    ['User interaction is not allowed.', 'it is locked'],
    ['something else', 'it does not answer'],
  ])('says %j', (words, reason) => {
    const said = saving(fake(`throw new Error(${JSON.stringify(words)})`))
    expect(said).toMatchObject({ code: 'store_failed', retryable: true, cause: 'undefined' })
    expect(said.message).toMatch(`The OS keychain cannot be used: ${reason}. `)
    expect(said.message).toContain(WAYS)
  })

  it('forgets what it is given: nothing is encrypted with such a key', () => {
    const forgetful = saving(fake('return null'))
    expect(forgetful).toMatchObject({ code: 'store_failed', retryable: false })
    expect(forgetful.message).toMatch('The OS keychain does not have what was just saved in it. Nothing was encrypted')
    const other = saving(
      fake(`return globalThis.kept && Buffer.alloc(32).toString('base64url')`, 'globalThis.kept = true'),
    )
    expect(other.message).toMatch('The OS keychain does not have what was just saved in it.')
  })

  it('an error that repeats the key is not passed on', () => {
    const said = saving(fake('return null', 'globalThis.key = text; throw new Error(text)'))
    expect(said.message).toMatch(/^The OS keychain cannot be used: it does not answer\. /)
    expect(JSON.stringify(said)).not.toMatch(/[\w-]{43}/)
  })

  it.skipIf(process.platform !== 'linux')('is not there at all: the real package, without a D-Bus session', () => {
    for (const env of [{}, { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent/bus' }]) {
      const said = saving('real', { env })
      expect(said).toMatchObject({ code: 'store_failed', retryable: true })
      expect(said.message).toMatch(
        'The OS keychain cannot be used: no Secret Service is there in this D-Bus session. Start',
      )
    }
  })
})
