import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root: string = join(import.meta.dirname, '..', '..')
export const folder: string = join(root, 'docs', 'errors')

/** A page about one error code, cut into what it promises. */
export interface ErrorPage {
  readonly code: string
  readonly text: string
  readonly lines: readonly string[]
  /** The bold words that begin its parts. */
  readonly parts: readonly string[]
  /** How whole messages begin: the first code of each list item under Causes. */
  readonly messages: readonly string[]
  /** All that it quotes of messages: every code with a space in the lists under Causes. */
  readonly shapes: readonly string[]
  /** What it says about `retryable` and the other fields. */
  readonly fields: string
}

/** Every page but the index, read from the folder. */
export function errorPages(): ErrorPage[] {
  const files = globSync('*.md', { cwd: folder }).filter((file) => file !== 'README.md')
  return files.sort().map((file) => readPage(file.replace(/\.md$/, ''), readFileSync(join(folder, file), 'utf8')))
}

function readPage(code: string, text: string): ErrorPage {
  const causes = partOf(text, 'Causes')
  return {
    code,
    text,
    lines: text.trimEnd().split('\n'),
    parts: [...text.matchAll(/^\*\*([\w ]+)\.\*\*/gm)].map((match) => match[1] ?? ''),
    messages: [...causes.matchAll(/^- `([^`]+)`/gm)].map((match) => match[1] ?? ''),
    shapes: [...causes.matchAll(/^ *- .+$/gm)]
      .flatMap(([item]) => codesIn(item))
      .filter((shape) => shape.includes(' ')),
    fields: partOf(text, 'Fields'),
  }
}

function codesIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '')
}

function partOf(text: string, name: string): string {
  return text.split(/^(?=\*\*[\w ]+\.\*\*)/m).find((part) => part.startsWith(`**${name}.**`)) ?? ''
}

/** The members of the union `PentauthErrorCode`, from its source. */
export function errorCodes(): string[] {
  const source = readFileSync(join(root, 'packages', 'core', 'src', 'errors.ts'), 'utf8')
  const union = /export type PentauthErrorCode =\n(.*?)\n\n/s.exec(source)?.[1] ?? ''
  return [...union.matchAll(/^ {2}\| '(\w+)'$/gm)].map((match) => match[1] ?? '').sort()
}

const hole = /\{\w+\}/

/** Whether a message begins as a shape says, where `{name}` stands for anything but nothing. */
export function beginsAs(shape: string, message: string): boolean {
  const literals = shape.split(hole).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${literals.join('.+?')}(?:\\s|$)`, 's').test(message)
}

/** The words of a shape that must stand somewhere in the source: what is between its holes, quotes and marks. */
export function wordsOf(shape: string): string[] {
  return shape
    .replace(/^(?:Pendium|Pensyve|Profundis|Pentographer|Pendra) /, '{service} ')
    .split(/\$?\{\w+\}|\$\{|[:"()]/)
    .map((text) => text.replace(/^[\s.,}]+|[\s.,…$}]+$/g, ''))
    .filter((text) => /[a-z]{2}/i.test(text))
}
