import { readFileSync } from 'node:fs'

/** An `@example` of a doc comment. */
export interface Example {
  readonly code: string
  /** Line of the file on which the code starts, from 1. */
  readonly line: number
  /** The exported function, class or constant that the comment stands before; undefined for members and types. */
  readonly of: string | undefined
}

const comment = /^ *\/\*\*\n(.*?)^ *\*\/\n([^\n]*)/gms
const declaration = /^export (?:declare )?(?:abstract )?(?:async )?(?:function|class|const) (\w+)/
const nextTag = /^@\w/

/** All examples in the doc comments of a TypeScript file: in a `ts` fence, or without one up to the next tag. */
export function examples(path: string): Example[] {
  const text = readFileSync(path, 'utf8')
  return [...text.matchAll(comment)].flatMap((match) => {
    const lines = (match[1] ?? '').split('\n').map((line) => line.replace(/^ *\* ?/, ''))
    const firstLine = lineAt(text, match.index) + 1
    const of = declaration.exec(match[2] ?? '')?.[1]
    return lines.flatMap((line, index) =>
      line.startsWith('@example') ? [{ ...codeOf(lines, index + 1, firstLine), of }] : [],
    )
  })
}

function codeOf(lines: readonly string[], start: number, firstLine: number): Omit<Example, 'of'> {
  const fenced = lines[start]?.startsWith('```ts') === true
  const from = fenced ? start + 1 : start
  const rest = lines.slice(from)
  const end = rest.findIndex((line) => (fenced ? line.startsWith('```') : nextTag.test(line)))
  return { code: (end === -1 ? rest : rest.slice(0, end)).join('\n').trimEnd(), line: firstLine + from }
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}
