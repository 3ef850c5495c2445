import { readFileSync, statSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { PentauthError } from '@pentauth/core'
import type { Variables } from './variables.ts'

/**
 * The variables of a `.env` file, read once when first needed.
 *
 * The file's syntax is Node's own (`util.parseEnv`); the environment of the process is not changed.
 *
 * @throws PentauthError (when first used) `invalid_option` when the file exists and cannot be read, `malformed_credential` when a
 *   value would silently be cut at a "#".
 */
export function envFile(path: string): Variables {
  let contents: { text: string; values: NodeJS.Dict<string> } | undefined | 'absent'
  const read = () => {
    contents ??= parse(path)
    return contents
  }
  return {
    label: (name) => `${name} in ${path}`,
    find(name) {
      const file = read()
      const value = file === 'absent' ? undefined : file.values[name]
      if (file === 'absent' || !value?.trim()) return undefined
      const { number, text } = lineOf(file.text, name)
      const source = `${path}:${number}`
      // In this syntax an unquoted "#" starts a comment, also in the middle of a word.
      if (/^[^"'`]\S*#/.test(text.replace(/^[^=]*=\s*/, ''))) throw cut(name, source)
      return { value, source }
    },
    missing(name) {
      const file = read()
      return file === 'absent' ? 'there is no such file' : file.values[name] === undefined ? 'not set' : 'set but blank'
    },
    next: (name, example) => `add the line ${name}=${example}`,
  }
}

function parse(path: string): { text: string; values: NodeJS.Dict<string> } | 'absent' {
  try {
    // A pipe that nobody writes to would hold the process for ever.
    if (!statSync(path).isFile()) throw unreadable(path, 'not a file')
    // A byte order mark would become part of the first name.
    const text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
    // Node 22.12 keeps a comment at the very end unless a line end follows.
    return { text, values: parseEnv(`${text}\n`) }
  } catch (error) {
    if (PentauthError.isInstance(error)) throw error
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return 'absent'
    throw unreadable(path, code)
  }
}

function unreadable(path: string, why: string): PentauthError {
  return new PentauthError({
    code: 'invalid_option',
    message: `The environment file ${path} cannot be read (${why}).`,
    hint: 'Check the path and its permissions, or leave out the option "envFile".',
  })
}

/** The last line that sets a name: as in shells, the last one wins. */
function lineOf(text: string, name: string): { number: number; text: string } {
  const lines = text.split(/\r?\n/)
  const index = lines.findLastIndex(
    (line) =>
      line
        .replace(/^\s*(?:export\s+)?/, '')
        .split('=')[0]
        ?.trim() === name,
  )
  return { number: index + 1, text: lines[index] ?? '' }
}

function cut(name: string, source: string): PentauthError {
  return new PentauthError({
    code: 'malformed_credential',
    message: `The value of ${name} at ${source} holds a "#", which starts a comment there, so only a part would be read.`,
    hint: 'Put the value in quotes.',
  })
}
