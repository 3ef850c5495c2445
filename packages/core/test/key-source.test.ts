import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { apiKey, createAuth, type KeyReading, keySource, relocate } from '../src/index.ts'
import { pendra, pensyve } from '../src/services.ts'
import { offline, recorded } from './support/auth.ts'

const url = 'https://api.pendra.ai/api/v1/models'
const [one, two] = [testKey.pendra('one'), testKey.pendra('two')]
const refused = () => Response.json({ detail: 'Invalid or expired token' }, { status: 401 })
const isKey = async (auth: { credential(): Promise<{ secret: { reveal(): string } }> }, key: string) =>
  (await auth.credential()).secret.reveal() === key

describe('a pair of keys', () => {
  it.each([
    ['both', [one, two], one],
    ['a blank second', [one, '  '], one],
    ['no second', [one], one],
    ['a blank first', [undefined, two], two],
    ['twice the same', [one, one], one],
  ] as const)('%s: the first that is there', async (_what, pair, expected) => {
    const auth = createAuth(pendra, { credential: apiKey(pair), runtime: offline })
    expect(await isKey(auth, expected)).toBe(true)
  })

  it.each([
    ['both blank', ['', undefined], 'malformed_credential', 'option "credential" (first key) is empty'],
    ['an empty list', [], 'malformed_credential', 'option "credential"'],
    ['both in quotes', [`"${one}"`, `"${two}"`], 'malformed_credential', '(first key) is wrapped in quotes'],
    ['no list at all', 17, 'malformed_credential', 'option "credential" is not a string'],
    ['nothing', undefined, 'malformed_credential', 'option "credential" is not a string'],
  ] as const)('%s: an error that says which', async (_what, pair, code, text) => {
    const error = await caught(createAuth(pendra, { credential: apiKey(pair as never), runtime: offline }).credential())
    expect([error.code, error.message.includes(text)], error.message).toEqual([code, true])
  })

  it.each([
    ['in quotes', `"${two}"`, '(second key) is wrapped in quotes'],
    ['another service’s', testKey.pensyve(), '(second key) looks like a Pensyve API key'],
  ])('a next key that is %s is told, and disables no good one', async (_what, next, reason) => {
    const { auth, events } = recorded(pendra, apiKey([one, next]))
    expect(await isKey(auth, one)).toBe(true)
    await new Promise((resolve) => setImmediate(resolve))
    const told = events.filter(({ type }) => type === 'credential_suspect')
    expect(told).toMatchObject([{ reason: expect.stringContaining(reason) }])
  })

  it('names the one it uses', async () => {
    const answer = ({ headers }: Request) =>
      headers.get('authorization') === `Bearer ${two}` ? Response.json({}) : refused()
    const { auth, events } = recorded(pendra, apiKey([one, two], { name: 'vault' }), answer)
    expect((await auth.fetch(url)).status).toBe(200)
    expect(events.filter(({ type }) => type === 'key_switched')).toMatchObject([
      { reason: 'refused', from: { source: 'vault (first key)' }, to: { source: 'vault (second key)' } },
    ])
  })
})

describe('a source that is read before each use', () => {
  /** What the reader finds next; a function throws or answers later. */
  function changing(first: KeyReading) {
    let next: KeyReading | (() => KeyReading) = first
    const source = keySource('key file', () => (typeof next === 'function' ? next() : next), { reads: 'each-use' })
    const holds = (found: typeof next) => {
      next = found
    }
    return { ...recorded(pendra, source), holds }
  }

  it('gives the same key as long as it is the same, and the new one from the next use on', async () => {
    const { auth, events, holds } = changing(one)
    const first = await auth.credential()
    holds({ value: one, source: 'elsewhere' })
    expect(await auth.credential()).toBe(first)
    holds(`${two}\n`)
    expect(await isKey(auth, two)).toBe(true)
    expect(await auth.credential()).toBe(await auth.credential())
    holds(one)
    expect(await isKey(auth, one)).toBe(true)
    const switched = events.filter(({ type }) => type === 'key_switched')
    expect(switched).toMatchObject([{ reason: 'changed' }, { reason: 'changed' }])
    expect(events.filter(({ type }) => type === 'credential_selected')).toHaveLength(3)
  })

  it.each<[string, KeyReading | (() => never), string]>([
    ['is gone', { absent: 'there is no such file' }, 'there is no such file'],
    ['is empty', '', 'The Pendra API key from key file is empty'],
    ['is half written', two.slice(0, 3), 'does not begin with "pdr_sk_"'],
    ['holds another service’s key', testKey.pensyve(), 'looks like a Pensyve API key'],
    [
      'cannot be read',
      () => {
        throw new Error(`EIO ${one}`)
      },
      'reading it failed',
    ],
  ])('that %s later keeps the known key, and says so once', async (_what, reading, reason) => {
    const { auth, events, holds } = changing(one)
    const first = await auth.credential()
    holds(reading)
    for (let use = 0; use < 3; use++) expect(await auth.credential()).toBe(first)
    const kept = events.filter(({ type }) => type === 'key_kept')
    expect(kept).toMatchObject([{ source: 'key file', reason: expect.stringContaining(reason) }])
    holds(two)
    expect(await isKey(auth, two)).toBe(true)
    holds(reading)
    expect(await isKey(auth, two)).toBe(true)
    expect(events.filter(({ type }) => type === 'key_kept')).toHaveLength(2)
    expectNoMarker(events)
  })

  it('that is half written and looks like a key: the one before serves until the file is whole', async () => {
    let content = one
    const source = keySource('key file', () => content, { reads: 'each-use' })
    const working = new Set([one, two].map((key) => `Bearer ${key}`))
    const { auth, events } = recorded(pendra, source, ({ headers }) =>
      working.has(headers.get('authorization') ?? '') ? Response.json({}) : refused(),
    )
    expect((await auth.fetch(url)).status).toBe(200)
    content = two.slice(0, 30)
    const answers = await Promise.all(Array.from({ length: 20 }, () => auth.fetch(url)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    expect((await auth.fetch(url)).status).toBe(200)
    expect(await isKey(auth, one)).toBe(true)
    content = two
    expect((await auth.fetch(url)).status).toBe(200)
    expect(await isKey(auth, two)).toBe(true)
    working.delete(`Bearer ${one}`)
    working.delete(`Bearer ${two}`)
    expect((await auth.fetch(url)).status).toBe(401)
    expect(events.filter(({ type }) => type === 'key_switched').length).toBeLessThanOrEqual(4)
  })

  it('a key that was taken out is used no longer than 5 s after its successor was refused', async () => {
    let time = 0
    let content = one
    const source = keySource('key file', () => content, { reads: 'each-use' })
    const answer = ({ headers }: Request) =>
      headers.get('authorization') === `Bearer ${one}` ? Response.json({}) : refused()
    const { auth, sent } = recorded(pendra, source, answer, { now: () => time })
    const isOld = () => sent.at(-1)?.headers.get('authorization') === `Bearer ${one}`
    expect((await auth.fetch(url)).status).toBe(200)
    content = two
    expect([(await auth.fetch(url)).status, isOld()]).toEqual([200, true])
    time = 5_000
    for (let second = 5; second < 60; second++) {
      time += 1_000
      expect([(await auth.fetch(url)).status, isOld()]).toEqual([401, false])
    }
  })

  it('that never held anything says what it looked at', async () => {
    const { auth, holds } = changing({ absent: 'there is no such file' })
    expect((await caught(auth.credential())).code).toBe('no_credential')
    holds('"quoted"')
    expect((await caught(auth.credential())).code).toBe('malformed_credential')
    holds(one)
    expect(await isKey(auth, one)).toBe(true)
  })

  it('that answers later is waited for', async () => {
    const source = keySource('slow file', async () => one, { reads: 'each-use' })
    const auth = createAuth(pendra, { credential: source, runtime: offline })
    expect(await isKey(auth, one)).toBe(true)
    expect(await isKey(auth, one)).toBe(true)
  })

  it('serves a refused request with what arrived meanwhile', async () => {
    const keys = [one, two]
    const source = keySource('key file', () => keys.shift() ?? two, { reads: 'each-use' })
    const { auth, sent } = recorded(pendra, source, ({ headers }) =>
      headers.get('authorization') === `Bearer ${two}` ? Response.json({}) : refused(),
    )
    expect((await auth.fetch(url)).status).toBe(200)
    expect(sent).toHaveLength(2)
  })
})

describe('what a source is given', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, '60'])('refusedGrace %s is refused', (refusedGrace) => {
    expect(() => apiKey(one, { refusedGrace: refusedGrace as number })).toThrow(
      '"refusedGrace" is no number of seconds',
    )
  })

  it('a function that gives nothing says so, at once or later', async () => {
    for (const nothing of [() => undefined, async () => undefined]) {
      const error = await caught(createAuth(pendra, { credential: apiKey(nothing), runtime: offline }).credential())
      expect(error).toMatchObject({ code: 'no_credential', tried: [{ result: 'the function gave nothing' }] })
    }
  })
})

describe('a key that passed for a deployment of one’s own', () => {
  it('is checked again for the service’s own resources, also while it is being read', async () => {
    const mixed = relocate(pensyve, { 'https://mcp.pensyve.com': 'http://127.0.0.1:1' })
    const source = apiKey(async () => testKey.profundis())
    const auth = createAuth(mixed, { credential: source, runtime: offline })
    const [own, strict] = await Promise.allSettled([
      auth.credential('http://127.0.0.1:1/mcp'),
      auth.credential('https://api.pensyve.com/v1'),
    ])
    expect(own.status).toBe('fulfilled')
    expect(strict).toMatchObject({ status: 'rejected', reason: { code: 'malformed_credential' } })
  })
})
