import { stripVTControlCharacters, styleText } from 'node:util'
import type { Exchange, Finding, Report, ReportStep } from './report.ts'
import type { Severity } from './rule.ts'

type Style = Parameters<typeof styleText>[0]
type Paint = (style: Style, text: string) => string

const signs: Readonly<Record<Severity, readonly [sign: string, style: Style]>> = {
  ok: ['✓', 'green'],
  info: ['·', 'cyan'],
  warning: ['!', 'yellow'],
  error: ['✗', 'red'],
}

/** The report for people, coloured where the stream is a terminal, and as wide as that. */
export function reportText(report: Report, stream: NodeJS.WritableStream & { readonly columns?: number }): string {
  const paint: Paint = (style, text) => styleText(style, text, { stream })
  const lines = report.steps.flatMap((step, index) => stepLines(report, step, index + 1, paint))
  const all = [paint('bold', `${report.service}: ${report.url}`), ...lines, '', summary(report, paint), '']
  return all.map((line) => wrapped(line, stream.columns ?? Number.POSITIVE_INFINITY)).join('\n')
}

/** A line in pieces of that width, each below the first word; what has no spaces stays whole. */
function wrapped(line: string, width: number): string {
  const widthOf = (text: string) => stripVTControlCharacters(text).length
  if (widthOf(line) <= width) return line
  const margin = ' '.repeat(/^ {6}/.test(stripVTControlCharacters(line)) ? 12 : 4)
  const pieces: string[] = []
  let piece = ''
  for (const word of line.split(/ (?=\S)/)) {
    if (piece && widthOf(`${piece} ${word}`) > width) {
      pieces.push(piece)
      piece = margin + word
    } else piece = piece ? `${piece} ${word}` : word
  }
  return [...pieces, piece].join('\n')
}

function stepLines({ exchanges, reached }: Report, step: ReportStep, number: number, paint: Paint): string[] {
  const { id, title, notes, findings } = step
  if (notes.length === 0 && findings.length === 0) return []
  const own = reached ? exchanges.filter((exchange) => exchange.step === id) : exchanges
  return [
    '',
    paint('bold', `${number} ${title}`),
    ...own.map((exchange) => paint('dim', `  ${exchangeLine(exchange)}`)),
    ...notes.map((note) => paint('dim', `  ${note}`)),
    ...findings.flatMap((finding) => findingLines(finding, paint)),
  ]
}

/** A request and its answer on one line. */
export function exchangeLine({ number, method, url, note, status, failure, headers }: Exchange): string {
  const kind = headers['content-type']?.split(';')[0]
  const told = ['www-authenticate', 'location'].flatMap((name) => (headers[name] ? [`${name}: ${headers[name]}`] : []))
  const answer = [[status ?? failure, kind].filter(Boolean).join(' '), ...told].join(', ')
  return `#${number} ${method} ${url} (${note}): ${answer}`
}

function findingLines({ id, severity, rule, detail, hint, specification }: Finding, paint: Paint): string[] {
  const [sign, style] = signs[severity]
  if (severity === 'ok') {
    // What a client does is worth a word where all is well, too.
    const more = id === 'client.signs_in' ? ` ${detail}` : ''
    return [`  ${paint(style, sign)} ${rule}${more} ${paint('dim', `(${specification.name})`)}`]
  }
  return [
    `  ${paint(style, `${sign} ${id}`)}  ${detail ?? ''}`.trimEnd(),
    `      rule  ${rule}`,
    `            ${specification.name}, ${specification.url}`,
    `      do    ${hint}`,
  ]
}

function summary({ counts, reached, exchanges }: Report, paint: Paint): string {
  if (!reached && exchanges.length > 0) return paint('red', 'It could not be reached.')
  const parts = (['error', 'warning', 'info', 'ok'] as const).map((severity) => {
    const text = `${counts[severity]} ${severity}`
    return counts[severity] > 0 ? paint(signs[severity][1], text) : text
  })
  return `${parts.join(', ')}; ${exchanges.length} ${exchanges.length === 1 ? 'request' : 'requests'}`
}
