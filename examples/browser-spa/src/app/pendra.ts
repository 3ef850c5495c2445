const json = { 'content-type': 'application/json' }

/** Asks Pendra by way of this page's own server, and tells each piece of the answer as it comes. */
export async function askPendra(question: string, tell: (piece: string) => void): Promise<void> {
  await fetch('/api/login', { method: 'POST' })
  const messages = [{ role: 'user', content: question }]
  const body = JSON.stringify({ model: 'llama3.3:70b', stream: true, messages })
  const response = await fetch('/api/pendra/chat/completions', { method: 'POST', headers: json, body })
  if (!response.ok || !response.body) throw new Error(`The proxy answered ${response.status}: ${await response.text()}`)
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const lines = (rest + read.value).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.startsWith('data: {')) tell(JSON.parse(line.slice(6)).choices[0]?.delta?.content ?? '')
    }
  }
}
