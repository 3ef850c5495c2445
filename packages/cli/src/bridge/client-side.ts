import type { Host } from '../host.ts'
import { type Answer, idIn, isAnswer, isMessage, type Message, refusal, rpcCodes } from './message.ts'

/** The client that has started this process: it writes messages to stdin and reads them from stdout, one a line. */
export interface ClientSide {
  /** What it says, until it says no more or nobody listens any longer. */
  listen(heard: (message: Message) => void): Promise<void>
  say(message: Message): void
  leave(): void
}

/** Takes stdout for the protocol alone: what anybody else prints there goes to stderr from now on. */
export function clientSide({ stdin, stdout, stderr }: Pick<Host, 'stdin' | 'stdout' | 'stderr'>): ClientSide {
  const write = stdout.write.bind(stdout)
  stdout.write = stderr.write.bind(stderr) as typeof stdout.write
  // A client that does not read what is said to people is no reason to end.
  stderr.removeAllListeners('error').on('error', () => undefined)
  const say = (message: Message) => {
    const line = lineOf(message)
    if (line !== undefined) write(`${line}\n`)
  }
  let hasLeft = false
  const leave = () => {
    hasLeft = true
    stdin.destroy()
  }
  // Who reads no more has left, and the server is to hear it.
  stdout.removeAllListeners('error').on('error', leave)
  return {
    say,
    async listen(heard) {
      try {
        for await (const line of linesOf(stdin)) {
          for (const { message, refused } of messagesIn(line)) {
            if (refused) say(refused)
            else heard(message)
          }
        }
      } catch (error) {
        // A terminal that is gone fails to be read, and is no more than an end.
        if (!hasLeft && (error as NodeJS.ErrnoException).code !== 'EIO') throw error
      }
    },
    leave,
  }
}

/** What can be read can be nested too deeply to be written: an answer is then one that says so, since somebody waits for it. */
function lineOf(message: Message): string | undefined {
  try {
    return JSON.stringify(message)
  } catch {
    const why = 'The answer is nested too deeply to be passed on.'
    return isAnswer(message) ? JSON.stringify(refusal(message.id, rpcCodes.internal, why)) : undefined
  }
}

/** Split at the byte and only then decoded: a character may come in two chunks, and a line in thousands. */
async function* linesOf(input: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let begun: Buffer[] = []
  for await (const chunk of input) {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      yield Buffer.concat([...begun, chunk.subarray(start, end)]).toString('utf8')
      begun = []
      start = end + 1
    }
    if (start < chunk.length) begun.push(chunk.subarray(start))
  }
  if (begun.length > 0) yield Buffer.concat(begun).toString('utf8')
}

type Heard =
  | { readonly message: Message; readonly refused?: never }
  | { readonly message?: never; readonly refused: Answer }

/** One, or the several of a batch, which are then answered one by one. */
function messagesIn(line: string): Heard[] {
  if (line.trim() === '') return []
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return [{ refused: refusal(null, rpcCodes.parseError, 'Parse error: the line is no JSON.') }]
  }
  const all = Array.isArray(value) && value.length > 0 ? value : [value]
  return all.map((one) =>
    isMessage(one)
      ? { message: one }
      : { refused: refusal(idIn(one), rpcCodes.invalidRequest, 'Invalid request: this is no JSON-RPC 2.0 message.') },
  )
}
