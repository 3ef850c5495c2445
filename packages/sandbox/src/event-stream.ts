/** One server-sent event: `event:` when it has a name, then `data:`. */
export function serverSentEvent(data: unknown, event?: string): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data)
  return `${event === undefined ? '' : `event: ${event}\n`}data: ${text}\n\n`
}

/**
 * A response that streams: each part is its own chunk, made only when the reader asks for it, so a client that stops
 * reading stops the stream. `interval` is the pause before each part after the first, in milliseconds.
 */
export function streamedResponse(parts: readonly string[], interval: number): Response {
  const encoder = new TextEncoder()
  let next = 0
  let stopped = false
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (next > 0) await (interval > 0 ? pause(interval) : nextTurn())
        if (stopped) return
        const part = parts[next]
        if (part === undefined) return controller.close()
        next += 1
        controller.enqueue(encoder.encode(part))
      },
      cancel() {
        stopped = true
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' } })
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

// A turn of the event loop, so that what carries the response sends one part before it gets the next. Not a timer: a test
// that fakes those must not hang here.
function nextTurn(): Promise<void> {
  const { port1, port2 } = new MessageChannel()
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
}
