import { PentauthError } from '@pentauth/core'
import { builtin } from './builtin.ts'
import { type Environment, variableIn } from './environment.ts'

/**
 * The folder in which this machine keeps what a person has signed in to: `PENTAUTH_HOME`, else `pentauth` in `XDG_STATE_HOME` or
 * `~/.local/state` (macOS: `~/Library/Application Support`, Windows: `%LOCALAPPDATA%`).
 *
 * Only the name is made here: whether it is there, and whose it is, is looked at when something is kept.
 *
 * @throws PentauthError `store_failed` when there is no home folder and the environment names no other.
 * @example
 * ```ts
 * console.log(stateFolder({ PENTAUTH_HOME: '/var/lib/agent' })) // /var/lib/agent
 * ```
 */
export function stateFolder(env: Environment = process.env): string {
  const { isAbsolute, join, resolve } = builtin('node:path')
  const given = variableIn(env, 'PENTAUTH_HOME')?.trim()
  if (given) return resolve(given.replace(/^~(?=$|[\\/])/, () => homeFolder(env)))
  // A base that is not absolute counts as none, by the standard of those variables.
  const base = (name: string) => {
    const path = variableIn(env, name)
    return path && isAbsolute(path) ? path : undefined
  }
  if (process.platform === 'win32')
    return join(base('LOCALAPPDATA') ?? join(homeFolder(env), 'AppData/Local'), 'pentauth')
  const xdg = base('XDG_STATE_HOME')
  if (xdg) return join(xdg, 'pentauth')
  const places = process.platform === 'darwin' ? 'Library/Application Support' : '.local/state'
  return join(homeFolder(env), places, 'pentauth')
}

function homeFolder(env: Environment): string {
  const home = variableIn(env, process.platform === 'win32' ? 'USERPROFILE' : 'HOME') || homeOfUser()
  if (home && builtin('node:path').isAbsolute(home)) return home
  throw new PentauthError({
    code: 'store_failed',
    message: 'There is no home folder in which sign-ins could be kept.',
    hint: 'Set PENTAUTH_HOME to a folder of this program, on a volume that stays, or give a store.',
  })
}

/** The home of the user who runs this process; a container's may have neither the variable nor an entry among the users. */
function homeOfUser(): string | undefined {
  try {
    return builtin('node:os').userInfo().homedir
  } catch {
    return undefined
  }
}

/** The name in it of the folder for what is encrypted. */
export const encryptedFolder = 'encrypted'

/** The name of a store of files, for people. */
export function fileStoreName(folder: string): string {
  return `file ${atHome(folder)}`
}

/** Whether a folder is the home of the user, or what the environment calls so. */
export async function isHome(folder: string): Promise<boolean> {
  const { realpath } = builtin('node:fs/promises')
  const homes = [process.env[process.platform === 'win32' ? 'USERPROFILE' : 'HOME'], homeOfUser()]
  const real = homes.map((home) => home && realpath(home).catch(() => undefined))
  return (await Promise.all(real)).includes(folder)
}

/** A path as people write it. */
export function atHome(path: string): string {
  const home = process.env[process.platform === 'win32' ? 'USERPROFILE' : 'HOME'] || homeOfUser()
  const { sep } = builtin('node:path')
  if (!home || home === sep) return path
  return path === home ? '~' : path.startsWith(home + sep) ? `~${path.slice(home.length)}` : path
}
