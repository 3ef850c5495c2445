import { hasMarker } from '@pentauth/tooling/marker'
import { threat } from '@pentauth/tooling/threat'
import { afterEach, vi } from 'vitest'
import { type BrowserAuth, memoryStore, pensyve, type Store } from '../../src/index.ts'
import { elsewhere } from '../support/addresses.ts'
import { texts } from '../support/texts.ts'
import { visit } from '../support/visit.ts'
import { openWorld, type World } from '../support/world.ts'

// A in a page: what comes back in its address. The twin is a page as it is written in an afternoon.

vi.mock('../../src/framed.ts', () => ({ isFramed: () => false }))
const here = location.href
afterEach(() => history.replaceState(null, '', here))

interface Client {
  start(returnTo?: string): Promise<URL>
  finish(callback?: URL): Promise<{ readonly returnTo: string } | undefined>
  advance(ms: number): void
  /** Everything it keeps, as text. */
  kept(): Promise<string>
  isSignedIn(): boolean
}
type Subject = (world: World) => Client

const ours: Subject = (world) => {
  const storage: Store = { ...memoryStore(), name: 'a disk' }
  const auth: BrowserAuth = world.open(pensyve, { storage })
  const kept = async () => {
    const keys = (await storage.keys?.('')) ?? []
    return (await Promise.all(keys.map((key) => storage.get(key)))).join('\n')
  }
  return {
    start: (returnTo) => world.leaves(auth, { returnTo }),
    finish: (callback) => auth.finishSignIn(callback),
    advance: world.sandbox.clock.advance,
    kept,
    isSignedIn: () => auth.session.status === 'signed_in',
  }
}

const server = 'https://mcp.pensyve.com'
/** One verifier and one state for all, and whatever comes back is believed. */
const naive: Subject = () => {
  const redirect = new URL('/callback', here).href
  const verifier = 'a'.repeat(43)
  let [wanted, clientId, callbacks, isSignedIn] = ['/', '', '', false]
  return {
    async start(returnTo = '/') {
      wanted = returnTo
      const about = { client_name: 'Notes', redirect_uris: [redirect], token_endpoint_auth_method: 'none' }
      const headers = { 'content-type': 'application/json' }
      const made = await fetch(`${server}/oauth/register`, { method: 'POST', headers, body: JSON.stringify(about) })
      clientId = (await made.json()).client_id
      const asked = { response_type: 'code', client_id: clientId, redirect_uri: redirect, state: 'same', scope: 'mcp' }
      const challenge = { code_challenge: 'ZtNPunH49FD35FWYhT5Tv8I7vRKQJ8uxMaL0_9eHjNA', code_challenge_method: 'S256' }
      const query = new URLSearchParams({ ...asked, ...challenge, resource: `${server}/mcp` })
      return new URL(`https://pensyve.com/oauth/authorize?${query}`)
    },
    async finish(callback = new URL(location.href)) {
      callbacks += callback.href
      const { searchParams } = callback
      if (searchParams.has('error')) throw new TypeError(String(searchParams.get('error_description')))
      const form = { grant_type: 'authorization_code', code: searchParams.get('code') ?? '', client_id: clientId }
      const body = new URLSearchParams({ ...form, redirect_uri: redirect, code_verifier: verifier })
      const said = await fetch(`${server}/oauth/token`, { method: 'POST', body })
      if (!said.ok) throw new TypeError('no token')
      isSignedIn = true
      return { returnTo: wanted }
    },
    advance: () => undefined,
    kept: async () => `verifier ${callbacks}`,
    isSignedIn: () => isSignedIn,
  }
}

type Changes = Readonly<Record<string, string | null>>
const changed = (url: URL, changes: Changes): URL => {
  const copy = new URL(url)
  for (const [name, value] of Object.entries(changes))
    value === null ? copy.searchParams.delete(name) : copy.searchParams.set(name, value)
  return copy
}
const twice = (url: URL, name: string): URL => {
  const copy = new URL(url)
  copy.searchParams.append(name, copy.searchParams.get(name) ?? 'x')
  return copy
}

interface Outcome {
  readonly what: string
  readonly problems: readonly string[]
}
const problemsOf = (outcomes: readonly Outcome[]) =>
  outcomes.flatMap(({ what, problems }) => problems.map((text) => `${what}: ${text}`))
const outcome = (what: string, ...problems: readonly (string | false)[]): Outcome => ({
  what,
  problems: problems.filter((problem) => problem !== false),
})

async function attempt(work: Promise<unknown>): Promise<{ readonly code: string; readonly text: string }> {
  try {
    return { code: (await work) === undefined ? 'nothing' : 'done', text: '' }
  } catch (error) {
    return { code: (error as { code?: string }).code ?? 'untyped', text: texts(error).join('\n') }
  }
}
const codesSent = ({ sandbox }: World) => sandbox.tokens.requests('pensyve', 'authorization_code')

/** A callback that must be refused before its code is sent; in the address bar, as in life. */
async function refused(subject: Subject, what: string, change: (callback: URL) => URL): Promise<Outcome> {
  const world = await openWorld()
  const client = subject(world)
  const callback = change(await visit(world.sandbox, await client.start()))
  history.replaceState(null, '', callback)
  const { code, text } = await attempt(client.finish())
  const left = location.search
  history.replaceState(null, '', here)
  return outcome(
    what,
    !/^sign_in_(?:response_invalid|failed)$/.test(code) && `ended with ${code}`,
    codesSent(world) > 0 && 'a code was sent',
    client.isSignedIn() && 'the page says that somebody is signed in',
    /hostile/i.test(text) && 'a text of the callback is repeated',
    hasMarker(text) && 'the code is repeated',
    left !== '' && `the address still is ${left.replace(/=[^&]*/g, '')}`,
  )
}
const all = async (subject: Subject, changes: Readonly<Record<string, (callback: URL) => URL>>) => {
  const outcomes: Outcome[] = []
  for (const [what, change] of Object.entries(changes)) outcomes.push(await refused(subject, what, change))
  return outcomes
}

threat('A1', 'a callback without state', {
  ours,
  twin: naive,
  attack: (subject) => all(subject, { 'no state': (url) => changed(url, { state: null }) }),
  breaches: problemsOf,
})

threat('A2', 'the state of somebody else, or of another tab', {
  ours,
  twin: naive,
  attack: async (subject) => {
    const world = await openWorld()
    const [mine, other] = [subject(world), subject(world)]
    const url = await mine.start()
    const foreign = await visit(world.sandbox, await other.start())
    const taken = await attempt(mine.finish(foreign))
    const sent = codesSent(world)
    const own = await attempt(mine.finish(await visit(world.sandbox, url)))
    return [
      outcome(
        'foreign',
        taken.code !== 'sign_in_response_invalid' && `ended with ${taken.code}`,
        sent > 0 && 'a code was sent',
      ),
      outcome('own, afterwards', own.code !== 'done' && `ended with ${own.code}`),
    ]
  },
  breaches: problemsOf,
})

threat('A3', 'a callback that comes twice', {
  ours,
  twin: naive,
  attack: async (subject) => {
    const outcomes: Outcome[] = []
    for (const way of ['at once', 'later', 'at once, in the address bar', 'later, in the address bar']) {
      const world = await openWorld()
      const client = subject(world)
      const callback = await visit(world.sandbox, await client.start())
      const isInBar = way.includes('bar')
      if (isInBar) history.replaceState(null, '', callback)
      const finish = () => attempt(client.finish(isInBar ? undefined : callback))
      const ends = way.startsWith('at once')
        ? await Promise.all([finish(), finish(), finish()])
        : [await finish(), await finish()]
      const untyped = ends.filter(({ code }) => !/^(?:done|nothing|sign_in_response_invalid)$/.test(code))
      history.replaceState(null, '', here)
      outcomes.push(
        outcome(
          way,
          codesSent(world) !== 1 && `${codesSent(world)} token requests`,
          ends[0]?.code !== 'done' && `ended with ${ends[0]?.code}`,
          untyped.length > 0 && `then ended with ${untyped[0]?.code}`,
        ),
      )
    }
    return outcomes
  },
  breaches: problemsOf,
})

threat('A4', 'a callback that comes too late', {
  ours,
  twin: naive,
  attack: async (subject) => {
    const world = await openWorld()
    const client = subject(world)
    const callback = await visit(world.sandbox, await client.start())
    client.advance(600_001)
    const { code } = await attempt(client.finish(callback))
    return [
      outcome(
        'after ten minutes',
        code !== 'sign_in_response_invalid' && `ended with ${code}`,
        codesSent(world) > 0 && 'a code was sent',
        /verifier/.test(await client.kept()) && 'its verifier is kept',
      ),
    ]
  },
  breaches: problemsOf,
})

threat('A5', 'parameters that are there twice, or contradict each other', {
  ours,
  twin: naive,
  attack: (subject) =>
    all(subject, {
      'two codes': (url) => twice(url, 'code'),
      'two states': (url) => twice(url, 'state'),
      'two issuers': (url) => twice(url, 'iss'),
      'code and error': (url) => changed(url, { error: 'access_denied' }),
      'an empty code': (url) => changed(url, { code: '' }),
    }),
  breaches: problemsOf,
})

threat('A6', 'who issued the response', {
  ours,
  twin: naive,
  attack: (subject) =>
    all(subject, {
      absent: (url) => changed(url, { iss: null }),
      wrong: (url) => changed(url, { iss: 'https://hostile.example' }),
      empty: (url) => changed(url, { iss: '' }),
    }),
  breaches: problemsOf,
})

threat('A7', 'issuers that look alike', {
  ours,
  twin: naive,
  attack: (subject) =>
    all(
      subject,
      Object.fromEntries(
        [
          `${server}/`,
          server.toUpperCase(),
          `${server}:443`,
          server.replace('https', 'http'),
          ` ${server}`,
          encodeURIComponent(server),
        ].map((iss) => [iss, (url: URL) => changed(url, { iss })]),
      ),
    ),
  breaches: problemsOf,
})

const no = {
  code: null,
  error: 'access_denied',
  error_description: 'hostile text',
  error_uri: 'https://hostile.example',
}
threat('A8', 'an error that nobody asked for', {
  ours,
  twin: naive,
  attack: (subject) =>
    all(subject, {
      'a genuine no': (url) => changed(url, no),
      'of a foreign issuer': (url) => changed(url, { ...no, iss: 'https://hostile.example' }),
      'with a foreign state': (url) => changed(url, { ...no, state: 'hostile' }),
      'with a code of its own': (url) => changed(url, { ...no, error: 'hostile_code' }),
    }),
  breaches: problemsOf,
})

threat('A13', 'three sign-ins at once, in three tabs', {
  ours,
  twin: naive,
  attack: async (subject) => {
    const world = await openWorld()
    const tabs = [subject(world), subject(world), subject(world)]
    const urls: URL[] = []
    for (const [index, tab] of tabs.entries()) urls.push(await tab.start(`/page-${index}`))
    const callbacks: URL[] = []
    for (const url of urls) callbacks.push(await visit(world.sandbox, url))
    const ends = await Promise.all(tabs.map((tab, index) => attempt(tab.finish(callbacks[index]))))
    return [
      outcome('three', ...ends.map(({ code }) => code !== 'done' && `ended with ${code}`)),
      outcome('states', new Set(urls.map(({ searchParams }) => searchParams.get('state'))).size !== 3 && 'one for all'),
    ]
  },
  breaches: problemsOf,
})

threat('A17', 'a link that leads elsewhere after the sign-in', {
  ours,
  twin: naive,
  attack: async (subject) => {
    const world = await openWorld()
    const landed: string[] = []
    // The whole way for each would take minutes: return-to.browser.test.ts has 10,000 of them.
    for (const address of elsewhere) {
      const client = subject(world)
      const done = await client.finish(await visit(world.sandbox, await client.start(address)))
      const { returnTo = '' } = done ?? {}
      const isPath = /^\/(?![/\\])/.test(returnTo)
      if (!isPath || new URL(returnTo, here).origin !== location.origin) landed.push(address)
    }
    return landed
  },
  breaches: (landed) => landed.map((address) => `${JSON.stringify(address)} was followed`),
})

threat('A18', 'code and state stay in the address bar, in the history or in a storage', {
  ours,
  twin: naive,
  attack: async (subject) => {
    const world = await openWorld()
    const client = subject(world)
    const callback = await visit(world.sandbox, await client.start())
    history.replaceState({ key: 'of a router' }, '', callback)
    const entries = history.length
    const finishing = client.finish()
    // Before anything that comes later could run.
    const now = location.href + document.URL
    const { code } = await attempt(finishing)
    const later = `${location.href} ${JSON.stringify(history.state)}`
    const kept = `${JSON.stringify({ ...localStorage, ...sessionStorage })} ${await client.kept()}`
    const secrets = ['code', 'state'].map((name) => [name, callback.searchParams.get(name) ?? ''] as const)
    return [
      outcome(
        'the sign-in',
        code !== 'done' && `ended with ${code}`,
        history.length !== entries && 'another entry of the history',
      ),
      ...Object.entries({ now, later, kept }).map(([where, text]) =>
        outcome(where, ...secrets.map(([name, value]) => value !== '' && text.includes(value) && `${name} is there`)),
      ),
    ]
  },
  breaches: problemsOf,
})
