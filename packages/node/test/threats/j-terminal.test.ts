import { exec, execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { memoryStore, PentauthError } from '@pentauth/core'
import { threat } from '@pentauth/tooling/threat'
import { vi } from 'vitest'
import { openBrowser, openersOf } from '../../src/browser.ts'
import { type Host, thisHost } from '../../src/host.ts'
import { signIn } from '../../src/index.ts'
import { recordingProgram, temporaryFolder } from '../support/sign-in-world.ts'
import { type DeviceWorld, hostileDeviceServer, type Said } from './support/hostile-device-server.ts'

// J6 to J8: what a hostile authorization server can do to a terminal, and to the machine it is on.

interface Outcome {
  readonly what: string
  readonly problems: readonly string[]
}
const problemsOf = (outcomes: readonly Outcome[]) =>
  outcomes.flatMap(({ what, problems }) => problems.map((text) => `${what}: ${text}`))

interface Opener {
  open(url: string, env: Record<string, string>): Promise<unknown>
  /** The programs of a system, for those that this test does not run on. */
  programs(platform: string): readonly string[]
}
const hostOf = (platform: string, isWsl = false): Host => ({
  ...{ env: {}, platform, isWsl, isContainer: false },
  ...{ hasFile: () => true, hasProgram: () => true },
})
const careful: Opener = {
  open: (url, env) => openBrowser(url, thisHost(env)),
  programs: (platform) => openersOf(hostOf(platform, platform === 'linux')).map(({ program }) => program),
}
const opener = 'xdg-open'
/** As many programs do it, and as one did that many others used. */
const byShell: Opener = {
  open: (url, env) =>
    new Promise((resolve) => {
      // A program's own argument, too, may begin with what it takes for an option.
      if (url.startsWith('-')) execFile(opener, [url], { env }, resolve)
      else exec(`${opener} "${url}"`, { env }, resolve)
    }),
  programs: (platform) => (platform === 'win32' ? ['cmd', '/c', 'start'] : ['sh', '-c']),
}

/** To a server, what is encoded and what is not are the same. */
function isSamePage(opened: string | undefined, text: string): boolean {
  if (!URL.canParse(text) || !URL.canParse(opened ?? '') || new URL(text).protocol !== 'https:') return false
  const decoded = (url: URL) =>
    [url.origin, url.pathname, url.search].map((part) =>
      part.replace(/%[0-9A-F]{2}/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16))),
    )
  return decoded(new URL(text)).join() === decoded(new URL(opened ?? '')).join()
}

if (process.platform === 'linux')
  threat('J6', 'a URL that becomes a command', {
    ours: careful,
    twin: byShell,
    attack: async ({ open, programs }: Opener): Promise<Outcome[]> => {
      const folder = temporaryFolder()
      const mark = join(folder, 'mark')
      const { path, starts } = recordingProgram('xdg-open', { folder })
      const page = 'https://as.example/authorize?a=1&state=abc'
      const texts = [
        `${page}&calc`,
        `${page}$(touch ${mark})`,
        `${page}$(touch\${IFS}${mark})`,
        `${page}\`touch ${mark}\``,
        `${page}";touch ${mark};"`,
        `${page}';touch ${mark};'`,
        `${page}|touch ${mark}`,
        `${page}\ntouch ${mark}`,
        `${page}%PATH%^!x!`,
        `${page} --gpu-launcher=touch`,
        'https://$(calc.exe).example/authorize',
        'https://as.example$env:USERNAME/authorize',
        '-a',
        '--help',
        `file:///${mark}`,
        'javascript:alert(1)',
        'vscode://open?x',
      ]
      const outcomes: Outcome[] = []
      for (const text of texts) {
        const before = starts().length
        const error = await open(text, { PATH: path }).then(
          () => undefined,
          (failure: unknown) => failure,
        )
        const [argv, ...more] = starts().slice(before)
        const isPage = isSamePage(argv?.[0], text) && !/[$`'"|;(){}^\\<>\s]/.test(argv?.[0] ?? '')
        const ends = [
          ...(existsSync(mark) ? ['a command ran'] : []),
          ...(argv && (argv.length !== 1 || more.length > 0 || !isPage)
            ? [`started with ${JSON.stringify(argv)}`]
            : []),
          ...(argv || PentauthError.isInstance(error) ? [] : ['not refused by a typed error']),
        ]
        outcomes.push({ what: JSON.stringify(text), problems: ends })
      }
      const shells = ['win32', 'darwin', 'linux']
        .flatMap(programs)
        .filter((program) => /^(?:cmd|powershell|pwsh|(?:ba)?sh)/.test(program))
      return [...outcomes, { what: 'programs', problems: shells }]
    },
    breaches: problemsOf,
  })

type Device = (world: DeviceWorld, account: string) => Promise<unknown>

const ssh = { PATH: '/nowhere', SSH_CONNECTION: '192.0.2.1 50000 192.0.2.2 22' }
const ours: Device = ({ service, runtime }, account) =>
  signIn(service, { store: memoryStore(), env: ssh, runtime: runtime as object, account, client: { clientId: 'one' } })

interface Answers {
  readonly [name: string]: unknown
}
/** Prints what it is sent, and asks as often as it is told to. */
const hasty: Device = async ({ service, runtime, deviceEndpoint, tokenEndpoint }, account) => {
  const ask = async (url: string) => (await (await runtime.fetch(url)).json()) as Answers
  const said = await ask(deviceEndpoint)
  if (said.error) throw new TypeError(`${said.error}: ${said.error_description}`)
  process.stderr.write(`${service.name}, ${account}: open ${said.verification_uri} and enter ${said.user_code}\n`)
  for (let asked = 0; asked < 50; asked += 1) {
    await runtime.sleep(Number(said.interval ?? 5) * 1_000)
    const answer = await ask(tokenEndpoint)
    if (answer.access_token) return
    if (answer.error_description) throw new TypeError(String(answer.error_description))
  }
}

/** All that a sign-in says: at the terminal, and in its error. */
async function heard(subject: Device, said: Said, account = 'default') {
  const world = hostileDeviceServer(said)
  let text = ''
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    text += String(chunk)
    return true
  })
  try {
    const error = await subject(world, account).then(
      () => undefined,
      (failure: unknown) => failure,
    )
    return { world, error, text: `${text}${error ?? ''}${JSON.stringify(error ?? '')}` }
  } finally {
    spy.mockRestore()
  }
}

const esc = '\u001b'
const bell = '\u0007'
/** What a terminal, or a reader, is misled by. Line ends are ours. */
const isStrange = (character: string) => /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(character) && character !== '\n'

threat('J7', 'commands to the terminal in what a server says', {
  ours,
  twin: hasty,
  attack: async (subject: Device): Promise<Outcome[]> => {
    const commands = [
      `${esc}[2J${esc}[1;1H`,
      `${esc}]0;owned${bell}`,
      `${esc}]8;;https://evil.example${bell}click${esc}]8;;${bell}`,
      `${esc}]52;c;cm0gLXJmIH4=${bell}`,
      '\u009b31m',
      '\rYou are signed in.',
      '\u202egnirts\u202c',
      '\u2066x\u2069',
      '\u200b\u200e\ufeff',
      '\b\b\b\u007f',
    ]
    const outcomes: Outcome[] = []
    for (const command of commands) {
      const page = 'https://as.acme.example/go'
      const cases: Record<string, readonly [Said, string?]> = {
        verification_uri: [{ device: { verification_uri: `${page}${command}` } }],
        'verification_uri in the path': [{ device: { verification_uri: `${page}/${command}/x` } }],
        verification_uri_complete: [{ device: { verification_uri_complete: `${page}?code=${command}` } }],
        user_code: [{ device: { user_code: `WDJB${command}` } }],
        error: [{ device: { error: `invalid${command}`, error_description: `because${command}` } }],
        'error of the token': [{ token: [{ error: `invalid${command}`, error_description: `because${command}` }] }],
        name: [{ name: `Acme${command}` }],
        account: [{}, `me${command}`],
      }
      for (const [what, [said, account]] of Object.entries(cases)) {
        const { text } = await heard(subject, said, account)
        const strange = [...text].filter(isStrange).map((character) => `U+${character.codePointAt(0)?.toString(16)}`)
        outcomes.push({ what: `${what} ${JSON.stringify(command)}`, problems: [...new Set(strange)] })
      }
    }
    return outcomes
  },
  breaches: problemsOf,
})

threat('J8', 'a device flow that asks without a pause, or for ever', {
  ours,
  twin: hasty,
  attack: async (subject: Device): Promise<Outcome[]> => {
    const pending = { error: 'authorization_pending' }
    const run = async (what: string, said: Said, problems: (found: Awaited<ReturnType<typeof heard>>) => string[]) => ({
      what,
      problems: problems(await heard(subject, said)),
    })
    const within =
      (least: number, most: number) =>
      ({ world: { waits } }: { world: DeviceWorld }) =>
        waits.filter((wait) => wait < least || wait > most).map((wait) => `waited ${wait} ms`)
    const intervals = [0, -1, '0', null, Number.MIN_VALUE, 1e9, 'x'].map((interval) =>
      run(`interval ${interval}`, { device: { interval }, token: [pending, pending, {}] }, within(1_000, 60_000)),
    )
    const slower = run(
      'slow_down',
      { token: [{ error: 'slow_down' }, pending, { error: 'slow_down' }, {}] },
      ({ world }) =>
        JSON.stringify(world.waits.slice(0, 4)) === JSON.stringify([5_000, 10_000, 10_000, 15_000])
          ? []
          : [`${world.waits.slice(0, 4)}`],
    )
    const stops = ['expired_token', 'access_denied'].map((error) =>
      run(error, { token: [pending, { error }, {}] }, ({ world, error: failure }) => [
        ...(world.tokenRequests() === 2 ? [] : [`asked ${world.tokenRequests()} times`]),
        ...(PentauthError.isInstance(failure) && failure.code === 'sign_in_failed' ? [] : [String(failure)]),
      ]),
    )
    const endless = run(
      'nobody comes',
      { device: { expires_in: 60 }, token: [pending] },
      ({ world, error: failure }) => [
        ...(world.tokenRequests() <= 12 ? [] : [`asked ${world.tokenRequests()} times`]),
        ...(PentauthError.isInstance(failure) ? [] : [String(failure)]),
      ],
    )
    // One after the other: what is said is heard at one place.
    const outcomes: Outcome[] = []
    for (const outcome of [...intervals, slower, ...stops, endless]) outcomes.push(await outcome)
    return outcomes
  },
  breaches: problemsOf,
})
