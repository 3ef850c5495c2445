import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { apiKey, type CredentialSource, firstOf, keySource } from '../src/index.ts'
import { pendra } from '../src/services.ts'
import { recorded } from './support/auth.ts'

const [one, two, three] = [testKey.pendra('one'), testKey.pendra('two'), testKey.pendra('three')]
const base = 'https://api.pendra.ai/api/v1'
const refusal = () => Response.json({ detail: 'Invalid or expired token' }, { status: 401 })

const soon = () => new Promise((resolve) => setImmediate(resolve))

function gate() {
  let open = (): void => undefined
  const promise = new Promise<void>((resolve) => {
    open = resolve
  })
  return { promise, open: () => open() }
}

/** A service that takes the keys of `working`, except for `/admin`, which no key may call; its answers can be held back. */
function world(source: CredentialSource, working: readonly string[]) {
  const state = { working: new Set(working), time: 0, held: undefined as Promise<unknown> | undefined }
  const answer = async (request: Request): Promise<Response> => {
    const key = (request.headers.get('authorization') ?? '').slice(7)
    const isFine = state.working.has(key) && !request.url.endsWith('/admin')
    const held = state.held
    state.held = undefined
    await held
    return isFine ? Response.json({}) : refusal()
  }
  const { auth, sent, events } = recorded(pendra, source, answer, { now: () => state.time })
  const call = async (path = '/models') => (await auth.fetch(`${base}${path}`)).status
  /** What a call came to, and how many requests it took. */
  const tried = async (path?: string) => {
    const before = sent.length
    const outcome = await call(path).catch(({ code }) => code)
    return [outcome, sent.length - before]
  }
  /** Starts a call whose answer is held back, until its request has arrived. */
  const start = async (path?: string) => {
    const { promise: held, open: release } = gate()
    state.held = held
    const pending = call(path)
    while (state.held) await soon()
    return { pending, release }
  }
  return { state, auth, sent, events, call, tried, start }
}

describe('answers come in any order', () => {
  it('a late answer to a request from before says nothing of a key that was refused since', async () => {
    const { state, tried, start } = world(
      apiKey(() => one, { refusedGrace: 60 }),
      [one],
    )
    const { pending, release } = await start()
    state.working.clear()
    expect(await tried()).toEqual(['temporarily_unavailable', 1])
    expect(await tried()).toEqual(['temporarily_unavailable', 1])
    release()
    expect(await pending).toBe(200)
    expect(await tried()).toEqual(['temporarily_unavailable', 0])
    state.time += 30_000
    expect(await tried()).toEqual(['temporarily_unavailable', 1])
  })

  it('a late answer to the key before does not put it back', async () => {
    const { state, tried, start } = world(apiKey([one, two]), [one, two])
    const { pending, release } = await start()
    state.working.delete(one)
    expect(await tried()).toEqual([200, 2])
    release()
    expect(await pending).toBe(200)
    expect(await tried('/admin')).toEqual([401, 2])
    expect(await tried()).toEqual([200, 1])
  })

  it('a key that is being tried for one call is nobody else’s yet', async () => {
    const { call, start, sent, state } = world(apiKey([one, two]), [one])
    const first = await start('/admin')
    const { promise, open } = gate()
    state.held = promise
    first.release()
    while (sent.length < 2 || state.held) await soon()
    expect(await Promise.all(Array.from({ length: 10 }, () => call()))).toEqual(Array(10).fill(200))
    open()
    expect(await first.pending).toBe(401)
    expect(await call()).toBe(200)
  })

  it('a file that is replaced twice while requests are on their way loses none', async () => {
    let content = one
    const { state, call, start } = world(
      keySource('file', () => content, { reads: 'each-use' }),
      [one],
    )
    for (const key of [two, three]) {
      const { pending, release } = await start()
      state.working = new Set([key])
      content = key
      state.time += 100
      release()
      await pending
      expect(await call()).toBe(200)
    }
  })

  it('a reading that began before the refusal is not taken for one after it', async () => {
    let content = one
    let slow: Promise<unknown> | undefined
    const read = async () => {
      const found = content
      await slow
      return found
    }
    const { state, auth, call, start } = world(keySource('vault', read, { reads: 'each-use' }), [one])
    expect(await call()).toBe(200)
    state.working = new Set([two])
    const { pending, release } = await start()
    const { promise, open } = gate()
    slow = promise
    const other = auth.credential()
    await soon()
    content = two
    slow = undefined
    release()
    await soon()
    open()
    await other
    expect(await pending).toBe(200)
  })
})

describe('what says nothing of the key', () => {
  it('a limit on requests ends no grace', async () => {
    let limited = false
    const source = apiKey(() => one, { refusedGrace: 60 })
    const { auth } = recorded(pendra, source, () => (limited ? new Response(null, { status: 429 }) : refusal()), {
      now: () => 0,
    })
    const call = () => auth.fetch(`${base}/models`)
    expect((await caught(call())).code).toBe('temporarily_unavailable')
    limited = true
    expect((await call()).status).toBe(429)
    limited = false
    expect((await caught(call())).code).toBe('temporarily_unavailable')
  })

  it('neither does another host, to which a redirect led without the key', async () => {
    const answer = ({ url }: Request) =>
      url.startsWith(base)
        ? new Response(null, { status: 302, headers: { location: 'https://cdn.example/f' } })
        : refusal()
    const { auth, sent, events } = recorded(pendra, apiKey([one, two]), answer)
    expect((await auth.fetch(`${base}/files/1`)).status).toBe(401)
    expect(sent).toHaveLength(2)
    expect(events.map(({ type }) => type)).not.toContain('credential_refused')
  })
})

describe('several keys', () => {
  it('one operation that no key may call keeps the good key of a pair in use', async () => {
    const { state, tried, call } = world(apiKey([one, two]), [two])
    expect(await call('/admin')).toBe(401)
    for (let tenth = 0; tenth < 100; tenth++) {
      if (tenth % 10 === 5) expect((await tried('/admin'))[0]).toBe(401)
      expect(await call()).toBe(200)
      state.time += 100
    }
  })

  it('a key that worked stays in use, however often an operation is refused', async () => {
    const { state, call, sent } = world(apiKey([one, two]), [two])
    expect(await call()).toBe(200)
    for (let tenth = 0; tenth < 100; tenth++) {
      for (const path of ['/admin', '/admin', '/admin']) expect(await call(path)).toBe(401)
      const before = sent.length
      expect(await call()).toBe(200)
      expect(sent.length - before).toBe(1)
      state.time += 100
    }
  })

  it('the third is tried, too, and stays', async () => {
    const { tried } = world(
      keySource('vault', () => [one, two, three]),
      [three],
    )
    expect(await tried()).toEqual([401, 2])
    expect(await tried()).toEqual([200, 2])
    expect(await tried()).toEqual([200, 1])
  })

  it('the other is tried although the source cannot be read, or holds nothing usable', async () => {
    for (const again of [() => Promise.reject(new Error('down')), () => '', () => ({ absent: 'no file' })]) {
      let reads = 0
      const read = () => (reads++ === 0 ? [one, two] : again())
      const { tried } = world(keySource('vault', read, { reads: 'after-refusal' }), [two])
      expect(await tried()).toEqual([200, 2])
      expect(await tried()).toEqual([200, 1])
    }
  })

  it('nothing in one place does not hide the key in another', async () => {
    const { call } = world(
      keySource('vault', () => [{ absent: 'CURRENT is not set' }, two]),
      [two],
    )
    expect(await call()).toBe(200)
  })

  it('a flaw of one is told once', async () => {
    const { call, events } = world(
      keySource('vault', () => [one, '"quoted"'], { reads: 'each-use' }),
      [one],
    )
    for (let turn = 0; turn < 5; turn++) await call()
    expect(events.filter(({ type }) => type === 'credential_suspect')).toHaveLength(1)
  })

  it('a switch is remembered behind a chain, and told before the call ends', async () => {
    const { tried, events } = world(firstOf(apiKey([one, two])), [two])
    expect(await tried()).toEqual([200, 2])
    expect(events.map(({ type }) => type)).toContain('key_switched')
    expect(await tried()).toEqual([200, 1])
    expect(events.filter(({ type }) => type === 'key_switched')).toHaveLength(1)
  })

  it('two rotations in a row are followed without a pause', async () => {
    let current = one
    const { state, tried } = world(
      apiKey(() => current),
      [one],
    )
    expect(await tried()).toEqual([200, 1])
    for (const key of [two, three]) {
      current = key
      state.working = new Set([key])
      expect(await tried()).toEqual([200, 2])
      state.time += 300
    }
  })

  it('a successor that is refused, too, is awaited as long as the key before', async () => {
    let current = one
    const { state, tried } = world(
      apiKey(() => current, { refusedGrace: 60 }),
      [one],
    )
    expect(await tried()).toEqual([200, 1])
    current = two
    state.working.clear()
    expect(await tried()).toEqual(['temporarily_unavailable', 2])
    state.working.add(two)
    expect(await tried()).toEqual([200, 1])
  })

  it('a file that comes in three pieces: the key that worked serves until it is whole', async () => {
    let content = one
    const source = keySource('file', () => content, { reads: 'each-use' })
    const { state, tried, events } = world(source, [one, two])
    expect(await tried()).toEqual([200, 1])
    for (const end of [20, 30, 40]) {
      content = two.slice(0, end)
      for (let turn = 0; turn < 3; turn++) expect((await tried())[0]).toBe(200)
      state.time += 1000
    }
    content = two
    expect(await tried()).toEqual([200, 1])
    state.working.delete(one)
    expect(await tried()).toEqual([200, 1])
    for (const event of events) {
      if (event.type === 'key_switched') expect(event.from.fingerprint).not.toBe(event.to.fingerprint)
    }
  })

  it('of a function that makes one each time, the refused are forgotten', async () => {
    let made = 0
    const { state, tried, auth } = world(
      apiKey(() => testKey.pendra(`made ${made++}`)),
      [],
    )
    for (let turn = 0; turn < 50; turn++) {
      await tried()
      state.time += 10_000
    }
    const seen = new Set<string>()
    for (let turn = 0; turn < 3; turn++) seen.add((await auth.headers(`${base}/models`)).authorization as string)
    expect(seen.size).toBe(1)
  })
})
