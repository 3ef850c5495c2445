import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { root } from '../harness/bundle.ts'
import { byVitestOnly, differences, nodeOnly, notIn, reasonFor } from '../harness/elsewhere.ts'
import { giveUp, listTests, runBundle, runVitest, smoke, versionOf } from '../harness/runs.ts'
import { nodes, others, type Runtime } from '../harness/runtimes.ts'
import type { TestOutcome } from '../inside/run.ts'

// Core's own tests, and users' first steps against the sandbox, in every runtime that npm (or CHROMIUM_PATH) brought here.

/** `npm run lab`: each Node runs all of them by vitest itself, too. */
const isLab = process.env.PENTAUTH_LAB === '1'
const files = readdirSync(join(root, 'packages', 'core', 'test')).filter((name) => name.endsWith('.test.ts'))
const forNodes = files.filter((file) => !(file in byVitestOnly))
const portable = forNodes.filter((file) => !(file in nodeOnly))
const steps = 'sandbox.test.ts'
const isHere = ({ program }: Runtime) => typeof program === 'string'
const filesByVitest = ({ name }: Runtime) => files.filter((file) => !(file in (notIn[name] ?? {})))
/** Of whose engine another one runs everything: the oldest Node and our own; the pages that packages/browser tests in Chromium. */
const stepsOnly = new Set(isLab ? [] : ['Node 26', 'Deno', 'Chromium'])
const filesOf = (runtime: Runtime) => (stepsOnly.has(runtime.name) ? [] : nodes.includes(runtime) ? forNodes : portable)

/** Two at a time: each keeps a core busy, and waits a little. */
const queue: (() => Promise<unknown>)[] = []
let isFree = 2
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const done = new Promise<T>((resolve, reject) => {
    queue.push(() => work().then(resolve, reject))
  })
  done.catch(() => undefined)
  next()
  return done
}
function next(): void {
  if (isFree === 0 || queue.length === 0) return
  isFree -= 1
  queue
    .shift()?.()
    .finally(() => {
      isFree += 1
      next()
    })
}

// Such as those that a filter by name has no use for.
afterAll(giveUp)

const programOf = ({ program }: Runtime) => program as string
/** What vitest runs in Node, which every runtime has to have run too. */
const expected = inTurn(() => listTests(files))
const bundled = new Map(
  [...nodes, ...others].filter(isHere).map((one) => [one.name, inTurn(() => runBundle(one, [...filesOf(one), steps]))]),
)
const byVitest = new Map(
  nodes
    .filter((node) => isLab && isHere(node))
    .map((node) => {
      const without = Object.keys(notIn[node.name] ?? {})
      return [node.name, inTurn(() => runVitest(programOf(node), without))]
    }),
)
const versions = new Map(
  await Promise.all(
    [...nodes, ...others].filter(isHere).map(async (one) => [one.name, await versionOf(programOf(one))] as const),
  ),
)

const titleOf = ({ name, program }: Runtime) =>
  typeof program === 'string' ? `${name}, ${versions.get(name)}` : `${name}, not here: ${program.missing}`
const titled = (runtimes: readonly Runtime[]) => runtimes.map((one) => [titleOf(one), one] as const)
const namesIn = (tests: readonly Pick<TestOutcome, 'file' | 'name'>[], file: string) =>
  tests.filter((one) => one.file === file).map(({ name }) => name)
const failuresIn = (outcomes: readonly TestOutcome[]) =>
  outcomes.filter(({ passed }) => !passed).map(({ file, name, error }) => `${file}: ${name}\n${error ?? ''}`)

describe.each(titled(nodes))('%s', (_title, node) => {
  it.runIf(isHere(node))('is the Node of that name', () => {
    expect(versions.get(node.name)?.split('.')[0]).toBe(node.name.split(' ')[1])
  })

  it.runIf(byVitest.has(node.name))('runs core’s own tests by vitest', async () => {
    const outcomes = (await byVitest.get(node.name)) ?? []
    expect(failuresIn(outcomes)).toEqual([])
    for (const file of filesByVitest(node)) {
      expect(namesIn(outcomes, file)).toEqual(namesIn(await expected, file))
    }
  })
  for (const [file, why] of Object.entries(notIn[node.name] ?? {})) it.skip(`${file}: ${why}`)
})

describe.each(titled([...nodes, ...others]))('%s', (_title, runtime) => {
  describe.runIf(isHere(runtime))('runs', () => {
    it.each(filesOf(runtime))('%s', async (file) => {
      const outcomes = ((await bundled.get(runtime.name)) ?? []).filter((one) => one.file === file)
      expect(namesIn(outcomes, file)).toEqual(namesIn(await expected, file))
      expect(outcomes).not.toEqual([])
      const judged = outcomes.filter(({ name }) => reasonFor(runtime.name, file, name) === undefined)
      expect(failuresIn(judged)).toEqual([])
    })

    it(`${steps}, with the built package`, async () => {
      const outcomes = ((await bundled.get(runtime.name)) ?? []).filter(({ file }) => file === steps)
      expect(failuresIn(outcomes)).toEqual([])
      expect(outcomes.length).toBeGreaterThan(15)
      for (const node of nodes.filter(isHere)) {
        const there = (await bundled.get(node.name)) ?? []
        expect(namesIn(outcomes, steps)).toEqual(namesIn(there, steps))
      }
    })

    it('differs in nothing that is no test any more', async () => {
      const all = await expected
      for (const { file, test } of differences[runtime.name] ?? []) {
        expect(namesIn(all, file).filter((name) => name.startsWith(test))).not.toEqual([])
      }
    })
    for (const { file, test, why } of differences[runtime.name] ?? []) it.skip(`${file}, ${test}: ${why}`)
  })
})

// Elsewhere somebody may do without them; there, an install that brought less than it should is not to pass unseen.
it.runIf(process.env.CI)('every runtime that there is for this machine is installed', () => {
  expect([...nodes, ...others].map(titleOf).filter((title) => title.includes('is not installed'))).toEqual([])
})

describe('only in Node', () => {
  const all = { ...byVitestOnly, ...nodeOnly }
  for (const [file, why] of Object.entries(all)) it.skip(`${file}: ${why}`)

  it('are files that exist', () => {
    expect(Object.keys(all).filter((file) => !files.includes(file))).toEqual([])
  })
})

describe('the published build, as it is', () => {
  const self: Runtime = { name: 'this Node', entry: 'in-process', program: process.execPath, args: [] }
  const programs = [self, ...nodes, ...others.filter(({ entry }) => entry === 'in-process')].filter(isHere)

  it.each(programs.flatMap((one) => (['esm.mjs', 'cjs.cjs'] as const).map((file) => [one.name, file, one] as const)))(
    '%s, %s',
    async (_name, file, runtime) => {
      expect(await smoke(runtime, file)).toEqual([['anthropic-version', 'x-api-key'], 'access-token'])
    },
  )
})
