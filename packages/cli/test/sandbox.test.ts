import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { facts } from '@pentauth/sandbox'
import { describe, expect, it, vi } from 'vitest'
import { linesFor, shellOf } from '../src/sandbox/sandbox-variables.ts'
import { cli, start, temporaryFolder } from './support/cli.ts'

const services = Object.keys(facts)
const ends = ['sandbox', '--until-stdin-closes']

/** The variables in the lines for a shell. */
function variablesIn(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/^export (\w+)='([^']*)'\r?$/gm)].map(([, name, value]) => [name, value]))
}

const isOpen = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  )

const recall = ({ PENSYVE_BASE_URL, PENSYVE_API_KEY }: Record<string, string>) =>
  fetch(`${PENSYVE_BASE_URL}/v1/recall`, {
    method: 'POST',
    headers: { authorization: `Bearer ${PENSYVE_API_KEY}` },
    body: '{"query":"tea"}',
  })

describe('pentauth sandbox', () => {
  it('prints what another terminal needs, a line for each request if asked, and ends with its input', async () => {
    const { child, said, like, ended } = start([...ends, '--verbose'])
    await like(/PENTOGRAPHER_CLIENT_SECRET='/)
    const env = variablesIn(said.stdout)
    const each = services.flatMap((name) => [`${name.toUpperCase()}_BASE_URL`, `${name.toUpperCase()}_API_KEY`])
    expect(Object.keys(env)).toEqual([...each, 'PENTOGRAPHER_CLIENT_ID', 'PENTOGRAPHER_CLIENT_SECRET'])
    // Nothing but lines for the shell.
    expect(said.stdout.trim().split('\n')).toHaveLength(12)
    for (const { name, title, keysPage } of Object.values(facts)) {
      const console = env[`${name.toUpperCase()}_BASE_URL`] + new URL(keysPage.url).pathname
      expect(said.stderr).toMatch(new RegExp(`${title} .*${console.replaceAll('.', '\\.')}\n`))
      expect((await fetch(console)).status).toBe(200)
    }
    expect((await recall(env)).status).toBe(200)
    await like(/POST https:\/\/api\.pensyve\.com\/v1\/recall 200 \(recall, good api-key\)/)
    for (const secret of [env.PENSYVE_API_KEY, env.PENTOGRAPHER_CLIENT_SECRET])
      expect(said.stderr).not.toContain(secret)
    child.stdin?.end()
    expect(await ended).toEqual({ code: 0, signal: null })
    expect(await isOpen(env.PENSYVE_BASE_URL ?? '')).toBe(false)
  })

  it('is one JSON document for programs, and ends with code 0 when it is interrupted', async () => {
    const { child, said, like, ended } = start(['sandbox', '--json'])
    await like(/\}\n$/)
    const { services: places, env } = JSON.parse(said.stdout)
    expect(places.map(({ id }: { id: string }) => id)).toEqual(services)
    expect(places[1].baseUrl).toBe(env.PENSYVE_BASE_URL)
    child.kill('SIGINT')
    expect([await ended, said.stderr]).toEqual([{ code: 0, signal: null }, ''])
    expect(await isOpen(env.PENSYVE_BASE_URL)).toBe(false)
  })

  it('takes five ports from the one given, at a terminal until Ctrl-C, and says so when one is taken', async () => {
    const first = String(20_000 + Math.floor(Math.random() * 20_000))
    const { child, said, like, ended } = start(['sandbox', '--port', first], { terminal: true })
    await like(/PENTOGRAPHER_CLIENT_SECRET='/)
    const env = variablesIn(said.stdout)
    expect(env.PENDIUM_BASE_URL).toBe(`http://127.0.0.1:${first}`)
    expect(env.PENDRA_BASE_URL).toBe(`http://127.0.0.1:${Number(first) + 4}`)
    const second = await cli(['sandbox', '--json', '--port', String(Number(first) + 4)])
    expect([second.code, second.stdout, JSON.parse(second.stderr).error.code]).toEqual([2, '', 'invalid_option'])
    child.stdin?.write('\x03')
    expect((await ended).code).toBe(0)
  })

  it('writes the variables to a file that only its owner reads, for as long as it runs', async () => {
    const cwd = temporaryFolder()
    const path = join(cwd, '.env.sandbox')
    const { child, said, like, ended } = start([...ends, '--write-env', '.env.sandbox'], { cwd })
    await like(/variables are in/)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(said.stdout).toBe('')
    const env = Object.fromEntries(
      [...readFileSync(path, 'utf8').matchAll(/^(\w+)=(.*)$/gm)].map((one) => one.slice(1)),
    )
    expect((await recall(env)).status).toBe(200)
    child.stdin?.end()
    await ended
    expect(existsSync(path)).toBe(false)
    writeFileSync(path, `# The sandbox of pentauth, process ${child.pid}: good for as long as it runs.\nOLD=1\n`)
    const next = start([...ends, '--write-env', '.env.sandbox'], { cwd })
    await next.like(/variables are in/)
    const inUse = await cli([...ends, '--write-env', '.env.sandbox'], { cwd })
    expect([inUse.code, existsSync(path)]).toEqual([2, true])
    const whole = readFileSync(path, 'utf8')
    expect(whole).not.toContain('OLD=1')
    writeFileSync(path, `${whole}MINE=1\n`)
    next.child.stdin?.end()
    await next.ended
    // Somebody has added to it.
    expect(existsSync(path)).toBe(true)
    writeFileSync(path, 'MINE=1\n')
    const { code, stderr } = await cli([...ends, '--write-env', '.env.sandbox'], { cwd })
    expect([code, readFileSync(path, 'utf8')]).toEqual([2, 'MINE=1\n'])
    expect(stderr).toContain('exists already')
  })

  it('opens the consoles if asked to, and says why it does not', async () => {
    const folder = temporaryFolder()
    const opener = join(folder, 'opener')
    writeFileSync(opener, `#!/bin/sh\necho "$1" >>'${folder}/opened'\n`)
    chmodSync(opener, 0o755)
    const { child, said, like, ended } = start([...ends, '--open'], { env: { BROWSER: opener } })
    await like(/PENTOGRAPHER_CLIENT_SECRET='/)
    const opened = () => readFileSync(join(folder, 'opened'), 'utf8').trim().split('\n')
    await vi.waitFor(() => expect(opened()).toHaveLength(5), { timeout: 20_000 })
    for (const page of opened()) expect(said.stderr).toContain(page)
    child.stdin?.end()
    await ended
    const bare = await cli([...ends, '--open'], { env: { SSH_TTY: '/dev/pts/0' } })
    expect(bare.stderr).toContain('Open the pages yourself: this is an SSH session')
  })
})

describe('pentauth sandbox -- <command>', () => {
  it('gives the command the variables and its arguments as they are, and ends with its exit code', async () => {
    const script = `console.log(process.env.PENSYVE_BASE_URL, process.argv[1])
      fetch(process.env.PENDRA_BASE_URL + '/api/v1/models', { headers: { authorization: 'Bearer ' + process.env.PENDRA_API_KEY } })
        .then(({ status }) => { console.log(status); process.exitCode = 7 })`
    const { code, stdout, stderr } = await cli(['sandbox', '--', process.execPath, '-e', script, '--', '$HOME --json'])
    expect([code, stderr]).toEqual([7, ''])
    expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+ \$HOME --json\n200\n$/)
  })

  it('passes signals on, and says what cannot be started', async () => {
    const script = `process.on('SIGTERM', () => { console.log('told'); process.exit(9) }); setInterval(() => {}, 1e6); console.log('up')`
    const { child, said, like, ended } = start(['sandbox', '--', process.execPath, '-e', script])
    await like(/up/)
    child.kill('SIGTERM')
    expect([(await ended).code, said.stdout]).toEqual([9, 'up\ntold\n'])
    const none = await cli(['sandbox', '--', '/no/such/program'])
    expect([none.code, none.stdout]).toEqual([2, ''])
    expect(none.stderr).toContain('"/no/such/program" cannot be started (ENOENT)')
    const misused = await cli(['sandbox', '--json', '--port', '0'])
    expect([misused.code, misused.stdout, JSON.parse(misused.stderr).error.code]).toEqual([2, '', 'invalid_option'])
  })
})

it('writes for the shell that is meant', () => {
  expect(linesFor('fish', { A: 'b' })).toBe("set -gx A 'b'\n")
  expect(linesFor('powershell', { A: 'b' })).toBe("$env:A = 'b'\n")
  expect([shellOf({ SHELL: '/usr/bin/fish' }), shellOf({ SHELL: '/bin/zsh' })]).toEqual(['fish', 'bash'])
})
