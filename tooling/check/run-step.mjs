// One check as a child process: its output collected, scanned for the canary, and counted.
import { lastLines } from '../bootstrap/hints.mjs'
import { capture } from '../bootstrap/processes.mjs'
import { hasMarker, masked, withoutAnsi } from '../canary/marker.mjs'
import { scan } from '../canary/scanner.mjs'
import { whatFailed } from './failure.mjs'
import { countTests } from './summary.mjs'

/** A check that hangs must end before whoever runs it gives up on all of them. */
const LONGEST = 17.5 * 60_000

/**
 * @typedef {object} Step
 * @property {string} title
 * @property {string} file
 * @property {readonly string[]} args
 * @property {boolean} [tests] whether vitest runs in it, and its tests count instead of the step
 *
 * @typedef {object} Outcome
 * @property {string} title
 * @property {boolean} ok
 * @property {string} shown what to print when it failed, with markers masked
 * @property {number} passed
 * @property {number} failed
 * @property {number} took milliseconds
 */

/**
 * @param {Step} step
 * @param {(note: string) => void} note
 * @returns {Promise<Outcome>}
 */
export async function runStep(step, note) {
  const start = Date.now()
  const { code, output } = await capture(step.file, step.args, {
    env: childEnvironment(),
    timeout: LONGEST,
    onOutput(text) {
      const line = withoutAnsi(text).trim().split('\n').at(-1) ?? ''
      note(hasMarker(line) ? '' : line.slice(0, 80))
    },
  })
  return judge({ title: step.title, code, output, took: Date.now() - start, tests: step.tests === true })
}

/**
 * @param {{ title: string, code: number, output: string, took: number, tests?: boolean }} run
 * @returns {Outcome}
 */
export function judge({ title, code, output, took, tests = false }) {
  const leaks = scan(output)
  const counted = tests ? countTests(output) : { passed: 0, failed: 0 }
  const ok = code === 0 && leaks.length === 0
  // A run that breaks down outside any test, or leaks, is a failure of its own.
  const failed = ok ? 0 : Math.max(1, counted.failed)
  const passed = tests && counted.passed + counted.failed > 0 ? counted.passed : ok ? 1 : 0
  const report = leaks.map(({ line, text }) => `A test credential shows in the output, line ${line}: ${text}`)
  const shown = [lastLines(masked(whatFailed(output)), 400), ...report, code === 0 ? '' : `exit code ${code}`]
  return { title, ok, passed, failed, took, shown: shown.filter((part) => part !== '').join('\n') }
}

/** @returns {NodeJS.ProcessEnv} */
function childEnvironment() {
  const { FORCE_COLOR: _, ...env } = process.env
  return { ...env, NO_COLOR: '1' }
}
