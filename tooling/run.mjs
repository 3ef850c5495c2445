// The one command behind `npm run demo`, `npm test`, `npm run bench`, `npm run size`, `npm run conformance` and `npm run lab`. It needs Node 20, npm, git for the
// tests, and nothing else: every import here is a file beside it. Progress goes to stderr, so stdout belongs to what is
// being run.
import { runBench } from './bootstrap/bench.mjs'
import { checkEverything } from './bootstrap/check.mjs'
import { runCommand } from './bootstrap/command.mjs'
import { runConformance } from './bootstrap/conformance.mjs'
import { runDemo } from './bootstrap/demo.mjs'
import { runLab } from './bootstrap/lab.mjs'
import { runSize } from './bootstrap/size.mjs'

const commands = {
  demo: runDemo,
  test: checkEverything,
  bench: runBench,
  lab: runLab,
  size: runSize,
  conformance: runConformance,
}
const [name = '', ...args] = process.argv.slice(2)
const command = Object.hasOwn(commands, name) ? commands[/** @type {keyof typeof commands} */ (name)] : undefined

if (command === undefined) {
  process.stderr.write(
    'Usage: npm run demo [-- ARGS], npm test [-- PACKAGE], npm run bench [-- NAME], npm run size, npm run conformance, npm run lab\n',
  )
  process.exitCode = 2
} else {
  await runCommand(() => command(args))
}
