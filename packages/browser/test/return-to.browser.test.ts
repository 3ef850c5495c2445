import { describe, expect, it } from 'vitest'
import { ownPath } from '../src/return-to.ts'
import { elsewhere, generated } from './support/addresses.ts'

/** Where a browser ends that is sent there, as a link or by a router. */
const landsAt = (path: string) => new URL(path, location.href).origin

describe('where a person goes on', () => {
  it.each([
    ['/notes', '/notes'],
    ['/notes?a=1&b=%20#part', '/notes?a=1&b=%20#part'],
    ['?a=1', `${location.pathname}?a=1`],
    [`${location.origin}/notes`, '/notes'],
    [location.origin, '/'],
    [new URL('/notes', location.href), '/notes'],
    ['/a//b', '/a//b'],
    ['/https://evil.example', '/https://evil.example'],
  ])('%s is %s', (address, path) => {
    expect(ownPath(address)).toBe(path)
  })

  it.each(elsewhere)('%j stays here', (address) => {
    const path = ownPath(address)
    expect(path).toMatch(/^\/(?![/\\])/)
    expect(landsAt(path)).toBe(location.origin)
    // Read again, as by a router that is given a whole address.
    expect(ownPath(path)).toBe(path)
  })

  it('10,000 others stay here', () => {
    const all = generated(10_000)
    const abroad = all.filter(
      (address) => landsAt(ownPath(address)) !== location.origin || !/^\/(?![/\\])/.test(ownPath(address)),
    )
    expect(abroad).toEqual([])
    // Otherwise nothing would have been tried.
    const tempting = all.filter(
      (address) => URL.canParse(address, location.href) && landsAt(address) !== location.origin,
    )
    expect(tempting.length).toBeGreaterThan(1_000)
    expect(new Set(all.map((address) => ownPath(address))).size).toBeGreaterThan(1_000)
  })
})
