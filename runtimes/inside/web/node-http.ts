// What tests use of `node:http`, for platforms that cannot listen: the harness listens and hands each request over, so
// what core sends still goes through the platform's own fetch and over a socket.
import { tellHarness } from '../harness.ts'
import { Buffer } from './globals.ts'

interface Incoming {
  readonly server: number
  readonly id: number
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** In base64. */
  readonly body: string
}
type Handler = (request: unknown, response: Response) => void

const handlers = new Map<number, Handler>()
let isListening = false

class Response {
  readonly #id: number
  readonly #headers: Record<string, string> = {}
  #status = 200
  /** What was said before must arrive before. */
  #said: Promise<unknown> = Promise.resolve()

  constructor(id: number) {
    this.#id = id
  }

  writeHead(status: number, headers: Readonly<Record<string, string>> = {}) {
    this.#status = status
    Object.assign(this.#headers, headers)
    return this
  }

  setHeader(name: string, value: string) {
    this.#headers[name] = value
    return this
  }

  write(text: string) {
    this.#say('write', text)
    return true
  }

  end(text = '') {
    this.#say('end', text)
    return this
  }

  destroy() {
    this.#say('destroy', '')
    return this
  }

  #say(then: 'write' | 'end' | 'destroy', body: string) {
    const answer = { id: this.#id, status: this.#status, headers: this.#headers, body, then }
    this.#said = this.#said.then(() => tellHarness('answer', answer))
  }
}

export function createServer(handler: Handler) {
  let address = { id: 0, port: 0 }
  return {
    listen(_port: number, _host: string, then: () => void) {
      const listening = tellHarness('listen').then(async (response) => {
        address = (await response.json()) as typeof address
        handlers.set(address.id, handler)
        if (!isListening) takeRequests((await tellHarness('requests')).body as ReadableStream<Uint8Array>)
        isListening = true
      })
      listening.then(then)
    },
    address: () => ({ port: address.port }),
    closeAllConnections: () => undefined,
    close(then: () => void) {
      handlers.delete(address.id)
      tellHarness('close', { id: address.id }).then(then)
    },
  }
}

/** One request in a line. */
async function takeRequests(stream: ReadableStream<Uint8Array>): Promise<void> {
  let rest = ''
  const decoder = new TextDecoder()
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines.filter((text) => text !== '')) take(JSON.parse(line))
  }
}

function take({ server, id, body, ...request }: Incoming): void {
  const chunks = body === '' ? [] : [Buffer.from(body, 'base64')]
  const incoming = {
    ...request,
    async *[Symbol.asyncIterator]() {
      yield* chunks
    },
  }
  handlers.get(server)?.(incoming, new Response(id))
}
