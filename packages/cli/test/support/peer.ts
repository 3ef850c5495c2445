import { vi } from 'vitest'
import { type CliOptions, type Running, start } from './cli.ts'

/** What a bridge answers, as it stands on its stdout. */
export interface Line {
  readonly jsonrpc?: string
  readonly id?: string | number | null
  readonly method?: string
  readonly params?: { readonly data?: unknown }
  readonly result?: {
    readonly tools?: readonly { readonly name: string }[]
    readonly content?: readonly { readonly text: string }[]
  }
  readonly error?: { readonly code: number; readonly message: string; readonly data?: Record<string, unknown> }
}

/** A client that writes messages by hand. */
export interface Peer extends Running {
  /** Everything that has come so far; what is no JSON fails. */
  lines(): readonly Line[]
  write(text: string): void
  /** Sends a request, and resolves with its answer. */
  ask(method: string, params?: object): Promise<Line>
  /** Calls a tool; its text, or the error's message. */
  call(argument?: string): Promise<string>
  notify(method: string, params?: object): void
  /** Until a line is like that. */
  comes(found: (line: Line) => boolean): Promise<Line>
}

export function peer(args: readonly string[], options: CliOptions = {}): Peer {
  const running = start(['bridge', ...args], options)
  let last = 0
  const write = (text: string) => void running.child.stdin?.write(text)
  const lines = () =>
    running.said.stdout
      .split('\n')
      .slice(0, -1)
      .map((line): Line => JSON.parse(line))
  const comes = (found: (line: Line) => boolean) =>
    vi.waitFor(
      () => {
        const line = lines().find(found)
        if (!line)
          throw new TypeError(`did not come: ${running.said.stdout.slice(-500)} ${running.said.stderr.slice(-2_000)}`)
        return line
      },
      { timeout: 20_000, interval: 5 },
    )
  const ask = (method: string, params: object = {}) => {
    last += 1
    const id = last
    write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
    return comes((line) => line.id === id && line.method === undefined)
  }
  return {
    ...running,
    lines,
    write,
    ask,
    comes,
    notify: (method, params = {}) => write(`${JSON.stringify({ jsonrpc: '2.0', method, params })}\n`),
    async call(argument = 'tea') {
      const { result, error } = await ask('tools/call', { name: 'echo', arguments: { text: argument } })
      return result?.content?.[0]?.text ?? error?.message ?? ''
    },
  }
}

/** A client that has said hello. */
export async function greeted(args: readonly string[], options: CliOptions = {}): Promise<Peer> {
  const one = peer(args, options)
  const clientInfo = { name: 'by-hand', version: '1.0.0' }
  const { error } = await one.ask('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo })
  if (error) throw new TypeError(error.message)
  one.notify('notifications/initialized')
  return one
}
