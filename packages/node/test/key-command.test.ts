import { execFile, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pensyve } from '@pentauth/core/services'
import { createSandbox } from '@pentauth/sandbox'
import { caught, testKey } from '@pentauth/tooling/canary'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { createAuth, keyCommand } from '../src/index.ts'

// Every command is a process of its own, and a busy machine starts them slowly.
vi.setConfig({ testTimeout: 30_000 })

const folder = mkdtempSync(join(tmpdir(), 'pentauth-key-command-'))
afterAll(() => rmSync(folder, { recursive: true }))
const run = promisify(execFile)

const key = testKey.pensyve()
let scripts = 0
/** A helper of Node, given as code; its arguments begin at `process.argv[2]`. */
function helper(code: string, ...args: string[]): [string, ...string[]] {
  const path = join(folder, `helper-${++scripts}.mjs`)
  writeFileSync(path, `import fs from 'node:fs'\nimport { spawn } from 'node:child_process'\n${code}\n`)
  return [process.execPath, path, ...args]
}
const credentialOf = (...given: Parameters<typeof keyCommand>) =>
  createAuth(pensyve, { env: {}, credential: keyCommand(...given) }).credential()
const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
const pidIn = (path: string) => vi.waitFor(() => Number(readFileSync(path, 'utf8') || expect.fail()), 10_000)

describe('a command that prints the key', () => {
  it.each([
    ['alone', ''],
    ['with a line end', '\\n'],
    ['with white space around', ' \\r\\n'],
  ])('%s', async (_name, end) => {
    const credential = await credentialOf(helper(`process.stdout.write(process.argv[2] + '${end}')`, key))
    expect(credential.secret.reveal() === key).toBe(true)
    expect(credential.source).toBe('command "node"')
  })

  it('gets its arguments as they are: there is no shell', async () => {
    const file = join(folder, 'arguments.json')
    const args = ['a b', '; touch x', '$(touch x)', '`touch x`', '*', '$HOME', '', '"', "'", '\\', '&& false']
    const code = `fs.writeFileSync(process.argv[2], JSON.stringify(process.argv.slice(4))); console.log(process.argv[3])`
    await credentialOf(helper(code, file, key, ...args))
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(args)
  })

  it('has our environment and directory, and nothing to read', async () => {
    process.env.PENTAUTH_TEST_COMMAND = key
    try {
      const code = `const input = fs.readFileSync(0, 'utf8')
if (input === '' && process.cwd() === process.argv[2]) console.log(process.env.PENTAUTH_TEST_COMMAND)`
      expect((await credentialOf(helper(code, process.cwd()))).secret.reveal() === key).toBe(true)
    } finally {
      delete process.env.PENTAUTH_TEST_COMMAND
    }
  })

  it('runs once for fifty callers, and once more after a refusal', async () => {
    const sandbox = createSandbox()
    const [old, next] = [sandbox.keys.create('pensyve'), sandbox.keys.create('pensyve')]
    const [held, log] = [join(folder, 'held'), join(folder, 'runs')]
    writeFileSync(held, old.key)
    const code = `fs.appendFileSync(process.argv[3], '.'); console.log(fs.readFileSync(process.argv[2], 'utf8'))`
    const credential = keyCommand(helper(code, held, log))
    const auth = createAuth(pensyve, { env: {}, credential, runtime: { fetch: sandbox.fetch } })
    const fifty = () =>
      Promise.all(Array.from({ length: 50 }, () => auth.fetch('https://api.pensyve.com/v1/status'))).then((responses) =>
        responses.map(({ status }) => status),
      )
    expect(await fifty()).toEqual(Array(50).fill(200))
    expect(readFileSync(log, 'utf8')).toBe('.')
    writeFileSync(held, next.key)
    sandbox.keys.revoke('pensyve', old.id)
    expect(await fifty()).toEqual(Array(50).fill(200))
    expect(readFileSync(log, 'utf8')).toBe('..')
  })

  it('and leaves a process behind that holds its output open', async () => {
    const pid = join(folder, 'left-behind')
    const code = `const left = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: ['ignore', 'inherit', 'ignore'] })
fs.writeFileSync(process.argv[3], String(left.pid)); left.unref()
console.log(process.argv[2])`
    expect((await credentialOf(helper(code, key, pid))).secret.reveal() === key).toBe(true)
    process.kill(await pidIn(pid))
  })
})

describe('a command that fails', () => {
  const byHand = 'Run it by hand to see why; what it writes to stderr is shown here as well.'
  it.each([
    [
      'an exit code',
      'process.stdout.write(process.argv[2]); process.exitCode = 3',
      `failed with exit code 3. ${byHand}`,
    ],
    ['a signal', "process.kill(process.pid, 'SIGKILL')", `was ended by SIGKILL. ${byHand}`],
    ['nothing', 'process.stdout.write(" \\n")', 'printed nothing. It must print the key, and only the key, to stdout.'],
    [
      'too much',
      'process.stdout.write(process.argv[2].repeat(2000)); setTimeout(() => {}, 60000)',
      'printed more than 64 KiB. It must print the key, and only the key, to stdout.',
    ],
  ])('%s', async (_name, code, text) => {
    const error = await caught(credentialOf(helper(code, key)))
    expect(error).toMatchObject({ code: 'source_failed', retryable: false })
    expect(error.message).toBe(`The command "node" ${text}`)
  })

  it('is not there', async () => {
    const error = await caught(credentialOf([join(folder, 'nothing'), key]))
    expect(error).toMatchObject({ code: 'source_failed' })
    expect(error.message).toBe(
      'The command "nothing" was not found. Check its name and PATH. There is no shell: program and arguments are one string each.',
    )
  })

  it('may not be executed', async () => {
    const path = join(folder, 'plain.txt')
    writeFileSync(path, 'echo')
    chmodSync(path, 0o600)
    const error = await caught(credentialOf([path]))
    expect(error.message).toBe(
      'The command "plain.txt" could not be started (EACCES). Check that it may be executed (chmod +x).',
    )
  })

  it('has arguments that are too long', async () => {
    const error = await caught(credentialOf([process.execPath, key.repeat(100_000)]))
    expect(error).toMatchObject({ code: 'source_failed' })
    expect(error.message).toContain('The command "node" could not be started')
  })

  it('takes too long: it is ended, and the same call may succeed later', async () => {
    const pid = join(folder, 'slow')
    const code = `process.on('SIGTERM', () => fs.writeFileSync(process.argv[2] + '.asked', 'x'))
setInterval(() => {}, 1000); fs.writeFileSync(process.argv[2], String(process.pid))`
    const error = await caught(credentialOf(helper(code, pid), { timeout: 1 }))
    expect(error).toMatchObject({ code: 'source_failed', retryable: true })
    expect(error.message).toBe(
      'The command "node" took longer than 1 s and was ended. Run it by hand: it may wait for an answer.',
    )
    const child = await pidIn(pid)
    // It was asked to end, did not, and was made to.
    await vi.waitFor(() => expect(isAlive(child)).toBe(false), 10_000)
    expect(existsSync(`${pid}.asked`)).toBe(true)
  })

  it('prints two lines: the check of the key says where the first one ends', async () => {
    const error = await caught(credentialOf(helper('console.log(process.argv[2] + "\\nexpires tomorrow")', key)))
    expect(error).toMatchObject({ code: 'malformed_credential' })
    expect(error.message).toContain('from command "node" holds a character that cannot travel in a header (U+000A')
  })

  it('later leaves the known key in use, and its response is returned', async () => {
    const sandbox = createSandbox()
    const only = sandbox.keys.create('pensyve')
    const flag = join(folder, 'fails-later')
    const code = `if (fs.existsSync(process.argv[2])) process.exit(1)
fs.writeFileSync(process.argv[2], ''); console.log(process.argv[3])`
    const credential = keyCommand(helper(code, flag, only.key))
    const auth = createAuth(pensyve, { env: {}, credential, runtime: { fetch: sandbox.fetch } })
    expect((await auth.fetch('https://api.pensyve.com/v1/status')).status).toBe(200)
    sandbox.keys.revoke('pensyve', only.id)
    expect((await auth.fetch('https://api.pensyve.com/v1/status')).status).toBe(403)
  })
})

describe('what is no command', () => {
  it.each([
    [`pass show ${key}`, {}, 'a list, and was given one string'],
    [[], {}, 'a list of strings, the first of them a program'],
    [[''], {}, 'a list of strings, the first of them a program'],
    [[key], {}, 'a list of strings, the first of them a program'],
    [['pass', 5], {}, 'a list of strings, the first of them a program'],
    [['pass', 'a\0b'], {}, 'a list of strings, the first of them a program'],
    [undefined, {}, 'a list of strings, the first of them a program'],
    [['pass'], { timeout: 0 }, 'a timeout in seconds, more than 0 and at most a day'],
    [['pass'], { timeout: Number.NaN }, 'a timeout in seconds, more than 0 and at most a day'],
  ])('%#', async (argv, options, what) => {
    const error = await caught(() => keyCommand(argv as never, options))
    expect(error).toMatchObject({ code: 'invalid_option' })
    expect(error.message).toContain(`keyCommand needs ${what}. There is no shell: write keyCommand(['pass', 'show'`)
  })

  it('a whole command line as the program is shown to its first word only', async () => {
    const error = await caught(credentialOf([`echo ${key}`]))
    expect(error.message).toContain('The command "echo" was not found.')
  })
})

describe('in a process of its own', () => {
  const dist = join(import.meta.dirname, '..', 'dist', 'index.js')
  const program = (argv: readonly string[]) => [
    '--input-type=module',
    '-e',
    `import { createAuth, keyCommand } from ${JSON.stringify(dist)}
import { pensyve } from '@pentauth/core/services'
await createAuth(pensyve, { env: {}, credential: keyCommand(${JSON.stringify(argv)}) }).credential()`,
  ]

  it("shows the command's stderr, prints nothing to stdout, and ends", async () => {
    const argv = helper(`console.error('touch the key'); console.log(process.argv[2])`, key)
    const { stdout, stderr } = await run(process.execPath, program(argv), { cwd: import.meta.dirname, timeout: 60_000 })
    expect(stdout).toBe('')
    expect(stderr).toBe('touch the key\n')
  })

  it('ends the command with itself, as Ctrl-C does to a group', async () => {
    const pid = join(folder, 'interrupted')
    const argv = helper('fs.writeFileSync(process.argv[2], String(process.pid)); setInterval(() => {}, 1000)', pid)
    // A group of its own stands in for a terminal's foreground group.
    const parent = spawn(process.execPath, program(argv), { cwd: import.meta.dirname, detached: true, stdio: 'ignore' })
    const child = await pidIn(pid)
    process.kill(-(parent.pid ?? expect.fail()), 'SIGINT')
    await vi.waitFor(() => expect(isAlive(child)).toBe(false), 10_000)
  })
})
