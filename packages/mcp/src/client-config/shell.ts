import { refusedOption } from './refusal.ts'

/** A word of a command line; `expands` is put between double quotes, so that the shell fills in the variable. */
export type Word = string | { readonly expands: string; readonly variable: string }

/** A command line for POSIX shells. */
export function posixLine(words: readonly Word[]): string {
  return words
    .map((word) => (typeof word === 'string' ? posixWord(word) : `"${word.expands}$${word.variable}"`))
    .join(' ')
}

/** A command line for PowerShell. */
export function powershellLine(words: readonly Word[]): string {
  return words
    .map((word) => (typeof word === 'string' ? powershellWord(word) : `"${word.expands}$env:${word.variable}"`))
    .join(' ')
}

/** A command line for what a client gives to the system's own shell: `sh -c` or, on Windows, `cmd /c`. */
export function systemLine(words: readonly string[], os: 'linux' | 'darwin' | 'win32'): string {
  return words.map(os === 'win32' ? cmdWord : posixWord).join(' ')
}

/** The words as a program and its arguments; on Windows `npx` and its like are scripts, which only `cmd` can start. */
export function programOf(words: readonly string[], os: 'linux' | 'darwin' | 'win32'): readonly [string, ...string[]] {
  const [program = '', ...args] = words
  if (os !== 'win32') return [program, ...args]
  words.forEach(cmdWord)
  return ['cmd', '/c', program, ...args]
}

function posixWord(word: string): string {
  return /^[\w@%+:,./-][\w@%+=:,./-]*$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

// PowerShell takes four typographic marks for single quotes too, `--` for its own, and cuts `-a.b` and `-a:b` in two.
function powershellWord(word: string): string {
  return /^(?!--$|-.*[.:])[\w+=:./-]+$/.test(word) ? word : `'${word.replace(/['\u2018-\u201b]/g, '$&$&')}'`
}

function cmdWord(word: string): string {
  if (/["%&|<>^!\r\n]/.test(word)) {
    throw refusedOption(
      'cannot pass a part of the command line through the Windows shell',
      'Give "launcher" and the URL without any of " % & | < > ^ !.',
    )
  }
  return /^[\w@+=:,./\\-]+$/.test(word) ? word : `"${word}"`
}
