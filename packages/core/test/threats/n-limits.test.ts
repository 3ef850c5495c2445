import { createServer } from 'node:net'
import { hasMarker, renderings, testKey } from '@pentauth/tooling/canary'
import { threat } from '@pentauth/tooling/threat'
import { describe, expect, it, onTestFinished } from 'vitest'
import { apiKey, createAuth, defineService, errorFrom, type PentauthEvent, relocate } from '../../src/index.ts'
import { parseService } from '../../src/schema.ts'
import { pensyve } from '../../src/services.ts'
import { recorded } from '../support/auth.ts'
import { unrecognised } from './support/echoes.ts'

const key = testKey.pensyve()
const base = pensyve.resources.rest.url

const failure = (work: () => unknown): Promise<unknown> =>
  (async () => work())().then(
    () => undefined,
    (error: unknown) => error,
  )
/** The renderings of a value that show a credential. */
const showing = (value: unknown) =>
  renderings(value)
    .filter(({ text }) => hasMarker(text))
    .map(({ way }) => way)
const shown = (outcomes: readonly [string, unknown][]) =>
  outcomes.flatMap(([name, value]) => {
    const ways = showing(value)
    return value === undefined
      ? [`${name}: nothing happened`]
      : ways.length > 0
        ? [`${name}: in ${ways.join(', ')}`]
        : []
  })

type Asked = (url: string) => Promise<unknown>
threat<Asked, [string, unknown][]>('N1', 'a credential in the path or host of a URL', {
  ours: async (url) => {
    // Refused once, so that the request is sent again and an event says so.
    const source = apiKey(() => testKey.pensyve(String(reads++)))
    let reads = 0
    const answer = () => new Response('{}', { status: reads > 1 ? 200 : 401 })
    const { auth, events } = recorded(pensyve, source, answer)
    return (
      (await failure(() => auth.fetch(url))) ?? { events: events.map((event: PentauthEvent) => JSON.stringify(event)) }
    )
  },
  twin: async (url) => new Error(`cannot reach ${url}`),
  attack: async (asked) => [
    ['a path elsewhere', await asked(`https://evil.test/${key}`)],
    ['a host elsewhere', await asked(`https://${key.slice(4)}.evil.test/`)],
    ['a path of the service', await asked(`${base}/${testKey.pensyve('0')}`)],
  ],
  breaches: shown,
})

/** Does what was asked, or says what is wrong with it. */
type Tried = (what: string, work: () => unknown) => Promise<unknown>
threat<Tried, [string, unknown][]>('N1', 'options that are a credential', {
  ours: (_what, work) => failure(work),
  twin: async (what) => new TypeError(`invalid option ${what}`),
  attack: async (tried) => {
    const { auth } = recorded(pensyve, apiKey(key))
    const json = JSON.parse(JSON.stringify(pensyve))
    const cases: Record<string, () => unknown> = {
      'a header name': () => auth.headers(base, { header: key as never }),
      'an origin to move to': () => relocate(pensyve, { 'https://api.pensyve.com': `http://${key.slice(4)}` }),
      'the id of a service': () => defineService({ ...pensyve, id: key }),
      'the name of a resource': () => defineService({ ...json, resources: { [key]: { url: 'x', protocol: 'rest' } } }),
      'an unknown property': () => parseService({ ...json, [key]: 1 }),
    }
    const outcomes: [string, unknown][] = []
    for (const [name, work] of Object.entries(cases)) outcomes.push([name, await tried(key, work)])
    return outcomes
  },
  breaches: shown,
})

// What is known not to hold, kept here so that a change is noticed; docs/threats.md says the same.
describe('N1: known limits', () => {
  it.each(Object.entries(unrecognised))('a refusal that repeats the key %s', async (_name, form) => {
    const answer = () => Response.json({ message: form(key) }, { status: 403 })
    const error = await errorFrom(await recorded(pensyve, apiKey(key), answer).auth.fetch(base))
    // When this fails the form is recognised, and belongs to the echoes that must be.
    expect(error?.message.includes('[secret]')).toBe(false)
  })

  it("the platform's own error about an answer that is no HTTP holds that answer, without the key", async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', (request) => socket.end(`HTTP/1.1 200 OK\r\nBad Header ${request}\r\n\r\n`))
    })
    onTestFinished(() => void server.close())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`
    const auth = createAuth(relocate(pensyve, { 'https://api.pensyve.com': origin }), { credential: apiKey(key) })
    const error = (await failure(() => auth.fetch(`${origin}/v1/recall`))) as { cause: { data: string } }
    expect(error).toBeInstanceOf(TypeError)
    expect(error.cause.data).toContain('authorization: Bearer [secret]')
    expect(showing(error)).toEqual([])
  })
})
