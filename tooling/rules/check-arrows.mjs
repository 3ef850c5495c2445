// Runs dependency-cruiser over the sources and the tests.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { cruise } from 'dependency-cruiser'
import configuration from './arrows.mjs'

/**
 * @param {string} root
 * @returns {Promise<readonly string[]>} problems
 */
export async function checkArrows(root) {
  const folders = readdirSync(join(root, 'packages'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `packages/${entry.name}`)
  const options = {
    ...configuration.options,
    baseDir: root,
    validate: true,
    ruleSet: { forbidden: configuration.forbidden ?? [] },
  }
  const { output } = await cruise([...folders], { ...options, exclude: { path: '/(dist|node_modules|coverage)/' } })
  if (typeof output === 'string') return [output]
  // Without a TypeScript it can use, dependency-cruiser sees no module and no problem.
  if (output.summary.totalCruised === 0) return ['dependency-cruiser found no module to look at']
  return output.summary.violations.map(({ rule, from, to, cycle }) => {
    const path = cycle === undefined ? to : cycle.map(({ name }) => name).join(' -> ')
    const comment = configuration.forbidden?.find(({ name }) => name === rule.name)?.comment
    return `${from} -> ${path}: ${rule.name}. ${comment ?? ''}`
  })
}
