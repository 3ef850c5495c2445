// What this repository runs on, and what to bring when the machine has something older.

/** Oldest Node that can `require()` the ESM-only packages we depend on. */
const OLDEST_NODE = '22.12.0'

/** @type {Readonly<Record<'node' | 'pnpm', string>>} */
export const BROUGHT = { node: '24.21.0', pnpm: '12.21.0' }

/**
 * @param {string} version
 * @returns {readonly number[]}
 */
function numbers(version) {
  return version
    .replace(/^v/, '')
    .split('.', 3)
    .map((part) => Number.parseInt(part, 10) || 0)
}

/**
 * Whether a Node of this version can do the job itself.
 * @param {string} version
 * @returns {boolean}
 */
export function nodeFits(version) {
  const have = numbers(version)
  const need = numbers(OLDEST_NODE)
  for (const [index, least] of need.entries()) {
    const part = have[index] ?? 0
    if (part !== least) return part > least
  }
  return true
}

/**
 * pnpm must match to the letter: another version may rewrite the lockfile or refuse its settings.
 * @param {string} version
 * @returns {boolean}
 */
export function pnpmFits(version) {
  return version.trim() === BROUGHT.pnpm
}
