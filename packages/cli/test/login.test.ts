import { existsSync, readdirSync } from 'node:fs'
import { pensyve } from '@pentauth/core'
import { signInAt } from '@pentauth/sandbox'
import { describe, expect, it } from 'vitest'
import { cli, start, world } from './support/cli.ts'
import { comeBack, desktop, signedInAs, ssh } from './support/person.ts'

const page = /(http:\/\/127\.0\.0\.1:\d+\/\S*(?:authorize\?|device\?)[!-~]+)/
const redirectOf = (url: string) => new URL(url).searchParams.get('redirect_uri') ?? ''

async function isOpen(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  )
}

function locksIn(env: Readonly<Record<string, string>>): readonly string[] {
  return readdirSync(env.PENTAUTH_HOME ?? '').filter((name) => name.includes('.lock'))
}

describe('pentauth login', () => {
  it('opens the browser, says until when, and asks nobody again', async () => {
    const { sandbox, env } = await world()
    const { env: here, opened } = desktop()
    const first = start(['login', 'pensyve', '--account', 'work', '--json'], { env: { ...env, ...here } })
    await comeBack(await opened())
    expect(await first.ended).toEqual({ code: 0, signal: null })
    const facts = {
      service: 'pensyve',
      account: 'work',
      status: 'signed_in',
      scopes: ['mcp'],
      expiresAt: expect.any(Number),
      store: 'file ~/state',
    }
    expect(JSON.parse(first.said.stdout)).toEqual(facts)
    expect(first.said.stderr).toMatch(/Signed in to Pensyve as work\..*\nUntil [-\d]+ [:\d]+, renews by itself\.\n$/)
    // The account that is used now is the one that is meant.
    const { key } = sandbox.keys.create('pensyve')
    const second = await cli(['login', 'pensyve', '--json'], { env: { ...env, ...here, PENSYVE_API_KEY: key } })
    expect({ code: second.code, facts: JSON.parse(second.stdout) }).toEqual({ code: 0, facts })
    expect(second.stderr).toMatch(/^Already signed in to Pensyve as work: until .*\(--again signs in anew\)\n/)
    expect(second.stderr).toContain('PENSYVE_API_KEY is set and comes first: unset it to use this sign-in.')
    expect(sandbox.tokens.requests('pensyve', 'authorization_code')).toBe(1)
    // Scopes that it does not have are asked for.
    const third = start(['login', 'pensyve', '--scope', 'mcp:read', '--json'], { env: { ...env, ...here } })
    await comeBack(await opened(2))
    expect((await third.ended).code).toBe(0)
    expect(JSON.parse(third.said.stdout)).toMatchObject({
      account: 'work',
      scopes: expect.arrayContaining(['mcp:read']),
    })
  })

  it.runIf(existsSync('/usr/bin/script'))('takes the pasted address over SSH', async () => {
    const { env } = await world()
    const { child, ended, like } = start(['login', 'profundis'], { env: { ...env, ...ssh }, terminal: true })
    const url = await like(page)
    await like(/paste its address/)
    child.stdin?.write(`${await signInAt(fetch, url)}\r`)
    await like(/Signed in to Profundis\./)
    expect((await ended).code).toBe(0)
  })

  it('shows a code for another device where the server has that', async () => {
    const { env } = await world({ pensyve: { deviceAuthorization: true } })
    const { ended, like } = start(['login', 'pensyve'], { env: { ...env, ...ssh } })
    await signInAt(fetch, await like(/(http:\/\/127\.0\.0\.1:\d+\/\S*user_code=[!-~]+)/))
    await like(/Signed in to Pensyve\./)
    expect((await ended).code).toBe(0)
  })

  it('ends at once in CI, and where the service signs nobody in', async () => {
    const { env } = await world()
    const inCi = await cli(['login', 'profundis', '--json'], { env: { ...env, CI: 'true' } })
    expect({ code: inCi.code, stdout: inCi.stdout }).toEqual({ code: 3, stdout: '' })
    expect(JSON.parse(inCi.stderr.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      error: { code: 'sign_in_required', hint: expect.stringContaining('set PROFUNDIS_API_KEY.') },
    })
    const keysOnly = await cli(['login', 'pentographer'], { env })
    expect(keysOnly.code).toBe(2)
    expect(keysOnly.stderr).toContain(
      'Pentographer signs no people in. Instead, set PENTOGRAPHER_API_KEY, or set PENTOGRAPHER_CLIENT_ID and',
    )
  })

  it('stopped by a signal, leaves port and lock free', async () => {
    const { env } = await world()
    const { env: here, opened } = desktop()
    const { child, said, ended } = start(['login', 'profundis'], { env: { ...env, ...here } })
    const url = await opened()
    child.kill('SIGINT')
    expect(await ended).toEqual({ code: null, signal: 'SIGINT' })
    expect({ stdout: said.stdout, locks: locksIn(env), open: await isOpen(redirectOf(url)) }).toEqual({
      stdout: '',
      locks: [],
      open: false,
    })
  })

  it('asks which service only where there is somebody to ask', async () => {
    const { env } = await world()
    const { code, stderr } = await cli(['login'], { env })
    expect(code).toBe(2)
    expect(stderr).toContain('No service is named, and there is no terminal to ask at. Name it: pentauth login pendium')
  })

  it.runIf(existsSync('/usr/bin/script'))('asks at a terminal, and Ctrl-C ends it there and later', async () => {
    const { env } = await world()
    const terminal = { env: { ...env, ...ssh, TERM: 'xterm' }, terminal: true }
    const chosen = start(['login'], terminal)
    await chosen.like(/which service\?/)
    // Twice down, from Pendium.
    chosen.child.stdin?.write('\u001b[B\u001b[B\r')
    const url = await chosen.like(page)
    await chosen.like(/To sign in to Profundis/)
    await chosen.like(/paste its address/)
    chosen.child.stdin?.write('\u0003')
    expect((await chosen.ended).code).toBe(130)
    expect(await isOpen(redirectOf(url))).toBe(false)
    const left = start(['login'], terminal)
    await left.like(/which service\?/)
    left.child.stdin?.write('\u0003')
    expect((await left.ended).code).toBe(130)
  })
})

describe('pentauth accounts', () => {
  it('lists who is signed in, and switches', async () => {
    const { env } = await world()
    await signedInAs(env, pensyve, 'home')
    await signedInAs(env, pensyve, 'work')
    const { stdout } = await cli(['accounts', 'pensyve'], { env })
    expect(stdout).toMatch(/^ {3}home {2}until .*, renews by itself {2}mcp\n\* {2}work {2}until /)
    const switched = await cli(['accounts', 'pensyve', '--switch', 'home', '--json'], { env })
    expect(switched.stderr).toBe('Pensyve is used as home from now on, where no account is named.\n')
    expect(JSON.parse(switched.stdout)).toMatchObject({
      service: 'pensyve',
      accounts: [
        { account: 'home', isCurrent: true, status: 'signed_in' },
        { account: 'work', isCurrent: false },
      ],
    })
    const nobody = await cli(['accounts', 'pensyve', '--switch', 'ada'], { env })
    expect(nobody.code).toBe(3)
    expect(nobody.stderr).toContain(
      'No account "ada" is signed in to Pensyve; there is "home", "work". Sign in: pentauth login pensyve --account ada.',
    )
    expect((await cli(['accounts', 'profundis'], { env })).stderr).toBe(
      'Nobody is signed in to Profundis: pentauth login profundis\n',
    )
  })
})
