/** The line end that a text uses. */
export function lineEnd(text: string): '\r\n' | '\n' {
  return /^[^\n]*\r\n/.test(text) ? '\r\n' : '\n'
}

/** The white space before the first thing on the line of `offset`, and whether that thing stands at `offset`. */
export function indentation(text: string, offset: number): { readonly white: string; readonly isFirst: boolean } {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const white = /^[ \t]*/.exec(text.slice(start, offset))?.[0] ?? ''
  return { white, isFirst: start + white.length === offset }
}

/** Where the line of `offset` ends, before its line end. */
export function endOfLine(text: string, offset: number): number {
  const end = text.indexOf('\n', offset)
  if (end === -1) return text.length
  return text[end - 1] === '\r' && end > offset ? end - 1 : end
}

/** Several lines with the text's line end, each but the first behind `indent`. */
export function indented(lines: string, indent: string, eol: string): string {
  return lines.split('\n').join(`${eol}${indent}`)
}

/** A text with other texts in place of some of its parts. */
export function edited(text: string, edits: readonly { start: number; end: number; text: string }[]): string {
  const last = [...edits].sort((one, other) => other.start - one.start)
  return last.reduce((result, edit) => result.slice(0, edit.start) + edit.text + result.slice(edit.end), text)
}

/** A text behind another one: on a line of its own, and with a line end of its own only where the other has one. */
export function appended(text: string, more: string, eol: string, blankLine: boolean): string {
  const isClosed = /(?:^|\n)$/.test(text)
  const space = blankLine && text.trim() !== '' && !/\n\r?\n$/.test(text) ? eol : ''
  return `${text}${isClosed ? '' : eol}${space}${more}${isClosed ? eol : ''}`
}

/** The number of the line of `offset`, from 1. */
export function lineNumber(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}
