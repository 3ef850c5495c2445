// What is asked of whom, and that nobody is asked for less than the suites have.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import expectedFailures from '../expected-failures.json' with { type: 'json' }
import { planOf, SUITES } from '../plan.mjs'
import { refusals } from '../refusals.mjs'

const suites = new URL('../suites/', import.meta.url)

describe.skipIf(!existsSync(new URL('node_modules', suites)))('where the suites are installed', () => {
  it('v2 is held to 2026-07-28, v1 to 2025-11-25, and both to all of 0.1.16', async () => {
    const plan = await planOf(suites)
    const count = (/** @type {Partial<import('../plan.mjs').Run>} */ wanted, auth = false) =>
      plan.filter((run) => {
        const fits = Object.entries(wanted).every(([name, value]) => Reflect.get(run, name) === value)
        return fits && (!auth || run.scenario.startsWith('auth/'))
      }).length
    const alpha = /** @type {const} */ ({ suite: '0.2.0-alpha.12', required: true })
    expect(count({ ...alpha, sdk: 'v1', revision: '2025-11-25' })).toBe(18)
    expect(count({ ...alpha, sdk: 'v1' }, true)).toBe(14)
    expect(count({ ...alpha, sdk: 'v2', revision: '2026-07-28' })).toBe(32)
    expect(count({ ...alpha, sdk: 'v2' }, true)).toBe(25)
    expect(count({ ...alpha, sdk: 'v2', required: false }, true)).toBe(6)
    expect(count({ suite: '0.1.16', sdk: 'v1', required: true })).toBe(26)
    expect(count({ suite: '0.1.16', sdk: 'v2', required: true })).toBe(26)
  })

  it('the plan has every client scenario of 0.1.16', async () => {
    const runner = fileURLToPath(new URL('node_modules/conformance-0.1.16/dist/index.js', suites))
    const { stdout } = spawnSync(process.execPath, [runner, 'list', '--client'], { encoding: 'utf8', timeout: 30_000 })
    const theirs = [...stdout.matchAll(/^ +- (\S+)/gm)].map(([, name]) => name)
    const own = (await planOf(suites)).filter(({ suite, sdk }) => suite === '0.1.16' && sdk === 'v1')
    expect(theirs).toHaveLength(26)
    expect(own.map(({ scenario }) => scenario).sort()).toEqual(theirs.sort())
  })

  it('refusals and expected failures are of scenarios that there are', async () => {
    const plan = await planOf(suites)
    for (const scenario of Object.keys(refusals)) expect(plan.map((run) => run.scenario)).toContain(scenario)
    for (const { suite, scenario } of expectedFailures)
      expect(plan).toContainEqual(expect.objectContaining({ suite, scenario }))
  })
})

it('nothing else than the old metadata of 0.1.16 is expected to fail', () => {
  expect(expectedFailures.map(({ suite, scenario }) => ({ suite, scenario }))).toEqual([
    { suite: SUITES[1], scenario: 'auth/2025-03-26-oauth-metadata-backcompat' },
  ])
})
