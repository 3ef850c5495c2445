// Fails when a package changed and no changeset says so. `changeset status` compares with the branch main, and a clone
// may have none: no `main` in a detached checkout, no commit at all in a new repository.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROOT } from '../bootstrap/environment.mjs'
import { capture, handOver } from '../bootstrap/processes.mjs'

/**
 * @param {string} ref
 * @returns {Promise<string | undefined>} the commit where this work left it
 */
async function leftAt(ref) {
  const { code, output } = await capture('git', ['merge-base', 'HEAD', ref], { cwd: ROOT })
  return code === 0 ? output.trim() : undefined
}

const main = await leftAt('main')
const base = main ?? (await leftAt('origin/main')) ?? (await leftAt('HEAD'))
const pending = readdirSync(join(ROOT, '.changeset')).some((name) => name.endsWith('.md') && name !== 'README.md')

if (base === undefined) {
  process.stdout.write('No commit yet: nothing to compare with.\n')
} else {
  const changeset = fileURLToPath(import.meta.resolve('@changesets/cli/bin.js'))
  // With `--since`, only changesets that git has seen count; without it, one that was just written does too.
  const since = pending && main !== undefined ? [] : ['--since', base]
  process.exitCode = await handOver(process.execPath, [changeset, 'status', ...since], { cwd: ROOT })
}
