import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pensyve, profundis } from '@pentauth/core'
import { fileStore } from '@pentauth/node'
import { testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { table } from '../src/sessions/table.ts'
import { cli, start, temporaryFolder, world } from './support/cli.ts'
import { signedInAs } from './support/person.ts'

describe('pentauth status', () => {
  it('shows what is used where and why, and asks no server', async () => {
    const { sandbox, env } = await world()
    await signedInAs(env, pensyve)
    await signedInAs(env, pensyve, 'home')
    await signedInAs(env, profundis, 'work')
    sandbox.journal.clear()
    const { key } = sandbox.keys.create('pensyve')
    const keys = { PENSYVE_API_KEY: key, PENDRA_API_KEY: 'not a key' }
    const client = { PENTOGRAPHER_CLIENT_ID: 'ptg_cid_a', PENTOGRAPHER_CLIENT_SECRET: 'ptg_secret_marked' }
    const { code, stdout, stderr } = await cli(['status'], { env: { ...env, ...keys, ...client } })
    expect({ code, stderr, asked: sandbox.journal.entries }).toEqual({ code: 0, stderr: '', asked: [] })
    const lines = stdout.split('\n').map((line) => line.replace(/ {2,}/g, '  '))
    expect(lines).toEqual([
      'Pendium  rest  nothing  export PENDIUM_API_KEY=pendium_…',
      `  - PENDIUM_BASE_URL moves it to ${env.PENDIUM_BASE_URL}`,
      '  mcp  nothing  pentauth login pendium',
      expect.stringMatching(
        `^Pensyve  rest, mcp  PENSYVE_API_KEY  API key ${key.slice(0, 8)}… \\(fingerprint [\\da-f]{8}\\)$`,
      ),
      `  - PENSYVE_BASE_URL moves it to ${env.PENSYVE_BASE_URL}`,
      '  - not used, since PENSYVE_API_KEY comes first: the saved sign-in as home',
      expect.stringMatching(
        /^Profundis {2}mcp, rest {2}saved sign-in "work" {2}until [-\d]+ [:\d]+, renews by itself$/,
      ),
      `  - PROFUNDIS_BASE_URL moves it to ${env.PROFUNDIS_BASE_URL}`,
      'Pentographer  graphql, mcp, api  PENTOGRAPHER_CLIENT_ID and PENTOGRAPHER_CLIENT_SECRET  its token is fetched with the first call',
      `  - PENTOGRAPHER_BASE_URL moves it to ${env.PENTOGRAPHER_BASE_URL}`,
      'Pendra  rest, messages, responses, v1  not usable',
      expect.stringContaining('  - The Pendra API key from PENDRA_API_KEY holds a character that cannot travel'),
      `  - PENDRA_BASE_URL moves it to ${env.PENDRA_BASE_URL}`,
      'Also signed in to Pensyve: default',
      'Sign-ins are kept in: file ~/state',
      '',
    ])
    for (const secret of [key, 'not a key', 'ptg_secret_marked']) expect(stdout).not.toContain(secret)
  })

  it('as JSON has the same, and ends with 3 where a named service has nothing that serves', async () => {
    const { sandbox, env } = await world()
    await signedInAs(env, pensyve)
    const { key } = sandbox.keys.create('pensyve')
    const { code, stdout } = await cli(['status', 'pensyve', '--json'], { env: { ...env, PENSYVE_API_KEY: key } })
    expect(code).toBe(0)
    expect(stdout).not.toContain(key)
    expect(JSON.parse(stdout)).toEqual({
      store: 'file ~/state',
      services: [
        {
          service: 'pensyve',
          name: 'Pensyve',
          uses: [
            {
              resources: ['rest', 'mcp'],
              status: 'ready',
              source: {
                kind: 'api-key',
                source: 'PENSYVE_API_KEY',
                preview: key.slice(0, 8),
                fingerprint: expect.stringMatching(/^[\da-f]{8}$/),
              },
              ways: [],
              notes: [
                `PENSYVE_BASE_URL moves it to ${env.PENSYVE_BASE_URL}`,
                'not used, since PENSYVE_API_KEY comes first: the saved sign-in',
              ],
            },
          ],
          accounts: [
            {
              audience: `${env.PENSYVE_BASE_URL}/mcp`,
              account: 'default',
              issuer: expect.any(String),
              status: 'signed_in',
              isRenewable: true,
              scopes: ['mcp'],
              expiresAt: expect.any(Number),
              isCurrent: true,
            },
          ],
        },
      ],
    })
    const malformed = { ...env, PENSYVE_API_KEY: testKey.pendra(), PENSYVE_BASE_URL: '' }
    const nothing = await cli(['status', 'pensyve', '--json'], { env: malformed })
    expect(nothing.code).toBe(3)
    expect(JSON.parse(nothing.stdout).services[0].uses).toMatchObject([
      { status: 'unusable', error: { code: 'wrong_credential', message: expect.stringContaining('PENSYVE_API_KEY') } },
    ])
    expect(nothing.stdout).not.toContain(malformed.PENSYVE_API_KEY)
  })

  it('goes on where one service has settings that cannot be used', async () => {
    const { env } = await world()
    const folder = temporaryFolder()
    writeFileSync(join(folder, '.env'), 'PENDRA_API_KEY=x\n')
    const { code, stdout } = await cli(['status', '--dotenv'], {
      env: { ...env, PENSYVE_BASE_URL: 'gateway' },
      cwd: folder,
    })
    expect(code).toBe(0)
    expect(stdout).toMatch(/Pensyve +rest, mcp +not usable\n {2}- PENSYVE_BASE_URL is no http\(s\) URL\./)
    expect(stdout).toMatch(/Pendra +rest, messages, responses, v1 +.*\.env/)
  })

  it('with --check says what each service says', async () => {
    const { sandbox, env } = await world()
    const { clientId, clientSecret } = sandbox.clients.create('pentographer')
    const { stdout } = await cli(['status', '--check', '--json'], {
      env: {
        ...env,
        PENDIUM_API_KEY: sandbox.keys.create('pendium').key,
        PENTOGRAPHER_CLIENT_ID: clientId,
        PENTOGRAPHER_CLIENT_SECRET: clientSecret,
        PENDRA_API_KEY: sandbox.keys.create('pendra').key,
        PENSYVE_API_KEY: sandbox.keys.create('pensyve').key,
      },
    })
    const checks = JSON.parse(stdout).services.flatMap(({ uses }: { uses: { check?: object }[] }) =>
      uses.flatMap(({ check }) => check ?? []),
    )
    expect(checks).toEqual([
      { request: `GET ${env.PENDIUM_BASE_URL}/api/visibility/account`, status: 200 },
      { request: `POST ${env.PENSYVE_BASE_URL}/mcp`, status: 200 },
      { request: `POST ${env.PENTOGRAPHER_BASE_URL}/api/mcp`, status: 200 },
      { request: `GET ${env.PENDRA_BASE_URL}/api/v1/models`, status: 200 },
    ])
    const revoked = testKey.pendra()
    const refused = await cli(['status', 'pendra', '--check'], { env: { ...env, PENDRA_API_KEY: revoked } })
    expect(refused.code).toBe(4)
    expect(refused.stdout).toContain('refused: Pendra refused the API key from PENDRA_API_KEY')
    expect(refused.stdout).not.toContain(revoked)
  })

  it('shows no query of an address, which may hold a key, wherever a sign-in is of', async () => {
    const { env } = await world()
    const key = testKey.pendra()
    const audience = `https://acme.example/mcp?key=${key}`
    const session = { version: 1, ended: 'sign_in_required', account: 'default', endedAt: 1 }
    const { set } = fileStore({ folder: env.PENTAUTH_HOME })
    await set(`session/${encodeURIComponent(audience)}/default/default`, JSON.stringify(session))
    const said = [
      await cli(['status'], { env }),
      await cli(['status', '--json'], { env }),
      await cli(['accounts', audience], { env }),
      await cli(['token', audience], { env }),
      await cli(['logout', '--all'], { env }),
      await cli(['accounts', audience], { env }),
    ]
    expect(said[0]?.stdout).toMatch(
      /https:\/\/acme\.example\/mcp\?… +mcp +not usable +has ended: the authorization server refused to renew it\n {2}- run: pentauth login/,
    )
    expect(said[4]?.stderr).toMatch(/^Signed out of https:\/\/acme\.example\/mcp\?…: the saved sign-in is deleted/)
    expect(JSON.stringify(said)).not.toContain(key)
  })

  it('keeps to narrow terminals', () => {
    const rows = [
      ['Pendium', 'rest', 'the first'],
      ['', 'mcp', 'the second'],
    ]
    expect(table(rows, 80)).toEqual(['Pendium  rest  the first\n', '         mcp   the second\n'])
    expect(table(rows, 20)).toEqual(['Pendium  rest\n    the first\n', '         mcp\n    the second\n'])
  })
})

describe('pentauth token', () => {
  it('prints nothing without the flag that names the risk', async () => {
    const { sandbox, env } = await world()
    await signedInAs(env, profundis)
    const refused = await cli(['token', 'profundis'], { env })
    expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 2, stdout: '' })
    expect(refused.stderr).toContain('Programs take `pentauth headers profundis`')
    const printed = await cli(['token', 'profundis', '--print-token'], { env })
    expect(printed).toEqual({ code: 0, stdout: expect.stringMatching(/^[!-~]{20,}\n$/), stderr: '' })
    const { key } = sandbox.keys.create('profundis')
    const withKey = { ...env, PROFUNDIS_API_KEY: key }
    const other = await cli(['token', 'profundis', '--print-token'], { env: withKey })
    expect({ code: other.code, stdout: other.stdout }).toEqual({ code: 2, stdout: '' })
    expect(other.stderr).toContain('is the API key from PROFUNDIS_API_KEY. Say --print-key')
    expect((await cli(['token', 'profundis', '--print-key'], { env: withKey })).stdout).toBe(`${key}\n`)
    const atTerminal = start(['token', 'profundis', '--print-key'], { env: withKey, terminal: true })
    await atTerminal.ended
    expect(atTerminal.said.stdout).toContain('Whoever sees this API key can use it')
  })
})
