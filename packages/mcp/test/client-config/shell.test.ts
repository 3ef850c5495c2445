import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { posixLine, powershellLine, programOf, systemLine } from '../../src/client-config/shell.ts'

/** The words that `sh` makes of a line. */
function words(line: string, env: Record<string, string> = {}): string[] {
  const output = execFileSync('/bin/sh', ['-c', `for word in ${line}; do printf '%s\\0' "$word"; done`], { env })
  return output.toString().split('\0').slice(0, -1)
}

const odd = fc.string({
  unit: fc.constantFrom(...'a \'"$`\\!*?~#&|;<>(){}[]=%\n-é\u2019'),
  minLength: 1,
  maxLength: 12,
})

it('says the same words to a POSIX shell', () => {
  fc.assert(
    fc.property(fc.array(odd, { minLength: 1, maxLength: 20 }), (line) => {
      expect(words(posixLine(line))).toEqual(line)
      expect(words(systemLine(line, 'linux'))).toEqual(line)
    }),
    { numRuns: 25 },
  )
})

it('lets the shell fill in a variable only where it says so', () => {
  const line = ['--header', { expands: 'Authorization: Bearer ', variable: 'KEY' }]
  expect(words(posixLine(line), { KEY: 'of "mine"' })).toEqual(['--header', 'Authorization: Bearer of "mine"'])
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference that stays
  expect(words(posixLine(['Bearer ${KEY}']), { KEY: 'mine' })).toEqual(['Bearer ${KEY}'])
  expect(powershellLine(line)).toBe('--header "Authorization: Bearer $env:KEY"')
})

it('leaves nothing for PowerShell to read but single quotes', () => {
  // No PowerShell is here to ask: a word is bare and harmless, or every mark that it takes for a quote is doubled.
  fc.assert(
    fc.property(odd, (word) => {
      const line = powershellLine([word])
      if (line === word) {
        expect(word).toMatch(/^[\w+=:./-]+$/)
      } else {
        expect(line).toMatch(/^'(?:[^'\u2018-\u201b]|(['\u2018-\u201b])\1)*'$/)
        expect(line.slice(1, -1).replace(/(['\u2018-\u201b])\1/g, '$1')).toBe(word)
      }
    }),
  )
  expect(powershellLine(['claude', '--', 'npx', '-y', '-a.b', '@x', 'a,b', '$env:X'])).toBe(
    "claude '--' npx -y '-a.b' '@x' 'a,b' '$env:X'",
  )
})

it('starts programs on Windows through cmd, which fills in nothing', () => {
  expect(systemLine(['C:\\Program Files\\pentauth.cmd', 'headers', 'pensyve'], 'win32')).toBe(
    '"C:\\Program Files\\pentauth.cmd" headers pensyve',
  )
  expect(programOf(['npx', '-y'], 'win32')).toEqual(['cmd', '/c', 'npx', '-y'])
  for (const word of ['a&b', '%PATH%', 'a"b', 'a|b', 'a^b', 'a>b', '!x!', 'a\nb']) {
    expect(() => systemLine([word], 'win32')).toThrowError(expect.objectContaining({ code: 'invalid_option' }))
    expect(() => programOf(['npx', word], 'win32')).toThrowError(expect.objectContaining({ code: 'invalid_option' }))
  }
})
