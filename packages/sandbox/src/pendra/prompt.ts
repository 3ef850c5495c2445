import { isJsonObject, type JsonObject } from '../request-body.ts'

/** The text a model makes of a prompt, cut where the caller wanted it to stop. */
export interface Reply {
  /** Parts that, joined, are the text: one streamed event each. */
  readonly parts: readonly string[]
  readonly text: string
  /** Whether the limit cut it. */
  readonly cut: boolean
  readonly inputTokens: number
  readonly outputTokens: number
}

/** The same reply for the same prompt, always: a token is a word, and `limit` is in tokens. */
export function replyTo(prompt: string, limit: unknown): Reply {
  const words = `This is the Pendra sandbox. You said: ${prompt.slice(0, 200)}`.trim().split(/\s+/)
  const most = typeof limit === 'number' && limit >= 1 ? Math.floor(limit) : words.length
  const kept = words.slice(0, most)
  return {
    parts: kept.map((word, index) => (index === 0 ? word : ` ${word}`)),
    text: kept.join(' '),
    cut: kept.length < words.length,
    inputTokens: tokensIn(prompt),
    outputTokens: kept.length,
  }
}

/** A count of words in place of a tokenizer's. */
export function tokensIn(text: string): number {
  return text.match(/\S+/g)?.length ?? 0
}

/** The text of the last message of a conversation; content may be a string or a list of typed parts. */
export function lastText(messages: unknown): string {
  if (typeof messages === 'string') return messages
  if (!Array.isArray(messages)) return ''
  const last: unknown = messages.at(-1)
  return isJsonObject(last) ? textOf(last) : String(last ?? '')
}

function textOf(message: JsonObject): string {
  const { content } = message
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part: unknown) => (isJsonObject(part) && typeof part.text === 'string' ? part.text : '')).join('')
}
