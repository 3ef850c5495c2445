import { describe, expect, it } from 'vitest'
import { asJson, asTable, goalsOf } from '../report.mjs'

const rows = [
  { subject: 'awaiting', value: 70, ratio: 1 },
  { subject: 'pentauth', value: 210, ratio: 3 },
  { subject: 'one', value: 2100.5, ratio: 30 },
  { subject: 'other', value: 140, ratio: 2 },
]

/** @type {import('../report.mjs').Bench} */
const bench = {
  name: 'twin',
  about: 'a twin',
  unit: 'ns',
  baseline: 'awaiting',
  better: 'lower',
  goal: 3,
  peers: ['one', 'other'],
  measure: async () => rows,
}

describe('goals', () => {
  it('a goal that is just reached is met; the peers that are ahead decide the other', () => {
    expect(goalsOf(rows, 'lower', 3, ['one', 'other']).map(({ met }) => met)).toEqual([true, false])
    expect(goalsOf(rows, 'lower', 2.9, ['one']).map(({ met }) => met)).toEqual([false, true])
  })

  it('where more is better, a lower ratio misses', () => {
    expect(goalsOf(rows, 'higher', 3.1, ['other']).map(({ met }) => met)).toEqual([false, true])
    expect(goalsOf(rows, 'higher', 2, ['one']).map(({ met }) => met)).toEqual([true, false])
  })

  it('say nothing of peers that were not measured', () => {
    expect(goalsOf(rows, 'lower', 3, ['absent'])).toHaveLength(1)
  })
})

it('programs get the name, the unit and the rows, and nothing else, on one line', () => {
  const text = asJson(bench, rows)
  expect(JSON.parse(text)).toEqual({ name: 'twin', unit: 'ns', rows })
  expect(text.trimEnd()).not.toContain('\n')
})

it('people get columns that line up, and the goals', () => {
  expect(asTable(bench, rows)).toBe(`twin: a twin; ratio to awaiting, lower is better

  subject      median      ratio
  awaiting      70 ns      1.000
  pentauth     210 ns      3.000
  one       2100.5 ns     30.000
  other        140 ns      2.000

  goal: ratio <= 3: met
  goal: ahead of one, other: NOT MET

`)
})
