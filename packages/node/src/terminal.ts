import { builtin } from './builtin.ts'

/** What a person at a terminal is told. Always on stderr: stdout may carry a protocol. */
export interface Terminal {
  readonly isTerminal: boolean
  /** Paragraphs; what is strange in them comes out as nothing. */
  say(text: string): void
  /** A line that something is going on, until it is over; it moves only where somebody can see it move. */
  during(text: string): () => void
  strong(text: string): string
}

// As text: a literal would be compiled when this module is loaded.
const unseen = '[\\p{Cc}\\p{Cf}\\p{Default_Ignorable_Code_Point}\\u2028\\u2029]'

/** Text of others, on one line and without what a terminal would act on: control, direction and invisible characters. */
export function plain(text: string, limit = 300): string {
  const clean = text.replace(new RegExp(`${unseen}+`, 'gu'), ' ').trim()
  return clean.length > limit ? `${clean.slice(0, limit)}…` : clean
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
/** Milliseconds between two of them. */
const pace = 120

/** The terminal of this process. */
export function thisTerminal(): Terminal {
  const { stderr } = process
  const { styleText } = builtin('node:util')
  const isTerminal = stderr.isTTY === true
  const moves = isTerminal && process.env.TERM !== 'dumb'
  const write = (text: string) => void stderr.write(text)
  return {
    isTerminal,
    say: (text) => write(`${text}\n`),
    during(text) {
      if (!moves) {
        write(`${text}\n`)
        return () => undefined
      }
      let frame = 0
      const draw = () => write(`\r${frames[frame++ % frames.length]} ${text}`)
      draw()
      const timer = setInterval(draw, pace)
      timer.unref()
      return () => {
        clearInterval(timer)
        // Back to the start of the line, and nothing left of it.
        write('\r\u001b[2K')
      }
    },
    strong: (text) => styleText('bold', text, { stream: stderr }),
  }
}

/** Says nothing: somebody else does. */
export const silent: Terminal = {
  isTerminal: false,
  say: () => undefined,
  during: () => () => undefined,
  strong: (text) => text,
}
