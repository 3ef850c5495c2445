import { join } from 'node:path'
import { caught } from '@pentauth/tooling/canary'
import { describe, expect, it, vi } from 'vitest'
import { openBrowser, openersOf } from '../src/browser.ts'
import { type Host, thisHost } from '../src/host.ts'
import { openPage } from '../src/index.ts'
import { surroundingsOf } from '../src/surroundings.ts'
import { recordingProgram, temporaryFolder } from './support/sign-in-world.ts'

const host = (more: Partial<Host> = {}): Host => ({
  env: {},
  platform: 'linux',
  isWsl: false,
  isContainer: false,
  hasFile: () => false,
  hasProgram: () => false,
  ...more,
})
const url = 'https://as.example/authorize?a=1&b=2'
const started = (of: Host) => openersOf(of).map(({ program, args }) => [program, ...args(url)])

describe('what opens a browser', () => {
  it('is the platform’s own opener, without a shell', () => {
    expect(started(host({ platform: 'darwin' }))).toEqual([['open', url]])
    // By its path: a name alone is looked for in the working directory first.
    for (const [SystemRoot, root] of [
      [undefined, 'C:\\Windows'],
      ['D:\\WINNT', 'D:\\WINNT'],
      ['.\\here', 'C:\\Windows'],
    ] as const)
      expect(started(host({ platform: 'win32', env: { SystemRoot } }))).toEqual([
        [`${root}\\System32\\rundll32.exe`, 'url.dll,FileProtocolHandler', url],
      ])
    expect(started(host())).toEqual([['xdg-open', url]])
  })

  it('is first what BROWSER names, on Linux', () => {
    const env = { BROWSER: "firefox --new-tab:/opt/my-browser --url=%s --n=%%:w3m:-x:a$'b`c" }
    expect(started(host({ env }))).toEqual([
      ['firefox', '--new-tab', url],
      ['/opt/my-browser', `--url=${url}`, '--n=%'],
      ["a$'b`c", url],
      ['xdg-open', url],
    ])
    expect(started(host({ env, platform: 'darwin' }))).toEqual([['open', url]])
  })

  it('is a program of Windows under WSL', () => {
    const windows = '/mnt/c/Windows/System32/rundll32.exe'
    const wsl = host({ isWsl: true, hasFile: (path) => path === windows })
    expect(started(wsl)).toEqual([[windows, 'url.dll,FileProtocolHandler', url]])
    expect(started(host({ isWsl: true, hasProgram: (name) => name === 'rundll32.exe' }))).toEqual([
      ['rundll32.exe', 'url.dll,FileProtocolHandler', url],
    ])
  })
})

describe.runIf(process.platform === 'linux')('openPage', () => {
  it('opens where somebody sees it, and else says why not', async () => {
    const { path, starts } = recordingProgram('xdg-open')
    const env = { PATH: path, DISPLAY: ':0' }
    expect(await openPage(url, { env })).toBeUndefined()
    expect(starts()).toEqual([[url]])
    expect(await openPage(url, { env: { ...env, CI: '1' } })).toBe('this is CI (CI is set)')
    expect(await openPage(url, { env: { PATH: path, SSH_TTY: '/dev/pts/0' } })).toContain('SSH')
    expect(starts()).toHaveLength(1)
    expect(await caught(openPage('file:///etc/passwd', { env }))).toMatchObject({ code: 'unsafe_address' })
  })
})

describe.runIf(process.platform === 'linux')('openBrowser', () => {
  it('starts it with one argument, whatever the URL holds', async () => {
    const { path, folder, starts } = recordingProgram('xdg-open')
    const hostile = `https://as.example/a;touch ${join(folder, 'x')}`.replaceAll(' ', '%20')
    const urls = [
      url,
      `${hostile}&calc|more`,
      'https://as.example/$(id)`id`?%PATH%&!x!=^1',
      "https://as.example/'--help'",
    ]
    for (const one of urls) expect(await openBrowser(one, host({ env: { PATH: path } }))).toBeUndefined()
    // To a server, what is encoded and what is not are the same; to a script that hands it to a shell they are not.
    const decoded = (one: string) =>
      new URL(one).href.replace(/%[0-9A-F]{2}/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)))
    expect(starts().map(([one = '', ...more]) => [decoded(one), ...more])).toEqual(urls.map((one) => [decoded(one)]))
    for (const [one] of starts()) expect(one).not.toMatch(/[$`'"|;(){}^\\<>\s]/)
  })

  it('goes on with the next program, and says why the first failed', async () => {
    const { path, starts } = recordingProgram('xdg-open')
    const env = { PATH: path, BROWSER: '/nowhere/browser' }
    expect(await openBrowser(url, host({ env }))).toBeUndefined()
    expect(starts()).toEqual([[url]])
    const failing = recordingProgram('xdg-open', { exit: 3 })
    expect(await openBrowser(url, host({ env: { PATH: failing.path } }))).toBe('xdg-open ended with 3')
    expect(await openBrowser(url, host({ env: { PATH: temporaryFolder() } }))).toBe('xdg-open: ENOENT')
    expect(await openBrowser(url, host({ isWsl: true }))).toBe('there is no program that opens one')
    expect(await openBrowser(url, host({ env: { PATH: path, X: 'a\0b' } }))).toBe('xdg-open cannot be started')
  })

  it.each([
    'file:///etc/passwd',
    'javascript:alert(1)',
    'ms-msdt:/id',
    '-a https://as.example',
    '--help',
    ' https://as.example/',
    'https://as.example/\nx',
    'https://as.example/\u001b]0;x\u0007',
    'https://as.example/a b',
    'https://',
    'https://$(calc.exe)/',
    'https://somebody:else@as.example/',
    '',
  ])('starts nothing for %j', async (address) => {
    const { path, starts } = recordingProgram('xdg-open')
    expect(await caught(openBrowser(address, host({ env: { PATH: path } })))).toMatchObject({ code: 'unsafe_address' })
    expect(starts()).toEqual([])
  })

  it('does not wait for a browser that stays open', async () => {
    const { folder } = recordingProgram('other')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const opened = openBrowser(url, host({ env: { PATH: `${folder}:/usr/bin:/bin`, BROWSER: 'sleep 5 #%s' } }))
      await vi.advanceTimersByTimeAsync(2_000)
      expect(await opened).toBeUndefined()
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('why no browser opens', () => {
  const why = (more: Partial<Host>) => surroundingsOf(host({ hasProgram: (name) => name === 'xdg-open', ...more })).why
  const display = { DISPLAY: ':0' }

  it.each<[string, Partial<Host>, RegExp | undefined]>([
    ['a desktop', { env: display }, undefined],
    ['Wayland', { env: { WAYLAND_DISPLAY: 'wayland-0' } }, undefined],
    ['a Mac', { platform: 'darwin' }, undefined],
    ['Windows', { platform: 'win32' }, undefined],
    ['a Mac over SSH', { platform: 'darwin', env: { SSH_TTY: '/dev/ttys001' } }, /an SSH session \(SSH_TTY is set\)/],
    ['SSH', { env: { SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22' } }, /an SSH session \(SSH_CONNECTION is set\)/],
    ['SSH with a display', { env: { SSH_CONNECTION: 'x', ...display } }, undefined],
    [
      'SSH, from an editor that opens the browser',
      { env: { SSH_CONNECTION: 'x', BROWSER: '/editor/browser.sh' } },
      undefined,
    ],
    ['SSH, with a browser of the terminal', { env: { SSH_CONNECTION: 'x', BROWSER: 'lynx' } }, /SSH/],
    ['CI with a display', { env: { CI: 'true', ...display } }, /this is CI \(CI is set\)/],
    ['CI, by a name of its own', { env: { GITHUB_ACTIONS: 'true' } }, /this is CI \(GITHUB_ACTIONS is set\)/],
    ['CI that is none', { env: { CI: 'false', ...display } }, undefined],
    ['a container', { isContainer: true }, /a container without a display/],
    ['a container with a display', { isContainer: true, env: display }, undefined],
    ['a display without a program that opens one', { env: display, hasProgram: () => false }, /xdg-open is missing/],
    ['a server', {}, /no display \(neither DISPLAY nor WAYLAND_DISPLAY is set\)/],
    ['WSL', { isWsl: true, hasProgram: (name) => name === 'rundll32.exe' }, undefined],
    ['WSL alone', { isWsl: true, env: display }, /WSL without the programs of Windows/],
  ])('%s', (_name, more, expected) => {
    if (expected) expect(why(more)).toMatch(expected)
    else expect(why(more)).toBeUndefined()
  })

  it('takes the facts of this host from the environment that it is given', () => {
    const { folder } = recordingProgram('rundll32.exe')
    const here = thisHost({ PATH: folder, WSL_DISTRO_NAME: 'Debian' })
    expect([here.hasProgram('rundll32.exe'), here.hasProgram('xdg-open')]).toEqual([true, false])
    expect(here.isWsl).toBe(process.platform === 'linux')
    expect(thisHost({ KUBERNETES_SERVICE_HOST: '10.0.0.1' }).isContainer).toBe(process.platform === 'linux')
  })
})
