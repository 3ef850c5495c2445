import xterm, { type IBufferCell } from '@xterm/headless'

// A picture of a terminal as SVG: text, so that it is small, sharp at any size, and differs where the output does.

const letter = { width: 8.4, height: 20, size: 14 }
const margin = 18
const titleBar = 38
const ink = '#e6edf3'
const paper = '#0d1117'
/** The sixteen colours of terminals, on a dark ground. */
const palette =
  '#484f58 #ff7b72 #3fb950 #d29922 #58a6ff #bc8cff #39c5cf #b1bac4 #6e7681 #ffa198 #56d364 #e3b341 #79c0ff #d2a8ff #56d4dd #ffffff'.split(
    ' ',
  )
const dots = ['#ff5f57', '#febc2e', '#28c840']

export interface PictureOptions {
  readonly columns: number
  readonly title: string
  /** How many lines are enough. */
  readonly lines?: number | undefined
}

/** The window of a terminal that has been shown all of that. */
export async function pictureOf(shown: string, { columns, title, lines: most }: PictureOptions): Promise<string> {
  const all = await rowsOf(shown, columns)
  const more: Run = { column: 0, style: 'opacity="0.65"', text: '…' }
  const rows = most !== undefined && all.length > most ? [...all.slice(0, most), [more]] : all
  const width = Math.ceil(columns * letter.width + 2 * margin)
  const height = titleBar + rows.length * letter.height + margin
  const lines = rows.map((row, index) => lineOf(row, titleBar + (index + 1) * letter.height - 6))
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escaped(title)}</title>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="9" fill="${paper}" stroke="#3d444d"/>
${dots.map((color, index) => `<circle cx="${margin + 4 + index * 20}" cy="19" r="6" fill="${color}"/>`).join('')}
<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono','DejaVu Sans Mono',monospace" font-size="${letter.size}" fill="${ink}">
${lines.filter(Boolean).join('\n')}
</g>
</svg>
`
}

/** Neighbours that look the same. */
interface Run {
  readonly column: number
  readonly style: string
  text: string
}

async function rowsOf(shown: string, columns: number): Promise<readonly (readonly Run[])[]> {
  const terminal = new xterm.Terminal({ cols: columns, rows: 200, allowProposedApi: true })
  await new Promise<void>((resolve) => terminal.write(shown, resolve))
  const { active } = terminal.buffer
  const rows = Array.from({ length: active.length }, (_, row) => {
    const line = active.getLine(row)
    const cells = Array.from({ length: columns }, (_, column) => line?.getCell(column))
    return runsOf(cells.filter((cell) => cell !== undefined))
  })
  terminal.dispose()
  return rows.slice(0, rows.findLastIndex((runs) => runs.length > 0) + 1)
}

function runsOf(cells: readonly IBufferCell[]): readonly Run[] {
  const runs: Run[] = []
  cells.forEach((cell, column) => {
    const text = cell.getChars() || ' '
    const style = styleOf(cell)
    const last = runs.at(-1)
    if (last?.style === style) last.text += text
    else runs.push({ column, style, text })
  })
  return runs.filter(({ text }) => text.trim() !== '')
}

function styleOf(cell: IBufferCell): string {
  const color = cell.isFgPalette() ? palette[cell.getFgColor()] : undefined
  return [
    color ? `fill="${color}"` : '',
    cell.isBold() ? 'font-weight="600"' : '',
    cell.isDim() ? 'opacity="0.65"' : '',
    cell.isItalic() ? 'font-style="italic"' : '',
    cell.isUnderline() ? 'text-decoration="underline"' : '',
  ]
    .filter(Boolean)
    .join(' ')
}

/** Each word has its place and its width, whatever font there is; some readers of SVG take two spaces for one. */
function lineOf(runs: readonly Run[], y: number): string {
  const words = runs.flatMap((run) =>
    [...run.text.matchAll(/\S+(?: \S+)*/g)].map((found) => ({
      ...run,
      text: found[0],
      column: run.column + found.index,
    })),
  )
  return words
    .map(({ text, column, style }) => {
      const x = fixed(margin + column * letter.width)
      const length = fixed(text.length * letter.width)
      return `<text x="${x}" y="${y}" textLength="${length}"${style && ` ${style}`}>${escaped(text)}</text>`
    })
    .join('')
}

const fixed = (value: number): string => String(Math.round(value * 10) / 10)

function escaped(text: string): string {
  return text.replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
