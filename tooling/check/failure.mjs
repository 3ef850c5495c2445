// Out of the output of many packages, the part that says what failed.
import { withoutAnsi } from '../canary/marker.mjs'

/**
 * The whole output, unless turbo names the tasks that failed: then their lines, and of those not the tests that passed.
 * @param {string} output
 * @returns {string}
 */
export function whatFailed(output) {
  const lines = output.split('\n')
  /** @type {Set<string>} */
  const failed = new Set()
  for (const line of lines) {
    const [, name, task] = /^(\S+)#(\S+):\s+(?:WARNING|ERROR)/.exec(withoutAnsi(line)) ?? []
    if (name !== undefined) failed.add(`${name}:${task}`)
  }
  if (failed.size === 0) return output
  return lines
    .filter((line) => {
      const [, task = '', text = ''] = /^(\S+:\S+): ?(.*)$/.exec(withoutAnsi(line)) ?? []
      return failed.has(task) && !/^\s+[✓↓]/.test(text)
    })
    .join('\n')
}
