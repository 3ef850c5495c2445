import { hasMarker, renderings, testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import { apiKey, createAuth, PentauthError, type Resource, type Service } from '../../src/index.ts'
import { pendium, pendra, pensyve, pentographer, profundis } from '../../src/services.ts'
import { seeded } from '../support/auth.ts'
import { recorder } from './support/recorder.ts'
import { inWords, rounds } from './support/rounds.ts'

/** What a client made of one raw key: the credential on the wire, or the error before any. */
interface Outcome {
  readonly wire: string | undefined
  readonly requests: number
  readonly error: unknown
}
type Client = (service: Service, raw: string) => Promise<Outcome>

const urlOf = (service: Service) => Object.values<Resource>(service.resources).find(({ apiKey }) => apiKey)?.url ?? ''

const ours: Client = async (service, raw) => {
  const { sent, fetch } = recorder()
  const auth = createAuth(service, { credential: apiKey(raw, { name: 'SOURCE' }), runtime: { fetch } })
  const error = await auth.fetch(urlOf(service)).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return { wire: wireOf(sent[0]), requests: sent.length, error }
}

/** Puts into the header whatever it is given. */
const unchecked: Client = async (service, raw) => {
  const { sent, fetch } = recorder()
  try {
    await fetch(urlOf(service), { headers: { authorization: `Bearer ${raw}` } })
    return { wire: wireOf(sent[0]), requests: sent.length, error: undefined }
  } catch (error) {
    return { wire: undefined, requests: sent.length, error }
  }
}

function wireOf(request: Request | undefined): string | undefined {
  return request?.headers.get('x-api-key') ?? request?.headers.get('authorization')?.replace(/^Bearer /, '')
}

const isTyped = (error: unknown, ...codes: string[]): error is PentauthError =>
  PentauthError.isInstance(error) && codes.includes(error.code)
const shows = (error: unknown) => renderings(error).some(({ text }) => hasMarker(text))

// From its seed for each client: both meet the same keys.
let random = seeded(1)
const below = (limit: number) => Math.floor(random() * limit)
const one = <T>(list: readonly T[]): T => list[below(list.length)] as T

const owners: readonly (readonly [Service, (name: string) => string])[] = [
  [pendium, testKey.pendium],
  [pensyve, testKey.pensyve],
  [profundis, testKey.profundis],
  [pentographer, testKey.pentographer],
  [pendra, testKey.pendra],
]

const around = [' ', '\t', '\n', '\r\n', '\r', '\u00a0', '\ufeff', '\u2003', '\u2028', '\u3000', '\v', '\f']
threat<Client, { key: string; outcome: Outcome }[]>('G1', `${inWords(1_000)} keys with white space around them`, {
  ours,
  twin: unchecked,
  attack: async (client) => {
    random = seeded(1)
    const outcomes = []
    for (let round = 0; round < rounds(1_000); round++) {
      const [service, make] = one(owners)
      const key = make(String(round))
      const frame = () => Array.from({ length: below(3) }, () => one(around)).join('')
      outcomes.push({ key, outcome: await client(service, frame() + key + frame()) })
    }
    return outcomes
  },
  breaches: (outcomes) =>
    outcomes.flatMap(({ key, outcome }, round) =>
      outcome.wire === key ? [] : [`round ${round}: not the bare key on the wire`],
    ),
})

/** Characters that no header can carry, or that each software reads in its own way. */
function oddCharacter(): number {
  const code = one([
    () => below(0x20),
    () => one([0, 9, 10, 13]),
    () => 0x7f + below(0x22),
    () => 0xa0 + below(0x60),
    () => 0x100 + below(0x2f00),
    () => one([0x200b, 0x200d, 0x2060, 0xfeff, 0x2018, 0x201c, 0x201d, 0x2013, 0x2014, 0x202e, 0x20, 0xd800, 0xdfff]),
    () => 0x1f300 + below(0x300),
  ])()
  return code
}

threat<Client, { position: number; code: number; outcome: Outcome }[]>(
  'G2',
  `${inWords(10_000)} keys with an odd character inside`,
  {
    ours,
    twin: unchecked,
    attack: async (client) => {
      const outcomes = []
      for (let round = 0; round < rounds(10_000); round++) {
        const [service, make] = one(owners)
        const key = make(String(round % 100))
        // Not in front of the prefix, where the first complaint is another one.
        const position = 8 + below(key.length - 9)
        const code = oddCharacter()
        const raw = key.slice(0, position) + String.fromCodePoint(code) + key.slice(position)
        outcomes.push({ position, code, outcome: await client(service, raw) })
      }
      return outcomes
    },
    breaches: (outcomes) =>
      outcomes.flatMap(({ position, code, outcome: { requests, error } }, round) => {
        const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
        if (!isTyped(error, 'malformed_credential')) return [`${name} in round ${round}: not refused as malformed`]
        if (!error.message.includes(`${name} at position ${position + 1}`))
          return [`${name}: not named with its position`]
        if (requests > 0) return [`${name}: sent all the same`]
        // Rendering is slow; what is thrown by one line is the same in all rounds.
        return round % 10 === 0 && shows(error) ? [`${name}: the key shows`] : []
      }),
  },
)

const wrappings: Record<string, (key: string) => string> = {
  'double quotes': (key) => `"${key}"`,
  'single quotes': (key) => `'${key}'`,
  'a quote in front': (key) => `"${key}`,
  Bearer: (key) => `Bearer ${key}`,
  'bearer, tab': (key) => `bearer\t${key}`,
  export: (key) => `export API_KEY=${key}`,
  'an assignment': (key) => `API_KEY=${key}`,
  'a comment behind': (key) => `${key} # production`,
  'a placeholder': () => 'your-api-key',
  'a placeholder with a prefix': () => 'psy_your_key_here',
  undefined: () => 'undefined',
  null: () => 'null',
  'a variable': () => '$API_KEY',
  'angle brackets': () => '<API_KEY>',
}

threat<Client, [string, Outcome][]>('G3', 'keys as they are pasted by mistake', {
  ours,
  twin: unchecked,
  attack: async (client) => {
    const outcomes: [string, Outcome][] = []
    for (const [name, wrap] of Object.entries(wrappings)) {
      for (const [service, make] of owners) outcomes.push([name, await client(service, wrap(make('pasted')))])
    }
    return outcomes
  },
  breaches: (outcomes) =>
    outcomes.flatMap(([name, { requests, error }]) => {
      if (!isTyped(error, 'malformed_credential')) return [`${name}: not refused`]
      if (!error.hint || requests > 0) return [`${name}: without a hint, or sent`]
      return shows(error) ? [`${name}: the key shows`] : []
    }),
})

/** Keys and secrets that can be told by what they begin with. */
const kinds: readonly [owner: string, value: string][] = [
  ['pensyve', testKey.pensyve()],
  ['pentographer', testKey.pentographer()],
  ['pendra', testKey.pendra()],
  ['pendium', testKey.pendium()],
  ['a client secret', testKey.pentographerSecret()],
  ['a client id', testKey.pentographerClientId()],
  ['anthropic', `sk-ant-${testKey.token()}`],
  ['openai', `sk-proj-${testKey.token()}`],
]

threat<Client, [string, Outcome][]>('G6', 'the right kind of key at the wrong service, and the wrong kind', {
  ours,
  twin: unchecked,
  attack: async (client) => {
    const outcomes: [string, Outcome][] = []
    for (const [service] of owners) {
      for (const [owner, value] of kinds) {
        if (owner !== service.id) outcomes.push([`${owner} at ${service.id}`, await client(service, value)])
      }
    }
    return outcomes
  },
  breaches: (outcomes) => [
    ...(outcomes.length === 36 ? [] : [`${outcomes.length} pairs`]),
    ...outcomes.flatMap(([name, { requests, error }]) =>
      isTyped(error, 'wrong_credential') && requests === 0 && !shows(error) ? [] : [`${name}: not refused`],
    ),
  ],
})
