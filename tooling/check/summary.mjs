// The end of `npm test`: a table, and one line that a script can read.
import { withoutAnsi } from '../canary/marker.mjs'

/**
 * Adds up what each vitest in the output says of its tests; turbo repeats these lines for a cached run too.
 * @param {string} output
 * @returns {{ passed: number, failed: number }}
 */
export function countTests(output) {
  let passed = 0
  let failed = 0
  for (const line of withoutAnsi(output).split('\n')) {
    const counts = /\bTests\s+(\d.*)\(\d+\)\s*$/.exec(line)?.[1]
    if (counts === undefined) continue
    passed += Number(/(\d+) passed/.exec(counts)?.[1] ?? 0)
    failed += Number(/(\d+) failed/.exec(counts)?.[1] ?? 0)
  }
  return { passed, failed }
}

/**
 * @param {readonly import('./run-step.mjs').Outcome[]} outcomes
 * @returns {{ passed: number, failed: number }}
 */
export function totals(outcomes) {
  return outcomes.reduce((sum, { passed, failed }) => ({ passed: sum.passed + passed, failed: sum.failed + failed }), {
    passed: 0,
    failed: 0,
  })
}

/**
 * @param {readonly import('./run-step.mjs').Outcome[]} outcomes
 * @returns {string}
 */
export function summary(outcomes) {
  const width = Math.max(...outcomes.map(({ title }) => title.length))
  const rows = outcomes.map(({ title, ok, passed, failed, took }) => {
    const counts = passed + failed > 1 ? `  ${passed} passed, ${failed} failed` : ''
    return `  ${title.padEnd(width)}  ${ok ? 'passed' : 'FAILED'}  ${(took / 1000).toFixed(1).padStart(6)} s${counts}`
  })
  const { passed, failed } = totals(outcomes)
  return `\n${rows.join('\n')}\n\n${passed} passed, ${failed} failed\n`
}
