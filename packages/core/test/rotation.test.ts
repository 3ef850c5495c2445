import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it, vi } from 'vitest'
import { apiKey, errorFrom, type PentauthEvent } from '../src/index.ts'
import { pendra, pensyve, profundis } from '../src/services.ts'
import { describeOnBoth, send } from './service-pages/world.ts'
import { recorded } from './support/auth.ts'

const hour = 3_600_000

// Hundreds of requests, which MSW answers slowly on a busy machine.
vi.setConfig({ testTimeout: 60_000 })
const switches = (events: readonly PentauthEvent[]) => events.filter(({ type }) => type === 'key_switched')

/** Rounds of 50 calls at once; what they came to, and how often. */
async function load(call: () => Promise<Response>, rounds: number, between: (round: number) => void) {
  const outcomes: Record<string, number> = {}
  for (let round = 0; round < rounds; round++) {
    between(round)
    const calls = Array.from({ length: 50 }, async () => {
      const outcome = await call().catch((error) => error)
      if (!(outcome instanceof Response)) return outcome.retryable ? `temporary ${outcome.code}` : String(outcome.code)
      await outcome.body?.cancel()
      return String(outcome.status)
    })
    for (const outcome of await Promise.all(calls)) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  }
  return outcomes
}

describeOnBoth('a key is rotated under load', (world) => {
  it('Pensyve: 50 callers, the grace runs out, the old key is dead, and no call fails', async () => {
    const { sandbox } = world
    const old = sandbox.keys.create('pensyve')
    let deployed = old.key
    let reads = 0
    const source = apiKey(async () => {
      reads++
      return deployed
    })
    const auth = world.auth(pensyve, source)
    const url = `${auth.service.resources.rest.url}/recall`
    const outcomes = await load(
      () => send(auth, url, { query: 'tea' }),
      6,
      (round) => {
        if (round === 1) deployed = sandbox.keys.rotate('pensyve', old.id).key
        if (round === 3) sandbox.clock.advance(23 * hour)
        if (round === 4) sandbox.clock.advance(1 * hour)
      },
    )
    expect(outcomes).toEqual({ 200: 300 })
    // The old key works as long as its grace lasts, so the source is asked again only when it is dead.
    expect(reads).toBe(2)
    expect(switches(world.events)).toHaveLength(1)
    expect(switches(world.events)[0]).toMatchObject({
      reason: 'refused',
      from: { preview: old.key.slice(0, 8), fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/) },
      to: { preview: deployed.slice(0, 8), fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/) },
    })
  })

  it('Pensyve: current and next are both configured, the switch is remembered', async () => {
    const { sandbox } = world
    const current = sandbox.keys.create('pensyve')
    const next = sandbox.keys.create('pensyve')
    const auth = world.auth(pensyve, apiKey([current.key, next.key]))
    const url = `${auth.service.resources.rest.url}/recall`
    const call = () => send(auth, url, { query: 'tea' })
    const outcomes = await load(call, 3, (round) => {
      if (round === 1) sandbox.keys.revoke('pensyve', current.id)
    })
    expect(outcomes).toEqual({ 200: 150 })
    const before = world.arrivals.length
    expect((await call()).status).toBe(200)
    expect(world.arrivals.length - before).toBe(1)
    expect(switches(world.events)).toHaveLength(1)
  })

  it('Profundis: the new key arrives 30 s after the renewal; until then only temporary errors, then all is well', async () => {
    const { sandbox } = world
    let deployed = sandbox.keys.create('profundis').key
    const auth = world.auth(
      profundis,
      apiKey(() => deployed),
    )
    const url = `${auth.service.resources.rest.url}/subdomains`
    const call = () => send(auth, url, { domain: 'contoso.example' })
    expect((await call()).status).toBe(200)
    const { key } = sandbox.keys.renew('profundis')
    const meanwhile = await load(call, 30, () => sandbox.clock.advance(1000))
    expect(meanwhile).toEqual({ 'temporary temporarily_unavailable': 1500 })
    // The dead key is tried by the first 50, and then by one at a time: after 1, 2, 4, 8 and 10 s.
    expect(world.arrivals.length).toBeLessThanOrEqual(60)
    deployed = key
    sandbox.clock.advance(10_000)
    const after = await load(call, 2, () => sandbox.clock.advance(1000))
    expect(Object.keys(after).every((outcome) => /^(?:200|temporary .*)$/.test(outcome))).toBe(true)
    expect((await call()).status).toBe(200)
    expect(await load(call, 1, () => undefined)).toEqual({ 200: 50 })
    expect(switches(world.events)).toHaveLength(1)
  })

  it('Profundis: a key that nobody renewed is refused in the end', async () => {
    const { sandbox } = world
    const { key, id } = sandbox.keys.create('profundis')
    const auth = world.auth(
      profundis,
      apiKey(() => key),
    )
    const url = `${auth.service.resources.rest.url}/subdomains`
    const call = () => send(auth, url, { domain: 'contoso.example' })
    expect((await call()).status).toBe(200)
    sandbox.keys.revoke('profundis', id)
    const waiting = await caught(call())
    expect(waiting).toMatchObject({ code: 'temporarily_unavailable', retryable: true, retryAfter: 1 })
    expect(waiting.message).toContain('its successor has not arrived yet')
    // One refusal may be about that call alone; two in a row are about the key.
    expect(Object.keys(await auth.headers(url))).toContain('x-api-key')
    expect((await caught(call())).code).toBe('temporarily_unavailable')
    expect((await caught(auth.headers(url))).code).toBe('temporarily_unavailable')
    sandbox.clock.advance(61_000)
    const response = await call()
    expect([response.status, (await errorFrom(response))?.code]).toEqual([401, 'credential_refused'])
  })
})

describe('keys that are refused again and again', () => {
  /** A service that takes the keys of `working`, and a clock to move. */
  function world(keys: Parameters<typeof apiKey>[0], options: Parameters<typeof apiKey>[1] = {}) {
    let time = 0
    const working = new Set<string>()
    const { auth, sent, events } = recorded(
      pendra,
      apiKey(keys, options),
      ({ headers }) =>
        working.has((headers.get('authorization') ?? '').slice(7))
          ? Response.json({})
          : Response.json({ detail: 'Invalid or expired token' }, { status: 401 }),
      { now: () => time },
    )
    const advance = (ms: number) => {
      time += ms
    }
    const call = async () => {
      const before = sent.length
      const { status } = await auth.fetch('https://api.pendra.ai/api/v1/models')
      return `${status} after ${sent.length - before}`
    }
    return { call, working, events, sent, auth, advance }
  }
  const base = 'https://api.pendra.ai/api/v1'
  /** A service that takes the first key, and refuses it for one operation in the words of a refused key. */
  function operations(credential: ReturnType<typeof apiKey>) {
    let time = 0
    const answer = ({ url, headers }: Request) =>
      headers.get('authorization') === `Bearer ${one}` && !url.endsWith('/admin')
        ? Response.json({})
        : Response.json({ detail: 'Invalid or expired token' }, { status: 401 })
    const advance = (ms: number) => {
      time += ms
    }
    return { ...recorded(pendra, credential, answer, { now: () => time }), advance }
  }
  const [one, two] = [testKey.pendra('one'), testKey.pendra('two')]

  it('of a pair, both dead: one request a call, with either in turn, so that the one that comes to life is found', async () => {
    const { call, working, events, sent } = world([one, two])
    // One refusal may be about that call alone; a key refused twice is not tried again in the same call.
    expect(await call()).toBe('401 after 2')
    expect(await call()).toBe('401 after 2')
    for (let round = 0; round < 20; round++) expect(await call()).toBe('401 after 1')
    const first = sent.slice(-20).filter(({ headers }) => headers.get('authorization') === `Bearer ${one}`)
    expect(first).toHaveLength(10)
    expect(switches(events)).toEqual([])
    working.add(two)
    const found = [await call(), await call()]
    expect(found).toContain('200 after 1')
    for (let round = 0; round < 5; round++) expect(await call()).toBe('200 after 1')
    expect(switches(events)).toHaveLength(1)
  })

  it('a function is not called for every refused caller, and again after a pause', async () => {
    let reads = 0
    const { call, advance, working } = world(() => {
      reads++
      return reads > 4 ? two : one
    })
    await Promise.all(Array.from({ length: 50 }, call))
    for (let round = 0; round < 50; round++) expect(await call()).toBe('401 after 1')
    expect(reads).toBe(2)
    advance(1000)
    expect(await call()).toBe('401 after 1')
    expect(reads).toBe(3)
    advance(1000)
    await call()
    expect(reads).toBe(3)
    working.add(two)
    advance(60_000)
    await call()
    advance(60_000)
    expect(await call()).toBe('200 after 2')
  })

  it('an accepted key starts over: its next refusal is looked into a second after the last look', async () => {
    let current = one
    const { call, working, advance } = world(() => current)
    for (let look = 0; look < 4; look++) {
      expect(await call()).toBe('401 after 1')
      advance(10_000)
    }
    working.add(one)
    expect(await call()).toBe('200 after 1')
    working.delete(one)
    current = two
    working.add(two)
    expect(await call()).toBe('200 after 2')
  })

  it('one operation that is refused has the source read once a second, and costs no other call anything', async () => {
    let reads = 0
    const { auth, sent, advance, events } = operations(
      apiKey(() => {
        reads++
        return one
      }),
    )
    for (let tenth = 0; tenth < 100; tenth++) {
      expect((await auth.fetch(`${base}/models`)).status).toBe(200)
      expect((await auth.fetch(`${base}/admin`)).status).toBe(401)
      advance(100)
    }
    expect(reads).toBeLessThanOrEqual(11)
    expect(sent).toHaveLength(200)
    expect(switches(events)).toEqual([])
  })

  it('one operation that is refused does not make the other key of a pair the one in use', async () => {
    const { auth, advance } = operations(apiKey([one, two]))
    for (let tenth = 0; tenth < 100; tenth++) {
      expect((await auth.fetch(`${base}/models`)).status).toBe(200)
      expect((await auth.fetch(`${base}/admin`)).status).toBe(401)
      advance(100)
    }
  })

  it('one operation that is refused does not stop the others in the grace', async () => {
    const { auth, advance } = operations(apiKey(() => one, { refusedGrace: 60 }))
    const outcomes: Record<string, number> = {}
    for (let tenth = 0; tenth < 300; tenth++) {
      expect((await auth.fetch(`${base}/models`)).status).toBe(200)
      const outcome = await auth.fetch(`${base}/admin`).then(
        ({ status }) => String(status),
        ({ code }) => code,
      )
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      await auth.credential()
      advance(100)
    }
    // Once the key has worked after its refusal, the refusal is about the operation.
    expect(outcomes).toEqual({ temporarily_unavailable: 1, 401: 299 })
  })

  it('keys that are made anew each time and all refused cost two requests a second at most, and are forgotten', async () => {
    let made = 0
    const { call, advance, sent } = world(() => testKey.pendra(`made ${made++}`))
    for (let tenth = 0; tenth < 100; tenth++) {
      await call()
      advance(100)
    }
    expect(made).toBeLessThanOrEqual(12)
    expect(sent.length).toBeLessThanOrEqual(112)
  })

  it('a clock that is set back stretches no pause', async () => {
    let reads = 0
    const { call, advance } = world(() => {
      reads++
      return one
    })
    advance(1_000_000)
    await call()
    advance(-900_000)
    await call()
    expect(reads).toBe(3)
  })

  it('in the grace one caller at a time finds out whether the key is still refused', async () => {
    const { call, advance, working, sent } = world(() => one, { refusedGrace: 30 })
    expect((await caught(call())).code).toBe('temporarily_unavailable')
    expect((await caught(call())).code).toBe('temporarily_unavailable')
    expect(sent).toHaveLength(2)
    advance(1000)
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () => call().then(String, ({ retryAfter }) => `wait ${retryAfter} s`)),
    )
    expect(sent).toHaveLength(3)
    expect(outcomes.filter((outcome) => outcome !== 'wait 1 s' && outcome !== 'wait 2 s')).toEqual([])
    working.add(one)
    advance(2000)
    expect(await call()).toBe('200 after 1')
    expect(await call()).toBe('200 after 1')
  })

  it('a source that cannot be read after a refusal says so once, and nothing of its error', async () => {
    let reads = 0
    const { call, events } = world(
      () => {
        reads++
        if (reads > 1) throw new Error(`vault: token ${testKey.token()} is not valid`)
        return one
      },
      { refusedGrace: 5 },
    )
    expect((await caught(call())).code).toBe('temporarily_unavailable')
    const kept = events.filter(({ type }) => type === 'key_kept')
    expect(kept).toEqual([
      { service: 'pendra', type: 'key_kept', source: 'option "credential"', reason: 'reading it failed' },
    ])
    expectNoMarker(events)
  })
})
