import type { Node, ParseError } from 'jsonc-parser'
import { type Change, nameTaken } from './change.ts'
import { insertMember, jsonValue } from './json-insert.ts'
import { appended, edited, indentation, lineEnd, lineNumber } from './layout.ts'
import type { RefusePresent } from './refusal.ts'
import { dataText, ownMember, withMember } from './same-data.ts'

type Parser = typeof import('jsonc-parser')

/**
 * The file with the entry in it, for JSON with and without comments.
 *
 * @throws PentauthError `invalid_option` for a text that is no such file.
 */
export async function writeJson(text: string, change: Change, refuse: RefusePresent): Promise<string> {
  const parser = await import('jsonc-parser')
  if (parser.stripComments(text).trim() === '') {
    const whole = newFile(text, change)
    // A comment that never ends would take the file in.
    rootOf(parser, whole, refuse)
    return whole
  }
  const { servers, name, entry } = change
  const root = rootOf(parser, text, refuse)
  const before: object = parser.getNodeValue(root)
  const inputs = missingInputs(parser, root, change, refuse)
  const withEntry = putEntry(parser, text, root, change, refuse)
  const written = inputs.missing.reduce((result, input) => {
    const changed = rootOf(parser, result, refuse)
    const list = childOf(changed, 'inputs', refuse)
    if (!list) return insertMember(result, changed, changed, 'inputs', [input])
    return insertMember(result, changed, list, undefined, input)
  }, withEntry)
  const unmergeable = () => refuse('cannot be changed without changing other entries')
  const all = withMember(before, servers, withMember(Object(ownMember(before, servers)), name, entry))
  const expected = inputs.missing.length > 0 ? withMember(all, 'inputs', [...inputs.present, ...inputs.missing]) : all
  if (dataText(expected) === dataText(parser.getNodeValue(rootOf(parser, written, unmergeable)))) return written
  throw unmergeable()
}

function newFile(text: string, { servers, name, entry, inputs, file }: Change): string {
  const whole = { ...file, ...(inputs.length > 0 ? { inputs } : {}), [servers]: { [name]: entry } }
  const eol = lineEnd(text)
  const json = JSON.stringify(whole, null, 2).replaceAll('\n', eol)
  return text.trim() === '' ? `${json}${eol}` : appended(text, json, eol, false)
}

function putEntry(parser: Parser, text: string, root: Node, change: Change, refuse: RefusePresent): string {
  const { servers, name, entry, replace } = change
  const entries = childOf(root, servers, refuse)
  if (!entries) return insertMember(text, root, root, servers, { [name]: entry })
  if (entries.type !== 'object') throw refuse(`has something else than an object under "${servers}"`)
  const present = childOf(entries, name, refuse)
  if (!present) return insertMember(text, root, entries, name, entry)
  if (dataText(parser.getNodeValue(present)) === dataText(entry)) return text
  if (!replace) throw nameTaken(change, refuse)
  const value = jsonValue(text, root, entry, indentation(text, present.offset).white)
  return edited(text, [{ start: present.offset, end: present.offset + present.length, text: value }])
}

/** The questions that the file does not ask yet; one with the same id is the user's own and stays. */
function missingInputs(parser: Parser, root: Node, { inputs }: Change, refuse: RefusePresent) {
  const node = inputs.length > 0 ? childOf(root, 'inputs', refuse) : undefined
  const present: unknown = node ? parser.getNodeValue(node) : []
  if (!Array.isArray(present)) throw refuse('has something else than a list under "inputs"')
  return { present, missing: inputs.filter(({ id }) => !present.some((input) => ownMember(input, 'id') === id)) }
}

function rootOf({ parseTree }: Parser, text: string, refuse: RefusePresent): Node {
  const errors: ParseError[] = []
  const root = parseTree(text, errors, { allowTrailingComma: true })
  const [error] = errors
  if (error) throw refuse(`is not valid JSON (line ${lineNumber(text, error.offset)})`)
  if (root?.type !== 'object') throw refuse('is no object at its top')
  return root
}

function childOf(object: Node, key: string, refuse: RefusePresent): Node | undefined {
  const found = object.children?.filter(({ children }) => children?.[0]?.value === key) ?? []
  if (found.length > 1) throw refuse(`has "${key}" twice`)
  return found[0]?.children?.[1]
}
