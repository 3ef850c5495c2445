// What a scenario counts as: a suite that passes everybody, or a client that does nothing, must not look like success.
import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { reasonsOf, runScenario } from '../scenario.mjs'
import { fakeSuites } from './fake-suites.mjs'

const run = /** @type {const} */ ({ suite: '0.1.16', scenario: 'auth/tea' })
const circumstances = { client: 'test/twins/echo.mjs', expected: 'ok' }
const leftovers = () => readdirSync(tmpdir()).filter((name) => name.startsWith('pentauth-conformance-'))

describe('with a suite', () => {
  it('passes when the runner and the client say so', async () => {
    const suites = await fakeSuites('save([good], run().stdout)')
    expect(await runScenario(run, { suites, ...circumstances })).toMatchObject({ pass: true, reasons: [] })
  })

  it('gives the client its scenario and the URL of the server', async () => {
    const suites = await fakeSuites('const { stdout } = run(); console.log(stdout, ...args); save([good], stdout)')
    const { output } = await runScenario({ ...run, revision: '2026-07-28' }, { suites, ...circumstances })
    expect(output).toContain('auth/tea http://127.0.0.1:9/mcp')
    expect(output).toContain('--spec-version 2026-07-28 --force')
  })

  it.each([
    ['a failed check', 'save([good, bad], run().stdout); process.exit(1)', ['Two: no token']],
    ['a failed check that the runner forgives', 'save([good, bad], run().stdout)', ['Two: no token']],
    ['a warning', "save([good, { ...bad, status: 'WARNING' }], run().stdout)", ['Two: no token']],
    ['a runner that fails', 'save([good], run().stdout); process.exit(1)', ['the runner ended with exit code 1']],
    ['a scenario in which nothing was checked', 'save([], run().stdout)', ['nothing was checked']],
    ['a client that does not come to its end', "save([good], '')", ['the client ended with "" instead of "ok"']],
    [
      'a suite that is not there',
      'throw new Error()',
      ['the runner ended with exit code 1', 'nothing was checked', 'the client ended with "" instead of "ok"'],
    ],
  ])('%s is a failure', async (_, source, reasons) => {
    const suites = await fakeSuites(source)
    expect(await runScenario(run, { suites, ...circumstances })).toMatchObject({ pass: false, reasons })
  })

  it('a client that gives another reason for its refusal is a failure', async () => {
    const suites = await fakeSuites("save([good], 'temporarily_unavailable')")
    const { reasons } = await runScenario(run, { suites, ...circumstances, expected: 'discovery_failed' })
    expect(reasons).toEqual(['the client ended with "temporarily_unavailable" instead of "discovery_failed"'])
  })

  it('a runner that hangs is ended, with what it has started', async () => {
    const suites = await fakeSuites('run(); setInterval(() => {}, 1000)')
    const { pass, reasons } = await runScenario(run, { suites, ...circumstances, patience: 0, grace: 1000 })
    expect({ pass, first: reasons[0] }).toEqual({ pass: false, first: 'the runner ended with exit code 137' })
  })

  it('leaves nothing behind', async () => {
    const before = leftovers()
    await runScenario(run, { suites: await fakeSuites('save([good], run().stdout)'), ...circumstances })
    await runScenario(run, { suites: await fakeSuites('process.exit(1)'), ...circumstances })
    expect(leftovers()).toEqual(before)
  })
})

it('says why in the words of the check', () => {
  const check = /** @type {const} */ ({ name: 'One', description: 'was not done', status: 'FAILURE' })
  expect(reasonsOf({ code: 1, checks: [check], said: 'ok', expected: 'ok' })).toEqual([
    'One: was not done',
    'nothing was checked',
  ])
})

const suites = new URL('../suites/', import.meta.url)

describe.skipIf(!existsSync(new URL('node_modules', suites)))('the official suite, where it is installed', () => {
  const alpha = /** @type {const} */ ({ suite: '0.2.0-alpha.12', revision: '2025-11-25' })

  it('passes our client', async () => {
    const circumstances = { suites, client: 'clients/v1.mjs', expected: 'sign_in_response_invalid' }
    expect((await runScenario({ ...alpha, scenario: 'auth/iss-wrong-issuer' }, circumstances)).reasons).toEqual([])
  })

  it('fails one that takes an answer from the wrong server', async () => {
    const circumstances = { suites, client: 'test/twins/trusting.mjs', expected: 'sign_in_response_invalid' }
    const { pass, reasons } = await runScenario({ ...alpha, scenario: 'auth/iss-wrong-issuer' }, circumstances)
    expect(pass).toBe(false)
    expect(reasons.join()).toContain('Client rejects mismatched iss')
  })

  it('passes one that does nothing, and we do not', async () => {
    const circumstances = { suites, client: 'test/twins/silent.mjs', expected: 'discovery_failed' }
    const { reasons } = await runScenario({ ...run, scenario: 'auth/resource-mismatch' }, circumstances)
    expect(reasons).toEqual(['the client ended with "ok" instead of "discovery_failed"'])
  })
})
