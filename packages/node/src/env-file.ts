import { PentauthError } from '@pentauth/core'
import { builtin } from './builtin.ts'
import { type Environment, variableIn } from './environment.ts'
import { expand } from './expand.ts'
import { textFile } from './text-file.ts'
import { isFilled, type Variables } from './variables.ts'

interface Contents {
  readonly text: string
  readonly values: NodeJS.Dict<string>
  /** The lines that were looked up, by name. */
  readonly lines: Map<string, Line>
}

interface Line {
  readonly number: number
  /** What stands behind the `=`, as written. */
  readonly written: string
}

/**
 * The variables of a `.env` file, read when first needed and again when it has changed.
 *
 * The file's syntax is Node's own (`util.parseEnv`); the environment of the process is not changed. References are looked up in the
 * environment, then in the file; a value in single quotes has none.
 *
 * @throws PentauthError (when first used) `invalid_option` when the file exists and cannot be read, `malformed_credential` when a
 *   value would silently be cut at a "#".
 */
export function envFile(path: string, env: Environment): Variables {
  const readText = textFile(path, { limit: 1_048_576, failed: (why) => unreadable(path, why) })
  let contents: Contents | undefined
  const read = (): Contents | undefined => {
    const text = readText()
    // Node 22.12 keeps a comment at the very end unless a line end follows.
    if (text === undefined) contents = undefined
    else if (contents?.text !== text)
      contents = { text, values: builtin('node:util').parseEnv(`${text}\n`), lines: new Map() }
    return contents
  }
  return {
    label: (name) => `${name} in ${path}`,
    find(name) {
      const file = read()
      const value = file && variableIn(file.values, name)
      if (!file || !isFilled(value)) return undefined
      const { number, written } = lineOf(file, name)
      const source = `${path}:${number}`
      // In this syntax an unquoted "#" starts a comment, also in the middle of a word.
      if (/^[^"'`]\S*#/.test(written)) throw cut(name, source)
      if (written.startsWith("'")) return { value, source }
      const { text, from } = expand(value, `${name} at ${source}`, (other) =>
        isFilled(variableIn(env, other)) ? variableIn(env, other) : variableIn(file.values, other),
      )
      return isFilled(text) ? { value: text, source: source + from } : undefined
    },
    has(name) {
      try {
        return isFilled(variableIn(read()?.values ?? {}, name))
      } catch {
        return false
      }
    },
    missing(name) {
      const file = read()
      return file
        ? variableIn(file.values, name) === undefined
          ? 'not set'
          : 'set but blank'
        : 'there is no such file'
    },
    next: (name, example) => `add the line ${name}=${example}`,
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
function lineOf({ text, lines }: Contents, name: string): Line {
  const known = lines.get(name)
  if (known) return known
  const all = text.split(/\r?\n/)
  const index = all.findLastIndex(
    (line) =>
      line
        .replace(/^\s*(?:export\s+)?/, '')
        .split('=')[0]
        ?.trim() === name,
  )
  const line = { number: index + 1, written: (all[index] ?? '').replace(/^[^=]*=\s*/, '') }
  lines.set(name, line)
  return line
}

function cut(name: string, source: string): PentauthError {
  return new PentauthError({
    code: 'malformed_credential',
    message: `The value of ${name} at ${source} holds a "#", which starts a comment there, so only a part would be read.`,
    hint: 'Put the value in quotes.',
  })
}
