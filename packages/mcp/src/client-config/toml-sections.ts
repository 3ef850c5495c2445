import { endOfLine, indentation } from './layout.ts'

/** A table of a TOML file as text, from its header to the end of the last line that says something. */
export interface TomlSection {
  /** The names in the header. */
  readonly path: readonly string[]
  readonly start: number
  readonly end: number
}

// Strings of four kinds, comments, brackets, and whatever else is no white space.
const tokens =
  /"""(?:\\[\s\S]|(?!""")[\s\S])*"{3,5}|'''(?:(?!''')[\s\S])*'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|#[^\n]*|[[\]{}]|[^\s"'#[\]{}]+/g

/** The tables that begin with a header, in the order of a text that parses; lists of tables are left out. */
export function tomlSections(text: string, parse: (text: string) => object): readonly TomlSection[] {
  const sections: { header: string; start: number; end: number }[] = []
  let depth = 0
  for (const { 0: token, index } of text.matchAll(tokens)) {
    if (token.startsWith('#')) continue
    if (token === '[' && depth === 0 && indentation(text, index).isFirst)
      sections.push({ header: '', start: index, end: index })
    if (token === '[' || token === '{') depth += 1
    if (token === ']' || token === '}') depth -= 1
    const section = sections.at(-1)
    if (!section) continue
    if (section.header === '' && depth === 0) section.header = text.slice(section.start, index + token.length)
    section.end = endOfLine(text, index + token.length)
  }
  return sections
    .filter(({ header }) => !header.startsWith('[['))
    .map(({ header, start, end }) => ({ path: namesIn(parse(header)), start, end }))
}

/** The keys of tables within tables with one key each. */
function namesIn(table: object): readonly string[] {
  const [entry] = Object.entries(table)
  return entry ? [entry[0], ...namesIn(entry[1])] : []
}
