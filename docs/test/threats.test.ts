import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

// docs/threats.md and the tests name the same rows.

const root = join(import.meta.dirname, '..', '..')

interface Row {
  readonly id: string
  readonly status: string
  readonly checked: string
  readonly where: readonly string[]
}
const rows: Row[] = readFileSync(join(root, 'docs', 'threats.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| [A-Z]\d+ \|/.test(line))
  .map((line) => {
    const [id = '', , , status = '', checked = '', where = ''] = line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim())
    return { id, status, checked, where: where.split(', ').filter(Boolean) }
  })

/** The rows that a test file has, by the calls of `threat`. */
const rowsIn = (file: string): string[] => {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/^ *threat(?:<[\s\S]{0,300}?>)?\(\s*'([A-Z]\d+)'/gm)].map(([, id = '']) => id)
}

const folders = [
  'docs',
  ...['packages', 'examples'].flatMap((name) => readdirSync(join(root, name)).map((folder) => `${name}/${folder}`)),
]
const files = folders
  .map((folder) => `${folder}/test`)
  .filter((folder) => existsSync(join(root, folder)))
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
  )
  .filter((file) => /\.test\.tsx?$/.test(file))
const tested = new Map(files.map((file) => [file, new Set(rowsIn(file))]))

describe('the table of threats', () => {
  it('has each row of its letters once', () => {
    const numbers = (letter: string, count: number) =>
      Array.from({ length: count }, (_, index) => `${letter}${index + 1}`)
    const sizes = { A: 18, B: 12, C: 5, D: 8, E: 9, F: 7, G: 14, H: 6, I: 6, J: 8, K: 7, L: 9, M: 6, N: 4, O: 4 }
    const expected = Object.entries(sizes).flatMap(([letter, count]) => numbers(letter, count))
    expect(rows.map(({ id }) => id)).toEqual(expected)
  })

  it('says of each row what is checked, or why not', () => {
    for (const { id, status, checked } of rows) {
      expect(['tested', 'elsewhere', 'later'], id).toContain(status)
      expect(checked.length, id).toBeGreaterThan(20)
    }
  })

  it.each(rows.filter(({ status }) => status === 'tested'))('$id is tested where it says', ({ id, where }) => {
    expect(where.length).toBeGreaterThan(0)
    expect(
      [...tested]
        .filter(([, ids]) => ids.has(id))
        .map(([file]) => file)
        .sort(),
    ).toEqual([...where].sort())
  })

  it('knows every row that a test has', () => {
    const known = new Set(rows.filter(({ status }) => status === 'tested').map(({ id }) => id))
    const unknown = [...tested].flatMap(([file, ids]) =>
      [...ids].filter((id) => !known.has(id)).map((id) => `${file}: ${id}`),
    )
    expect(unknown).toEqual([])
  })

  it('names places that exist', () => {
    for (const { id, where } of rows)
      for (const place of where) expect(existsSync(join(root, place)), `${id}: ${place}`).toBe(true)
  })
})
