import { crc32, deflateSync, inflateSync } from 'node:zlib'

// Pictures of a page have few colours that matter: with a palette they need a third of the room.

const signature = Buffer.from('89504e470d0a1a0a', 'hex')

/** The same picture (8 bits, RGB, as browsers take it) with its 256 most frequent colours; others become the nearest of them. */
export function smallPng(picture: Buffer): Buffer {
  const { header, data } = chunksOf(picture)
  const width = header.readUInt32BE(0)
  if (header.readUInt16BE(8) !== 0x0802) throw new TypeError('Only pictures of 8-bit RGB can be made small.')
  const colors = pixelsOf(inflateSync(data), width)
  const palette = frequent(colors)
  const nearest = new Map(palette.map((color, index) => [color, index]))
  const rows = Buffer.alloc((colors.length / width) * (width + 1))
  colors.forEach((color, index) => {
    const known = nearest.get(color) ?? closest(palette, color)
    nearest.set(color, known)
    rows[index + Math.floor(index / width) + 1] = known
  })
  const paletteHeader = Buffer.from(header)
  paletteHeader[9] = 3
  const table = Buffer.alloc(palette.length * 3)
  palette.forEach((color, index) => void table.writeUIntBE(color, index * 3, 3))
  const compressed = deflateSync(rows, { level: 9, memLevel: 9 })
  const all = [chunk('IHDR', paletteHeader), chunk('PLTE', table), chunk('IDAT', compressed), chunk('IEND')]
  return Buffer.concat([signature, ...all])
}

function chunksOf(picture: Buffer): { header: Buffer; data: Buffer } {
  if (!picture.subarray(0, 8).equals(signature)) throw new TypeError('That is no PNG.')
  const data: Buffer[] = []
  for (let at = 8; at < picture.length; at += picture.readUInt32BE(at) + 12) {
    const body = picture.subarray(at + 8, at + 8 + picture.readUInt32BE(at))
    if (picture.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(body)
  }
  return { header: picture.subarray(16, 29), data: Buffer.concat(data) }
}

/** Undoes the filters of the rows (PNG, section 9). */
function pixelsOf(rows: Buffer, width: number): number[] {
  const length = width * 3
  const colors: number[] = []
  let above = Buffer.alloc(length)
  for (let start = 0; start < rows.length; start += length + 1) {
    const row = Buffer.from(rows.subarray(start + 1, start + 1 + length))
    for (let index = 0; index < length; index += 1) {
      const left = row[index - 3] ?? 0
      const corner = index < 3 ? 0 : (above[index - 3] ?? 0)
      row[index] = (row[index] ?? 0) + predicted(rows[start] ?? 0, left, above[index] ?? 0, corner)
    }
    for (let index = 0; index < length; index += 3) colors.push(row.readUIntBE(index, 3))
    above = row
  }
  return colors
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 4) {
    const [toLeft, toUp, toCorner] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)]
    if (toLeft <= toUp && toLeft <= toCorner) return left
    return toUp <= toCorner ? up : corner
  }
  return [0, left, up, (left + up) >> 1][filter] ?? 0
}

function frequent(colors: readonly number[]): number[] {
  const counts = new Map<number, number>()
  for (const color of colors) counts.set(color, (counts.get(color) ?? 0) + 1)
  return [...counts]
    .sort(([, one], [, other]) => other - one)
    .slice(0, 256)
    .map(([color]) => color)
}

function closest(palette: readonly number[], color: number): number {
  const part = (of: number, shift: number) => (of >> shift) & 255
  const distance = (other: number) =>
    [16, 8, 0].reduce((sum, shift) => sum + (part(color, shift) - part(other, shift)) ** 2, 0)
  return palette.reduce((best, other, index) => (distance(other) < distance(palette[best] ?? 0) ? index : best), 0)
}

function chunk(type: string, body: Buffer = Buffer.alloc(0)): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(body.length, 0)
  frame.writeUInt32BE(crc32(named), 4)
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)])
}
