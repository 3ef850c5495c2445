import { printable } from './printable.ts'
import type { DocumentedError } from './service.ts'

// A parameter is an id or a name; more is some other text.
const longestParameter = 200

/** The parameters of a documented refusal, or `undefined` when it is not the one that was said. */
export function parametersOf(
  { status, message }: DocumentedError,
  said: number,
  texts: readonly string[],
): Record<string, string> | undefined {
  if (status !== undefined && status !== said) return undefined
  if (message === undefined) return {}
  for (const text of texts) {
    const parameters = readParameters(message, text)
    if (parameters) return parameters
  }
  return undefined
}

/**
 * Reads a whole text by its template: `Agent {id} not found` finds `id`; `undefined` when it is another text.
 *
 * Walked and not matched: a pattern with several parameters takes seconds on a text that is made for that.
 */
function readParameters(template: string, text: string): Record<string, string> | undefined {
  const [first = '', ...rest] = template.split(/\{(\w+)\}/)
  if (!text.startsWith(first)) return undefined
  const parameters: Record<string, string> = {}
  let position = first.length
  for (let index = 0; index < rest.length; index += 2) {
    const [name, literal] = [String(rest[index]), String(rest[index + 1])]
    const end = literal === '' ? text.length : text.indexOf(literal, position + 1)
    if (end < 0 || end - position > longestParameter) return undefined
    parameters[name] = printable(text.slice(position, end), longestParameter)
    position = end + literal.length
  }
  return /^\.?$/.test(text.slice(position)) ? parameters : undefined
}
