// A machine without Chromium and Redis: a PATH with our own apt-get and sudo, which write down what they are asked.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { BROUGHT } from '../bootstrap/versions.mjs'
import { makeTree } from './make-tree.mjs'

const tooling = fileURLToPath(new URL('..', import.meta.url))
const url = (/** @type {string} */ file) => pathToFileURL(join(tooling, file)).href

const APT_GET = `echo "apt-get $* ($DEBIAN_FRONTEND)" >> "$TWIN/log"
[ "$APT" = broken ] && { echo 'E: Unable to locate package'; exit 100; }
[ "$1" = install ] || exit 0
[ "$APT" = stub ] && exit 0
case "$*" in *gnome-keyring*) [ "$APT" = small ] && { echo 'E: Unable to locate package'; exit 100; } ;; esac
for package in "$@"; do
  case $package in chromium|redis-server)
    echo '#!/bin/sh' > "$TWIN/bin/$package"; /bin/chmod 755 "$TWIN/bin/$package" ;;
  esac
done`

const SUDO = `echo "sudo $*" >> "$TWIN/log"
[ "$SUDO_ASKS" = yes ] && exit 1
[ "$2" = true ] && exit 0
shift
exec /usr/bin/env "$@"`

/**
 * @typedef {object} Machine
 * @property {string} [release] the content of /etc/os-release
 * @property {number} [uid]
 * @property {'works' | 'broken' | 'small' | 'stub'} [apt] a small one has no keychain, a stub installs nothing
 * @property {boolean} [sudoAsks] for a password
 * @property {readonly string[]} [commands] what is on PATH
 * @property {Record<string, string>} [env]
 * @property {string} [only] the variable of the one service that is needed
 * @property {boolean} [whole] `npm test` from its beginning, not the services alone
 */

/** @param {Machine} machine */
function run({ release, uid = 0, apt = 'works', sudoAsks, commands = ['apt-get', 'sudo'], env, only, whole }) {
  const scripts = {
    'apt-get': APT_GET,
    sudo: SUDO,
    git: '',
    pnpm: `echo ${BROUGHT.pnpm}`,
    chromium: '',
    'redis-server': '',
    'gnome-keyring-daemon': '',
  }
  const root = makeTree({
    'bin/keep': '',
    // Not the machine's own files and user, which differ from one to the next.
    'machine.mjs': `import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
const read = fs.readFileSync
const release = ${JSON.stringify(release ?? null)}
fs.readFileSync = (file, ...rest) => {
  if (file !== '/etc/os-release') return read(file, ...rest)
  if (release === null) throw new Error('ENOENT')
  return release
}
syncBuiltinESMExports()
process.getuid = () => ${uid}
Object.defineProperty(process, 'platform', { value: 'linux' })
`,
    'services.mjs': `import { runCommand } from '${url('bootstrap/command.mjs')}'
import { bringServices } from '${url('bootstrap/services.mjs')}'
await runCommand(async () => {
  process.stdout.write(JSON.stringify(await bringServices(${only ? `['${only}']` : ''})))
  return 0
})
`,
  })
  for (const command of commands) {
    const file = join(root, 'bin', command)
    writeFileSync(file, `#!/bin/sh\n${scripts[/** @type {keyof typeof scripts} */ (command)]}\n`)
    chmodSync(file, 0o755)
  }
  const args = whole ? [join(tooling, 'run.mjs'), 'test'] : [join(root, 'services.mjs')]
  const result = spawnSync(process.execPath, ['--import', pathToFileURL(join(root, 'machine.mjs')).href, ...args], {
    encoding: 'utf8',
    env: { PATH: join(root, 'bin'), TWIN: root, HOME: root, APT: apt, SUDO_ASKS: sudoAsks ? 'yes' : 'no', ...env },
    timeout: 60_000,
  })
  const log = join(root, 'log')
  return {
    code: result.status,
    stdout: result.stdout.replaceAll(join(root, 'bin'), 'BIN'),
    stderr: result.stderr.trim(),
    asked: existsSync(log) ? readFileSync(log, 'utf8').replaceAll(join(root, 'bin'), 'BIN').trim().split('\n') : [],
  }
}

const debian = 'PRETTY_NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n'
const both = /^The tests need Chromium and Redis: install \(sudo apt-get install chromium redis-server, .*\)\.?.*$/
const paths = '{"CHROMIUM_PATH":"BIN/chromium","REDIS_SERVER_PATH":"BIN/redis-server"}'

describe.skipIf(process.platform === 'win32')('on a machine without Chromium and Redis', () => {
  it('root on Debian gets them from apt', () => {
    const { code, stdout, asked } = run({ release: debian })
    expect(asked).toEqual([
      'apt-get update -q (noninteractive)',
      'apt-get install -y -q --no-install-recommends chromium redis-server gnome-keyring dbus-daemon (noninteractive)',
    ])
    expect([code, stdout]).toEqual([0, paths])
  })

  it('another user gets them where sudo does not ask', () => {
    const { code, stdout, asked } = run({ release: debian, uid: 1000 })
    expect(asked).toEqual([
      'sudo -n true',
      'sudo -n DEBIAN_FRONTEND=noninteractive BIN/apt-get update -q',
      'apt-get update -q (noninteractive)',
      expect.stringMatching(
        /^sudo -n DEBIAN_FRONTEND=noninteractive BIN\/apt-get install -y .* chromium redis-server gnome-keyring dbus-daemon$/,
      ),
      'apt-get install -y -q --no-install-recommends chromium redis-server gnome-keyring dbus-daemon (noninteractive)',
    ])
    expect([code, stdout]).toEqual([0, paths])
  })

  it('only what is missing is installed', () => {
    const { code, stdout, asked } = run({ release: debian, commands: ['apt-get', 'chromium'] })
    expect(asked[1]).toBe(
      'apt-get install -y -q --no-install-recommends redis-server gnome-keyring dbus-daemon (noninteractive)',
    )
    expect([code, stdout]).toEqual([0, paths])
  })

  it('a keychain comes along where apt has one, and is no reason to fail', () => {
    const { code, stdout, asked } = run({ release: debian, apt: 'small' })
    expect(asked.slice(1)).toEqual([
      'apt-get install -y -q --no-install-recommends chromium redis-server gnome-keyring dbus-daemon (noninteractive)',
      'apt-get install -y -q --no-install-recommends chromium redis-server (noninteractive)',
    ])
    expect([code, stdout]).toEqual([0, paths])
    const there = run({ release: debian, commands: ['apt-get', 'gnome-keyring-daemon'] })
    expect(there.asked[1]).toBe('apt-get install -y -q --no-install-recommends chromium redis-server (noninteractive)')
    // One that only the bench asks for.
    const one = run({ release: debian, only: 'REDIS_SERVER_PATH' })
    expect(one.asked[1]).toBe('apt-get install -y -q --no-install-recommends redis-server (noninteractive)')
    expect(one.stdout).toBe('{"REDIS_SERVER_PATH":"BIN/redis-server"}')
  })

  it('nothing is installed where both are there, or are pointed to', () => {
    expect(run({ release: debian, commands: ['apt-get', 'chromium', 'redis-server'] })).toMatchObject({
      code: 0,
      stdout: paths,
      asked: [],
    })
    const env = { CHROMIUM_PATH: process.execPath, REDIS_SERVER_PATH: process.execPath }
    expect(run({ release: debian, env })).toMatchObject({ code: 0, stdout: JSON.stringify(env), asked: [] })
  })

  /** @type {[string, Machine][]} */
  const helpless = [
    ['root on another system with an apt-get', { release: 'ID=ubuntu\nID_LIKE=debian\n' }],
    ['root where no file says what the system is', {}],
    ['Debian without apt-get', { release: debian, commands: ['sudo'] }],
    ['a user on Debian without sudo', { release: debian, uid: 1000, commands: ['apt-get'] }],
    ['a user whom sudo asks for a password', { release: debian, uid: 1000, sudoAsks: true }],
    ['a user on another system', { release: 'ID=fedora\n', uid: 1000, commands: ['sudo'] }],
  ]
  it.each(helpless)('%s: one line says what to install, and nothing is touched', (_, machine) => {
    const { code, stdout, stderr, asked } = run(machine)
    expect(stderr).toMatch(both)
    expect([code, stdout]).toEqual([1, ''])
    expect(asked.filter((line) => line.startsWith('apt-get'))).toEqual([])
  })

  it('the line is all that npm test says then', () => {
    const { code, stdout, stderr } = run({ commands: ['git', 'pnpm'], whole: true })
    expect(stderr).toMatch(both)
    expect([code, stdout]).toEqual([1, ''])
  })

  it('an apt that installs nothing ends in the same line, after the step', () => {
    const { code, stderr } = run({ release: debian, apt: 'stub' })
    expect(stderr.split('\n').at(-1)).toMatch(both)
    expect(code).toBe(1)
  })

  it('an apt that fails shows what it said', () => {
    const { code, stderr } = run({ release: debian, apt: 'broken' })
    expect(stderr).toContain('apt-get update failed (exit code 100).\nE: Unable to locate package')
    expect(code).toBe(1)
  })

  it('a variable that points nowhere is named', () => {
    const { code, stderr, asked } = run({ release: debian, env: { CHROMIUM_PATH: 'nowhere' } })
    expect(stderr).toBe('CHROMIUM_PATH is set, but no program is at nowhere.')
    expect([code, asked]).toEqual([1, []])
  })
})
