import { caught } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import type { Auth } from '../src/index.ts'
import { grant, isToken, pentographerHere } from './support/pentographer.ts'
import { invalidGrant, keyOf, temporary, url, world } from './support/session.ts'

const minutes = 60_000
const minLife = 600
const tenMinutes = async (auth: Auth) => (await auth.headers(url, { minLife })).authorization

describe('a token of a sign-in that must have ten minutes left', () => {
  it('is what there is while it has them, and else a new one: one renewal for all who ask', async () => {
    const made = world()
    await made.signIn()
    const auth = made.auth()
    const first = await tenMinutes(auth)
    made.clock.now += 50 * minutes
    expect((await tenMinutes(auth)) === first).toBe(true)
    made.clock.now += 1
    // What processes have in common: the store, and here its lock.
    const all = await Promise.all([made.auth(), made.auth(), auth].map(tenMinutes))
    expect([all.every((one) => one === all[0]), all[0] === first]).toEqual([true, false])
    expect(made.issuer.requests).toHaveLength(1)
    expect(await auth.credential(undefined, { minLife })).toMatchObject({ expiresAt: made.clock.now + 60 * minutes })
    expect(made.told('token_requested')).toMatchObject([{ reason: 'expiring' }])
  })

  it('is new, where none lives so long, and not made for each call', async () => {
    const made = world({ lifetime: 300 })
    await made.signIn()
    const auth = made.auth()
    const first = await tenMinutes(auth)
    made.clock.now += minutes
    expect((await tenMinutes(auth)) === first).toBe(true)
    made.clock.now += 1
    const next = await tenMinutes(auth)
    expect([next === first, next === (await tenMinutes(auth))]).toEqual([false, true])
    expect(made.issuer.requests).toHaveLength(1)
  })

  it('is the one there is, where another cannot be had now, or ever', async () => {
    const made = world({ always: temporary() })
    const { refreshToken, ...fixed } = await made.signIn()
    const auth = made.auth()
    const first = await tenMinutes(auth)
    made.clock.now += 55 * minutes
    expect((await tenMinutes(auth)) === first).toBe(true)
    expect(made.issuer.requests.length).toBeGreaterThan(0)
    await made.store.set(keyOf('fixed'), JSON.stringify({ ...fixed, account: 'fixed' }))
    const asked = made.issuer.requests.length
    expect((await tenMinutes(made.auth({ account: 'fixed' }))) === first).toBe(true)
    expect(made.issuer.requests).toHaveLength(asked)
  })

  it('is none, once the server says that the session is over', async () => {
    const made = world({ always: invalidGrant() })
    await made.signIn()
    made.clock.now += 55 * minutes
    expect(await caught(tenMinutes(made.auth()))).toMatchObject({ code: 'sign_in_required' })
  })

  it.each([-1, Number.NaN, 'ten'])('is refused for %s', async (seconds) => {
    const made = world()
    await made.signIn()
    const error = await caught(made.auth().credential(url, { minLife: seconds as number }))
    expect(error).toMatchObject({ code: 'invalid_option' })
    expect(error.message).toContain('"minLife"')
  })
})

describe('a token of a client that must have ten minutes left', () => {
  it('is asked for again where it has not: once for all callers', async () => {
    const { auth, clock, asked, url: api } = await pentographerHere()
    const isTenMinutes = async (count: number) => {
      await auth.credential(api, { minLife })
      return isToken(auth, count)
    }
    expect(await isTenMinutes(1)).toBe(true)
    clock.now += 50 * minutes
    expect(await isTenMinutes(1)).toBe(true)
    clock.now += 1
    expect(await Promise.all([2, 2, 2].map(isTenMinutes))).toEqual([true, true, true])
    expect(asked()).toHaveLength(2)
  })

  it('is the one there is, while the server cannot answer', async () => {
    const {
      auth,
      clock,
      asked,
      url: api,
    } = await pentographerHere((response, seen, handle) => {
      if (handle.seen.length > 1) return response.writeHead(503).end()
      return grant(response, seen, handle)
    })
    await auth.credential()
    clock.now += 55 * minutes
    const { expiresAt } = (await auth.credential(api, { minLife })) as { expiresAt?: number }
    expect(expiresAt).toBe(clock.now + 5 * minutes)
    expect(asked()).toHaveLength(2)
  })
})
