import type { ClientRow } from './clients.ts'
import { refusedOption } from './refusal.ts'

/** A system, as `process.platform` names it; what is neither macOS nor Windows keeps its files as Linux does. */
export type ClientPlatform =
  | 'aix'
  | 'android'
  | 'cygwin'
  | 'darwin'
  | 'freebsd'
  | 'haiku'
  | 'linux'
  | 'netbsd'
  | 'openbsd'
  | 'sunos'
  | 'win32'

/** Whose file is meant: all projects of this user, or one project. */
export type ClientScope = 'user' | 'project'

export interface ClientPlaceOptions {
  /** The system; this machine's unless given. */
  readonly os?: ClientPlatform | undefined
  /** The home folder; without it the path begins with `~`, on Windows with `%USERPROFILE%` or `%APPDATA%`. */
  readonly home?: string | undefined
  /** Where applications keep settings: what `XDG_CONFIG_HOME` says on Linux and `APPDATA` on Windows. Derived from `home` unless given. */
  readonly configHome?: string | undefined
  /** `user` unless given; a path of a project is relative to its folder. */
  readonly scope?: ClientScope | undefined
}

/** The system that is meant. */
export function platformOf({ os = thisPlatform() }: ClientPlaceOptions): 'linux' | 'darwin' | 'win32' {
  if (!platforms.includes(os)) {
    throw refusedOption('knows no such system', `The option "os" is one of ${platforms.join(', ')}.`)
  }
  return os === 'darwin' || os === 'win32' ? os : 'linux'
}

/** Where the client looks for its servers. */
export function clientPath(row: ClientRow, name: string, options: ClientPlaceOptions): string {
  const os = platformOf(options)
  const { scope = 'user' } = options
  if (scope !== 'user' && scope !== 'project') {
    throw refusedOption('knows no such scope', 'The option "scope" is user or project.')
  }
  const user = typeof row.user === 'string' ? row.user : row.user[os]
  const place = scope === 'user' ? user : row.project
  if (place === undefined) {
    throw refusedOption(`finds no file of a project for ${row.title}`, `${row.title} has only one for the user.`)
  }
  const separator = os === 'win32' ? '\\' : '/'
  const home = folder('home', options.home) ?? (os === 'win32' ? '%USERPROFILE%' : '~')
  const path = place.replaceAll('/', separator).replace('{name}', name)
  // A function, since `$` in a folder's name is no pattern.
  return path.replace(/^~/, () => home).replace('{config}', () => configFolder(os, home, options))
}

function configFolder(os: 'linux' | 'darwin' | 'win32', home: string, options: ClientPlaceOptions): string {
  if (os === 'darwin') return `${home}/Library/Application Support`
  const given = folder('configHome', options.configHome)
  if (os === 'linux') return given ?? `${home}/.config`
  return given ?? (options.home === undefined ? '%APPDATA%' : `${home}\\AppData\\Roaming`)
}

function folder(option: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const path = typeof value === 'string' ? value.replace(/(?<=.)[/\\]+$/, '') : ''
  if (path.trim() !== '' && !path.includes('\0')) return path
  throw refusedOption(`was given no folder as "${option}"`, 'Give an absolute path, or leave the option out.')
}

const platforms: readonly string[] = [
  'aix',
  'android',
  'cygwin',
  'darwin',
  'freebsd',
  'haiku',
  'linux',
  'netbsd',
  'openbsd',
  'sunos',
  'win32',
] satisfies ClientPlatform[]

function thisPlatform(): ClientPlatform {
  const { process } = globalThis as { process?: { platform?: string } }
  const found = process?.platform ?? 'linux'
  return (platforms.includes(found) ? found : 'linux') as ClientPlatform
}
