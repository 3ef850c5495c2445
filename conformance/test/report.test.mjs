// What makes the command fail, and what it prints.
import { describe, expect, it } from 'vitest'
import { asJson, asTables, complaintsOf } from '../report.mjs'

/**
 * @param {Partial<import('../report.mjs').Found>} some
 * @returns {import('../report.mjs').Found}
 */
const row = (some) => ({
  suite: '0.1.16',
  sdk: 'v1',
  scenario: 'tea',
  required: true,
  pass: true,
  reasons: [],
  ...some,
})
const expected = [{ suite: '0.1.16', scenario: 'old' }]

describe('the command fails', () => {
  it.each([
    ['not when all passes', {}, 0],
    ['for a required scenario', { pass: false }, 1],
    ['not for an optional one', { pass: false, required: false }, 0],
    ['not for an expected failure', { pass: false, scenario: 'old' }, 0],
    ['for the same scenario in another suite', { pass: false, scenario: 'old', suite: '0.2.0-alpha.12' }, 1],
    ['for an expected failure that passes', { scenario: 'old' }, 1],
  ])('%s', (_, some, complaints) => {
    expect(complaintsOf([row(/** @type {{}} */ (some))], expected)).toHaveLength(complaints)
  })

  it('and says what for', () => {
    expect(complaintsOf([row({ pass: false }), row({ scenario: 'old', sdk: 'v2' })], expected)).toEqual([
      'tea (0.1.16, v1) is required and failed',
      'old (0.1.16, v2) passes, and the list of expected failures still has it',
    ])
  })
})

it('as JSON it is the rows, and no reasons', () => {
  expect(JSON.parse(asJson([row({ pass: false, reasons: ['no'] })]))).toEqual({
    name: 'conformance',
    rows: [{ suite: '0.1.16', sdk: 'v1', scenario: 'tea', required: true, pass: false }],
  })
})

it('as a table it has both SDKs side by side, and the sum of what is required', () => {
  const found = [
    row({}),
    row({ sdk: 'v2', pass: false }),
    row({ scenario: 'old', pass: false }),
    row({ sdk: 'v2', scenario: 'extra', required: false, pass: false }),
  ]
  expect(asTables(found, expected)).toBe(`@modelcontextprotocol/conformance 0.1.16

            v1                  v2
  tea       pass                FAILS
  old       fails as expected
  extra                         FAILS (optional)

  required  1/2                 0/1
`)
})
