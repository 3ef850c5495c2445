import { type Change, nameTaken } from './change.ts'
import { appended, edited, lineEnd } from './layout.ts'
import type { RefusePresent } from './refusal.ts'
import { dataText, ownMember, withMember } from './same-data.ts'
import { tomlSections } from './toml-sections.ts'

type Parser = typeof import('smol-toml')

/**
 * The file with the table in it. Parsers of TOML keep no comments, so the one table is a piece of text, and what the whole means is
 * compared before and after.
 *
 * @throws PentauthError `invalid_option` for a text that is no such file.
 */
export async function writeToml(text: string, change: Change, refuse: RefusePresent): Promise<string> {
  const parser = await import('smol-toml')
  const { servers, name, entry } = change
  const before = parsed(parser, text, refuse)
  const tables = ownMember(before, servers) ?? {}
  if (typeof tables !== 'object' || Array.isArray(tables)) {
    throw refuse(`has something else than tables under "${servers}"`)
  }
  const present = ownMember(tables, name)
  if (present !== undefined && dataText(present) === dataText(entry)) return text
  if (present !== undefined && !change.replace) throw nameTaken(change, refuse)
  const eol = lineEnd(text)
  const table = parser
    .stringify({ [servers]: { [name]: entry } })
    .trimEnd()
    .replaceAll('\n', eol)
  const unmergeable = () => refuse('cannot be changed without changing other entries')
  const written =
    present === undefined ? appended(text, table, eol, true) : replaced(parser, text, change, table, refuse)
  const expected = withMember(before, servers, withMember(tables, name, entry))
  if (dataText(expected) === dataText(parsed(parser, written, unmergeable))) return written
  throw unmergeable()
}

function replaced(
  { parse }: Parser,
  text: string,
  { servers, name }: Change,
  table: string,
  refuse: RefusePresent,
): string {
  const own = tomlSections(text, parse).filter(({ path }) => path[0] === servers && path[1] === name)
  if (own.length === 0) throw refuse(`writes the entry "${name}" without a table of its own`)
  return edited(
    text,
    // The tables within it go, with the empty lines before them.
    own.map(({ start, end }, index) =>
      index === 0 ? { start, end, text: table } : { start: text.slice(0, start).trimEnd().length, end, text: '' },
    ),
  )
}

/** What a text means; the parser's own message would quote the line. */
function parsed({ parse, TomlError }: Parser, text: string, refuse: RefusePresent): object {
  try {
    return parse(text, { integersAsBigInt: true })
  } catch (error) {
    throw refuse(`is not valid TOML${error instanceof TomlError ? ` (line ${error.line})` : ''}`)
  }
}
