// A small repository in a temporary folder, to break a rule in.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

/**
 * @param {Readonly<Record<string, string>>} files content by path
 * @returns {string} the folder; it is deleted when the test ends
 */
export function makeTree(files) {
  const root = mkdtempSync(join(tmpdir(), 'pentauth-twin-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  execFileSync('git', ['init', '--quiet'], { cwd: root })
  return root
}
