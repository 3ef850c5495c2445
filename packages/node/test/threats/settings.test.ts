import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { pendium, pensyve, pentographer } from '@pentauth/core/services'
import { hasMarker, renderings, testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import { afterAll } from 'vitest'
import { apiKey, createAuth, PentauthError, type PentauthEvent, type Service } from '../../src/index.ts'

// Rows of docs/threats.md about what a process is given: variables, .env files, base URLs, debug lines.

type Environment = Record<string, string | undefined>
const key = testKey.pensyve()
const base = pensyve.resources.rest.url

interface Outcome {
  readonly sent: readonly Request[]
  readonly events: readonly PentauthEvent[]
  readonly error: unknown
}
type Client = (env: Environment, service?: Service, envFile?: string) => Promise<Outcome>

function recorder() {
  const sent: Request[] = []
  const fetch = async (input: string | URL | Request, init?: RequestInit) => {
    sent.push(new Request(input, init))
    return new Response('{}')
  }
  return { sent, fetch }
}
const failure = (work: () => unknown): Promise<unknown> =>
  (async () => work())().then(
    () => undefined,
    (error: unknown) => error,
  )

const ours: Client = async (env, service = pensyve, envFile) => {
  const { sent, fetch } = recorder()
  const events: PentauthEvent[] = []
  const error = await failure(() => {
    const onEvent = (event: PentauthEvent) => void events.push(event)
    const auth = createAuth(service, { env, onEvent, runtime: { fetch }, ...(envFile ? { envFile } : {}) })
    const [resource] = Object.values(auth.service.resources)
    return auth.fetch(resource?.url ?? '')
  })
  return { sent, events, error }
}

/** Takes the environment as it is. */
const trusting: Client = async (env, _service, envFile) => {
  const { sent, fetch } = recorder()
  const all = envFile
    ? { ...parseEnv(await import('node:fs').then((fs) => fs.readFileSync(envFile, 'utf8'))), ...env }
    : env
  const error = await failure(() => {
    const headers = new Headers({ authorization: `Bearer ${all.PENSYVE_API_KEY ?? 'none'}` })
    if (all.PENTOGRAPHER_CLIENT_SECRET) headers.set('x-api-key', all.PENTOGRAPHER_CLIENT_SECRET)
    return fetch(`${all.PENSYVE_BASE_URL ?? 'https://api.pensyve.com'}/v1/recall`, { headers })
  })
  return { sent, events: [], error }
}

const isTyped = (error: unknown, ...codes: string[]): error is PentauthError =>
  PentauthError.isInstance(error) && codes.includes(error.code)
const shows = (error: unknown) => renderings(error).some(({ text }) => hasMarker(text))

const urls = [
  'http://gateway.test',
  'http://192.0.2.1',
  'http://localhost.evil.test',
  'http://127.0.0.1.evil.test',
  'ftp://gateway.test',
  'javascript:alert(1)',
  'gateway.test',
  '//gateway.test',
  'https://user:password@gateway.test',
  'https://gateway.test/elsewhere',
  'https://gateway.test/?a=b',
  'https://gateway.test/#a',
  `https://${key.slice(4)}@gateway.test`,
  key,
]
threat<Client, readonly [string, Outcome][]>('F3', 'a base URL in the environment that is no safe origin', {
  ours,
  twin: trusting,
  attack: async (client) => {
    const outcomes: [string, Outcome][] = []
    for (const url of urls) outcomes.push([url, await client({ PENSYVE_API_KEY: key, PENSYVE_BASE_URL: url })])
    return outcomes
  },
  breaches: (outcomes) =>
    outcomes.flatMap(([url, { sent, error }], index) => {
      const name = hasMarker(url) ? `number ${index}` : url
      return [
        ...(sent.length > 0 ? [`${name}: sent`] : []),
        ...(isTyped(error, 'invalid_option') ? [] : [`${name}: no typed error`]),
        ...(shows(error) ? [`${name}: the value shows`] : []),
      ]
    }),
})

threat<Client, Outcome>('F3', 'a base URL in the environment is never followed silently', {
  ours,
  twin: trusting,
  attack: (client) => client({ PENSYVE_API_KEY: key, PENSYVE_BASE_URL: 'https://gateway.test' }),
  breaches: ({ sent, events }) => [
    ...(sent[0]?.url.startsWith('https://gateway.test/v1') ? [] : ['not sent there at all']),
    ...(events.some((event) => event.type === 'service_relocated' && event.by === 'PENSYVE_BASE_URL')
      ? []
      : ['no event']),
  ],
})

const folder = mkdtempSync(join(tmpdir(), 'pentauth-threats-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
function file(text: string): string {
  const path = join(folder, `${++files}.env`)
  writeFileSync(path, text)
  return path
}

threat<Client, Outcome>('F3', 'a base URL in a .env file moves no service', {
  ours,
  twin: trusting,
  attack: (client) => client({ PENSYVE_API_KEY: key }, pensyve, file('PENSYVE_BASE_URL=https://evil.test\n')),
  breaches: ({ sent }) => (sent.length === 1 && sent[0]?.url === base ? [] : ['sent elsewhere']),
})

const pitfalls: Record<string, string> = {
  'cut at "#"': `PENSYVE_API_KEY=${key.slice(0, 30)}#${key.slice(30)}`,
  'with its own quotes': `PENSYVE_API_KEY='"${key}"'`,
  'with Bearer': `PENSYVE_API_KEY="Bearer ${key}"`,
  'an assignment in quotes': `PENSYVE_API_KEY="export PENSYVE_API_KEY=${key}"`,
  'on two lines': `PENSYVE_API_KEY="${key.slice(0, 20)}\n${key.slice(20)}"`,
  placeholder: 'PENSYVE_API_KEY=psy_your_key_here',
}
threat<Client, [string, Outcome][]>('G3', '.env files that hold something other than the key', {
  ours,
  twin: trusting,
  attack: async (client) => {
    const outcomes: [string, Outcome][] = []
    for (const [name, text] of Object.entries(pitfalls)) outcomes.push([name, await client({}, pensyve, file(text))])
    return outcomes
  },
  breaches: (outcomes) =>
    outcomes.flatMap(([name, { sent, error }]) => [
      ...(sent.length > 0 ? [`${name}: sent`] : []),
      ...(isTyped(error, 'malformed_credential') && error.hint ? [] : [`${name}: not refused with a hint`]),
      ...(shows(error) ? [`${name}: the key shows`] : []),
    ]),
})

threat<Client, [string, Outcome][]>('G4', 'a variable that is empty or blank', {
  ours,
  twin: trusting,
  attack: async (client) => {
    const outcomes: [string, Outcome][] = []
    for (const blank of ['', ' ', '\t\n', '\u00a0', undefined]) {
      outcomes.push([JSON.stringify(blank) ?? 'unset', await client({ PENSYVE_API_KEY: blank })])
    }
    return outcomes
  },
  breaches: (outcomes) =>
    outcomes.flatMap(([name, { sent, error }]) => {
      if (!isTyped(error, 'no_credential') || sent.length > 0) return [`${name}: not taken for unset`]
      return error.tried?.some(({ source }) => source === 'PENSYVE_API_KEY')
        ? []
        : [`${name}: the variable is not named`]
    }),
})

threat<Client, Outcome>('G5', 'a key and a client are both set', {
  ours: (env) => ours(env, pentographer),
  twin: (env) => trusting({ ...env, PENSYVE_API_KEY: env.PENTOGRAPHER_API_KEY }),
  attack: (client) =>
    client({
      PENTOGRAPHER_API_KEY: testKey.pentographer(),
      PENTOGRAPHER_CLIENT_ID: testKey.pentographerClientId(),
      PENTOGRAPHER_CLIENT_SECRET: testKey.pentographerSecret(),
    }),
  breaches: ({ sent, events }) => {
    const carriers = sent.flatMap(({ headers }) => [...headers].filter(([, value]) => hasMarker(value)))
    const selected = events.filter((event) => event.type === 'credential_selected')
    return [
      ...(sent.length === 1 && carriers.length === 1 ? [] : [`${carriers.length} headers on ${sent.length} requests`]),
      ...(selected.some(({ passedOver }) => passedOver.length === 1) ? [] : ['nobody is told what was passed over']),
    ]
  },
})

/** What a run with PENTAUTH_DEBUG=1 writes to stderr while everything goes wrong. */
type Debugged = (env: Environment) => Promise<unknown>
threat<Debugged, { lines: string[] }>('N1', 'PENTAUTH_DEBUG lines', {
  ours: async (env) => {
    const answers = [
      () => new Response(null, { status: 302, headers: { location: `/v1/${key}` } }),
      () => Response.json({ message: `Invalid or revoked API key ${key}` }, { status: 403 }),
    ]
    for (const answer of answers) {
      const fetch = async () => answer()
      await failure(() => createAuth(pensyve, { env, runtime: { fetch } }).fetch(base))
      await failure(() => createAuth(pendium, { env, runtime: { fetch } }).fetch(pendium.resources.rest.url))
      await failure(() => createAuth(pentographer, { env, runtime: { fetch } }).credential())
    }
  },
  twin: async (env) => void process.stderr.write(`sending with ${JSON.stringify(env)}\n`),
  attack: async (debugged) => {
    const lines: string[] = []
    const { write } = process.stderr
    process.stderr.write = ((line: string) => lines.push(line) > 0) as typeof write
    try {
      await debugged({
        PENTAUTH_DEBUG: '1',
        PENSYVE_API_KEY: key,
        PENDIUM_API_KEY: testKey.token('odd'),
        PENTOGRAPHER_CLIENT_ID: testKey.pentographerClientId(),
        PENTOGRAPHER_CLIENT_SECRET: testKey.pentographerSecret(),
      })
    } finally {
      process.stderr.write = write
    }
    return { lines }
  },
  breaches: ({ lines }) => [
    ...(lines.length === 0 ? ['nothing was printed'] : []),
    ...lines.filter(hasMarker).map((line) => `a credential in "${line.split(' ', 3).join(' ').slice(0, 60)}"`),
  ],
})

// N2: whatever Object.prototype was polluted with is no variable and no option.
type Reached = (polluted: Record<string, unknown>) => Promise<string>
const elsewhere = 'https://elsewhere.test'
threat<Reached, readonly string[]>('N2', 'Object.prototype: variables and options of createAuth', {
  ours: (polluted) =>
    whilePolluted(polluted, async () => {
      const auths = [
        createAuth(pensyve, { env: { PENSYVE_API_KEY: testKey.pensyve() } }),
        createAuth(pensyve, { credential: apiKey(testKey.pensyve()) }),
      ]
      const reached = auths.map(async (auth) => {
        const { url } = auth.service.resources.rest
        return `${new URL(url).origin} ${Object.values(await auth.headers(url)).some(hasMarker) ? 'our key' : 'their key'}`
      })
      return [...new Set(await Promise.all(reached))].join(', ')
    }),
  twin: (polluted) =>
    whilePolluted(polluted, async () => {
      const { env = {} } = {} as { env?: Record<string, string> }
      return new URL(env.PENSYVE_BASE_URL ?? 'https://api.pensyve.com').origin
    }),
  attack: async (reached) => {
    const outcomes: string[] = []
    for (const polluted of [
      { PENSYVE_BASE_URL: elsewhere },
      { env: { PENSYVE_BASE_URL: elsewhere, PENSYVE_API_KEY: 'psy_theirs' } },
      { PENSYVE_API_KEY: 'psy_theirs', PENSYVE_API_KEY_FILE: '/dev/null' },
      { credential: apiKey('psy_theirs') },
      { runtime: { fetch: () => undefined } },
      { dangerouslyAllowPlainHttp: true, envFile: true, absent: 'nothing', reads: 'each-use', value: 'theirs' },
    ])
      outcomes.push(await reached(polluted))
    return outcomes
  },
  breaches: (outcomes) => outcomes.filter((outcome) => outcome !== 'https://api.pensyve.com our key'),
})

async function whilePolluted<T>(polluted: Record<string, unknown>, work: () => Promise<T>): Promise<T> {
  const prototype = Object.prototype as unknown as Record<string, unknown>
  Object.assign(prototype, polluted)
  try {
    return await work()
  } finally {
    for (const name of Object.keys(polluted)) delete prototype[name]
  }
}
