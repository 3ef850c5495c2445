/** Reads at most that many bytes of a body as text, for at most that long (ms), and drops the rest. */
export async function readCapped(response: Response, limit: number, ms: number): Promise<string> {
  const reader = response.body?.getReader()
  if (!reader) return ''
  const stop = () => void reader.cancel().catch(() => undefined)
  // A cancelled reader ends as a finished one does: what was read by then is the answer.
  const timer = setTimeout(stop, ms)
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (let bytes = 0; bytes < limit; ) {
      const { done, value } = await reader.read()
      if (done) return text + decoder.decode()
      bytes += value.byteLength
      text += decoder.decode(value, { stream: true })
    }
    stop()
    return text.slice(0, limit)
  } finally {
    clearTimeout(timer)
  }
}
