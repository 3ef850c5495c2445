import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import { afterEach, vi } from 'vitest'
import { apiKey, clientCredentials, createAuth, errorFrom, PentauthError, relocate } from '../../src/index.ts'
import { pentographer } from '../../src/services.ts'
import { client, tokenPath } from '../support/pentographer.ts'
import { serve } from '../support/server.ts'
import type { Fetch } from './support/recorder.ts'
import { settledWithin, turns } from './support/turns.ts'

// What a server may answer: the two places that read an answer themselves are the token endpoint and the judge of refusals.

/** Gets a token, or the error behind a refusal; resolves with whatever came out. */
interface Client {
  readonly token: (origin: string, fetch: Fetch) => Promise<unknown>
  readonly refusal: (origin: string, fetch: Fetch) => Promise<unknown>
}

const at = (origin: string) => relocate(pentographer, { 'https://app.pentographer.com': origin })
const path = '/api/graphql'

const ours: Client = {
  token: (origin, fetch) =>
    createAuth(at(origin), { credential: clientCredentials(client), runtime: { fetch } }).credential(),
  refusal: async (origin, fetch) => {
    const auth = createAuth(at(origin), { credential: apiKey(testKey.pentographer()), runtime: { fetch } })
    return errorFrom(await auth.fetch(origin + path))
  },
}
/** Reads whatever comes, as long as it comes. */
const trusting: Client = {
  token: async (origin, fetch) =>
    ((await (await fetch(origin + tokenPath, { method: 'POST' })).json()) as { access_token: string }).access_token,
  refusal: async (origin, fetch) => new Error(await (await fetch(origin + path)).text()),
}
const places = Object.keys(ours) as (keyof Client)[]

/** The platform's fetch, counting the bytes that were taken out of bodies after decompression. */
function counting() {
  const counted = { bytes: 0 }
  const count = new TransformStream({
    transform(chunk: Uint8Array, controller) {
      counted.bytes += chunk.byteLength
      controller.enqueue(chunk)
    },
  })
  const fetch: Fetch = async (input, init) => {
    const response = await globalThis.fetch(input, init)
    return new Response(response.body?.pipeThrough(count) ?? null, response)
  }
  return { counted, fetch }
}

const outcomeOf = (work: Promise<unknown>) => work.catch((error: unknown) => error)
const isTyped = (value: unknown): value is PentauthError => PentauthError.isInstance(value)

interface Read {
  readonly name: string
  readonly outcome: unknown
  readonly bytes: number
}
// The caps are 256 KiB and 64 KiB; streams take some chunks more than they give.
const most = 1_048_576
const tooMuch = (reads: readonly Read[]) =>
  reads.flatMap(({ name, outcome, bytes }) => [
    ...(bytes > most ? [`${name}: ${bytes} bytes were read`] : []),
    // An answer that the platform's fetch refuses itself is its TypeError, which auth.fetch passes on.
    ...(isTyped(outcome) || (name.endsWith('refusal') && outcome instanceof TypeError) ? [] : [`${name}: not typed`]),
  ])

async function readAll(subject: Client, answers: Record<string, (response: ServerResponse) => void>): Promise<Read[]> {
  const reads: Read[] = []
  for (const [name, answer] of Object.entries(answers)) {
    for (const place of places) {
      const { counted, fetch } = counting()
      const server = await serve(answer)
      const outcome = await outcomeOf(subject[place](server.origin, fetch))
      reads.push({ name: `${name}, ${place}`, outcome, bytes: counted.bytes })
    }
  }
  return reads
}

// 32 MiB of white space around what would be a fine token.
const large = Buffer.from(`{"access_token":"${testKey.token()}",${' '.repeat(2 ** 25)}"token_type":"bearer"}`)
const layers = (count: number) => Array.from({ length: count }).reduce<Buffer>((bytes) => gzipSync(bytes), large)
const bomb = (count: number) => {
  const bytes = layers(count)
  return (response: ServerResponse) =>
    response
      .writeHead(403, { 'content-type': 'application/json', 'content-encoding': Array(count).fill('gzip').join(', ') })
      .end(bytes)
}

threat('H1', 'a small answer that becomes a large one', {
  ours,
  twin: trusting,
  attack: (subject: Client) => readAll(subject, { 'gzip once': bomb(1), 'gzip twice': bomb(2), 'gzip × 8': bomb(8) }),
  breaches: tooMuch,
})

threat('H2', 'an answer that goes on', {
  ours,
  twin: trusting,
  attack: (subject: Client) =>
    readAll(subject, {
      // An end far behind every cap, for the client that has none.
      endless: (response) => {
        response.writeHead(401, { 'content-type': 'application/json' })
        let left = 512
        const more = () => {
          while (left-- > 0) if (!response.write(' '.repeat(65_536))) return void response.once('drain', more)
          response.end()
        }
        more()
      },
    }),
  breaches: tooMuch,
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

interface Waited {
  readonly name: string
  readonly outcome: unknown
  readonly isOver: boolean
  readonly limits: readonly number[]
}

threat('H2', 'an answer that never comes, or not its end', {
  ours,
  twin: trusting,
  attack: async (subject: Client) => {
    const silences: Record<string, { places: readonly (keyof Client)[]; answer: (response: ServerResponse) => void }> =
      {
        // auth.fetch itself has no deadline, as fetch has none; that is the caller's signal.
        'no answer': { places: ['token'], answer: () => undefined },
        'half a body': { places, answer: (response) => void response.writeHead(401).write('{"error":') },
      }
    const waited: Waited[] = []
    for (const [name, silence] of Object.entries(silences)) {
      for (const place of silence.places) {
        const limits: number[] = []
        const fire: (() => void)[] = []
        vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
          const controller = new AbortController()
          limits.push(ms)
          fire.push(() => controller.abort(new DOMException('late', 'TimeoutError')))
          return controller.signal
        })
        vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
        let come = () => {}
        const hasCome = new Promise<void>((resolve) => {
          come = resolve
        })
        const server = await serve((response) => {
          silence.answer(response)
          // Without an answer the client has nothing to wait for before it waits.
          if (!response.headersSent) come()
        })
        const watched = outcomeOf(
          subject[place](server.origin, async (input, init) => {
            const response = await globalThis.fetch(input, init)
            come()
            return response
          }),
        )
        await hasCome
        await turns(20)
        for (const end of fire) end()
        await vi.advanceTimersByTimeAsync(10_000)
        const settled = await settledWithin(watched)
        waited.push({ name: `${name}, ${place}`, outcome: settled?.value, isOver: settled !== undefined, limits })
        vi.useRealTimers()
        vi.restoreAllMocks()
      }
    }
    return waited
  },
  breaches: (waited) =>
    waited.flatMap(({ name, outcome, isOver, limits }) => [
      ...(isOver ? [] : [`${name}: goes on after 10 s`]),
      ...(isOver && !isTyped(outcome) ? [`${name}: no typed error`] : []),
      ...limits.filter((ms) => ms > 10_000).map((ms) => `${name}: a deadline of ${ms} ms`),
    ]),
})

const grant = JSON.stringify({ access_token: testKey.token(), token_type: 'Bearer', expires_in: 3600 })

/** Takes what has arrived for the whole. */
const lenient: Client = {
  ...trusting,
  token: async (origin, fetch) => {
    const response = await fetch(origin + tokenPath, { method: 'POST' })
    let text = ''
    try {
      for await (const chunk of response.body ?? []) text += new TextDecoder().decode(chunk)
    } catch {}
    const found = /"access_token":"([^"]+)/.exec(text)?.[1]
    if (found === undefined) throw new PentauthError({ code: 'token_response_invalid', message: 'no token' })
    return found
  },
}

/** Sends what the body is cut to, with a proper end or by breaking the connection, and says what came of each. */
async function cutEverywhere(status: number, whole: string, ask: (origin: string) => Promise<unknown>) {
  let cut = 0
  let isProper = false
  const server = await serve((response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': isProper ? cut : whole.length })
    const part = whole.slice(0, cut)
    if (isProper) response.end(part)
    else if (part === '') response.flushHeaders()
    else response.write(part)
    if (!isProper) setImmediate(() => response.destroy())
  })
  const outcomes: [name: string, outcome: unknown][] = []
  for (isProper of [true, false]) {
    for (cut = 0; cut < whole.length; cut++) {
      const name = `${isProper ? 'ended' : 'broken off'} after ${cut} of ${whole.length}`
      outcomes.push([name, await outcomeOf(ask(server.origin))])
    }
  }
  await turns(5)
  return outcomes
}

const allTyped = (outcomes: readonly [string, unknown][]) => [
  ...(outcomes.length > 100 ? [] : ['hardly anything was tried']),
  ...outcomes.filter(([, outcome]) => !isTyped(outcome)).map(([name]) => `${name}: taken for the whole, or untyped`),
]

threat('H2', 'a token response cut at every byte, with and without a proper end', {
  ours,
  twin: lenient,
  attack: ({ token }: Client) => cutEverywhere(200, grant, (origin) => token(origin, globalThis.fetch)),
  breaches: allTyped,
})

const refusal = JSON.stringify({ error: 'forbidden', message: 'You may not do that here.', parameters: { id: 'a1' } })
/** Takes an error body for JSON. */
const hopeful: Client = {
  ...trusting,
  refusal: async (origin, fetch) => {
    const { message } = (await (await fetch(origin + path)).json()) as { message: string }
    return new PentauthError({ code: 'forbidden', message })
  },
}

threat('H2', 'a refusal cut at every byte, with and without a proper end', {
  ours,
  twin: hopeful,
  attack: ({ refusal: ask }: Client) => cutEverywhere(403, refusal, (origin) => ask(origin, globalThis.fetch)),
  breaches: allTyped,
})
