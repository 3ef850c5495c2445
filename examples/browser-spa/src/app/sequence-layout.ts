import type { Participant, Sequence, Step } from './mermaid.ts'

// Where everything of a sequence diagram goes, in as little room as there is: texts are broken, and lanes move together.

export interface Lane {
  readonly participant: Participant
  readonly x: number
  readonly width: number
  readonly texts: readonly string[]
}

export interface Row {
  readonly step: Step
  /** Of the first line's baseline. */
  readonly y: number
  /** Of the middle of the text. */
  readonly x: number
  readonly texts: readonly string[]
  readonly height: number
  readonly width: number
}

export interface Layout {
  readonly lanes: readonly Lane[]
  readonly rows: readonly Row[]
  readonly top: number
  readonly height: number
}

export const lineHeight = 16
export const notePadding = 8
const fonts = { text: '12px system-ui, sans-serif', name: '600 11px system-ui, sans-serif' }

export function layOut({ participants, steps }: Sequence, width: number): Layout {
  // Where there is little room, servers get most of it: they have longer names than a person and an app.
  const isServer = ({ id }: Participant) => id.startsWith('server')
  const servers = participants.filter(isServer).length
  const others = participants.length - servers
  const even = width / participants.length
  const narrow = even < 110 ? Math.min(52, even) : even
  const lanes: Lane[] = []
  let left = 0
  for (const participant of participants) {
    const room = isServer(participant) ? (width - others * narrow) / servers : servers ? narrow : width / others
    const parts = participant.label.split(/, (?=https?:)/).map((part) => part.replace(/^https?:\/\//, ''))
    const texts = parts.flatMap((part) => broken(part, room - 6, fonts.name))
    lanes.push({ participant, x: left + room / 2, width: room, texts })
    left += room
  }
  const xOf = (id: string) => lanes.find(({ participant }) => participant.id === id)?.x ?? 0
  const top = 20 + lineHeight * Math.max(1, ...lanes.map(({ texts }) => texts.length))
  let y = top + 12
  const rows: Row[] = []
  for (const step of steps) {
    const ends = step.kind === 'note' ? [xOf(step.over)] : [xOf(step.from), xOf(step.to)]
    const middle = ends.reduce((sum, x) => sum + x, 0) / ends.length
    const span = Math.abs((ends[0] ?? 0) - (ends[1] ?? ends[0] ?? 0))
    const isNote = step.kind === 'note'
    const padding = isNote ? 2 * notePadding : 4
    const texts = broken(step.text, Math.min(width - 8, Math.max(span - 12, isNote ? 280 : 180)) - padding, fonts.text)
    const own = Math.max(...texts.map((line) => widthOf(line, fonts.text))) + padding
    const x = Math.min(Math.max(middle, own / 2 + 2), width - own / 2 - 2)
    const height = texts.length * lineHeight + (isNote ? 2 * notePadding : 10)
    rows.push({ step, y, x, texts, height, width: own })
    y += height + 14
  }
  return { lanes, rows, top, height: y }
}

/** Lines of a text that fit: broken at spaces, a long word behind slashes, dots and hyphens, and anywhere if it must be. */
function broken(text: string, widest: number, font: string): string[] {
  const fits = (piece: string) => widthOf(piece.trimEnd(), font) <= widest
  const lines: string[] = []
  let line = ''
  const add = (piece: string) => {
    if (line !== '' && !fits(line + piece)) {
      lines.push(line.trimEnd())
      line = ''
    }
    line += piece
  }
  for (const word of text.split(/(?<= )/)) {
    const pieces = fits(word) ? [word] : word.split(/(?<=[/.-])(?=\w)/)
    for (const piece of pieces) for (const part of fits(piece) ? [piece] : piece) add(part)
  }
  return [...lines, line.trimEnd()]
}

let pen: CanvasRenderingContext2D | null | undefined

function widthOf(text: string, font: string): number {
  pen ??= document.createElement('canvas').getContext('2d')
  if (!pen) return text.length * 6.5
  pen.font = font
  return pen.measureText(text).width
}
