import { readFileSync } from 'node:fs'

/** A code block of a Markdown file, with what the file says it prints. */
export interface CodeBlock {
  readonly language: string
  /** What stands behind the language, such as `no-run`. */
  readonly info: string
  readonly code: string
  /** Line of the opening fence, from 1. */
  readonly line: number
  /** The `text` block, or `mermaid` diagram, that follows with nothing but blank lines between. */
  readonly output: string | undefined
}

const fence = /^```(\w*)([^\n]*)\n(.*?)^```$/gms

/** All code blocks of a Markdown file. */
export function codeBlocks(path: string): CodeBlock[] {
  const text = readFileSync(path, 'utf8')
  const found = [...text.matchAll(fence)]
  return found.map((match, index) => {
    const next = found[index + 1]
    const between = next && text.slice(match.index + match[0].length, next.index)
    const follows = (next?.[1] === 'text' || next?.[1] === 'mermaid') && between?.trim() === ''
    return {
      language: match[1] ?? '',
      info: match[2]?.trim() ?? '',
      code: match[3] ?? '',
      line: text.slice(0, match.index).split('\n').length,
      output: follows ? next[3]?.trimEnd() : undefined,
    }
  })
}
