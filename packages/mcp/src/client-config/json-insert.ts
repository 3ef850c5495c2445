import type { Node } from 'jsonc-parser'
import { edited, indentation, indented, lineEnd } from './layout.ts'

/** A value as it stands in a text: in the text's unit of indentation, behind `indent`. */
export function jsonValue(text: string, root: Node, value: unknown, indent: string): string {
  return indented(JSON.stringify(value, null, unitOf(text, root)), indent, lineEnd(text))
}

/**
 * The text with one member more at the end of an object or a list. The library's own edits would lay out the lines around it anew, and
 * put it before a comment that belongs to the member above.
 */
export function insertMember(text: string, root: Node, parent: Node, key: string | undefined, value: unknown): string {
  const close = parent.offset + parent.length - 1
  const last = parent.children?.at(-1)
  const tail = last ? last.offset + last.length : parent.offset + 1
  const { contentEnd, comma } = contentBefore(text, tail, close)
  const name = key === undefined ? '' : `${JSON.stringify(key)}: `
  const separator = { start: tail, end: tail, text: last && !comma ? ',' : '' }
  const closing = comma ? ',' : ''
  if (!text.slice(parent.offset, close).includes('\n') && (last || !text.trim().includes('\n'))) {
    const member = `${last ? ' ' : ''}${name}${JSON.stringify(value)}${closing}`
    return edited(text, [
      { ...separator, text: '' },
      { start: contentEnd, end: contentEnd, text: `${separator.text}${member}` },
    ])
  }
  const eol = lineEnd(text)
  const outer = indentation(text, indentation(text, close).isFirst ? close : parent.offset).white
  const first = last && indentation(text, last.offset)
  const inner = first?.isFirst ? first.white : `${outer}${unitOf(text, root)}`
  const isOpen = text.slice(contentEnd, close).includes('\n')
  const member = `${eol}${inner}${name}${jsonValue(text, root, value, inner)}${closing}`
  return edited(text, [
    ...(separator.text === '' || contentEnd === tail ? [] : [separator]),
    {
      start: contentEnd,
      end: isOpen ? contentEnd : close,
      text: `${contentEnd === tail ? separator.text : ''}${member}${isOpen ? '' : `${eol}${outer}`}`,
    },
  ])
}

/** Where comments and a last comma end between the last member and the closing bracket. */
function contentBefore(text: string, tail: number, close: number): { contentEnd: number; comma: boolean } {
  const marks = [...text.slice(tail, close).matchAll(/\/\/[^\r\n]*|\/\*[\s\S]*?\*\/|,/g)]
  const last = marks.at(-1)
  return { contentEnd: last ? tail + last.index + last[0].length : tail, comma: marks.some(([mark]) => mark === ',') }
}

/** What one level of indentation is in this text. */
function unitOf(text: string, root: Node): string {
  const first = root.children?.[0]
  const own = first && indentation(text, first.offset)
  const outer = indentation(text, root.offset).white
  if (own?.isFirst && own.white.length > outer.length) return own.white.slice(outer.length)
  return /\n([ \t]+)\S/.exec(text)?.[1] ?? '  '
}
