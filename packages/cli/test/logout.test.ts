import { pensyve, profundis } from '@pentauth/core'
import { mcpService } from '@pentauth/mcp'
import { describe, expect, it } from 'vitest'
import { cli, start, world } from './support/cli.ts'
import { comeBack, desktop, signedInAs } from './support/person.ts'

describe('pentauth logout', () => {
  it('deletes and revokes the sign-in that is used, and has nothing to do then', async () => {
    const { sandbox, env } = await world()
    await signedInAs(env, pensyve)
    await signedInAs(env, pensyve, 'work')
    const { code, stderr } = await cli(['logout', 'pensyve'], { env })
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'Signed out of Pensyve as work: the saved sign-in is deleted; its tokens are revoked.\n',
    })
    const revocations = sandbox.journal.entries.filter(({ url }) => url.endsWith('/oauth/revoke'))
    expect(revocations.length).toBeGreaterThan(0)
    const again = await cli(['logout', 'pensyve', '--account', 'work', '--json'], { env })
    expect({ code: again.code, stderr: again.stderr, facts: JSON.parse(again.stdout) }).toEqual({
      code: 0,
      stderr: 'Nobody is signed in to Pensyve as work, but as default: say --account.\n',
      facts: { signedOut: [] },
    })
  })

  it('says what could not be revoked', async () => {
    const { sandbox, env } = await world()
    await signedInAs(env, pensyve)
    sandbox.faults.add({ service: 'pensyve', path: '/oauth/revoke', status: 500 } as never)
    const { code, stderr } = await cli(['logout', 'pensyve'], { env })
    expect(code).toBe(0)
    expect(stderr).toContain('its tokens could NOT be revoked, and end by themselves.')
  })

  it('with --all ends every one, also of servers that only an address names', async () => {
    const { sandbox, env, origins } = await world()
    const { PENDIUM_BASE_URL, ...withoutPendium } = env
    await signedInAs(env, profundis)
    await signedInAs(env, pensyve, 'work')
    await signedInAs(withoutPendium, mcpService(`${PENDIUM_BASE_URL}/mcp`))
    const { code, stdout } = await cli(['logout', '--all', '--json'], { env: withoutPendium })
    const id = `mcp-${new URL(origins['https://pendium.ai'] ?? '').host.replace(/[.:]/g, '-')}`
    expect(code).toBe(0)
    expect(JSON.parse(stdout).signedOut).toEqual(
      expect.arrayContaining([
        { service: 'profundis', account: 'default', revocation: expect.any(String) },
        { service: 'pensyve', account: 'work', revocation: 'done' },
        { service: id, account: 'default', revocation: 'none' },
      ]),
    )
    expect(sandbox.journal.entries.some(({ url }) => url.endsWith('/oauth/revoke'))).toBe(true)
    const none = await cli(['logout', '--all'], { env: withoutPendium })
    expect({ code: none.code, stderr: none.stderr }).toEqual({ code: 0, stderr: 'Nobody is signed in.\n' })
    expect((await cli(['logout'], { env })).code).toBe(2)
  })
})

describe('a server that only its address names', () => {
  it('is signed in to, shown, used and signed out of by that', async () => {
    const { env } = await world()
    const { PENDIUM_BASE_URL, ...here } = env
    const url = `${PENDIUM_BASE_URL}/mcp`
    const browser = desktop()
    const login = start(['login', url], { env: { ...here, ...browser.env } })
    await comeBack(await browser.opened())
    expect((await login.ended).code).toBe(0)
    const { stdout } = await cli(['status'], { env: here })
    expect(stdout).toMatch(new RegExp(`^${url} +mcp +saved sign-in +until .*, renews by itself$`, 'm'))
    const checked = await cli(['status', url, '--check'], { env: here })
    expect({ code: checked.code, stdout: checked.stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining(`accepted: POST ${url} → 200`),
    })
    expect(JSON.parse((await cli(['headers', url], { env: here })).stdout)).toHaveProperty('authorization')
    const logout = await cli(['logout', url], { env: here })
    expect(logout.stderr).toContain(`Signed out of ${url}: the saved sign-in is deleted;`)
    const after = await cli(['headers', url], { env: here })
    expect(after.code).toBe(3)
    expect(after.stderr).toContain(`; pentauth login ${url}\n`)
  })
})
