import { execFileSync } from 'node:child_process'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { stateFolder } from '../src/index.ts'
import { atHome } from '../src/state-folder.ts'

describe('stateFolder', () => {
  const on = (platform: string) => {
    const spy = vi.spyOn(process, 'platform', 'get').mockReturnValue(platform as 'linux')
    onTestFinished(() => void spy.mockRestore())
  }

  it('is what PENTAUTH_HOME says, whatever the system', () => {
    for (const platform of ['linux', 'darwin', 'win32']) {
      on(platform)
      expect(stateFolder({ PENTAUTH_HOME: '/srv/agent', HOME: '/srv/a', XDG_STATE_HOME: '/x' })).toBe('/srv/agent')
    }
    expect(stateFolder({ PENTAUTH_HOME: 'state' })).toBe(join(process.cwd(), 'state'))
    on('linux')
    expect(stateFolder({ PENTAUTH_HOME: '~/state', HOME: '/srv/a' })).toBe('/srv/a/state')
  })

  it('is where each system keeps such things', () => {
    on('linux')
    expect(stateFolder({ HOME: '/srv/a' })).toBe('/srv/a/.local/state/pentauth')
    expect(stateFolder({ HOME: '/srv/a', XDG_STATE_HOME: '/srv/x' })).toBe('/srv/x/pentauth')
    // By the standard, one that is not absolute has no meaning.
    expect(stateFolder({ HOME: '/srv/a', XDG_STATE_HOME: 'x', PENTAUTH_HOME: ' ' })).toBe(
      '/srv/a/.local/state/pentauth',
    )
    on('darwin')
    expect(stateFolder({ HOME: '/srv/a' })).toBe('/srv/a/Library/Application Support/pentauth')
    on('win32')
    expect(stateFolder({ LOCALAPPDATA: '/srv/l' })).toBe('/srv/l/pentauth')
    expect(stateFolder({ USERPROFILE: '/srv/u' })).toBe('/srv/u/AppData/Local/pentauth')
  })

  it('asks the system where no variable says what is home', () => {
    expect(stateFolder({})).toContain(userInfo().homedir)
  })

  it('takes nothing from a polluted prototype', () => {
    const polluted = Object.create({ PENTAUTH_HOME: '/evil', XDG_STATE_HOME: '/evil', HOME: '/evil' })
    expect(stateFolder(polluted)).not.toContain('evil')
  })

  it.skipIf(process.geteuid?.() !== 0)(
    'is an error where there is no home (skipped without the right to be a user without one)',
    () => {
      const program = `process.setuid(54321); delete process.env.HOME
      const { stateFolder } = await import(${JSON.stringify(join(import.meta.dirname, '../dist/index.js'))})
      try { stateFolder() } catch (error) { console.log(JSON.stringify(error)) }`
      const printed = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
      expect(JSON.parse(printed)).toMatchObject({
        code: 'store_failed',
        message: expect.stringContaining('There is no home folder'),
        hint: expect.stringContaining('PENTAUTH_HOME'),
        retryable: false,
      })
    },
  )
})

describe('a path in messages', () => {
  it('begins with ~ where it is at home', () => {
    const home = process.env.HOME ?? homedir()
    expect([atHome(`${home}/a`), atHome(home), atHome(`${home}x/a`), atHome('/a')]).toEqual([
      '~/a',
      '~',
      `${home}x/a`,
      '/a',
    ])
  })
})
