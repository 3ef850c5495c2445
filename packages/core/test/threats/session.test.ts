import { testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import { createSecret } from '../../src/credential.ts'
import {
  type AccessToken,
  type Auth,
  type CredentialSource,
  createAuth,
  PentauthError,
  type Runtime,
} from '../../src/index.ts'
import type { Lock } from '../../src/lock.ts'
import { pensyve } from '../../src/services.ts'
import { signOutWith } from '../../src/sign-out.ts'
import { signedInWith } from '../../src/signed-in.ts'
import type { Store } from '../../src/store.ts'
import type { Engine, StoredSession } from '../../src/stored-session.ts'
import { gate, invalidGrant, keyOf, temporary, tokenOf, url, type World, world } from '../support/session.ts'
import { turns } from './support/turns.ts'

// Sessions under attack by time, chance and each other. Each twin is a session that does all that is needed and has one defect.

const hour = 3_600_000

interface Given {
  readonly store?: Store
  readonly lock?: Lock
  readonly runtime?: Partial<Runtime>
  readonly engine?: () => Promise<Engine>
}
type Subject = (made: World, given?: Given) => Auth

const ours: Subject = (made, { engine = made.issuer.engine, runtime, store = made.store, ...given } = {}) =>
  authOf(made, signedInWith(engine, { store, ...given }), runtime)

function authOf(made: World, credential: CredentialSource, runtime: Partial<Runtime> = {}): Auth {
  return createAuth(pensyve, {
    credential,
    runtime: { ...made.runtime, ...runtime },
    onEvent: (event) => void made.events.push(event),
  })
}

/** How a simple session goes about its business; a twin does one thing in another way. */
interface Habits {
  /** Whether the token is renewed now. */
  readonly isOver: (session: StoredSession, now: number) => boolean
  /** Asks for tokens. */
  readonly ask: (ask: () => Promise<StoredSession>) => Promise<StoredSession>
  readonly onFailure: (
    error: unknown,
    session: { readonly text: string; readonly drop: () => Promise<void> },
  ) => unknown
  readonly save: (save: () => Promise<void>) => Promise<void>
  readonly expiresAt: (said: number | undefined, now: number) => number | undefined
}
const habits: Habits = {
  isOver: ({ expiresAt }, now) => expiresAt !== undefined && expiresAt <= now,
  ask: (ask) => ask(),
  onFailure: (error) => {
    throw error
  },
  save: (save) => save().catch(() => undefined),
  expiresAt: (said) => said,
}

const simple =
  (defect: Partial<Habits>, isShared = true): Subject =>
  (made, { engine = made.issuer.engine, runtime, store = made.store } = {}) => {
    const { isOver, ask, onFailure, save, expiresAt } = { ...habits, ...defect }
    let memory: StoredSession | undefined
    let pending: Promise<StoredSession> | undefined
    const renewed = async (request: Parameters<CredentialSource['get']>[0]) => {
      const text = (await store.get(keyOf())) ?? ''
      const stored = (memory ?? JSON.parse(text)) as StoredSession
      const now = request.runtime.now()
      if (!isOver(stored, now)) return stored
      try {
        const next = await ask(async () => {
          const { accessToken, refreshToken } = await (await engine()).refreshTokens(request, stored)
          const end = expiresAt(accessToken.expiresAt, now)
          return {
            ...stored,
            accessToken: accessToken.secret.reveal(),
            ...(refreshToken ? { refreshToken: refreshToken.reveal() } : {}),
            ...(end === undefined ? {} : { expiresAt: end }),
          }
        })
        await save(() => store.set(keyOf(), JSON.stringify(next)))
        return next
      } catch (error) {
        return onFailure(error, { text, drop: () => store.delete(keyOf()) }) as StoredSession
      }
    }
    const source: CredentialSource = {
      name: 'twin',
      kind: 'access-token',
      async get(request) {
        if (!memory || isOver(memory, request.runtime.now())) {
          const work =
            (isShared && pending) ||
            renewed(request).finally(() => {
              pending = undefined
            })
          pending = work
          memory = await work
        }
        return { kind: 'access-token', source: 'twin', secret: createSecret(memory.accessToken) } as AccessToken
      },
    }
    return authOf(made, source, runtime)
  }

/** Signed in, and the token has ended. */
async function expired(given: Parameters<typeof world>[0] = {}): Promise<World> {
  const made = world(given)
  await made.signIn()
  made.clock.now += hour + 1
  return made
}

const codeOf = (error: unknown) => (PentauthError.isInstance(error) ? error.code : String(error))
const outcomeOf = (work: Promise<unknown>): Promise<string> => work.then(() => 'ok', codeOf)

// D1: lifetimes as a server may write them, through the real reading of a token response.
const lifetimes = ['', '"3600"', '"abc"', '-1', '0', '1.5', 'null', '1e12', '1e400', '"NaN"', '[]', 'true']

threat('D1', 'no lifetime makes a client ask and ask again', {
  ours,
  twin: simple({ expiresAt: (said, now) => (said === undefined ? now : said) }),
  attack: async (subject: Subject) => {
    const outcomes: { lifetime: string; requests: number; ended: string; expiresAt: number | undefined }[] = []
    for (const lifetime of lifetimes) {
      const made = await expired()
      let requests = 0
      const fetch: Runtime['fetch'] = async (input) => {
        if (!String(input).endsWith('/oauth/token')) return new Response('{}')
        requests += 1
        const said = lifetime === '' ? '' : `,"expires_in":${lifetime}`
        const token = testKey.token(`${lifetime} ${requests}`)
        const body = `{"access_token":"${token}","token_type":"Bearer","refresh_token":"${testKey.token()}"${said}}`
        return new Response(body, { headers: { 'content-type': 'application/json' } })
      }
      const auth = subject(made, { runtime: { fetch }, engine: () => import('../../src/oauth.ts') })
      let ended = ''
      for (let call = 0; call < 20; call++) ended = await outcomeOf(auth.fetch(url))
      await turns(3)
      const credential = await auth.credential(url).catch(() => undefined)
      outcomes.push({ lifetime, requests, ended, expiresAt: (credential as AccessToken | undefined)?.expiresAt })
    }
    return outcomes
  },
  breaches: (outcomes) =>
    outcomes.flatMap(({ lifetime, requests, ended, expiresAt = 2_000_000_000_000 }) => [
      ...(requests === 1 ? [] : [`${lifetime}: ${requests} token requests for 20 calls`]),
      ...(ended === 'ok' ? [] : [`${lifetime}: ${ended}`]),
      ...(Number.isFinite(expiresAt) && !Number.isNaN(new Date(expiresAt).getTime()) ? [] : [`${lifetime}: no date`]),
    ]),
})

threat('E1', '50 calls at the end of a token, one of them aborted', {
  ours,
  twin: simple({}, false),
  attack: async (subject: Subject) => {
    const made = await expired()
    const { open, passed } = gate()
    made.issuer.turns = [() => passed]
    const auth = subject(made)
    const controller = new AbortController()
    const aborted = outcomeOf(auth.fetch(url, { signal: controller.signal }))
    const others = Promise.all(Array.from({ length: 49 }, () => outcomeOf(auth.fetch(url))))
    await turns(5)
    controller.abort()
    open()
    return { aborted: await aborted, others: await others, requests: made.issuer.requests.length }
  },
  breaches: ({ aborted, others, requests }) => [
    ...(aborted.includes('AbortError') ? [] : [`aborted: ${aborted}`]),
    ...(requests === 1 ? [] : [`${requests} token requests`]),
    ...others.filter((outcome) => outcome !== 'ok'),
  ],
})

threat('E3', 'who loses a race does not take the winner’s session away', {
  ours,
  twin: simple({
    onFailure: async (error, { drop }) => {
      await drop()
      throw error
    },
  }),
  attack: async (subject: Subject) => {
    const made = await expired()
    const winner = ours(made, { store: made.elsewhere() })
    let token = ''
    made.issuer.turns = [
      async () => {
        // No lock reaches that far: the other host was quicker.
        token = await tokenOf(winner)
        throw invalidGrant()
      },
    ]
    const auth = subject(made, { store: made.elsewhere() })
    const outcome = await outcomeOf(tokenOf(auth).then((found) => found === token || Promise.reject('other token')))
    return { outcome, isSaved: (await made.saved())?.accessToken === token }
  },
  breaches: ({ outcome, isSaved }) => [
    ...(outcome === 'ok' ? [] : [outcome]),
    ...(isSaved ? [] : ['the session of the winner is gone']),
  ],
})

threat('E4', 'an answer is lost after the refresh token was replaced', {
  ours,
  twin: simple({
    ask: async (ask) => {
      for (let attempt = 0; attempt < 4; attempt++) {
        const found = await ask().catch(() => undefined)
        if (found) return found
      }
      return ask()
    },
  }),
  attack: async (subject: Subject) => {
    const outcomes: { rotation: string; calls: string[]; requests: number; ends: number }[] = []
    for (const rotation of ['strict', 'grace'] as const) {
      const made = await expired({ rotation, turns: ['lost'] })
      const auth = subject(made)
      const calls = await Promise.all(Array.from({ length: 20 }, () => outcomeOf(auth.fetch(url))))
      for (let call = 0; call < 5; call++) calls.push(await outcomeOf(auth.fetch(url)))
      await turns(3)
      outcomes.push({
        rotation,
        calls: [...new Set(calls)],
        requests: made.issuer.requests.length,
        ends: made.told('session_ended').length,
      })
    }
    return outcomes
  },
  breaches: (outcomes) =>
    outcomes.flatMap(({ rotation, calls, requests, ends }) => [
      ...(requests <= 2 ? [] : [`${rotation}: ${requests} token requests`]),
      ...(calls.join() === (rotation === 'grace' ? 'ok' : 'sign_in_required') ? [] : [`${rotation}: ${calls}`]),
      ...(ends === (rotation === 'grace' ? 0 : 1) ? [] : [`${rotation}: ${ends} events of an end`]),
    ]),
})

threat('E6', 'a session that cannot be saved', {
  ours,
  twin: simple({ save: (save) => save() }),
  attack: async (subject: Subject) => {
    const outcomes: { code: string; calls: string[]; requests: number; told: number; isSaved: boolean }[] = []
    for (const code of ['ENOSPC', 'EACCES', 'EIO']) {
      const made = await expired()
      let isFull = true
      const set: Store['set'] = async (key, value) => {
        if (isFull) throw Object.assign(new Error('disk'), { code })
        await made.store.set(key, value)
      }
      const auth = subject(made, { store: { ...made.elsewhere(), set } })
      const calls = [await outcomeOf(auth.fetch(url))]
      made.clock.now += hour + 1
      calls.push(await outcomeOf(auth.fetch(url)))
      isFull = false
      calls.push(await outcomeOf(auth.fetch(url)))
      await turns(3)
      const isSaved = made.issuer.valid.has((await made.saved())?.accessToken ?? '')
      const told = made.told('session_not_saved').length
      outcomes.push({ code, calls, requests: made.issuer.requests.length, told, isSaved })
    }
    return outcomes
  },
  breaches: (outcomes) =>
    outcomes.flatMap(({ code, calls, requests, told, isSaved }) => [
      ...calls.filter((call) => call !== 'ok').map((call) => `${code}: ${call}`),
      ...(requests === 2 ? [] : [`${code}: ${requests} token requests`]),
      ...(told > 0 ? [] : [`${code}: nobody was told`]),
      ...(isSaved ? [] : [`${code}: not saved when it could be`]),
    ]),
})

const passing: Record<string, PentauthError> = {
  'too many': temporary(429, 5),
  broken: temporary(500),
  'away for now': temporary(503),
  reset: temporary(),
  'too slow': new PentauthError({ code: 'timeout', message: 'slow.', retryable: true }),
  'no such host': new PentauthError({ code: 'network_error', message: 'dns.', retryable: true }),
  'a page of HTML': new PentauthError({ code: 'token_response_invalid', message: 'html.' }),
  'a request it does not understand': new PentauthError({
    code: 'token_request_rejected',
    message: '400.',
    status: 400,
  }),
}

threat('E7', 'trouble that passes signs nobody out', {
  ours,
  twin: simple({
    onFailure: async (_error, { drop }) => {
      await drop()
      throw invalidGrant()
    },
  }),
  attack: async (subject: Subject) => {
    const outcomes: { trouble: string; during: string; after: string; saved: boolean; ends: number }[] = []
    for (const [trouble, always] of Object.entries(passing)) {
      const made = await expired({ always })
      const auth = subject(made, { runtime: { sleep: async () => undefined } })
      const during = await outcomeOf(auth.fetch(url))
      const saved = (await made.saved()) !== undefined
      made.issuer.always = 'ok'
      made.clock.now += 60_000
      const after = await outcomeOf(auth.fetch(url))
      outcomes.push({ trouble, during, after, saved, ends: made.told('session_ended').length })
    }
    return outcomes
  },
  breaches: (outcomes) =>
    outcomes.flatMap(({ trouble, during, after, saved, ends }) => [
      ...(during === passing[trouble]?.code ? [] : [`${trouble}: ${during}`]),
      ...(after === 'ok' ? [] : [`${trouble}: then ${after}`]),
      ...(saved ? [] : [`${trouble}: the session is gone`]),
      ...(ends === 0 ? [] : [`${trouble}: said to have ended`]),
    ]),
})

/** A source, and how to sign out of it. */
interface Leaver {
  readonly auth: Subject
  readonly signOut: (made: World, store: Store) => Promise<void>
}

threat('E8', 'a sign-out while the session is renewed', {
  ours: {
    auth: ours,
    signOut: ({ issuer, runtime }: World, store: Store) => signOutWith(issuer.engine, pensyve, { store, runtime }),
  },
  twin: {
    auth: simple({}),
    signOut: async (made: World, store: Store) => {
      const stored = await made.saved()
      await store.delete(keyOf())
      if (stored) await (await made.issuer.engine()).revokeTokens({} as never, stored)
    },
  },
  attack: async ({ auth, signOut }: Leaver) => {
    const outcomes: { where: string; saved: boolean; call: string; later: string; alive: boolean; tries: number }[] = []
    for (const where of ['here', 'in another process']) {
      const made = await expired()
      const { open, passed } = gate()
      // The server has renewed already when the sign-out comes.
      const { engine } = made.issuer
      const slow = async () => {
        const { refreshTokens, revokeTokens } = await engine()
        const late: Engine['refreshTokens'] = async (...given) => {
          const tokens = await refreshTokens(...given)
          await passed
          return tokens
        }
        return { refreshTokens: late, revokeTokens }
      }
      const store = made.elsewhere()
      const subject = auth(made, { store, engine: slow })
      const call = outcomeOf(subject.fetch(url))
      await turns(5)
      const leaving = signOut(made, where === 'here' ? store : made.elsewhere())
      await turns(5)
      open()
      await leaving
      const ended = await call
      await turns(5)
      const later = await outcomeOf(subject.fetch(url))
      const { alive, revoked } = made.issuer
      const saved = (await made.store.get(keyOf())) !== undefined
      outcomes.push({ where, saved, call: ended, later, alive, tries: revoked.length })
    }
    return outcomes
  },
  breaches: (outcomes) =>
    outcomes.flatMap(({ where, saved, call, later, alive, tries }) => [
      ...(saved ? [`${where}: the session is back`] : []),
      ...(call === 'ok' || later === 'ok' ? [`${where}: a call went out`] : []),
      ...(alive ? [`${where}: the tokens still work`] : []),
      ...(tries === (where === 'here' ? 1 : tries) && tries > 0 ? [] : [`${where}: revoked ${tries} times`]),
    ]),
})

const jumps: Record<string, number> = {
  'a day ahead': 24 * hour,
  'a day back': -24 * hour,
  'eight hours of sleep': 8 * hour,
  'to the beginning of time': -1_000_000_000_000,
}

threat('E9', 'clocks that are wrong, jump or sleep', {
  ours,
  // Takes the times of the server for its own.
  twin: simple({ expiresAt: () => 1_000_000_000_000 + 2 * hour, isOver: ({ expiresAt = 0 }, now) => expiresAt <= now }),
  attack: async (subject: Subject) => {
    const outcomes: { jump: string; requests: number; timers: number; calls: Set<string> }[] = []
    for (const [jump, ms] of Object.entries(jumps)) {
      const made = world()
      await made.signIn()
      let timers = 0
      const sleep = async (wait: number) => {
        if (wait > 2_147_483_647) timers += 1
      }
      const auth = subject(made, { runtime: { sleep } })
      await outcomeOf(auth.fetch(url))
      made.clock.now += ms
      const calls = new Set<string>()
      for (let call = 0; call < 20; call++) {
        calls.add(await outcomeOf(auth.fetch(url)))
        await turns(2)
      }
      outcomes.push({ jump, requests: made.issuer.requests.length, timers, calls })
    }
    return outcomes
  },
  breaches: (outcomes) =>
    outcomes.flatMap(({ jump, requests, timers, calls }) => [
      ...(requests <= 1 ? [] : [`${jump}: ${requests} token requests`]),
      ...(timers === 0 ? [] : [`${jump}: a timer that no platform can hold`]),
      ...(calls.size === 1 && calls.has('ok') ? [] : [`${jump}: ${[...calls]}`]),
    ]),
})
