import { PentauthError } from '@pentauth/core'
import { builtin } from './builtin.ts'
import { type Environment, variableIn } from './environment.ts'
import type { Host } from './host.ts'

/** A program that opens a URL, with what comes before and behind it. */
export interface Opener {
  readonly program: string
  /** Its arguments, of which exactly one is the URL's place. */
  readonly args: (url: string) => readonly string[]
}

const last = (program: string, ...args: string[]): Opener => ({ program, args: (url) => [...args, url] })

/** What opens a URL on this host, the best first; each is started without a shell. */
export function openersOf(host: Host): readonly Opener[] {
  const { platform, env } = host
  if (platform === 'darwin') return [last('open')]
  // Neither cmd nor PowerShell, which would read `&` and `%` in the URL as their own.
  if (platform === 'win32') return [last(`${systemRoot(env)}\\System32\\rundll32.exe`, 'url.dll,FileProtocolHandler')]
  const chosen = chosenOpeners(env)
  if (!host.isWsl) return [...chosen, last('xdg-open')]
  // Not wslview, which is a script that hands the URL to PowerShell.
  const windows = '/mnt/c/Windows/System32/rundll32.exe'
  return [
    ...chosen,
    ...(host.hasFile(windows) ? [last(windows, 'url.dll,FileProtocolHandler')] : []),
    ...(host.hasProgram('rundll32.exe') ? [last('rundll32.exe', 'url.dll,FileProtocolHandler')] : []),
  ]
}

/** By its path: a name alone would be looked for in the working directory first, which may be anybody's. */
function systemRoot(env: Environment): string {
  const root = variableIn(env, 'SystemRoot') ?? variableIn(env, 'SYSTEMROOT') ?? ''
  return /^[A-Za-z]:\\[\w\\ -]+$/.test(root) ? root : 'C:\\Windows'
}

/** What the person has chosen by `BROWSER`, which some editors set where they forward to the person's own machine. */
export function chosenOpeners(env: Environment): readonly Opener[] {
  return (variableIn(env, 'BROWSER') ?? '').split(':').flatMap(chosenOpener)
}

// They would want the terminal, which the sign-in has.
const inTerminal = /(?:^|\/)(?:lynx|w3m|e?links2?|www-browser|browsh)$/

/** One entry of `BROWSER`: a program and its arguments, `%s` where the URL goes. */
function chosenOpener(entry: string): readonly Opener[] {
  const [program, ...words] = entry.trim().split(/\s+/)
  if (!program || program.startsWith('-') || inTerminal.test(program)) return []
  const place = words.findIndex((word) => word.includes('%s'))
  const args = words.map((word) => word.replaceAll('%%', '%'))
  if (place < 0) return [last(program, ...args)]
  // By function: a `$&` in the URL is no pattern.
  const filled = (url: string) => (words[place] ?? '').replace('%s', () => url)
  return [{ program, args: (url) => args.map((word, index) => (index === place ? filled(url) : word)) }]
}

/** How long (ms) an opener has to fail; one that goes on may be the browser itself. */
const soon = 2_000

/**
 * Opens a web page in the person's browser, with the first program that does not fail.
 *
 * @returns why nothing was opened, in words; `undefined` when something was started
 * @throws PentauthError `unsafe_address` for what is no http(s) address, before any program is started.
 */
export async function openBrowser(address: string | URL, host: Host): Promise<string | undefined> {
  const url = pageIn(address)
  let failure: string | undefined
  for (const opener of openersOf(host)) {
    const reason = await startedBy(opener, url, host.env)
    if (reason === undefined) return undefined
    failure ??= reason
  }
  return failure ?? 'there is no program that opens one'
}

/** What means the same to a server when it is encoded, and something of its own to the shell of an opener that is a script. */
const readByShells = /[^A-Za-z0-9._~:/?#@!*+,=&%[\]-]/g

/** The address as a program may be given it. */
function pageIn(address: string | URL): string {
  const text = String(address)
  // What the parser would take out is a sign that somebody else reads it in another way.
  const isClean = /^https?:\/\/[\x21-\x7e]+$/i.test(text) && URL.canParse(text)
  const url = isClean ? new URL(text) : undefined
  // A parser takes host names with characters that no name has, and a shell reads.
  const isNamed = url && /^[\w.:[\]-]+$/.test(url.host) && url.username === '' && url.password === ''
  if (isNamed && /^https?:$/.test(url.protocol) && /^[\x21-\x7e]+$/.test(url.href))
    return url.href.replace(
      readByShells,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )
  throw new PentauthError({
    code: 'unsafe_address',
    message: 'A browser is opened for http(s) addresses only, and this one is none.',
    hint: 'Look at the authorization endpoint in the metadata of the authorization server.',
  })
}

function startedBy({ program, args }: Opener, url: string, env: Environment): Promise<string | undefined> {
  const { spawn } = builtin('node:child_process')
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), soon)
    timer.unref()
    const end = (reason: string | undefined) => {
      clearTimeout(timer)
      resolve(reason)
    }
    try {
      // A group of its own: Ctrl-C here does not close the browser.
      const options = { detached: true, stdio: 'ignore', shell: false, windowsHide: true } as const
      const child = spawn(program, args(url), { ...options, env: { ...env } })
      child.once('error', (error: NodeJS.ErrnoException) => end(`${program}: ${error.code ?? 'failed'}`))
      child.once('exit', (code, signal) => end(code === 0 ? undefined : `${program} ended with ${code ?? signal}`))
      child.unref()
    } catch {
      end(`${program} cannot be started`)
    }
  })
}
