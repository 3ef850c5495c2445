import { describe, expect, it } from 'vitest'
import { median, pairedBlocks, pairedRatio } from '../paired-blocks.mjs'

/**
 * A subject that answers with these values, one in each block.
 * @param {string} name
 * @param {number[]} values
 */
function scripted(name, values) {
  const left = [...values]
  return { name, turn: () => left.shift() ?? Number.NaN }
}

describe('median', () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2.5],
    [[10, 9, 100], 10],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected)
  })

  it('leaves its values as they are', () => {
    const values = [3, 1, 2]
    median(values)
    expect(values).toEqual([3, 1, 2])
  })
})

describe('paired blocks', () => {
  it('compare with the baseline of the same block, so a machine that gets slower changes no ratio', () => {
    expect(pairedRatio([20, 40, 80], [10, 20, 40])).toBe(2)
    // The medians alone would say 3.
    expect(pairedRatio([20, 30, 40], [10, 40, 10])).toBe(2)
  })

  it('answer with medians in the order of the subjects, the baseline first with ratio 1', async () => {
    const subjects = [
      scripted('baseline', [10, 20, 40]),
      scripted('control', [11, 20, 40]),
      scripted('x', [30, 50, 140]),
    ]
    expect(await pairedBlocks(subjects, { blocks: 3 })).toEqual([
      { subject: 'baseline', value: 20, ratio: 1 },
      { subject: 'control', value: 20, ratio: 1 },
      { subject: 'x', value: 50, ratio: 3 },
    ])
  })

  it('give every subject one turn in each block, in an order that changes', async () => {
    /** @type {string[]} */
    const turns = []
    const subjects = ['a', 'b', 'c'].map((name) => ({ name, turn: () => turns.push(name) }))
    const draws = [0.1, 0.2, 0.3, 0.9, 0.5, 0.1]
    await pairedBlocks(subjects, { blocks: 2, random: () => draws.shift() ?? 0 })
    expect(turns.join('')).toBe('abccba')
  })

  it('start no block after the budget, but have enough for a median', async () => {
    const subjects = [scripted('baseline', [1, 1, 1, 1, 1])]
    /** @type {number[]} */
    const done = []
    await pairedBlocks(subjects, { blocks: 100, budget: -1, onBlock: (block) => done.push(block) })
    expect(done).toEqual([1, 2, 3, 4, 5])
  })
})
