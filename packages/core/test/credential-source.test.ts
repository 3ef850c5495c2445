import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import {
  apiKey,
  type CredentialSource,
  createAuth,
  firstOf,
  keySource,
  type PentauthEvent,
  relocate,
} from '../src/index.ts'
import { pendium, pensyve, profundis } from '../src/services.ts'
import { offline, recorded, tokenSource } from './support/auth.ts'

const rest = 'https://pendium.ai/api/visibility/account'
const mcp = 'https://pendium.ai/mcp'

/** A source that has nothing. */
const nothing = (name: string, present?: boolean): CredentialSource => ({
  name,
  get: () => ({ absent: 'not set', next: `set ${name}` }),
  ...(present === undefined ? {} : { present: () => present }),
})
const named = (source: CredentialSource, name: string): CredentialSource => ({ ...source, name, present: () => true })

describe('apiKey', () => {
  it('gives the same key without a promise once it is known', async () => {
    const auth = createAuth(pensyve, { credential: apiKey(testKey.pensyve()), runtime: offline })
    const first = await auth.credential()
    expect(await auth.credential()).toBe(first)
    expect([first.kind, first.source]).toEqual(['api-key', 'option "credential"'])
    expect(first.secret.reveal() === testKey.pensyve()).toBe(true)
  })

  it('calls a function once for all callers, and not before the first', async () => {
    let calls = 0
    const credential = apiKey(async () => {
      calls++
      return testKey.pensyve()
    })
    const auth = createAuth(pensyve, { credential, runtime: offline })
    expect(calls).toBe(0)
    const all = await Promise.all(Array.from({ length: 50 }, () => auth.credential()))
    expect([calls, new Set(all).size]).toEqual([1, 1])
    await auth.credential()
    expect(calls).toBe(1)
  })

  it('calls a function again after it failed', async () => {
    let calls = 0
    const reason = new Error('vault sealed')
    const credential = apiKey(async () => {
      if (calls++ === 0) throw reason
      return testKey.pensyve()
    })
    const auth = createAuth(pensyve, { credential, runtime: offline })
    expect(await caught(auth.credential('https://api.pensyve.com/v1'))).toBe(reason)
    expect((await auth.credential('https://api.pensyve.com/v1')).kind).toBe('api-key')
  })

  it('passes on what a synchronous function throws as a rejection', async () => {
    const reason = new Error('no vault')
    const credential = apiKey(() => {
      throw reason
    })
    const auth = createAuth(pensyve, { credential, runtime: offline })
    expect(await caught(auth.fetch('https://api.pensyve.com/v1/status'))).toBe(reason)
    expect(await caught(auth.headers('https://api.pensyve.com/v1/status'))).toBe(reason)
  })

  it('reads a key for each service that shares the source', async () => {
    const elsewhere = relocate(pensyve, { 'https://api.pensyve.com': 'http://127.0.0.1:1' })
    let calls = 0
    const credential = apiKey(async () => (calls++ === 0 ? testKey.pensyve() : testKey.profundis()))
    const [first, second] = await Promise.all(
      [pensyve, elsewhere].map((service) => createAuth(service, { credential, runtime: offline }).credential()),
    )
    expect(first?.secret.reveal() === testKey.pensyve()).toBe(true)
    expect(second?.secret.reveal() === testKey.profundis()).toBe(true)
  })

  it('is refused where the resource takes tokens only', async () => {
    const auth = createAuth(pendium, { credential: apiKey(testKey.pendium()), runtime: offline })
    const error = await caught(auth.fetch(mcp))
    expect(error.code).toBe('credential_not_accepted')
    expect(error.hint).toBe('It takes an access token (OAuth).')
    expect((await auth.credential(rest)).kind).toBe('api-key')
    expect((await caught(auth.credential(mcp))).code).toBe('credential_not_accepted')
  })
})

describe('keySource', () => {
  it('names the exact place that a reader found', async () => {
    const source = keySource('.env', () => ({ value: 'not a key', source: '.env:3' }))
    const error = await caught(createAuth(pensyve, { credential: source, runtime: offline }).credential())
    expect(error.message).toContain('The Pensyve API key from .env:3')
  })

  it('says what it looked at when there is nothing', async () => {
    const source = keySource('PENSYVE_API_KEY', () => ({ absent: 'not set', next: 'export PENSYVE_API_KEY=psy_…' }))
    const error = await caught(createAuth(pensyve, { credential: source, runtime: offline }).credential())
    expect(error).toMatchObject({
      code: 'no_credential',
      service: 'pensyve',
      tried: [{ source: 'PENSYVE_API_KEY', result: 'not set', next: 'export PENSYVE_API_KEY=psy_…' }],
    })
    expect(error.message).toContain('PENSYVE_API_KEY: not set; export PENSYVE_API_KEY=psy_…')
  })
})

describe('firstOf', () => {
  it('goes on behind a chain that found nothing, and lists every link', async () => {
    const inner = firstOf(nothing('A'), nothing('B'))
    const wrapped = { ...firstOf(nothing('C')), name: 'wrapped' }
    const auth = createAuth(pensyve, { credential: firstOf(inner, wrapped, nothing('D')), runtime: offline })
    const error = await caught(auth.credential('https://api.pensyve.com/v1'))
    expect(error.tried?.map(({ source }: { source: string }) => source)).toEqual(['A', 'B', 'C', 'D'])
    const found = createAuth(pensyve, { credential: firstOf(inner, apiKey(testKey.pensyve())), runtime: offline })
    expect((await found.credential('https://api.pensyve.com/v1')).kind).toBe('api-key')
  })

  const select = (url: string, ...sources: CredentialSource[]) => {
    const { auth, events } = recorded(pendium, firstOf(...sources))
    return { result: auth.credential(url), events }
  }

  it('takes the first that has something', async () => {
    const { result, events } = select(
      rest,
      nothing('A'),
      named(apiKey(testKey.pendium('b'), { name: 'B' }), 'B'),
      named(apiKey(testKey.pendium('c'), { name: 'C' }), 'C'),
      nothing('D', false),
      named(tokenSource(testKey.token()), 'E'),
    )
    expect((await result).source).toBe('B')
    expect(events).toMatchObject([
      {
        type: 'credential_selected',
        service: 'pendium',
        resource: 'rest',
        header: 'x-api-key',
        passedOver: ['C', 'E'],
      },
    ])
    expectNoMarker(events)
  })

  it('skips a kind that the resource refuses, and says so', async () => {
    const sources = [apiKey(testKey.pendium(), { name: 'KEY' }), tokenSource(testKey.token())]
    const toMcp = select(mcp, ...sources)
    expect((await toMcp.result).kind).toBe('access-token')
    expect(toMcp.events[0]).toMatchObject({ type: 'source_skipped', source: 'KEY', reason: 'mcp takes no API keys' })
    const toRest = select(rest, ...sources)
    expect((await toRest.result).kind).toBe('api-key')
  })

  it('has a choice for each resource, and keeps it', async () => {
    const { auth, events, sent } = recorded(
      pendium,
      firstOf(tokenSource(testKey.token()), apiKey(testKey.pendium(), { name: 'KEY' })),
    )
    for (const url of [rest, mcp, rest, mcp]) await auth.fetch(url)
    expect(sent.map(({ headers }) => headers.has('x-api-key'))).toEqual([true, false, true, false])
    expect(events.map(({ type }) => type)).toEqual(['source_skipped', 'credential_selected', 'credential_selected'])
  })

  it('ends with a table of everything that was tried', async () => {
    const { result } = select(mcp, nothing('A'), apiKey(testKey.pendium(), { name: 'KEY' }), nothing('B'))
    const error = await caught(result)
    expect(error).toMatchObject({
      code: 'no_credential',
      tried: [
        { source: 'A', result: 'not set', next: 'set A' },
        { source: 'KEY', result: 'skipped: mcp takes no API keys' },
        { source: 'B', result: 'not set', next: 'set B' },
      ],
      hint: 'It takes access tokens only (OAuth).',
    })
    expect(error.message).toContain('  - A: not set; set A\n  - KEY: skipped: mcp takes no API keys\n')
  })

  it('without sources has nothing', async () => {
    expect(await caught(select(rest).result)).toMatchObject({ code: 'no_credential', tried: [] })
  })

  it('does not pass over a source that is broken', async () => {
    const { result } = select(rest, apiKey('undefined', { name: 'KEY' }), apiKey(testKey.pendium()))
    expect(await caught(result)).toMatchObject({ code: 'malformed_credential' })
  })

  it('looks again when there was nothing', async () => {
    let value: string | undefined
    const source = keySource('LATER', () => value ?? { absent: 'not yet' })
    const { auth } = recorded(pendium, firstOf(source))
    expect((await caught(auth.credential(rest))).code).toBe('no_credential')
    value = testKey.pendium()
    expect((await auth.credential(rest)).kind).toBe('api-key')
  })

  it('renews the source it chose', async () => {
    let calls = 0
    const { auth, sent } = recorded(
      profundis,
      firstOf(
        nothing('A'),
        apiKey(() => testKey.profundis(String(calls++))),
      ),
      ({ headers }) =>
        new Response('{}', { status: headers.get('authorization')?.endsWith(testKey.profundis('1')) ? 200 : 401 }),
    )
    expect((await auth.fetch('https://mcp.profundis.io/')).status).toBe(200)
    expect([sent.length, calls]).toEqual([2, 2])
  })
})

describe('auth.credential()', () => {
  it('answers for the first resource that can be used', async () => {
    expect((await recorded(pendium, tokenSource(testKey.token())).auth.credential()).kind).toBe('access-token')
    expect((await recorded(pendium, apiKey(testKey.pendium())).auth.credential()).kind).toBe('api-key')
  })

  it('fails with the first resource’s error', async () => {
    const error = await caught(recorded(pendium, nothing('A')).auth.credential())
    expect(error.message).toContain('No credential for Pendium rest')
  })
})

describe('createAuth', () => {
  it.each([undefined, null, 'psy_x', {}, () => 'x'])('refuses what is no source: %s', (credential) => {
    expect(() => createAuth(pensyve, { credential: credential as unknown as CredentialSource })).toThrow(
      expect.objectContaining({ code: 'invalid_option' }),
    )
    expect(() => firstOf(apiKey(testKey.pensyve()), credential as unknown as CredentialSource)).toThrow('apiKey(key)')
    expect(() => createAuth(pensyve, undefined as unknown as Parameters<typeof createAuth>[1])).toThrow('apiKey(key)')
  })

  it('reads and sends nothing by itself', () => {
    const events: PentauthEvent[] = []
    const credential = { name: 'x', get: () => expect.fail('read') }
    createAuth(pensyve, { credential, runtime: offline, onEvent: (event) => void events.push(event) })
    expect(events).toEqual([])
  })

  it('refuses a definition that would send credentials in the clear', () => {
    const resources = { rest: { ...pensyve.resources.rest, url: 'http://api.pensyve.com/v1' } }
    expect(() => createAuth({ ...pensyve, resources }, { credential: apiKey(testKey.pensyve()) })).toThrow(
      expect.objectContaining({ code: 'invalid_service' }),
    )
  })
})
