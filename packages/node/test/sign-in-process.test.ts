import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { signInAt } from '@pentauth/sandbox'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { fileStore } from '../src/index.ts'
import { comeBack, desktop, isOpen, signInWorld, temporaryFolder } from './support/sign-in-world.ts'

// What only a process of its own shows: signals, stdin and stdout, a terminal, and others that want the same.

const program = join(import.meta.dirname, 'support', 'signing-in-process.mjs')
const script = '/usr/bin/script'

interface Start {
  readonly env: Record<string, string>
  readonly task: object
  /** Whether it has a terminal of its own. */
  readonly terminal?: boolean
}

/** A process, with what it has said so far. */
function start({ env, task, terminal = false }: Start) {
  const command = [process.execPath, program, JSON.stringify(task)]
  // `script` gives it a terminal whose input and output are ours.
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  const child = terminal
    ? spawn(script, ['-qefc', `${quoted}; code=$?; stty -a; exit $code`, '/dev/null'], { env, stdio: 'pipe' })
    : spawn(command[0] as string, command.slice(1), { env, stdio: 'pipe' })
  onTestFinished(() => void (child.exitCode ?? child.kill('SIGKILL')))
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => (said.stdout += chunk))
  child.stderr.on('data', (chunk) => (said.stderr += chunk))
  const ended = once(child, 'close') as Promise<[code: number | null, signal: string | null]>
  const like = (pattern: RegExp) =>
    vi.waitFor(
      () => {
        const [found, part = found] = pattern.exec(said.stdout + said.stderr) ?? []
        if (found === undefined) throw new TypeError(`not said: ${pattern} in ${said.stdout}${said.stderr}`)
        return part as string
      },
      { timeout: 50_000, interval: 20 },
    )
  return { child: child as ChildProcess, said, ended, like }
}

const page = /(http:\/\/127\.0\.0\.1:\d+\/\S*authorize\?[!-~]+)/
const redirectOf = (url: string) => new URL(url).searchParams.get('redirect_uri') ?? ''
const ssh = { SSH_CONNECTION: '192.0.2.1 50000 192.0.2.2 22', PATH: '/usr/bin:/bin' }

async function world() {
  const { origins, sandbox } = await signInWorld()
  const home = temporaryFolder()
  const { env, opened, starts } = desktop()
  const task = (more: object = {}) => ({ service: 'profundis', origins, ...more })
  const here = { PENTAUTH_HOME: home }
  return { home, sandbox, task, opened, starts, env: { ...env, ...here }, ssh: { ...ssh, ...here } }
}

describe.runIf(process.platform === 'linux')('a process that signs in', () => {
  it('leaves stdin and stdout to the program, and ends when it is done', async () => {
    const { home, task, ssh } = await world()
    const { child, said, ended, like } = start({ env: ssh, task: task({ readsStdin: true }) })
    child.stdin?.end('{"jsonrpc":"2.0"}\nhttp://127.0.0.1/callback?code=a&state=b\n')
    await comeBack(await like(page))
    expect(await ended).toEqual([0, null])
    expect(JSON.parse(said.stdout)).toEqual({
      token: expect.stringMatching(/^[\da-f]{64}$/),
      stdin: '{"jsonrpc":"2.0"}\nhttp://127.0.0.1/callback?code=a&state=b\n',
    })
    // The session and the client, and nothing of the turn that was waited for.
    const kept = await fileStore({ folder: home }).keys('')
    expect(kept.map((key) => key.split('/')[0]).sort()).toEqual(['client', 'session'])
    expect(readdirSync(home).filter((name) => name.includes('.lock'))).toEqual([])
    // Nothing moves where nobody sees it.
    for (const part of ['\r', '\u001b', 'paste']) expect(said.stderr).not.toContain(part)
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('ends by %s, and leaves port and lock free', async (signal) => {
    const { task, env, opened } = await world()
    const first = start({ env, task: task() })
    const url = await opened()
    first.child.kill(signal)
    expect(await first.ended).toEqual([null, signal])
    expect(first.said.stdout).toBe('')
    expect(await isOpen(redirectOf(url))).toBe(false)
    const second = start({ env, task: task() })
    await comeBack(await opened(2))
    expect(await second.ended).toEqual([0, null])
    expect(second.said.stderr).not.toContain('another program')
  })

  it('rejects when it listens to the signal itself', async () => {
    const { task, env, opened } = await world()
    const { child, said, ended } = start({ env, task: task({ listens: true }) })
    await opened()
    child.kill('SIGINT')
    expect(await ended).toEqual([0, null])
    expect(JSON.parse(said.stdout)).toEqual({
      code: 'sign_in_failed',
      message: expect.stringContaining('The sign-in at Profundis was stopped (SIGINT).'),
    })
  })

  it('asks once, whoever else wants the same', async () => {
    const { task, env, opened, starts, sandbox } = await world()
    const all = Array.from({ length: 3 }, () => start({ env, task: task() }))
    const url = await opened()
    await vi.waitFor(
      () => {
        const waiting = all.filter(({ said }) =>
          said.stderr.includes('another program may be signing in to Profundis now'),
        )
        expect(waiting).toHaveLength(2)
      },
      { timeout: 50_000 },
    )
    await comeBack(url)
    expect(await Promise.all(all.map(({ ended }) => ended))).toEqual(all.map(() => [0, null]))
    expect(new Set(all.map(({ said }) => said.stdout)).size).toBe(1)
    expect(starts()).toHaveLength(1)
    expect(sandbox.tokens.requests('profundis', 'authorization_code')).toBe(1)
  })

  it('takes over from one that was killed', async () => {
    const { task, env, opened } = await world()
    const first = start({ env, task: task() })
    await opened()
    const second = start({ env, task: task() })
    await second.like(/another program/)
    first.child.kill('SIGKILL')
    await comeBack(await opened(2))
    expect(await second.ended).toEqual([0, null])
  })
})

describe.runIf(existsSync(script))('at a terminal without a browser', () => {
  it('the address that the browser ended at can be pasted, however long it is', async () => {
    const { task, ssh } = await world()
    const { child, ended, like } = start({ env: ssh, task: task(), terminal: true })
    const url = await like(page)
    await like(/paste its address/)
    child.stdin?.write('http://127.0.0.1/callback?code=a&state=b\r')
    await like(/That is not the address of this sign-in/)
    const callback = await signInAt(fetch, url)
    callback.searchParams.set('padding', 'x'.repeat(6_000))
    child.stdin?.write(`${callback}\r`)
    await like(/\{"token":"[\da-f]{64}"\}/)
    expect((await ended)[0]).toBe(0)
  })

  it('takes the browser’s own call where that comes first', async () => {
    const { task, ssh } = await world()
    const { ended, like } = start({ env: ssh, task: task(), terminal: true })
    const url = await like(page)
    await like(/paste its address/)
    await comeBack(url)
    await like(/\{"token":"[\da-f]{64}"\}/)
    expect((await ended)[0]).toBe(0)
  })

  it('stops at Ctrl-C', async () => {
    const { task, ssh } = await world()
    const { child, ended, like } = start({ env: ssh, task: task(), terminal: true })
    const url = await like(page)
    await like(/> /)
    child.stdin?.write('\u0003')
    // By the signal, as the shell's number for it.
    expect(await ended).toEqual([130, null])
    // The terminal is as it was.
    await like(/ icanon .* echo /s)
    expect(await isOpen(redirectOf(url))).toBe(false)
  })

  it('with a browser shows that it waits', async () => {
    const { task, env, opened } = await world()
    const { ended, like } = start({ env: { ...env, TERM: 'xterm' }, task: task(), terminal: true })
    const url = await opened()
    await like(/⠋ Waiting for the browser… \(Ctrl-C to stop\)\r⠙/)
    await comeBack(url)
    await like(/\[2KSigned in to Profundis\./)
    expect((await ended)[0]).toBe(0)
  })
})
