import { describe, expect, it } from 'vitest'
import { bearerChallenge } from '../src/challenge.ts'
import { parseChallenge } from '../src/index.ts'

type Short = [scheme: string, rest: string | Record<string, string>]

/** Challenges in short: the scheme with its parameters, or with its token. */
function short(header: string | null | undefined): Short[] {
  return parseChallenge(header).map(({ scheme, token68, parameters }) => [scheme, token68 ?? { ...parameters }])
}

const corpus: [name: string, header: string | null | undefined, expected: Short[]][] = [
  // Nothing to read
  ['null', null, []],
  ['undefined', undefined, []],
  ['empty', '', []],
  ['white space', ' \t ', []],
  ['commas only', ' , ,, ', []],
  ['a quote only', '"', []],
  ['an equals sign only', '=', []],
  ['no scheme', '="x"', []],
  ['control characters', '\u0000\u0001', []],
  ['letters beyond ASCII', 'é realm="x"', []],
  // One challenge
  ['a bare scheme', 'Bearer', [['bearer', {}]]],
  ['a scheme and spaces', 'Bearer   ', [['bearer', {}]]],
  ['one parameter', 'Bearer realm="x"', [['bearer', { realm: 'x' }]]],
  ['upper case', 'BEARER REALM="X"', [['bearer', { realm: 'X' }]]],
  ['mixed case', 'bEaReR Error="invalid_token"', [['bearer', { error: 'invalid_token' }]]],
  ['several parameters', 'Bearer a="1", b="2",c=3', [['bearer', { a: '1', b: '2', c: '3' }]]],
  ['spaces around the equals sign', 'Bearer realm = "x"', [['bearer', { realm: 'x' }]]],
  ['tabs', 'Bearer\trealm="x"\t,\terror="y"', [['bearer', { realm: 'x', error: 'y' }]]],
  ['empty list elements', ',, Bearer realm="x",,, error="y",', [['bearer', { realm: 'x', error: 'y' }]]],
  ['a missing comma', 'Bearer realm="x" error="y"', [['bearer', { realm: 'x', error: 'y' }]]],
  ['an empty quoted value', 'Bearer realm=""', [['bearer', { realm: '' }]]],
  ['a quoted comma', 'Bearer realm="a, b"', [['bearer', { realm: 'a, b' }]]],
  ['a quoted challenge', 'Basic realm="Bearer error=x, Bearer"', [['basic', { realm: 'Bearer error=x, Bearer' }]]],
  ['an escaped quote', 'Bearer realm="a \\"b\\" c"', [['bearer', { realm: 'a "b" c' }]]],
  ['an escaped backslash', 'Bearer realm="a\\\\", error="b"', [['bearer', { realm: 'a\\', error: 'b' }]]],
  ['a quoted equals sign', 'Bearer scope="a=b c=d"', [['bearer', { scope: 'a=b c=d' }]]],
  [
    'an unquoted URL',
    'Bearer resource_metadata=https://x.example/.well-known/a?b=c',
    [['bearer', { resource_metadata: 'https://x.example/.well-known/a?b=c' }]],
  ],
  [
    'an unquoted URL before another parameter',
    'Bearer resource_metadata=https://x.example/a, error=invalid_token',
    [['bearer', { resource_metadata: 'https://x.example/a', error: 'invalid_token' }]],
  ],
  [
    'a JavaScript URL is only text',
    'Bearer resource_metadata="javascript:0"',
    [['bearer', { resource_metadata: 'javascript:0' }]],
  ],
  [
    'names from Object.prototype',
    'Bearer __proto__="a", constructor="b"',
    [['bearer', { ['__proto__']: 'a', constructor: 'b' }]],
  ],
  ['an odd scheme name', "X-!#$%&'*+.^_`|~ a=b", [["x-!#$%&'*+.^_`|~", { a: 'b' }]]],
  // Tokens
  ['token68', 'Negotiate YII=', [['negotiate', 'YII=']]],
  ['token68 with padding', 'Negotiate abc/+-._~==', [['negotiate', 'abc/+-._~==']]],
  [
    'token68 before Bearer',
    'Negotiate YII=, Bearer realm="x"',
    [
      ['negotiate', 'YII='],
      ['bearer', { realm: 'x' }],
    ],
  ],
  [
    'token68 behind Bearer',
    'Bearer realm="x", Negotiate YII=',
    [
      ['bearer', { realm: 'x' }],
      ['negotiate', 'YII='],
    ],
  ],
  // Several challenges
  [
    'Basic before Bearer',
    'Basic realm="a", Bearer error="b"',
    [
      ['basic', { realm: 'a' }],
      ['bearer', { error: 'b' }],
    ],
  ],
  [
    'DPoP before Bearer',
    'DPoP algs="ES256 PS256", Bearer scope="s"',
    [
      ['dpop', { algs: 'ES256 PS256' }],
      ['bearer', { scope: 's' }],
    ],
  ],
  [
    'bare schemes',
    'Negotiate, NTLM, Bearer',
    [
      ['negotiate', {}],
      ['ntlm', {}],
      ['bearer', {}],
    ],
  ],
  [
    'two Bearer challenges',
    'Bearer realm="a", Bearer realm="b"',
    [
      ['bearer', { realm: 'a' }],
      ['bearer', { realm: 'b' }],
    ],
  ],
  [
    'a parameter of each',
    'A x=1, y=2, B x=3',
    [
      ['a', { x: '1', y: '2' }],
      ['b', { x: '3' }],
    ],
  ],
  // Parameters that were given twice: neither value can be trusted
  ['a duplicate', 'Bearer error="a", error="b"', [['bearer', {}]]],
  ['a duplicate in another case', 'Bearer Error="a", eRROR="b", scope="c"', [['bearer', { scope: 'c' }]]],
  ['three of a kind', 'Bearer a=1, a=2, a=3', [['bearer', {}]]],
  [
    'the same name in two challenges',
    'A a=1, B a=2',
    [
      ['a', { a: '1' }],
      ['b', { a: '2' }],
    ],
  ],
  // Broken: what was read before is kept, and nothing is invented
  ['an unclosed quote', 'Bearer error="invalid_token', [['bearer', {}]]],
  ['an unclosed quote behind a parameter', 'Bearer realm="x", error="y', [['bearer', { realm: 'x' }]]],
  ['an unclosed quote that looks like a scheme', 'Basic realm="x", bearer="y', [['basic', { realm: 'x' }]]],
  ['an escape at the end', 'Bearer realm="x\\', [['bearer', {}]]],
  ['a missing value', 'Bearer a=, b=2', [['bearer', 'a=']]],
  ['garbage behind a challenge', 'Bearer realm="x", @@@ error="y"', [['bearer', { realm: 'x' }]]],
  ['HTML', '<html>', []],
]

describe('parseChallenge', () => {
  it.each(corpus)('%s', (_name, header, expected) => {
    expect(short(header)).toEqual(expected)
  })

  it('reads two header lines, which fetch joins', () => {
    const headers = new Headers([
      ['www-authenticate', 'Basic realm="a, b"'],
      ['www-authenticate', 'Bearer error="invalid_token"'],
    ])
    expect(short(headers.get('www-authenticate'))).toEqual([
      ['basic', { realm: 'a, b' }],
      ['bearer', { error: 'invalid_token' }],
    ])
  })

  it('leaves Object.prototype alone', () => {
    const [challenge] = parseChallenge('Bearer __proto__="polluted"')
    expect(Object.getPrototypeOf(challenge?.parameters)).toBeNull()
    expect('polluted' in {}).toBe(false)
  })
})

describe('bearerChallenge', () => {
  it.each([
    ['Negotiate YII=, DPoP algs="ES256", BEARER error="x"', { error: 'x' }],
    ['Basic realm="Bearer error=\\"y\\""', undefined],
    ['Bearer realm="first", Bearer realm="second"', { realm: 'first' }],
    [null, undefined],
  ])('%s', (header, expected) => {
    const parameters = bearerChallenge(header)
    expect(parameters && { ...parameters }).toEqual(expected)
  })
})

describe('hostile headers of 64 KB', () => {
  const long = 65_536
  it.each([
    ['spaces', ' '.repeat(long), 0],
    ['commas', ','.repeat(long), 0],
    ['one scheme', 'a'.repeat(long), 1],
    ['quotes', '"'.repeat(long), 0],
    ['backslashes in a quote', `Bearer a="${'\\'.repeat(long)}`, 1],
    ['an unclosed quote', `Bearer a="${'x'.repeat(long)}`, 1],
    ['spaces before an equals sign', `Bearer a${' '.repeat(long)}=x`, 1],
    ['equals signs', `Bearer ${'='.repeat(long)}`, 0],
    ['token68 that never ends', `Negotiate ${'a'.repeat(long)};`, 1],
    ['names and spaces', `Bearer ${'a '.repeat(long / 2)}`, undefined],
    ['names and line ends', `Bearer ${'a\n'.repeat(long / 2)}`, undefined],
    ['many challenges', 'a b=c, '.repeat(long / 7), undefined],
    ['many parameters', `Bearer ${Array.from({ length: 8192 }, (_, i) => `p${i}=${i}`).join(', ')}`, 1],
    ['one duplicate without end', `Bearer ${'a=1,'.repeat(long / 4)}`, undefined],
  ])('%s', (_name, header, count) => {
    const challenges = parseChallenge(header)
    if (count !== undefined) expect(challenges.length).toBe(count)
    // At most 16 KiB are read: no more than a challenge for every second character.
    expect(challenges.length).toBeLessThanOrEqual(8192)
    expect(challenges.every(({ parameters }) => parameters.a !== '1')).toBe(true)
  })
})
