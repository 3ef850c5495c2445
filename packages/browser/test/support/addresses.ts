/** Addresses that lead elsewhere, or are made to look as if they led here. */
export const elsewhere: readonly string[] = [
  'https://evil.example',
  'https://evil.example/notes',
  '//evil.example',
  '///evil.example',
  '////evil.example/..',
  '/\\evil.example',
  '\\\\evil.example',
  '\\/evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '\t//evil.example',
  ' //evil.example',
  '\u0000//evil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/a/..//evil.example',
  '/%2e%2e//evil.example',
  '/.\\evil.example',
  '%09//evil.example',
  '/%09/evil.example',
  '/%5cevil.example',
  '/%2f%2fevil.example',
  'https:evil.example',
  'https:/evil.example',
  'https:\\\\evil.example',
  'http:evil.example',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\nscript:alert(1)',
  '\u0001javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'file:///etc/passwd',
  'about:blank',
  'blob:https://evil.example/1',
  `blob:${location.origin}/1`,
  'filesystem:https://evil.example/1',
  'mailto:a@evil.example',
  'com.example.app:/x',
  `${location.origin}@evil.example`,
  `${location.origin}.evil.example`,
  `${location.protocol}//user:pw@${location.host}/notes`,
  `${location.protocol}//${location.hostname}:1/notes`,
  `${location.protocol}//${location.hostname}.:${location.port}/notes`,
  `https://${location.host}/notes`,
  `//${location.hostname}:1/notes`,
  '//evil。example',
  '/\u2028/evil.example',
  'http://[::1',
  'http://',
  '//',
  '',
]

const pieces = [
  '/',
  '/',
  '\\',
  '//',
  '.',
  '..',
  '@',
  ':',
  '?',
  '#',
  '%09',
  '%2f',
  '%5c',
  '%00',
  '\t',
  '\n',
  '\r',
  ' ',
  ';',
]
const words = [
  'evil.example',
  'https:',
  'http:',
  'javascript:',
  'data:',
  'blob:',
  'user:pw',
  'notes',
  location.host,
  location.origin,
]

/** The same addresses on each run. */
export function generated(count: number): readonly string[] {
  let seed = 20_261_122
  const dice = (sides: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((seed / 2 ** 32) * sides)
  }
  const one = () => {
    const from = dice(3) === 0 ? words : pieces
    return from[dice(from.length)] ?? ''
  }
  return Array.from({ length: count }, () => Array.from({ length: 1 + dice(7) }, one).join(''))
}
