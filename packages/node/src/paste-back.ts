import type { ReadStream } from 'node:tty'
import { builtin } from './builtin.ts'
import type { Terminal } from './terminal.ts'

/** Longer than any answer to a sign-in; what is typed on is thrown away. */
const longest = 16_384

/**
 * The address that somebody copied from their browser, read from the terminal itself: stdin may carry a protocol.
 *
 * @param isAnswer whether a line is the answer that is waited for; others are refused with a word
 * @returns `undefined` where there is no terminal to read from; what never settles, when it is closed
 */
export function pastedBack(
  terminal: Terminal,
  isAnswer: (line: string) => boolean,
  signal: AbortSignal,
): Promise<string> | undefined {
  const input = signal.aborted ? undefined : terminalInput()
  if (!input) return undefined
  return new Promise((resolve) => {
    const { createInterface } = builtin('node:readline')
    // With its own line editing: systems cut the lines of a terminal, some after a thousand characters.
    const lines = createInterface({ input, output: process.stderr, terminal: true, historySize: 0, prompt: '> ' })
    const end = () => {
      signal.removeEventListener('abort', end)
      lines.close()
      input.destroy()
    }
    signal.addEventListener('abort', end)
    // The terminal hands the keys on as they are now, so that Ctrl-C is no signal any more.
    lines.on('SIGINT', () => void process.kill(process.pid, 'SIGINT'))
    input.on('error', end)
    lines.on('close', end)
    lines.on('line', (line) => {
      const text = line.slice(0, longest).trim()
      if (isAnswer(text)) {
        end()
        return resolve(text)
      }
      if (text !== '') terminal.say('That is not the address of this sign-in: copy all of it, from http to the end.')
      lines.prompt()
    })
    terminal.say('If the page that the browser ends at does not load here, paste its address (Ctrl-C to stop):')
    lines.prompt()
  })
}

/** The terminal, where this process may read from it. */
function terminalInput(): ReadStream | undefined {
  const { isatty, ReadStream } = builtin('node:tty')
  if (!isatty(2) || isInBackground()) return undefined
  try {
    // Windows has no file for it; there stdin is one or it carries something else.
    if (process.platform === 'win32') return isatty(0) ? new ReadStream(0) : undefined
    return new ReadStream(builtin('node:fs').openSync('/dev/tty', 'r'))
  } catch {
    return undefined
  }
}

/** Whether reading would stop this process: a shell's job in the background may not. Known on Linux only. */
function isInBackground(): boolean {
  try {
    const stat = builtin('node:fs').readFileSync('/proc/self/stat', 'utf8')
    // Behind the program's name, which may hold anything: state, parent, group, session, terminal, group in the foreground.
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return group !== foreground
  } catch {
    return false
  }
}
