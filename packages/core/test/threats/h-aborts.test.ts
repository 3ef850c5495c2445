import type { ServerResponse } from 'node:http'
import { testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import { apiKey, createAuth, relocate } from '../../src/index.ts'
import { pendra } from '../../src/services.ts'
import { serve } from '../support/server.ts'
import { type Fetch, recorder } from './support/recorder.ts'
import { pause, type Settled, settledWithin, turns } from './support/turns.ts'

// H6: the caller changes its mind at every moment of a call.

type Read = (count: number) => string | Promise<string>
/** One GET with its body read, by a client whose key comes from a function and is asked for again after a refusal. */
type Client = (origin: string, read: Read, fetch?: Fetch) => (signal: AbortSignal) => Promise<unknown>

const path = '/api/v1/models'

const ours: Client = (origin, read, fetch) => {
  let count = 0
  const auth = createAuth(relocate(pendra, { 'https://api.pendra.ai': origin }), {
    credential: apiKey(() => read(count++)),
    ...(fetch ? { runtime: { fetch } } : {}),
  })
  return async (signal) => (await auth.fetch(origin + path, { signal })).text()
}

/** Gives the signal to fetch, and to nothing else that is waited for. */
const deaf: Client =
  (origin, read, fetch = globalThis.fetch) =>
  async (signal) => {
    const send = (key: string) => fetch(origin + path, { signal, headers: { authorization: `Bearer ${key}` } })
    const response = await send(await read(0))
    return (response.status === 401 ? await send(await read(1)) : response).text()
  }

const never = new Promise<never>(() => {})

/** A moment: what the server and the key function do until it has come, and then no more. */
interface Moment {
  readonly answer?: (response: ServerResponse, count: number, come: () => void) => void
  readonly read?: (count: number, come: () => void) => string | Promise<string>
}
const refused = (response: ServerResponse) => response.writeHead(401).end('{"detail":"Invalid or expired token"}')
const moments: Record<string, Moment> = {
  'while the key is read': {
    read: (_count, come) => {
      come()
      return never
    },
  },
  'before any answer': { answer: (_response, _count, come) => come() },
  'while a body comes': {
    answer: (response, _count, come) => {
      response.writeHead(200).write('some of it')
      come()
    },
  },
  'behind a redirect': {
    answer: (response, count, come) => {
      if (count === 1) return response.writeHead(302, { location: `${path}/there` }).end()
      return come()
    },
  },
  'while the body of a refusal comes': {
    answer: (response, _count, come) => {
      response.writeHead(401).write('{"detail":')
      come()
    },
  },
  'while another key is read': {
    answer: refused,
    read: (count, come) => {
      if (count === 0) return testKey.pendra('first')
      come()
      return never
    },
  },
  'while the request is sent again': {
    answer: (response, count, come) => (count === 1 ? refused(response) : come()),
    read: (count) => testKey.pendra(String(count)),
  },
}

interface Aborted {
  readonly moment: string
  readonly settled: Settled | undefined
  readonly isReason: boolean
  /** Connections on which a request was still going on. */
  readonly open: number
  readonly unhandled: number
}

threat<Client, Aborted[]>('H6', 'a call that is aborted at each moment', {
  ours,
  twin: deaf,
  attack: async (client) => {
    const outcomes: Aborted[] = []
    for (const [name, { answer, read }] of Object.entries(moments)) {
      let unhandled = 0
      const count = () => {
        unhandled++
      }
      process.on('unhandledRejection', count)
      let come = () => {}
      const hasCome = new Promise<void>((resolve) => {
        come = resolve
      })
      let open = 0
      const server = await serve((response, _seen, { seen }) => {
        open++
        response.on('close', () => open--)
        if (answer) answer(response, seen.length, come)
        else response.end('{}')
      })
      const controller = new AbortController()
      const reason = new Error('changed my mind')
      const work = client(server.origin, (nth) => read?.(nth, come) ?? testKey.pendra())(controller.signal)
      const watched = work.then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      )
      await hasCome
      await turns(20)
      controller.abort(reason)
      const settled = (await settledWithin(watched))?.value as Settled | undefined
      for (let count = 0; count < 800 && open > 0; count++) await pause()
      process.off('unhandledRejection', count)
      outcomes.push({ moment: name, settled, isReason: settled?.error === reason, open, unhandled })
    }
    return outcomes
  },
  breaches: (outcomes) =>
    outcomes.flatMap(({ moment, settled, isReason, open, unhandled }) => [
      ...(settled ? [] : [`${moment}: goes on`]),
      ...(settled && !isReason ? [`${moment}: does not reject with the reason`] : []),
      ...(open > 0 ? [`${moment}: ${open} requests go on`] : []),
      ...(unhandled > 0 ? [`${moment}: ${unhandled} unhandled rejections`] : []),
    ]),
})

/** Ends of a call that was aborted after so many steps: the answer if it was there already, else the caller's reason. */
threat<Client, { steps: number; settled: Settled | undefined; isReason: boolean; sent: number; asked: number }[]>(
  'H6',
  'a call that is aborted after each of its first hundred steps, or before',
  {
    ours,
    twin: deaf,
    attack: async (client) => {
      const outcomes = []
      for (let steps = -1; steps < 100; steps++) {
        const controller = new AbortController()
        const reason = new Error('changed my mind')
        const { sent, fetch } = recorder(async ({ signal }, count) => {
          await turns(0)
          if (signal.aborted) throw signal.reason
          return new Response('{}', { status: count === 1 ? 401 : 200 })
        })
        let asked = 0
        const read = async (nth: number) => {
          asked++
          return testKey.pendra(String(nth))
        }
        if (steps < 0) controller.abort(reason)
        const work = client('http://127.0.0.1:9', read, fetch)(controller.signal)
        for (let step = 0; step < steps; step++) await Promise.resolve()
        controller.abort(reason)
        const settled = await settledWithin(work)
        outcomes.push({ steps, settled, isReason: settled?.error === reason, sent: sent.length, asked })
      }
      return outcomes
    },
    breaches: (outcomes) => [
      ...(new Set(outcomes.map(({ isReason }) => isReason)).size === 2 ? [] : ['always the same end']),
      ...outcomes.flatMap(({ steps, settled, isReason, sent, asked }) => [
        ...(settled && (isReason || settled.value !== undefined) ? [] : [`after ${steps} steps: neither end`]),
        ...(steps < 0 && sent + asked > 0 ? ['aborted before it began, and yet a key was read'] : []),
      ]),
    ],
  },
)
