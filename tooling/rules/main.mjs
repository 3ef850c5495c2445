// The house rules that no linter has. Those about what a source file may say are in biome.json and *.grit beside this.
import { ROOT } from '../bootstrap/environment.mjs'
import { checkArrows } from './check-arrows.mjs'
import { checkDependencies } from './check-dependencies.mjs'
import { checkImports } from './check-imports.mjs'
import { checkPlatform } from './check-platform.mjs'
import { checkPlaces, checkSizes, checkTestCredentials } from './check-texts.mjs'

/** @type {readonly (readonly [string, (root: string) => readonly string[] | Promise<readonly string[]>])[]} */
const RULES = [
  ['arrows between packages, no cycles', checkArrows],
  ['source imports what is installed with it', checkDependencies],
  ['core uses no platform', checkPlatform],
  ['an import has no effect', checkImports],
  ['files stay short', checkSizes],
  ['no registry host, no machine path', checkPlaces],
  ['test credentials carry the marker', checkTestCredentials],
]

// Of one package alone the sources can be judged, but not the builds of all.
const sourcesOnly = process.argv.includes('--sources')

for (const [name, check] of RULES) {
  if (sourcesOnly && check === checkImports) continue
  const problems = await check(ROOT)
  process.stdout.write(`${problems.length === 0 ? '✓' : '✗'} ${name}\n`)
  for (const problem of problems) process.stdout.write(`    ${problem}\n`)
  if (problems.length > 0) process.exitCode = 1
}
