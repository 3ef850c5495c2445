// The part of Mermaid's sequence diagram language that traceDiagram uses, as strict as its lexer: a text ends at a line's end, and
// `#` and `;` mean something in it.

const text = '[\\p{L}\\p{M}\\p{N} .,:/()=+@_-]+'
const name = '(?:person|app|server\\d+)'
const forms = [
  /^ {2}actor person as Person$/u,
  new RegExp(`^ {2}participant (?:app|server\\d+) as ${text}$`, 'u'),
  new RegExp(`^ {2}${name}(?:->>|-->>|-x|--x)${name}: ${text}$`, 'u'),
  /^ {2}loop \d+ times$/,
  /^ {2}end$/,
  new RegExp(`^ {2}Note over app: ${text}$`, 'u'),
]

/** What Mermaid would not read, or read otherwise than meant. */
export function flawsIn(diagram: string): string[] {
  const [first, ...statements] = diagram.split('\n')
  const declared = statements.flatMap((line) => /^ {2}(?:actor|participant) (\w+) as /.exec(line)?.[1] ?? [])
  const used = statements.flatMap((line) => /^ {2}(\w+)-(?:-?>>|-?x)(\w+): /.exec(line)?.slice(1) ?? [])
  return [
    ...(first === 'sequenceDiagram' ? [] : ['no whole diagram']),
    ...statements.filter((line) => !forms.some((form) => form.test(line))),
    // The one word of the language that may not stand alone in a text.
    ...statements.filter((line) => line !== '  end' && /(?<!\()\bend\b/i.test(line)),
    ...(count(statements, /^ {2}loop /) === count(statements, /^ {2}end$/) ? [] : ['a loop without an end']),
    ...used.filter((one) => !declared.includes(one)).map((one) => `${one} is not declared`),
    ...(new Set(declared).size === declared.length ? [] : ['declared twice']),
  ]
}

const count = (lines: readonly string[], form: RegExp) => lines.filter((line) => form.test(line)).length

/** The requests a diagram shows, as `METHOD /path status`; an answer that did not come is `lost`. */
export function requestsIn(diagram: string): string[] {
  const lines = diagram.split('\n')
  return lines.flatMap((line, index) => {
    const [, server, number = '', request] = /^ {2}app->>(server\d+): (\(\d+\) )?([A-Z]+ [^\s,]+)/.exec(line) ?? []
    if (!request) return []
    const answers = lines.slice(index + 1).filter((other) => other.startsWith(`  ${server}--`))
    const answer = answers.find(
      (other) => other.includes(`app: ${number}`) && (number !== '' || !/: \(\d+\)/.test(other)),
    )
    return [`${request} ${answer?.includes('--xapp') ? 'lost' : /(?:: |\) )(\d{3})/.exec(answer ?? '')?.[1]}`]
  })
}
