import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The tests run what users get; one that is older than its source would prove nothing. */
export default function setup(): void {
  const folder = join(import.meta.dirname, '..', '..')
  const changed = Math.max(
    ...globSync('src/**/*.ts', { cwd: folder }).map((file) => statSync(join(folder, file)).mtimeMs),
  )
  const built = statSync(join(folder, 'dist', 'main.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (built < changed)
    throw new TypeError('The command is older than its source: run `npx tsup` in packages/cli first.')
}
