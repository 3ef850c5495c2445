// The house rules that no linter has. Those about what a source file may say are in biome.json and *.grit beside this.
import { ROOT } from '../bootstrap/environment.mjs'
import { checkArrows } from './check-arrows.mjs'
import { checkImports } from './check-imports.mjs'
import { checkPlaces, checkSizes, checkTestCredentials } from './check-texts.mjs'

/** @type {readonly (readonly [string, (root: string) => readonly string[] | Promise<readonly string[]>])[]} */
const RULES = [
  ['arrows between packages, no cycles', checkArrows],
  ['an import has no effect', checkImports],
  ['files stay short', checkSizes],
  ['no registry host, no machine path', checkPlaces],
  ['test credentials carry the marker', checkTestCredentials],
]

for (const [name, check] of RULES) {
  const problems = await check(ROOT)
  process.stdout.write(`${problems.length === 0 ? '✓' : '✗'} ${name}\n`)
  for (const problem of problems) process.stdout.write(`    ${problem}\n`)
  if (problems.length > 0) process.exitCode = 1
}
