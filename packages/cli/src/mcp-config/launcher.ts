import { readFileSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { PentauthError } from '@pentauth/core'
import type { Environment } from '@pentauth/node'

/**
 * How a client starts this program: by its name where that leads here, else by the path of its code. Never by `npx`, which may bring
 * another program of that name.
 *
 * @throws PentauthError `invalid_option`.
 */
export function launcherFor(given: string | undefined, env: Environment): readonly string[] {
  if (given !== undefined) return wordsOf(given)
  const main = realpathSync(process.argv[1] ?? '')
  return isInstalled(main, env) ? ['pentauth'] : [process.execPath, main]
}

/** A command as words with spaces in between, or as a JSON list of them. */
function wordsOf(given: string): readonly string[] {
  const words = given.trim().startsWith('[') ? listOf(given) : given.split(/\s+/).filter(Boolean)
  if (Array.isArray(words) && words.length > 0 && words.every((word) => typeof word === 'string')) return words
  throw new PentauthError({
    code: 'invalid_option',
    message: '--launcher is no command.',
    hint: `Write it as 'npx -y pentauth', or as a JSON list: '["/opt/my tools/pentauth"]'.`,
  })
}

function listOf(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** Whether the first `pentauth` on the PATH is this one; folders that are on it only while a package manager runs do not count. */
function isInstalled(main: string, env: Environment): boolean {
  const folders = (env.PATH ?? env.Path ?? '')
    .split(delimiter)
    .filter((folder) => folder && !/[\\/]node_modules[\\/]/.test(folder))
  const names = process.platform === 'win32' ? ['pentauth.cmd', 'pentauth.exe'] : ['pentauth']
  const found = folders.flatMap((folder) => names.map((name) => programAt(join(folder, name), main))).find(Boolean)
  return found === main
}

/** What a file on the PATH starts: a link to it, or the script that package managers put there. */
function programAt(file: string, main: string): string | undefined {
  try {
    const real = realpathSync(file)
    if (/\.[cm]?js$/.test(real)) return real
    const script = readFileSync(real, 'utf8')
    if (script.includes(main)) return main
    const [, target] = /(?:\$basedir|%~?dp0%?)[\\/]+([^"'\r\n]+?\.[cm]?js)/.exec(script) ?? []
    return target === undefined ? real : realpathSync(resolve(dirname(real), target.replaceAll('\\', '/')))
  } catch {
    return undefined
  }
}
