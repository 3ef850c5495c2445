import { describe, expect, it } from 'vitest'
import { scanFiles } from '../canary/files.mjs'
import { hasMarker, MARKER, masked } from '../canary/marker.mjs'
import { createScanner, scan } from '../canary/scanner.mjs'
import { testKey } from '../canary/test-key.mjs'
import { whatFailed } from '../check/failure.mjs'
import { judge } from '../check/run-step.mjs'
import { countTests, summary, totals } from '../check/summary.mjs'
import { makeTree } from './make-tree.mjs'

describe('the scanner finds', () => {
  it('a marker that comes in two pieces', () => {
    const scanner = createScanner()
    for (const piece of ['first\nkey psy_01234567', MARKER.slice(0, 5), `${MARKER.slice(5)}\nlast`]) scanner.push(piece)
    expect(scanner.end()).toEqual([{ line: 2, text: 'key psy_01234567[MARKER]' }])
  })

  it('a marker with colours inside', () => {
    expect(scan(`\u001b[31m${MARKER.slice(0, 3)}\u001b[0m\u001b[1;32m${MARKER.slice(3)}\u001b[39m`)).toHaveLength(1)
  })

  it.each([0, 1, 2, 3, 4])('a marker in base64 after %i bytes', (count) => {
    const bytes = Buffer.from(`${'x'.repeat(count)}${MARKER}yz`)
    expect(scan(bytes.toString('base64'))).toHaveLength(1)
    expect(scan(bytes.toString('base64url'))).toHaveLength(1)
  })

  it('a marker in hex, in percent form, in capitals', () => {
    const hex = Buffer.from(MARKER).toString('hex')
    expect(scan(`${hex}\n${hex.replace(/../g, '%$&')}\n${MARKER.toUpperCase()}`)).toHaveLength(3)
  })

  it('nothing in what has none', () => {
    expect(scan(`${MARKER.slice(1)}\n${Buffer.from('hello').toString('base64')}`)).toEqual([])
  })
})

it('masks without a trace', () => {
  const text = `a ${MARKER} b ${Buffer.from(MARKER).toString('base64')}\nfine`
  expect(hasMarker(masked(text))).toBe(false)
  expect(masked('\u001b[31mfine\u001b[0m')).toBe('\u001b[31mfine\u001b[0m')
})

it('files left behind are scanned, the sandbox build may have the marker', () => {
  const root = makeTree({
    'packages/core/dist/index.js': `\n'${MARKER}'`,
    'packages/core/test/__snapshots__/a.test.ts.snap': MARKER,
    'packages/core/.turbo/turbo-test.log': Buffer.from(`{"k":"${MARKER}"}`).toString('base64url'),
    'packages/core/test/a.test.ts': MARKER,
    'packages/sandbox/dist/index.js': MARKER,
    'packages/node/dist/index.js': 'clean',
  })
  expect(scanFiles(root).map(({ file, line }) => `${file}:${line}`)).toEqual([
    'packages/core/.turbo/turbo-test.log:1',
    'packages/core/dist/index.js:2',
    'packages/core/test/__snapshots__/a.test.ts.snap:1',
  ])
})

describe('test keys', () => {
  it('have the documented forms', () => {
    expect(testKey.pensyve()).toMatch(/^psy_[A-Za-z0-9_-]+$/)
    expect(testKey.pendium()).toMatch(/^pendium_[A-Za-z0-9_-]{12,}$/)
    expect(testKey.profundis()).toMatch(/^[A-Za-z0-9._~+/-]+=*$/)
    expect(testKey.pentographer()).toMatch(/^ptg_[0-9a-f]{64}$/)
    expect(testKey.pentographerSecret()).toMatch(/^ptgs_[0-9a-f]{64}$/)
    expect(testKey.pentographerClientId()).toMatch(/^ptgc_[0-9a-f]{24}$/)
    expect(testKey.pendra()).toMatch(/^pdr_sk_[A-Za-z0-9_-]{43}$/)
  })

  it('carry the marker after the eighth character, differ by name and never by run', () => {
    const { pentographerClientId, ...secrets } = testKey
    for (const make of Object.values(secrets)) {
      expect(make('a').indexOf(MARKER)).toBeGreaterThanOrEqual(8)
      expect(make('a')).not.toBe(make('b'))
      expect(make('a')).toBe(make('a'))
    }
    expect(hasMarker(pentographerClientId())).toBe(false)
  })
})

describe('the verdict on a step', () => {
  const run = { title: 'Tests', took: 1000 }
  const output =
    '@pentauth/core:test: \u001b[2m      Tests \u001b[22m 1 failed | 30 passed | 2 skipped (33)\nx:test:  Tests  12 passed (12)\n'

  it('adds up what vitest says', () => {
    expect(countTests(output)).toEqual({ passed: 42, failed: 1 })
    expect(judge({ ...run, code: 1, output, tests: true })).toMatchObject({ ok: false, passed: 42, failed: 1 })
  })

  it('counts a step without tests as one, and a break-down as a failure', () => {
    expect(judge({ ...run, code: 0, output: '' })).toMatchObject({ ok: true, passed: 1, failed: 0 })
    expect(judge({ ...run, code: 2, output: '' })).toMatchObject({ ok: false, passed: 0, failed: 1 })
    expect(judge({ ...run, code: 1, output: 'Tests  3 passed (3)', tests: true })).toMatchObject({
      passed: 3,
      failed: 1,
    })
  })

  it('fails a step that succeeds and leaks, and does not repeat the leak', () => {
    const outcome = judge({ ...run, code: 0, output: `fine\nkey ${MARKER}\n` })
    expect(outcome).toMatchObject({ ok: false, failed: 1 })
    expect(outcome.shown).toContain('line 2: key [MARKER]')
    expect(hasMarker(outcome.shown)).toBe(false)
  })

  it('shows of many packages the one that failed', () => {
    const many = [
      '@x/a:test:  ✓ fine',
      '@x/b:test:  ✓ fine too',
      '@x/b:test:  × broken',
      '@x/b#test:  WARNING  command finished with error, but continuing...',
    ]
    expect(whatFailed(many.join('\n'))).toBe('@x/b:test:  × broken')
    expect(whatFailed('all of it')).toBe('all of it')
  })

  it('ends with one plain line', () => {
    const outcomes = [
      judge({ ...run, code: 1, output, tests: true }),
      judge({ ...run, title: 'Lint', code: 0, output: '' }),
    ]
    expect(totals(outcomes)).toEqual({ passed: 43, failed: 1 })
    expect(summary(outcomes).trimEnd().split('\n').at(-1)).toBe('43 passed, 1 failed')
  })
})
