// How the benches measure: every subject takes one turn in every block, in an order drawn anew, and is compared with the
// baseline of that block only. What slows the machine for a while slows both sides of a ratio; the median of the ratios
// forgets the blocks it slowed in the middle. What is left of it shows in the control, which is the baseline once more.

/**
 * @typedef {object} Subject
 * @property {string} name
 * @property {() => number | Promise<number>} turn takes one turn and answers in the unit of the bench
 */

/**
 * @typedef {object} Row
 * @property {string} subject
 * @property {number} value median over the blocks
 * @property {number} ratio median over the blocks of this subject divided by the baseline of the same block
 */

/**
 * @typedef {object} Plan
 * @property {number} blocks
 * @property {number} [budget] milliseconds after which no further block starts, once there are enough for a median
 * @property {(done: number, blocks: number) => void} [onBlock]
 * @property {() => number} [random] from 0 to below 1
 */

/** Fewer blocks than this have no median worth printing, whatever the budget. */
const ENOUGH = 5

/**
 * @param {readonly Subject[]} subjects the first is the baseline
 * @param {Plan} plan
 * @returns {Promise<readonly Row[]>} in the order of the subjects
 */
export async function pairedBlocks(subjects, { blocks, budget = Number.POSITIVE_INFINITY, onBlock, random }) {
  const start = performance.now()
  const values = subjects.map(() => /** @type {number[]} */ ([]))
  for (let block = 0; block < blocks; block += 1) {
    if (block >= ENOUGH && performance.now() - start > budget) break
    for (const index of shuffled(subjects.length, random)) values[index]?.push((await subjects[index]?.turn()) ?? NaN)
    onBlock?.(block + 1, blocks)
  }
  const baseline = values[0] ?? []
  return subjects.map(({ name }, index) => ({
    subject: name,
    value: rounded(median(values[index] ?? [])),
    ratio: rounded(pairedRatio(values[index] ?? [], baseline)),
  }))
}

/**
 * @param {readonly number[]} values one per block
 * @param {readonly number[]} baseline of the same blocks
 * @returns {number}
 */
export function pairedRatio(values, baseline) {
  return median(values.map((value, block) => value / (baseline[block] ?? Number.NaN)))
}

/**
 * @param {readonly number[]} values
 * @returns {number}
 */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? Number.NaN
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] ?? Number.NaN)) / 2 : upper
}

/**
 * Neighbours differ from block to block, so that nobody always pays for what the same one leaves behind.
 * @param {number} length
 * @param {() => number} [random]
 * @returns {readonly number[]} the indices in an order drawn by chance
 */
function shuffled(length, random = Math.random) {
  return Array.from({ length }, (_, index) => ({ index, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ index }) => index)
}

/**
 * Four digits: more would be noise.
 * @param {number} value
 */
function rounded(value) {
  return Number(value.toPrecision(4))
}
