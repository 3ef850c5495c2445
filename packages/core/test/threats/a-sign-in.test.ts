import { testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import { finishSignIn, startSignIn } from '../../src/sign-in.ts'
import { memoryStore } from '../../src/store.ts'
import { authorizationServer, type Endpoints, type World } from '../support/authorization-server.ts'
import { serve } from '../support/server.ts'

// A1 to A15: the authorization request and its response.
const redirectUri = 'http://127.0.0.1:8123/callback'

interface Client {
  /** Where the person's browser is sent. */
  start(): Promise<URL>
  finish(callback: URL): Promise<unknown>
  advance(ms: number): void
  /** Everything the client keeps, as text. */
  kept(): Promise<string>
}
type Subject = (world: World) => Client

const ours: Subject = ({ service }) => {
  const store = memoryStore()
  let now = Date.now()
  const options = { store, runtime: { now: () => now } }
  return {
    start: async () => (await startSignIn(service, { ...options, redirectUri, client: { clientId: 'client-1' } })).url,
    finish: (callback) => finishSignIn(service, callback, options),
    advance: (ms) => {
      now += ms
    },
    kept: async () => String(await store.get('sign-ins')),
  }
}

/** Believes its metadata and its callbacks, and uses one verifier for all. */
const naive: Subject = ({ origin }) => {
  const verifier = 'a'.repeat(43)
  let metadata: Record<string, string> = {}
  let callbacks = ''
  return {
    async start() {
      metadata = await (await fetch(`${origin}/.well-known/oauth-authorization-server`)).json()
      const url = new URL(metadata.authorization_endpoint as string)
      const challenge = 'ZtNPunH49FD35FWYhT5Tv8I7vRKQJ8uxMaL0_9eHjNA'
      const parameters = { client_id: 'client-1', redirect_uri: redirectUri, state: 'same', code_challenge: challenge }
      for (const [name, value] of Object.entries(parameters)) url.searchParams.append(name, value)
      return url
    },
    async finish(callback) {
      callbacks += callback.href
      const failure = callback.searchParams.get('error_description')
      if (failure) throw new Error(failure)
      const form = {
        grant_type: 'authorization_code',
        code: String(callback.searchParams.get('code')),
        code_verifier: verifier,
      }
      const body = new URLSearchParams({ ...form, redirect_uri: redirectUri })
      return (await fetch(metadata.token_endpoint as string, { method: 'POST', body })).json()
    },
    advance: () => undefined,
    kept: async () => `${verifier}${callbacks}`,
  }
}

interface Outcome {
  readonly what: string
  readonly problems: readonly string[]
}
const problemsOf = (outcomes: readonly Outcome[]) =>
  outcomes.flatMap(({ what, problems }) => problems.map((text) => `${what}: ${text}`))

const attempt = async (run: () => Promise<unknown>): Promise<{ readonly code?: string; readonly text: string }> => {
  try {
    return { text: JSON.stringify(await run()) ?? '' }
  } catch (error) {
    const { code } = error as { code?: string }
    return { code: code ?? 'untyped', text: `${error} ${JSON.stringify(error)}` }
  }
}

/** A callback that must be refused, before any code is sent anywhere. */
async function refusedCallback(
  subject: Subject,
  what: string,
  change: (world: World, url: URL) => URL,
  endpoints: Endpoints = {},
): Promise<Outcome> {
  const world = await authorizationServer(endpoints)
  const client = subject(world)
  const callback = change(world, await client.start())
  const { code, text } = await attempt(() => client.finish(callback))
  return {
    what,
    problems: [
      ...(code === 'sign_in_response_invalid' || code === 'sign_in_failed'
        ? []
        : [`ended with ${code ?? 'a sign-in'}`]),
      ...(world.tokenRequests().length === 0 ? [] : ['a code was sent']),
      ...(/hostile/i.test(text) ? ['a text of the callback is repeated'] : []),
    ],
  }
}

const twice = (name: string) => (world: World, url: URL) => {
  const callback = world.approve(url)
  callback.searchParams.append(name, callback.searchParams.get(name) ?? 'x')
  return callback
}
const saidNo = (changes: Readonly<Record<string, string | null>>) => (world: World, url: URL) => {
  const texts = { error: 'access_denied', error_description: 'hostile text', error_uri: 'https://hostile.example' }
  return world.approve(url, { code: null, ...texts, ...changes })
}
const plainResponses: Endpoints = { metadata: () => ({ authorization_response_iss_parameter_supported: undefined }) }

threat('A1', 'a callback without state', {
  ours,
  twin: naive,
  attack: (subject: Subject) =>
    Promise.all([refusedCallback(subject, 'no state', (world, url) => world.approve(url, { state: null }))]),
  breaches: problemsOf,
})

threat('A2', 'the state of somebody else', {
  ours,
  twin: naive,
  attack: async (subject: Subject) => {
    const world = await authorizationServer()
    const client = subject(world)
    const url = await client.start()
    const foreign = await attempt(() => client.finish(world.approve(url, { state: testKey.token('foreign') })))
    const before = world.tokenRequests().length
    const own = await attempt(() => client.finish(world.approve(url)))
    return [
      {
        what: 'foreign state',
        problems: [
          ...(foreign.code === 'sign_in_response_invalid' ? [] : ['taken']),
          ...(before ? ['a code was sent'] : []),
        ],
      },
      { what: 'own state', problems: own.code ? [own.code] : [] },
    ]
  },
  breaches: problemsOf,
})

threat('A3', 'a callback that comes twice', {
  ours,
  twin: naive,
  attack: async (subject: Subject) => {
    const outcomes: Outcome[] = []
    for (const atOnce of [false, true]) {
      const world = await authorizationServer()
      const client = subject(world)
      const callback = world.approve(await client.start())
      const finish = () => attempt(() => client.finish(callback))
      const ends = atOnce ? await Promise.all([finish(), finish(), finish()]) : [await finish(), await finish()]
      const good = ends.filter(({ code }) => code === undefined).length
      const sent = world.tokenRequests().length
      outcomes.push({
        what: atOnce ? 'at once' : 'later',
        problems: [...(sent === 1 ? [] : [`${sent} token requests`]), ...(good === 1 ? [] : [`${good} sign-ins`])],
      })
    }
    return outcomes
  },
  breaches: problemsOf,
})

threat('A4', 'a callback that comes too late', {
  ours,
  twin: naive,
  attack: async (subject: Subject) => {
    const late = await refusedCallbackLater(subject)
    return [late]
  },
  breaches: problemsOf,
})

async function refusedCallbackLater(subject: Subject): Promise<Outcome> {
  const world = await authorizationServer()
  const client = subject(world)
  const callback = world.approve(await client.start())
  client.advance(600_001)
  const { code } = await attempt(() => client.finish(callback))
  const kept = await client.kept()
  return {
    what: 'after ten minutes',
    problems: [
      ...(code === 'sign_in_response_invalid' ? [] : ['taken']),
      ...(world.tokenRequests().length === 0 ? [] : ['a code was sent']),
      ...(kept === 'undefined' ? [] : ['its verifier is kept']),
    ],
  }
}

threat('A5', 'parameters that are there twice, or contradict each other', {
  ours,
  twin: naive,
  attack: (subject: Subject) =>
    Promise.all([
      refusedCallback(subject, 'two codes', twice('code')),
      refusedCallback(subject, 'two states', twice('state')),
      refusedCallback(subject, 'two issuers', twice('iss')),
      refusedCallback(subject, 'code and error', (world, url) => world.approve(url, { error: 'access_denied' })),
      refusedCallback(subject, 'no code', (world, url) => world.approve(url, { code: null })),
      refusedCallback(subject, 'an empty code', (world, url) => world.approve(url, { code: '' })),
    ]),
  breaches: problemsOf,
})

threat('A6', 'who issued the response', {
  ours,
  twin: naive,
  attack: async (subject: Subject) => {
    const accepted = async (what: string, endpoints: Endpoints, changes: Readonly<Record<string, string | null>>) => {
      const world = await authorizationServer(endpoints)
      const client = subject(world)
      const { code } = await attempt(async () => client.finish(world.approve(await client.start(), changes)))
      return { what, problems: code ? [code] : [] }
    }
    const foreign = { iss: 'https://foreign.example' }
    return Promise.all([
      accepted('announced and right', {}, {}),
      accepted('not announced and absent', plainResponses, { iss: null }),
      refusedCallback(subject, 'announced and absent', (world, url) => world.approve(url, { iss: null })),
      refusedCallback(subject, 'announced and wrong', (world, url) => world.approve(url, foreign)),
      refusedCallback(subject, 'not announced and wrong', (world, url) => world.approve(url, foreign), plainResponses),
    ])
  },
  breaches: problemsOf,
})

threat('A7', 'issuers that look alike', {
  ours,
  twin: naive,
  attack: (subject: Subject) => {
    const forms: Readonly<Record<string, (origin: string) => string>> = {
      'a slash more': (origin) => `${origin}/`,
      'upper case': (origin) => origin.toUpperCase(),
      'another scheme': (origin) => origin.replace('http:', 'https:'),
      encoded: (origin) => encodeURIComponent(origin),
      'another name of this machine': (origin) => origin.replace('127.0.0.1', 'localhost'),
      'white space': (origin) => ` ${origin}`,
    }
    return Promise.all(
      Object.entries(forms).map(([what, form]) =>
        refusedCallback(subject, what, (world, url) => world.approve(url, { iss: form(world.origin) })),
      ),
    )
  },
  breaches: problemsOf,
})

threat('A8', 'an error that nobody asked for', {
  ours,
  twin: naive,
  attack: (subject: Subject) =>
    Promise.all([
      refusedCallback(subject, 'a genuine no', saidNo({})),
      refusedCallback(subject, 'with a foreign issuer', saidNo({ iss: 'https://hostile.example' })),
      refusedCallback(subject, 'with a foreign state', saidNo({ state: 'hostile' })),
      refusedCallback(subject, 'with a code of its own', saidNo({ error: 'hostile_code' })),
      refusedCallback(subject, 'with a prototype’s name', saidNo({ error: '__proto__' })),
    ]),
  breaches: problemsOf,
})

threat('A9', 'a server that borrows the authorization endpoint of another', {
  ours,
  twin: naive,
  attack: async (subject: Subject) => {
    // Another host: on this machine all names are one.
    const honest = 'https://login.honest.example/authorize'
    const world = await authorizationServer({
      metadata: () => ({ authorization_endpoint: honest, authorization_response_iss_parameter_supported: undefined }),
    })
    const client = subject(world)
    const { code } = await attempt(async () => client.finish(world.approve(await client.start(), { iss: null })))
    const sent = world.tokenRequests().length
    return [
      {
        what: 'mixed up',
        problems: [
          ...(code === 'discovery_failed' ? [] : ['the sign-in began']),
          ...(sent ? ['the code went to the wrong server'] : []),
        ],
      },
    ]
  },
  breaches: problemsOf,
})

threat('A10', 'the code of somebody else', {
  ours,
  twin: naive,
  attack: async (subject: Subject) => {
    const world = await authorizationServer()
    const [victim, attacker] = [subject(world), subject(world)]
    const stolen = world.approve(await attacker.start()).searchParams.get('code') as string
    const { code } = await attempt(async () => victim.finish(world.approve(await victim.start(), { code: stolen })))
    return [{ what: 'injected', problems: code === 'sign_in_failed' ? [] : [`ended with ${code ?? 'a sign-in'}`] }]
  },
  breaches: problemsOf,
})

threat('A11', 'a server without PKCE', {
  ours,
  twin: naive,
  attack: async (subject: Subject) => {
    const outcomes: Outcome[] = []
    for (const methods of [undefined, [], ['plain'], 'S256', [5]]) {
      const world = await authorizationServer({ metadata: () => ({ code_challenge_methods_supported: methods }) })
      const { code } = await attempt(() => subject(world).start())
      outcomes.push({
        what: JSON.stringify(methods) ?? 'absent',
        problems: code === 'discovery_failed' ? [] : ['the sign-in began'],
      })
    }
    return outcomes
  },
  breaches: problemsOf,
})

threat('A12', 'verifiers and states that are not new each time', {
  ours,
  twin: naive,
  attack: async (subject: Subject) => {
    const world = await authorizationServer()
    const client = subject(world)
    const rounds = process.env.PENTAUTH_LAB === '1' ? 1000 : 100
    const seen = new Set<string | null>()
    for (let round = 0; round < rounds; round++) {
      const { searchParams } = await client.start()
      seen.add(searchParams.get('state')).add(searchParams.get('code_challenge'))
    }
    return [
      {
        what: `${rounds} sign-ins`,
        problems: seen.size === 2 * rounds ? [] : [`${seen.size} values of ${2 * rounds}`],
      },
    ]
  },
  breaches: problemsOf,
})

threat('A13', 'two sign-ins at once', {
  ours,
  twin: naive,
  attack: async (subject: Subject) => {
    const world = await authorizationServer()
    const client = subject(world)
    const urls = await Promise.all([client.start(), client.start(), client.start()])
    const ends = await Promise.all(urls.reverse().map((url) => attempt(() => client.finish(world.approve(url)))))
    const states = new Set(urls.map(({ searchParams }) => searchParams.get('state')))
    return [
      {
        what: 'three',
        problems: [...ends.flatMap(({ code }) => code ?? []), ...(states.size === 3 ? [] : ['one state for all'])],
      },
    ]
  },
  breaches: problemsOf,
})

threat('A14', 'an authorization endpoint that no browser should be sent to', {
  ours,
  twin: naive,
  attack: async (subject: Subject) => {
    const foreign = await serve()
    const outcomes: Outcome[] = []
    const endpoints = [
      'javascript:alert(1)//',
      'data:text/html,x',
      'file:///etc/passwd',
      'vbscript:x',
      'com.example.app:/x',
      'http://honest.example/authorize',
      'http://user:pw@127.0.0.1/authorize',
      'https://10.0.0.1/authorize',
      '/authorize',
      `${foreign.origin}/authorize#fragment`,
    ]
    for (const endpoint of endpoints) {
      const world = await authorizationServer({ metadata: () => ({ authorization_endpoint: endpoint }) })
      const { code } = await attempt(() => subject(world).start())
      const isTyped = code === 'unsafe_address' || code === 'discovery_failed'
      outcomes.push({ what: endpoint, problems: isTyped ? [] : [`ended with ${code ?? 'an address'}`] })
    }
    return outcomes
  },
  breaches: problemsOf,
})

threat('A15', 'an authorization endpoint with a query of its own', {
  ours,
  twin: naive,
  attack: async (subject: Subject) => {
    const world = await authorizationServer({
      metadata: (origin) => ({
        authorization_endpoint: `${origin}/authorize?client_id=evil&redirect_uri=https://evil.example&state=x`,
      }),
    })
    const { code, text } = await attempt(() => subject(world).start())
    return [
      {
        what: 'borrowed',
        problems: code === 'discovery_failed' && !text.includes('evil') ? [] : ['the sign-in began'],
      },
    ]
  },
  breaches: problemsOf,
})
