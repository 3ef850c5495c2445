// The files that are ours: tracked by git, or new and not ignored.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * @param {string} root
 * @returns {readonly string[]}
 */
export function ourFiles(root) {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
    .split('\0')
    .filter((file) => file !== '' && existsSync(join(root, file)))
}

/**
 * @param {string} root
 * @param {readonly string[]} files
 * @returns {readonly { file: string, line: number, text: string }[]}
 */
export function linesOf(root, files) {
  return files.flatMap((file) => {
    const content = readFileSync(join(root, file), 'utf8')
    // A zero byte: not a text.
    if (content.includes('\0')) return []
    return content.split('\n').map((text, index) => ({ file, line: index + 1, text }))
  })
}
