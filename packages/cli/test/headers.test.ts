import { sessionKey } from '@pentauth/core'
import { createAuth, fileStore, pensyve, signIn } from '@pentauth/node'
import { signInAt } from '@pentauth/sandbox'
import { describe, expect, it } from 'vitest'
import { cli, type World, world } from './support/cli.ts'

describe('pentauth headers', () => {
  it('prints one JSON object with the header that the service takes', async () => {
    const { sandbox, env } = await world()
    const { key } = sandbox.keys.create('pensyve')
    const { code, stdout, stderr } = await cli(['headers', 'pensyve'], {
      env: { ...env, PENSYVE_API_KEY: key },
    })
    expect({ code, headers: JSON.parse(stdout), stderr }).toEqual({
      code: 0,
      headers: { authorization: `Bearer ${key}` },
      stderr: '',
    })
  })

  it('says what is missing, and ends with the code for that', async () => {
    const { env } = await world()
    const { code, stdout, stderr } = await cli(['headers', 'pendra'], { env })
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toContain('PENDRA_API_KEY: not set')
  })

  it('names the services where one is unknown', async () => {
    const { code, stderr } = await cli(['headers', 'pensive'])
    expect(code).toBe(2)
    expect(stderr).toContain('There is no service "pensive". Name one of pendium, pensyve')
  })

  it('asks nobody: without a credential it fails at once, as JSON if that is wanted', async () => {
    const { sandbox, env } = await world()
    const url = `${env.PENSYVE_BASE_URL}/mcp`
    const { code, stdout, stderr } = await cli(['headers', url, '--json'], { env, terminal: false })
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: expect.stringMatching(/^(?:no_credential|sign_in_required)$/) },
    })
    expect(sandbox.journal.entries).toEqual([])
    const wrong = await cli(['headers', 'pensyve', '--min-life', 'soon'], { env })
    expect([wrong.code, wrong.stdout]).toEqual([2, ''])
  })
})

describe('a token of a sign-in that pentauth headers prints', () => {
  it('has ten minutes left: helpers that come together renew an older one once, and all print the new one', async () => {
    const made = await world()
    const session = await signedIn(made)
    expect((await printed(made)) === (await session()).accessToken).toBe(true)
    const before = await session({ left: 599 })
    const all = await Promise.all(Array.from({ length: 5 }, () => printed(made)))
    const after = await session()
    expect(after.expiresAt - Date.now()).toBeGreaterThan(600_000)
    expect(all.map((token) => [token === after.accessToken, token === before.accessToken])).toEqual(
      all.map(() => [true, false]),
    )
    expect(made.sandbox.tokens.requests('pensyve', 'refresh_token')).toBe(1)
  })

  it('is a new one where none lives so long, and only PENTAUTH_DEBUG says so', async () => {
    const made = await world()
    const session = await signedIn(made)
    const { accessToken } = await session({ left: 400 })
    const args = ['headers', 'pensyve', '--min-life', '3600']
    const quiet = await cli(args, { env: made.env })
    expect({ code: quiet.code, stderr: quiet.stderr }).toEqual({ code: 0, stderr: '' })
    expect(tokenIn(quiet.stdout) === accessToken).toBe(false)
    const loud = await cli(args, { env: { ...made.env, PENTAUTH_DEBUG: '1' } })
    expect(tokenIn(loud.stdout) === tokenIn(quiet.stdout)).toBe(true)
    expect(loud.stderr).toMatch(/the token has \d+ s left, and there is none that has 3600 s/)
    expect(made.sandbox.tokens.requests('pensyve', 'refresh_token')).toBe(1)
  })
})

interface Saved {
  readonly accessToken: string
  readonly expiresAt: number
  readonly obtainedAt: number
}

/** Signs somebody in, and gives what is saved, as if time had passed until the token has so many seconds left. */
async function signedIn({ env }: World): Promise<(change?: { left: number }) => Promise<Saved>> {
  const { service } = createAuth(pensyve, { env })
  const present = async (request: { readonly url?: URL }) =>
    void (await fetch(await signInAt(fetch, String(request.url))))
  await signIn(service, { env, present: present as never })
  const store = fileStore({ env })
  const key = sessionKey(service.resources.mcp, 'default', 'default')
  return async (change) => {
    const saved: Saved = JSON.parse((await store.get(key)) ?? '')
    if (!change) return saved
    const earlier = saved.expiresAt - Date.now() - change.left * 1000
    const older = { ...saved, expiresAt: saved.expiresAt - earlier, obtainedAt: saved.obtainedAt - earlier }
    await store.set(key, JSON.stringify(older))
    return older
  }
}

async function printed({ env }: World): Promise<string> {
  const { code, stdout, stderr } = await cli(['headers', 'pensyve'], { env })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return tokenIn(stdout)
}

function tokenIn(stdout: string): string {
  return (JSON.parse(stdout) as { readonly authorization: string }).authorization.replace('Bearer ', '')
}
