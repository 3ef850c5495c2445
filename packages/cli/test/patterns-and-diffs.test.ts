import { testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { toolFilter } from '../src/bridge/tool-filter.ts'
import { configDiff } from '../src/mcp-config/config-diff.ts'

const isHidden = (name: string, pattern: string) =>
  toolFilter([pattern]).refuse({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name } }) !== undefined

describe('names of tools with *', () => {
  it.each([
    ['echo', 'echo', true],
    ['echo', 'ech', false],
    ['delete_all', 'delete_*', true],
    ['undelete_all', 'delete_*', false],
    ['a.b', 'a*b', true],
    ['ab', 'a*b', true],
    ['a', 'a*a', false],
    ['aba', 'a*a', true],
    ['abcabd', '*b*b*', true],
    ['abcabd', '*bd*b', false],
    ['', '*', true],
    ['a+b', 'a+b', true],
    ['aab', 'a+b', false],
  ])('%s, %s: %s', (name, pattern, hidden) => {
    expect(isHidden(name, pattern)).toBe(hidden)
  })

  it('take no longer for a pattern that nothing meets', () => {
    expect(isHidden('a'.repeat(20_000), `${'*a'.repeat(40)}*b`)).toBe(false)
  })
})

describe('the difference of a file with secrets of others', () => {
  it.each([
    (secret: string) => ['{', '"args":', `["${secret}"]`, '}'],
    (secret: string) => ['args = [', `["${secret}"],`, ']'],
    (secret: string) => ['args:', `  - ${secret}:`],
  ])('shows none', (lines) => {
    const secret = testKey.token('of somebody else')
    const before = `${lines(secret).join('\n')}\n`
    const diff = configDiff('file', before, `${before}mine = 1\n`, 'mine = 1\n')
    expect(diff).toContain('+mine = 1')
    expect(diff).toContain('…')
    expect(diff).not.toContain(secret)
  })
})
