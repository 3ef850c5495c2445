import { stripVTControlCharacters } from 'node:util'

const gap = 2

/**
 * Rows as lines, in columns as wide as what is in them; the last cell has a line of its own where that is too wide for the terminal.
 *
 * @param columns that the terminal has, where there is one
 */
export function table(rows: readonly (readonly string[])[], columns: number | undefined): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column]))))
  const isWide = widths.reduce((sum, width) => sum + width + gap, -gap) > (columns || Number.POSITIVE_INFINITY)
  return rows.map((row) => (isWide ? stacked(row, widths) : aligned(row, widths)))
}

function aligned(row: readonly string[], widths: readonly number[]): string {
  const cells = row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell) + gap))
  return `${cells.join('').trimEnd()}\n`
}

function stacked(row: readonly string[], widths: readonly number[]): string {
  return `${aligned(row.slice(0, -1), widths)}    ${row.at(-1)}\n`
}

function widthOf(cell = ''): number {
  return stripVTControlCharacters(cell).length
}
