// Runs test files by vitest's own runner in whatever loads this bundle, and tells the harness how each test ended.

import type { RunnerTask } from 'vitest'
import { TestRunner } from 'vitest'
import { setSafeTimers, startTests } from 'vitest/internal/browser'
import { harnessIsAt, tellHarness } from './harness.ts'
import { config } from './vitest-state.ts'

/** Test files by name; importing one defines its tests. */
export type Files = Readonly<Record<string, () => Promise<unknown>>>

export interface TestOutcome {
  /** Groups and test, joined by ` > `. */
  readonly name: string
  readonly file: string
  readonly passed: boolean
  readonly error?: string | undefined
}

class Runner extends TestRunner {
  readonly #files: Files

  constructor(files: Files) {
    super(config as never)
    this.#files = files
  }

  override importFile(file: string): unknown {
    return this.#files[file.slice(1)]?.()
  }

  override trace = (_name: string, attributes: unknown, work?: () => unknown): never =>
    (work ?? (attributes as () => unknown))() as never
}

export async function run(files: Files, harness: string): Promise<void> {
  harnessIsAt(harness)
  // The runner's own timers go on while a test turns its clock.
  setSafeTimers()
  const runner = new Runner(files)
  const outcomes: TestOutcome[] = []
  for (const file of Object.keys(files)) {
    for (const done of await startTests([{ filepath: `/${file}` } as never], runner as never)) {
      outcomes.push(...outcomesOf(done, file, []))
    }
  }
  await tellHarness('outcomes', outcomes)
}

function outcomesOf(task: RunnerTask, file: string, above: readonly string[]): TestOutcome[] {
  const names = 'filepath' in task ? [] : [...above, task.name]
  const name = names.join(' > ')
  const error = task.result?.errors?.map(({ stack, message, diff }) => [stack ?? message, diff].join('\n')).join('\n')
  if (task.type === 'test') return [{ file, name, passed: task.result?.state === 'pass', error }]
  const own = error ? [{ file, name: `${name} (outside its tests)`, passed: false, error }] : []
  return [...own, ...task.tasks.flatMap((inner) => outcomesOf(inner, file, names))]
}
