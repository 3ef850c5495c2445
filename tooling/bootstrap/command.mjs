// What every entry point shares: signals reach the children, a failure ends in words and a hint, not in a stack.
import { BootstrapError } from './hints.mjs'
import { interrupted, passSignalsOn } from './processes.mjs'

/**
 * @param {() => Promise<number>} work resolves to the exit code
 */
export async function runCommand(work) {
  passSignalsOn()
  try {
    const code = await work()
    process.exitCode = interrupted() ?? code
  } catch (error) {
    process.exitCode = interrupted() ?? 1
    if (interrupted() !== undefined) return
    if (!(error instanceof BootstrapError)) throw error
    process.stderr.write(`\n${error.message}\n`)
    if (error.output) process.stderr.write(`${error.output}\n`)
    if (error.hint) process.stderr.write(`Hint: ${error.hint}\n`)
  }
}
