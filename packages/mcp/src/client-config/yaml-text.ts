import type { Document, Node, YAMLMap, YAMLSeq } from 'yaml'
import { type Change, nameTaken } from './change.ts'
import type { Entry } from './clients.ts'
import { appended, edited, endOfLine, indentation, indented, lineEnd } from './layout.ts'
import type { RefusePresent } from './refusal.ts'
import { dataText, ownMember, withMember } from './same-data.ts'

type Parser = typeof import('yaml')

/**
 * The file with the entry in its list of servers. The library tells where things stand; its own writer would lay out the whole anew.
 *
 * @throws PentauthError `invalid_option` for a text that is no such file.
 */
export async function writeYaml(text: string, change: Change, refuse: RefusePresent): Promise<string> {
  const parser = await import('yaml')
  const document = parsed(parser, text, refuse)
  const eol = lineEnd(text)
  if (document.contents === null) {
    const whole = { ...change.file, [change.servers]: [change.entry] }
    return (
      appended(text, lines(parser, whole).replaceAll('\n', eol), eol, false) +
      (text === '' || !/\n$/.test(text) ? '' : '')
    )
  }
  const before = dataOf(document, refuse)
  const map = document.contents
  if (!parser.isMap(map) || map.flow) throw refuse('is no map at its top')
  const list = ownMember(before, change.servers) ?? []
  if (!Array.isArray(list)) throw refuse(`has something else than a list under "${change.servers}"`)
  const at = list.findIndex((item) => ownMember(item, 'name') === change.name)
  if (at !== -1 && dataText(list[at]) === dataText(change.entry)) return text
  if (at !== -1 && !change.replace) throw nameTaken(change, refuse)
  const unmergeable = () => refuse('cannot be changed without changing other entries')
  const written = put(parser, text, map, at, change, refuse)
  const expected = withMember(before, change.servers, at === -1 ? [...list, change.entry] : list.with(at, change.entry))
  if (dataText(expected) === dataText(dataOf(parsed(parser, written, unmergeable), unmergeable))) return written
  throw unmergeable()
}

function put(parser: Parser, text: string, map: YAMLMap, at: number, change: Change, refuse: RefusePresent): string {
  const { servers, entry } = change
  const eol = lineEnd(text)
  const pair = map.items.find(({ key }) => parser.isScalar(key) && key.value === servers)
  const outer = indentation(text, rangeOf(map.items[0]?.key)[0]).white
  if (!pair) return appended(text, indented(`${outer}${lines(parser, { [servers]: [entry] })}`, outer, eol), eol, false)
  const value = pair.value
  const item = lines(parser, [entry])
  if (parser.isSeq(value) && !value.flow && value.items.length > 0) return intoList(text, value, at, item, eol)
  if (parser.isAlias(value) || (parser.isCollection(value) && value.items.length > 0)) {
    throw refuse(`writes the list "${servers}" in a form that cannot be added to`)
  }
  const inner = `${outer}  `
  // Nothing, null or an empty list: it goes, and the list begins on the next line, behind a comment.
  const colon = text.indexOf(':', rangeOf(pair.key)[1]) + 1
  const isWritten = !parser.isScalar(value) || Boolean(value.source)
  const from = value && isWritten ? Math.max(rangeOf(value)[1], colon) : colon
  const end = endOfLine(text, from)
  return edited(text, [
    { start: colon, end: from, text: '' },
    { start: end, end, text: `${eol}${inner}${indented(item, inner, eol)}` },
  ])
}

function intoList(text: string, list: YAMLSeq, at: number, item: string, eol: string): string {
  if (at !== -1) {
    const [start, end] = rangeOf(list.items[at])
    const column = start - (text.lastIndexOf('\n', start - 1) + 1)
    const own = text.slice(start, end)
    const white = own.slice(own.trimEnd().length)
    // The mark of the list stays; behind it come the lines of the entry, which `item` has two columns further.
    const body = item.split('\n').map((line) => line.slice(2))
    return edited(text, [{ start, end, text: body.join(`${eol}${' '.repeat(column)}`) + white }])
  }
  const { white } = indentation(text, rangeOf(list)[0])
  const last = rangeOf(list.items.at(-1))[1]
  // A text of several lines ends behind its last line end.
  const end =
    text[last - 1] === '\n'
      ? endOfLine(text, Math.max(0, last - (text[last - 2] === '\r' ? 2 : 1)))
      : endOfLine(text, last)
  return edited(text, [{ start: end, end, text: `${eol}${white}${indented(item, white, eol)}` }])
}

/** The one document of a text; the parser's own messages would quote the line. */
function parsed({ parseAllDocuments }: Parser, text: string, refuse: RefusePresent): Document {
  const documents = [...parseAllDocuments(text, { logLevel: 'silent' })]
  const flaw = documents.flatMap(({ errors }) => errors)[0]
  if (flaw) throw refuse(`is not valid YAML (line ${flaw.linePos?.[0].line ?? 1})`)
  if (documents.length > 1) throw refuse('holds several documents')
  return (documents[0] ?? { contents: null }) as Document
}

function dataOf(document: Document, refuse: RefusePresent): object {
  try {
    return document.toJS() ?? {}
  } catch {
    throw refuse('has references that cannot be followed')
  }
}

function rangeOf(node: unknown): readonly [number, number, number] {
  return (node as Node | undefined)?.range ?? [0, 0, 0]
}

function lines({ stringify }: Parser, value: Entry | readonly Entry[]): string {
  return stringify(value, { lineWidth: 0 }).trimEnd()
}
