import { hasMarker, testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import { describe, expect, it } from 'vitest'
import { apiKey, errorFrom, type PentauthError, parseChallenge } from '../../src/index.ts'
import { pensyve } from '../../src/services.ts'
import { recorded } from '../support/auth.ts'

type Parameters = Readonly<Record<string, string>>
type Parser = (header: string) => Parameters | undefined

const ours: Parser = (header) => parseChallenge(header).find(({ scheme }) => scheme === 'bearer')?.parameters
/** Looks for the word and reads name="value" behind it, as clients commonly do. */
const naive: Parser = (header) => {
  const at = header.indexOf('Bearer ')
  if (at < 0) return undefined
  return Object.fromEntries(
    Array.from(header.slice(at).matchAll(/(\w+)="([^"]*)"/g), ([, name = '', value = '']) => [name, value]),
  )
}

// I1: each form of the one Bearer challenge in each company: 40 headers, one right answer.
const bearers: Record<string, string> = {
  plain: 'Bearer error="invalid_token", scope="a, b"',
  'upper case': 'BEARER ERROR="invalid_token",SCOPE="a, b"',
  spaces: 'Bearer  error = "invalid_token" ,\tscope= "a, b"',
  'bare and quoted': 'bearer error=invalid_token, scope="a, b"',
  escapes: 'Bearer error="invalid\\_token", scope="\\a\\, b"',
}
const companies: Record<string, (bearer: string) => string> = {
  alone: (bearer) => bearer,
  'behind Basic that quotes it': (bearer) => `Basic realm="Bearer error=\\"evil\\", scope=\\"evil\\"", ${bearer}`,
  'behind DPoP': (bearer) => `DPoP algs="ES256 PS256", error="evil", scope="evil", ${bearer}`,
  'behind token68': (bearer) => `Negotiate YIIBearer==, ${bearer}`,
  'behind bare schemes': (bearer) => `NTLM, Negotiate, ${bearer}`,
  'before Digest': (bearer) => `${bearer}, Digest realm="x, y", error="evil", scope="evil"`,
  'before another scheme that begins alike': (bearer) => `${bearer}, BearerX error="evil", scope="evil"`,
  'between empty list elements': (bearer) => `, ,, ${bearer},, Basic realm=""`,
}
const headers = Object.entries(companies).flatMap(([company, place]) =>
  Object.entries(bearers).map(([form, bearer]) => [`${form}, ${company}`, place(bearer)] as const),
)

threat<Parser, [string, Parameters | undefined][]>('I1', '40 headers with one Bearer challenge', {
  ours,
  twin: naive,
  attack: (parse) => headers.map(([name, header]) => [name, parse(header)]),
  breaches: (read) => [
    ...(read.length === 40 ? [] : [`${read.length} headers`]),
    ...read.flatMap(([name, parameters]) =>
      parameters?.error === 'invalid_token' && parameters.scope === 'a, b' && Object.keys(parameters).length === 2
        ? []
        : [`${name}: ${JSON.stringify(parameters)}`],
    ),
  ],
})

threat<Parser, [string, Parameters | undefined][]>('I1', 'headers without a Bearer challenge', {
  ours,
  twin: naive,
  attack: (parse) =>
    [
      'Basic realm="Bearer error=\\"evil\\""',
      'DPoP error="evil"',
      'Digest realm="Bearer error=evil"',
      'XBearer error="evil"',
    ].map((header) => [header, parse(header)]),
  breaches: (read) => read.flatMap(([header, parameters]) => (parameters === undefined ? [] : [header])),
})

// I2: parameters that no honest server sends.
type Judge = (challenge: string, status: number) => Promise<Error | undefined>
const key = testKey.pensyve()
const judge: Judge = async (challenge, status) => {
  const answer = () => new Response('{}', { status, headers: { 'www-authenticate': challenge } })
  return errorFrom(await recorded(pensyve, apiKey(key), answer).auth.fetch(pensyve.resources.rest.url))
}
const repeating: Judge = async (challenge) => {
  const found = naive(challenge) ?? {}
  const parameters = found.scope === undefined ? {} : { parameters: { scope: found.scope } }
  return Object.assign(new Error(Object.values(found).join(' ')), { code: found.error, ...parameters })
}
const hostile: Record<string, string> = {
  'an error twice': 'Bearer error="invalid_token", error="insufficient_scope"',
  'an error three times, in two cases': 'Bearer error="insufficient_scope", ERROR="x", Error="insufficient_scope"',
  'a scope twice': 'Bearer error="insufficient_scope", scope="a", scope="admin"',
  'resource_metadata twice': 'Bearer resource_metadata="https://a.test/", resource_metadata="https://evil.test/"',
  'a script as metadata': 'Bearer resource_metadata="javascript:alert(1)"',
  'ten thousand scopes': `Bearer error="insufficient_scope", scope="${'s '.repeat(7_000)}"`,
  'a description without end': `Bearer error="invalid_token", error_description="${'x'.repeat(16_000)}"`,
  'control characters': 'Bearer error="insufficient_scope", scope="\u009b31m\u0085\u00ad"',
  'the key itself': `Bearer error="insufficient_scope", scope="${key}", error_description="${key}"`,
}

threat<Judge, [string, PentauthError | undefined][]>('I2', 'repeated and hostile parameters', {
  ours: judge,
  twin: repeating,
  attack: async (judged) => {
    const outcomes: [string, PentauthError | undefined][] = []
    for (const [name, challenge] of Object.entries(hostile)) {
      for (const status of [401, 403]) outcomes.push([name, (await judged(challenge, status)) as PentauthError])
    }
    return outcomes
  },
  breaches: (outcomes) =>
    outcomes.flatMap(([name, error]) => {
      const text = `${error?.message} ${error?.hint} ${JSON.stringify(error?.parameters ?? {})}`
      return [
        ...(error ? [] : [`${name}: no error`]),
        // Given twice, neither value decides anything.
        ...(/^an error/.test(name) && error?.code === 'insufficient_scope' ? [`${name}: one was believed`] : []),
        ...(name === 'a scope twice' && error?.parameters?.scope ? [`${name}: one was believed`] : []),
        ...(/evil|javascript:/.test(text) ? [`${name}: repeated`] : []),
        ...(text.length > 2_000 ? [`${name}: ${text.length} characters`] : []),
        ...(/[\u0080-\u009f\u00ad]/.test(text) ? [`${name}: not printable`] : []),
        ...(hasMarker(text) ? [`${name}: the key shows`] : []),
      ]
    }),
})

// I3: strings that make a pattern try again and again.
const adversarial: Record<string, (length: number) => string> = {
  spaces: (length) => `Bearer a${' '.repeat(length)}x`,
  commas: (length) => `Bearer a=b${','.repeat(length)}"`,
  'spaces and commas': (length) => `Bearer a=b${', '.repeat(length / 2)}"`,
  'an open quote': (length) => `Bearer a="${'x'.repeat(length)}`,
  backslashes: (length) => `Bearer a="${'\\'.repeat(length + 1)}`,
  'open quotes': (length) => `Bearer ${'a="'.repeat(length / 3)}`,
  'names and spaces': (length) => `Bearer ${'a '.repeat(length / 2)}`,
  'equals signs': (length) => `Bearer a${'='.repeat(length)}"`,
  'token68 without end': (length) => `Negotiate ${'a'.repeat(length)};`,
  'token68 and padding': (length) => `Negotiate ${'a='.repeat(length / 2)};`,
  parameters: (length) => `Bearer ${'a=b, '.repeat(length / 5)}"`,
}

/** CPU of one reading in microseconds, the least of several: what is more was somebody else's. */
function work(parse: (header: string) => unknown, header: string): number {
  const once = () => {
    const start = process.cpuUsage()
    parse(header)
    const { user, system } = process.cpuUsage(start)
    return user + system
  }
  let least = once()
  // What takes that long is looked at twice more: a busy machine may have been in the way.
  for (let again = 0; again < 4 && (again < 2 || least < 50_000); again++) least = Math.min(least, once())
  return least
}
// Below this (µs) a reading is too short to be measured, and no danger.
const negligible = 10_000

threat<(header: string) => unknown, [string, small: number, large: number][]>(
  'I3',
  'adversarial headers, four times as long',
  {
    ours: parseChallenge,
    // Takes the white space off the end first, from every place where some begins.
    twin: (header) => header.replace(/\s+$/, '').split(','),
    attack: (parse) =>
      Object.entries(adversarial).map(([name, make]) => [name, work(parse, make(8_192)), work(parse, make(32_768))]),
    breaches: (measured) =>
      // Four times the text may cost eight times the work; what grows with the square costs sixteen times.
      measured.flatMap(([name, small, large]) =>
        large > negligible && large > 8 * Math.max(small, 1) ? [`${name}: ${small} µs, then ${large} µs`] : [],
      ),
  },
)

describe('I3: the number of patterns tried', () => {
  it('grows no faster than the text', () => {
    const { exec } = RegExp.prototype
    for (const [name, make] of Object.entries(adversarial)) {
      const header = make(65_536)
      let tries = 0
      RegExp.prototype.exec = function counted(this: RegExp, text: string) {
        tries++
        return exec.call(this, text)
      }
      try {
        parseChallenge(header)
      } finally {
        RegExp.prototype.exec = exec
      }
      expect(tries, name).toBeGreaterThan(0)
      expect(tries, name).toBeLessThan(4 * header.length)
    }
  })
})
