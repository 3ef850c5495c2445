import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toolEnvironment } from '../bootstrap/environment.mjs'
import { buildFingerprint, installFingerprint, isStamped, workspaces, writeStamp } from '../bootstrap/fingerprint.mjs'
import { hintFor, lastLines } from '../bootstrap/hints.mjs'
import { advice, SERVICES } from '../bootstrap/services.mjs'
import { nodeFits, pnpmFits } from '../bootstrap/versions.mjs'
import { makeTree } from './make-tree.mjs'

it.each([
  ['18.20.0', false],
  ['20.20.2', false],
  ['22.11.9', false],
  ['22.12.0', true],
  ['v22.12.1', true],
  ['23.0.0', true],
  ['26.1.0-nightly', true],
  ['', false],
])('Node %s fits: %s', (version, fits) => {
  expect(nodeFits(version)).toBe(fits)
})

it('takes pnpm only in the pinned version', () => {
  expect(pnpmFits('12.21.0\n')).toBe(true)
  expect(pnpmFits('12.21.1')).toBe(false)
  expect(pnpmFits('9.0.0')).toBe(false)
})

describe('stamps', () => {
  const files = {
    'package.json': '{}',
    'pnpm-lock.yaml': 'a',
    'packages/core/package.json': '{}',
    'packages/core/src/index.ts': 'export {}',
    'packages/core/dist/index.js': '',
    'packages/empty/readme.md': '',
    'examples/demo/package.json': '{}',
    'tooling/package.json': '{}',
  }

  it('know the workspaces', () => {
    expect(workspaces(makeTree(files))).toEqual(['examples/demo', 'packages/core', 'tooling'])
  })

  it('an install depends on manifests and the lockfile, a build on sources too', () => {
    const root = makeTree(files)
    const install = installFingerprint(root)
    const build = buildFingerprint(root)
    writeFileSync(join(root, 'packages/core/dist/index.js'), 'changed')
    expect(buildFingerprint(root)).toBe(build)
    writeFileSync(join(root, 'packages/core/src/index.ts'), 'changed')
    expect(installFingerprint(root)).toBe(install)
    expect(buildFingerprint(root)).not.toBe(build)
    writeFileSync(join(root, 'packages/core/package.json'), '{ "x": 1 }')
    expect(installFingerprint(root)).not.toBe(install)
  })

  it('a moved line between two files is a change', () => {
    const one = makeTree({ 'packages/a/package.json': 'xy', 'packages/b/package.json': '' })
    const two = makeTree({ 'packages/a/package.json': 'x', 'packages/b/package.json': 'y' })
    expect(installFingerprint(one)).not.toBe(installFingerprint(two))
  })

  it('everything includes the demo, not the other way round', () => {
    const root = makeTree(files)
    writeStamp(root, 'install', { fingerprint: 'f', scope: 'all' })
    expect(isStamped(root, 'install', { fingerprint: 'f', scope: 'demo' })).toBe(true)
    writeStamp(root, 'install', { fingerprint: 'f', scope: 'demo' })
    expect(isStamped(root, 'install', { fingerprint: 'f', scope: 'all' })).toBe(false)
    expect(isStamped(root, 'install', { fingerprint: 'g', scope: 'demo' })).toBe(false)
    rmSync(join(root, 'node_modules'), { recursive: true })
    expect(isStamped(root, 'install', { fingerprint: 'f', scope: 'demo' })).toBe(false)
  })
})

it('says in one line what to install', () => {
  const line = advice(SERVICES, 'linux')
  expect(line).not.toContain('\n')
  expect(line).toContain('apt-get install chromium redis-server')
  expect(line).toContain('CHROMIUM_PATH and REDIS_SERVER_PATH')
  expect(advice(SERVICES.slice(1), 'darwin')).toContain('brew install redis')
})

it.each([
  ['npm error network request to x failed, reason: getaddrinfo ENOTFOUND x', /HTTPS_PROXY/],
  ['npm error code ETARGET\nNo matching version found for node', /does not have this version/],
  ['Error: ERR_PNPM_OUTDATED_LOCKFILE', /commit the lockfile/],
  ['EACCES: permission denied, mkdir', /XDG_CACHE_HOME/],
])('knows the way out of %s', (output, hint) => {
  expect(hintFor(output)).toMatch(hint)
})

it('has no hint for what it does not know, and shows the end of a long output', () => {
  expect(hintFor('something else')).toBeUndefined()
  expect(lastLines('a\nb\nc\n', 2)).toBe('b\nc')
})

it('children see our tools first and not what npm told its script', () => {
  const env = toolEnvironment(['first', 'second'], {
    PATH: 'theirs',
    HOME: 'home',
    NODE_ENV: 'production',
    npm_config_local_prefix: 'x',
    npm_config_loglevel: 'silent',
    npm_lifecycle_event: 'demo',
    npm_config_https_proxy: 'proxy',
  })
  expect(env).toMatchObject({ HOME: 'home', npm_config_https_proxy: 'proxy', TURBO_TELEMETRY_DISABLED: '1' })
  expect(env.PATH).toMatch(/^first[:;]second[:;]theirs$/)
  expect(Object.keys(env)).not.toEqual(expect.arrayContaining(['NODE_ENV']))
  expect(Object.keys(env).filter((name) => /local_prefix|loglevel|lifecycle/.test(name))).toEqual([])
})
