import { TextBox } from './text-box.tsx'

export interface Told {
  readonly status: number
  readonly body: string
}

/** What a service answered. */
export function Answer({ told, label }: { told: Told | undefined; label: string }) {
  if (!told) return null
  return (
    <div className="answer" role="status">
      <p className={told.status < 400 ? 'pill good' : 'pill bad'}>{told.status}</p>
      <TextBox label={label} text={told.body} />
    </div>
  )
}

/** Reads a response to its end. */
export async function toldBy(response: Response): Promise<Told> {
  const text = await response.text()
  return { status: response.status, body: pretty(text) }
}

function pretty(text: string): string {
  try {
    const value = JSON.parse(text)
    // A tool of an MCP server answers with JSON as a text.
    const tool = value.result?.content?.[0]?.text
    return tool === undefined ? JSON.stringify(value, null, 2) : pretty(tool)
  } catch {
    return text.trim()
  }
}
