import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'

/**
 * The difference between two states of a client's file, as a unified diff.
 *
 * Other entries of such a file hold keys, and a terminal is recorded and looked at: of what is not ours, values are left out.
 *
 * @param ours what the entry consists of
 */
export function configDiff(path: string, before: string | undefined, after: string, ours: string): string {
  const own = new Set(ours.split('\n').map(bare))
  const from = before === undefined ? '/dev/null' : path
  const patch = createTwoFilesPatch(from, path, before ?? '', after, undefined, undefined, {
    context: 2,
    headerOptions: FILE_HEADERS_ONLY,
  })
  const lines = patch.trimEnd().split('\n')
  return `${lines.map((line) => (/^(?:---|\+\+\+) |^@@ |^\\ /.test(line) ? line.trimEnd() : shownLine(line, own))).join('\n')}\n`
}

function shownLine(line: string, own: ReadonlySet<string>): string {
  const text = line.slice(1).trimEnd()
  return own.has(bare(text)) ? line.trimEnd() : line.charAt(0) + withoutValue(text)
}

function bare(line: string): string {
  return line.trim().replace(/,$/, '')
}

/** Brackets, headings of TOML, whose first name has no quotes as a value in a list would, and names stay. */
function withoutValue(text: string): string {
  if (/^[\s{}[\],]*$/.test(text) || /^\s*\[\[?[A-Za-z_][\w-]*(?:\.(?:"[^"\\]*"|[\w-]+))*\]\]?$/.test(text)) return text
  const [, name, value = ''] = /^(\s*(?:- [a-z][A-Za-z]*|"[^"\\]*"|[\w-]+)\s*[:=]\s*)(.*)$/.exec(text) ?? []
  if (name === undefined) return `${/^\s*/.exec(text)?.[0] ?? ''}…`
  return /^[\s{}[\],]*$/.test(value) ? text : `${name}…${value.endsWith(',') ? ',' : ''}`
}
