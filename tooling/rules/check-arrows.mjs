// Runs dependency-cruiser over the sources and the tests.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { cruise } from 'dependency-cruiser'
import configuration from './arrows.mjs'

/** Not ours to judge where they start, but an import that leads into them must be seen: a linked package is its dist. */
const NO_START = new Set(['dist', 'node_modules', 'coverage'])

/**
 * @param {string} root
 * @returns {Promise<readonly string[]>} problems
 */
export async function checkArrows(root) {
  const options = {
    ...configuration.options,
    baseDir: root,
    validate: true,
    ruleSet: { forbidden: configuration.forbidden ?? [] },
  }
  const { output } = await cruise([...startsUnder(root)], options)
  if (typeof output === 'string') return [output]
  // Without a TypeScript it can use, dependency-cruiser sees no module and no problem.
  if (output.summary.totalCruised === 0) return ['dependency-cruiser found no module to look at']
  return output.summary.violations.map(({ rule, from, to, cycle }) => {
    const path = cycle === undefined ? to : cycle.map(({ name }) => name).join(' -> ')
    const comment = configuration.forbidden?.find(({ name }) => name === rule.name)?.comment
    return `${from} -> ${path}: ${rule.name}. ${comment ?? ''}`
  })
}

/**
 * @param {string} root
 * @returns {readonly string[]}
 */
function startsUnder(root) {
  const folders = readdirSync(join(root, 'packages'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return folders.flatMap(({ name }) =>
    readdirSync(join(root, 'packages', name), { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith('.') && !NO_START.has(entry.name))
      .filter((entry) => entry.isDirectory() || /\.[cm]?[jt]sx?$/.test(entry.name))
      .map((entry) => `packages/${name}/${entry.name}`),
  )
}
