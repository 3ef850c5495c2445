// `npm test`, once Node, pnpm, Chromium, Redis and the dependencies are there: every check, one after another, each
// output looked through for the canary; a failing one does not keep the others from running.
import { runCommand } from '../bootstrap/command.mjs'
import { ROOT } from '../bootstrap/environment.mjs'
import { interrupted } from '../bootstrap/processes.mjs'
import { startStep } from '../bootstrap/progress.mjs'
import { scanFiles } from '../canary/files.mjs'
import { judge, runStep } from './run-step.mjs'
import { selectSteps } from './steps.mjs'
import { summary, totals } from './summary.mjs'

await runCommand(async () => {
  /** @type {import('./run-step.mjs').Outcome[]} */
  const outcomes = []
  for (const step of selectSteps(ROOT, process.argv.slice(2))) {
    outcomes.push(await show(step.title, (note) => runStep(step, note)))
    if (interrupted() !== undefined) return 1
  }
  outcomes.push(await show('Canary: files left behind', lookAtFiles))
  process.stdout.write(summary(outcomes))
  return totals(outcomes).failed === 0 ? 0 : 1
})

/**
 * @param {string} title
 * @param {(note: (text: string) => void) => Promise<import('./run-step.mjs').Outcome>} work
 */
async function show(title, work) {
  const progress = startStep(title)
  const outcome = await work(progress.note)
  if (outcome.ok) progress.done()
  else progress.fail()
  if (!outcome.ok && interrupted() === undefined) process.stdout.write(`\n--- ${title}\n${outcome.shown}\n---\n\n`)
  return outcome
}

/** @returns {Promise<import('./run-step.mjs').Outcome>} */
async function lookAtFiles() {
  const start = Date.now()
  const leaks = scanFiles(ROOT).map(({ file, line, text }) => `${file}:${line} shows a test credential: ${text}`)
  const code = leaks.length === 0 ? 0 : 1
  return judge({ title: 'Canary: files left behind', code, output: leaks.join('\n'), took: Date.now() - start })
}
