import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { shapeFlaw } from '../src/credential-shape.ts'
import { apiKey, createAuth, defineService, type PentauthEvent, relocate, type Service } from '../src/index.ts'
import { checkKey as checkFor } from '../src/key-format.ts'
import { pendium, pendra, pensyve, pentographer, profundis, services } from '../src/services.ts'
import { offline, seeded } from './support/auth.ts'

const keyOf: Record<string, (name?: string) => string> = {
  pendium: testKey.pendium,
  pensyve: testKey.pensyve,
  profundis: testKey.profundis,
  pentographer: testKey.pentographer,
  pendra: testKey.pendra,
}

/** The check for a service's first resource. */
function checkKey(service: Service, raw: string, source: string) {
  const [resource] = Object.values(service.resources)
  return checkFor({ service, resource: resource as NonNullable<typeof resource> }, raw, source)
}

/** Whether a key is accepted unchanged, and what is said about it. */
function check(service: Service, raw: string) {
  const { key, suspicion } = checkKey(service, raw, 'SOURCE')
  return { isTrimmed: key === raw.trim(), suspicion }
}

const char = (code: number) => String.fromCodePoint(code)
const inTheMiddle = (text: string, code: number) => `${text.slice(0, 20)}${char(code)}${text.slice(20)}`

describe('a good key', () => {
  it.each(services.map((service) => [service.id, service] as const))('of %s passes', (id, service) => {
    for (const name of ['a', 'b', 'c']) {
      expect(check(service, (keyOf[id] as typeof testKey.token)(name))).toEqual({
        isTrimmed: true,
        suspicion: undefined,
      })
    }
  })

  it.each([' K', 'K ', 'K\n', 'K\r\n', '\tK\t', '\uFEFFK', '\u00a0K'])('loses white space around it: %j', (frame) => {
    expect(check(pensyve, frame.replace('K', testKey.pensyve()))).toEqual({ isTrimmed: true, suspicion: undefined })
  })

  it('made of any characters of its alphabet passes', () => {
    const random = seeded(1)
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    for (let round = 0; round < 5000; round++) {
      const body = Array.from({ length: 43 }, () => alphabet[Math.floor(random() * 64)]).join('')
      expect(check(pendra, `pdr_sk_${body}`)).toEqual({ isTrimmed: true, suspicion: undefined })
    }
  })

  it.each([
    ['base64 with padding', 'QWxhZGRpbjpvcGVuIHNlc2FtZQ=='],
    ['base32 with padding, all upper case', 'MFRGGZDFMZTWQ2LKNNWG23TPOBYXE4DB===='],
    ['a word that begins like a placeholder', 'yourself-abc123def456'],
    ['the letters x', 'axxxxxb1'],
  ])('without a prefix passes: %s', (_name, key) => {
    expect(check(profundis, key).isTrimmed).toBe(true)
  })
})

/** How a good key is spoilt, and what the message says. */
const spoilt: [name: string, spoil: (key: string) => string, says: string][] = [
  ['empty', () => '', 'is empty'],
  ['blank', () => ' \t\n', 'is empty'],
  ['double quotes', (key) => `"${key}"`, 'is wrapped in quotes'],
  ['single quotes', (key) => `'${key}'`, 'is wrapped in quotes'],
  ['backticks', (key) => `\`${key}\``, 'is wrapped in quotes'],
  ['Bearer', (key) => `Bearer ${key}`, 'begins with "Bearer "'],
  ['bearer and a tab', (key) => `bearer\t${key}`, 'begins with "Bearer "'],
  ['an assignment', (key) => `PENSYVE_API_KEY=${key}`, 'is a whole assignment'],
  ['an exported assignment', (key) => `export PENSYVE_API_KEY="${key}"`, 'is a whole assignment'],
  ['half a pair of quotes', (key) => `${key}"`, 'is wrapped in quotes'],
  ['a variable in braces', () => '$'.concat('{PENSYVE_API_KEY}'), 'is a variable reference'],
  ['a variable', () => '$PENSYVE_API_KEY', 'is a variable reference'],
  ['undefined', () => 'undefined', 'is a placeholder'],
  ['null', () => 'NULL', 'is a placeholder'],
  ['the example of the page', () => 'psy_your_key_here', 'is a placeholder'],
  ['your-api-key', () => 'your-api-key', 'is a placeholder'],
  ['angle brackets', () => '<YOUR_API_KEY>', 'is a placeholder'],
  ['dots at the end', (key) => `${key.slice(0, 8)}...`, 'is a placeholder'],
  ['an ellipsis at the end', (key) => `${key.slice(0, 8)}…`, 'is a placeholder'],
  ['crosses', () => 'psy_xxxxxxxxxxxx', 'is a placeholder'],
  ['a line end inside', (key) => inTheMiddle(key, 0x0a), 'U+000A at position 21'],
  ['a carriage return inside', (key) => inTheMiddle(key, 0x0d), 'U+000D at position 21'],
  ['NUL inside', (key) => inTheMiddle(key, 0x00), 'U+0000 at position 21'],
  ['a space inside', (key) => inTheMiddle(key, 0x20), 'U+0020 at position 21'],
  ['a letter beyond ASCII', (key) => inTheMiddle(key, 0xe9), 'U+00E9 at position 21'],
  ['a zero-width space', (key) => inTheMiddle(key, 0x200b), 'U+200B at position 21'],
  ['an emoji, which is one character', (key) => inTheMiddle(key, 0x1f511), 'U+1F511 at position 21'],
  ['the delete character', (key) => inTheMiddle(key, 0x7f), 'U+007F at position 21'],
  ['half a surrogate pair', (key) => `${key}\ud800`, 'U+D800 at position'],
  ['smart quotes', (key) => `${char(0x201c)}${key}${char(0x201d)}`, 'U+201C at position 1'],
  ['a long dash in the prefix', (key) => key.replace('_', char(0x2014)), 'U+2014 at position 4'],
]

describe('a spoilt key', () => {
  it.each(spoilt)('%s', async (_name, spoil, says) => {
    const error = await caught(() => checkKey(pensyve, spoil(testKey.pensyve()), '.env:3'))
    expect(error).toMatchObject({ code: 'malformed_credential', service: 'pensyve', retryable: false })
    expect(error.message).toMatch(/^The Pensyve API key from \.env:3 /)
    expect(error.message).toContain(says)
    expect(error.hint).toContain('PENSYVE_API_KEY')
  })

  it.each(spoilt)('is told before any request: %s', async (_name, spoil) => {
    const credential = apiKey(spoil(testKey.pensyve()), { name: 'MY_KEY' })
    const auth = createAuth(pensyve, { credential, runtime: offline })
    const error = await caught(auth.fetch('https://api.pensyve.com/v1/recall'))
    expect(error.code).toBe('malformed_credential')
    expect(error.message).toContain('from MY_KEY')
  })

  it.each([null, 5, {}, true])('%j is no string', async (value) => {
    const auth = createAuth(pensyve, { credential: apiKey(value as unknown as string), runtime: offline })
    expect(await caught(auth.credential())).toMatchObject({ code: 'malformed_credential' })
    const later = createAuth(pensyve, { credential: apiKey(() => value as unknown as string), runtime: offline })
    expect(await caught(later.credential())).toMatchObject({ code: 'malformed_credential' })
  })

  it('never shows, wherever one odd character stands', () => {
    const random = seeded(2)
    const odd = [0, 9, 10, 13, 32, 127, 0xa0, 0xe9, 0x200b, 0x200e, 0x2028, 0x202e, 0xfeff, 0x1f4a9, 0xd800, 0xffff]
    for (let round = 0; round < 400; round++) {
      const key = testKey.pensyve(String(round))
      // Not at the ends, where white space is removed.
      const at = 1 + Math.floor(random() * (key.length - 2))
      const code = odd[Math.floor(random() * odd.length)] as number
      let error: unknown
      try {
        checkKey(pensyve, key.slice(0, at) + char(code) + key.slice(at), 'SOURCE')
      } catch (thrown) {
        error = thrown
      }
      const codePoint = `U+${code.toString(16).toUpperCase().padStart(4, '0')} at position ${at + 1})`
      expect(error).toMatchObject({ code: 'malformed_credential' })
      expect(String(error)).toContain(codePoint)
      if (round % 20 === 0) expectNoMarker(error)
    }
  })

  it('leaves to Headers nothing that it refuses', () => {
    const random = seeded(3)
    for (let round = 0; round < 3000; round++) {
      const length = 1 + Math.floor(random() * 12)
      const text = Array.from({ length }, () => char(Math.floor(random() * 0x250))).join('')
      if (shapeFlaw(text) === undefined) expect(new Headers({ 'x-api-key': text }).get('x-api-key')).toBe(text)
    }
  })
})

describe('a key in the wrong place', () => {
  const wrong: [name: string, service: Service, key: string, says: string, hint?: string][] = [
    ['Pendra to Pensyve', pensyve, testKey.pendra(), 'looks like a Pendra API key ("pdr_sk_…")'],
    ['Pensyve to Pendra', pendra, testKey.pensyve(), 'looks like a Pensyve API key ("psy_…")'],
    ['Pensyve to Profundis, which has no prefix', profundis, testKey.pensyve(), 'looks like a Pensyve API key'],
    ['Pentographer to Pendium', pendium, testKey.pentographer(), 'looks like a Pentographer API key'],
    ['Pendium to Pentographer', pentographer, testKey.pendium(), 'looks like a Pendium API key'],
    ['Anthropic to Pendra', pendra, `sk-ant-${testKey.token()}`, 'looks like an Anthropic API key'],
    ['OpenAI to Pendra', pendra, `sk-proj-${testKey.token()}`, 'looks like an OpenAI API key'],
    [
      'a client secret as a key',
      pentographer,
      testKey.pentographerSecret(),
      'looks like a Pentographer client secret ("ptgs_…")',
      'clientCredentials({ clientId, clientSecret })',
    ],
    [
      'a client ID as a key',
      pentographer,
      testKey.pentographerClientId(),
      'looks like a Pentographer client ID',
      'clientCredentials(',
    ],
    [
      'a client secret to another service',
      pensyve,
      testKey.pentographerSecret(),
      'looks like a Pentographer client secret',
    ],
  ]
  it.each(wrong)('%s', async (_name, service, key, says, hint) => {
    const error = await caught(() => checkKey(service, key, 'SOURCE'))
    expect(error).toMatchObject({ code: 'wrong_credential', service: service.id })
    expect(error.message).toContain(`The ${service.name} API key from SOURCE ${says}`)
    if (hint) expect(error.hint).toContain(hint)
  })

  it.each([
    [pensyve, 'psy_'],
    [pentographer, 'ptg_'],
    [pendra, 'pdr_sk_'],
  ] as const)('the documented prefix is missing: %#', async (service, prefix) => {
    const error = await caught(() => checkKey(service, testKey.profundis(), 'SOURCE'))
    expect(error).toMatchObject({ code: 'malformed_credential' })
    expect(error.message).toContain(`does not begin with "${prefix}"`)
  })

  it('a definition of your own may have the prefix of a known service', () => {
    const own = defineService({ ...pensyve, id: 'pensyve-eu', name: 'Pensyve EU' })
    expect(check(own, testKey.pensyve())).toEqual({ isTrimmed: true, suspicion: undefined })
    expect(() => checkKey(own, testKey.pendra(), 'SOURCE')).toThrow('looks like a Pendra API key')
  })
})

describe('an unusual key is an event and no error', () => {
  const elsewhere = (service: Service) =>
    relocate(service, { [new URL(Object.values(service.resources)[0]?.url ?? '').origin]: 'http://127.0.0.1:9' })

  const unusual: [name: string, service: Service, key: string, says: string][] = [
    ['Pendium, whose prefix is assumed', pendium, testKey.profundis(), 'does not begin with "pendium_"'],
    ['an older Pendium key', pendium, `pk_live_${testKey.token()}`, 'does not begin with "pendium_"'],
    ['a cut key', pendra, testKey.pendra().slice(0, 30), 'does not have the usual form'],
    ['a lengthened key', pentographer, `${testKey.pentographer()}0`, 'does not have the usual form'],
    ['relocated: no prefix', elsewhere(pensyve), testKey.profundis(), 'does not begin with "psy_"'],
    ['relocated: another service', elsewhere(pensyve), testKey.pendra(), 'looks like a Pendra API key'],
    [
      'relocated: a client secret',
      elsewhere(pentographer),
      testKey.pentographerSecret(),
      'looks like a Pentographer client secret',
    ],
  ]
  it.each(unusual)('%s', async (_name, service, key, says) => {
    const events: PentauthEvent[] = []
    const onEvent = (event: PentauthEvent) => void events.push(event)
    const auth = createAuth(service, { credential: apiKey(key, { name: 'SOURCE' }), runtime: offline, onEvent })
    const credential = await auth.credential(Object.values(service.resources)[0]?.url)
    expect(credential.secret.reveal() === key).toBe(true)
    const suspect = events.filter(({ type }) => type === 'credential_suspect')
    expect(suspect).toHaveLength(1)
    expect(suspect[0]).toMatchObject({ source: 'SOURCE', reason: expect.stringContaining(`SOURCE ${says}`) })
    expectNoMarker(events)
  })

  it.each(spoilt)('what cannot be a credential stays an error after relocate: %s', (_name, spoil) => {
    const raw = spoil(testKey.pensyve())
    expect(() => checkKey(elsewhere(pensyve), raw, 'SOURCE')).toThrow(
      expect.objectContaining({ code: 'malformed_credential' }),
    )
  })
})
