// The world of the storms, and clients that must come to grief in it: a bench that everybody passes shows nothing.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startWorld } from '../oauth-client.mjs'
import { casesOf, isMet, storm } from '../storms.mjs'

const CALLS = 10
const cases = casesOf(0.01)
const named = (/** @type {string} */ name) =>
  /** @type {import('../storms.mjs').Case} */ (cases.find((one) => one.name === name))

/** @type {import('../oauth-client.mjs').World} */
let world
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const answerOf = async (/** @type {string} */ token) => {
  const response = await fetch(world.url, { headers: { authorization: `Bearer ${token}` } })
  return /** @type {{ ok: boolean }} */ (await response.json())
}

/** @param {string} refreshToken */
async function refresh(refreshToken) {
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken })
  const response = await fetch(`${world.origin}/token`, { method: 'POST', body })
  const tokens = /** @type {{ access_token: string, refresh_token: string, error?: string }} */ (await response.json())
  return { status: response.status, ...tokens }
}

/**
 * Refreshes whenever the token has ended or is refused.
 * @param {object} faults
 * @param {boolean} [faults.together] one refresh for all who need it now
 * @param {boolean} [faults.keeps] goes on with the first refresh token
 * @param {boolean} [faults.retries] asks again after a 401 and after a failed refresh
 * @returns {import('../oauth-client.mjs').Contender}
 */
function client({ together = false, keeps = false, retries = false }) {
  return {
    name: 'twin',
    async resume({ accessToken, refreshToken, expiresAt }) {
      const held = { accessToken, refreshToken, expiresAt }
      /** @type {Promise<void> | undefined} */
      let pending
      const renew = async () => {
        const first = await refresh(held.refreshToken).catch(() => undefined)
        const tokens = first?.status === 200 || !retries ? first : await refresh(held.refreshToken)
        if (tokens?.status !== 200) throw new Error('no token')
        held.accessToken = tokens.access_token
        held.expiresAt = Infinity
        if (!keeps) held.refreshToken = tokens.refresh_token
      }
      const renewed = () => {
        if (!together) return renew()
        pending ??= renew().finally(() => {
          pending = undefined
        })
        return pending
      }
      return {
        async call() {
          if (held.expiresAt < Date.now()) await renewed()
          const used = held.accessToken
          const answer = await answerOf(used)
          if (answer.ok || !retries) return answer
          if (used === held.accessToken) await renewed()
          return answerOf(held.accessToken)
        },
        held: async () => held.refreshToken,
      }
    },
  }
}

const good = client({ together: true, retries: true })

it('the cases are the agreed ones', () => {
  expect(cases.map(({ name }) => name)).toEqual([
    'expired',
    'early-401-0.3s',
    'early-401-2s',
    'slow-token-endpoint',
    'one-503',
    'lost-response',
    'lost-response-grace',
    'down',
  ])
})

describe('the authorization server', () => {
  it('takes a refresh token once; when it comes back, everything of the sign-in is dead', async () => {
    const { refreshToken } = await world.begin({})
    const one = await refresh(refreshToken)
    expect(await world.isAlive(refreshToken)).toBe(false)
    const two = await refresh(one.refresh_token)
    expect([one.status, two.status, await world.isAlive(two.refresh_token)]).toEqual([200, 200, true])
    expect(await answerOf(two.access_token)).toEqual({ ok: true })
    expect(await refresh(refreshToken)).toMatchObject({ status: 400, error: 'invalid_grant' })
    expect([await world.isAlive(two.refresh_token), (await answerOf(two.access_token)).ok]).toEqual([false, false])
    expect((await refresh(two.refresh_token)).status).toBe(400)
  })

  it('with grace takes the one before the current one, too, and no older one', async () => {
    const { refreshToken } = await world.begin({ grace: true })
    await refresh(refreshToken)
    const again = await refresh(refreshToken)
    expect([again.status, await world.isAlive(again.refresh_token)]).toEqual([200, true])
    await refresh(again.refresh_token)
    expect((await refresh(refreshToken)).status).toBe(400)
  })

  it('counts what belongs to the case, and nothing of an earlier one', async () => {
    const { refreshToken } = await world.begin({})
    await world.begin({})
    expect((await refresh(refreshToken)).status).toBe(400)
    expect((await world.counts()).token).toBe(0)
  })

  it('gives tokens for a code only to who began the sign-in', async () => {
    await world.begin({})
    const to = new URL(`${world.origin}/authorize?state=s&code_challenge=c&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2F`)
    const callback = await world.browse(to)
    expect(callback.searchParams.get('state')).toBe('s')
    const code = callback.searchParams.get('code') ?? ''
    const body = new URLSearchParams({ grant_type: 'authorization_code', code, code_verifier: 'guessed' })
    expect((await fetch(`${world.origin}/token`, { method: 'POST', body })).status).toBe(400)
    expect(await world.counts()).toMatchObject({ authorization: 1, token: 1 })
  })
})

describe('a storm', () => {
  it.each(['expired', 'early-401-0.3s', 'early-401-2s', 'slow-token-endpoint', 'one-503', 'lost-response-grace'])(
    '%s: a client that refreshes once for all comes through',
    async (name) => {
      const { row, met } = await storm(world, good, named(name), CALLS)
      expect(row).toMatchObject({ subject: 'twin', case: name, calls: CALLS, ok: CALLS, sessionAlive: true })
      expect(met).toBe(true)
    },
  )

  it('one that refreshes for each call kills its session', async () => {
    const { row, met } = await storm(world, client({}), named('expired'), CALLS)
    expect(row).toMatchObject({ ok: 0, tokenRequests: CALLS, sessionAlive: false })
    expect(met).toBe(false)
  })

  it('one that goes on with its first refresh token holds a dead one', async () => {
    const { row, met } = await storm(world, client({ together: true, keeps: true }), named('expired'), CALLS)
    expect(row).toMatchObject({ ok: CALLS, tokenRequests: 1, sessionAlive: false })
    expect(met).toBe(false)
  })

  it.each(['early-401-0.3s', 'one-503', 'lost-response-grace'])(
    '%s: one that never tries again fails',
    async (name) => {
      const { row, met } = await storm(world, client({ together: true }), named(name), CALLS)
      expect({ ok: row.ok, met }).toEqual({ ok: 0, met: false })
    },
  )

  it('lost-response: the retry of the lost refresh ends the session', async () => {
    const { row, met } = await storm(world, good, named('lost-response'), 1)
    expect(row).toMatchObject({ ok: 0, tokenRequests: 2, sessionAlive: false })
    expect(met).toBe(true)
  })

  it('down: nothing comes through, and the session is alive', async () => {
    const { row } = await storm(world, client({ together: true }), named('down'), CALLS)
    expect(row).toMatchObject({ ok: 0, tokenRequests: 1, sessionAlive: true })
  })

  it('whoever cannot even use a good token is not measured', async () => {
    const broken = {
      name: 'broken',
      resume: async () => ({ call: () => Promise.reject(new Error('no')), held: async () => undefined }),
    }
    await expect(storm(world, broken, named('early-401-2s'), 1)).rejects.toThrow('broken: the first call')
  })
})

describe('a goal', () => {
  const row = { subject: 'pentauth', case: 'any', calls: 5, ok: 5, tokenRequests: 2, sessionAlive: true }

  it.each([
    [{}, [], true],
    [{ tokenRequests: 3 }, [], false],
    [{ ok: 4 }, [], false],
    [{ sessionAlive: false }, [], false],
  ])('with %j and failures %j: %s', (changes, failures, met) => {
    expect(isMet(named('one-503').goal, { ...row, ...changes }, failures)).toBe(met)
  })

  it.each([
    [{}, ['sign_in_required'], true],
    [{ sessionAlive: true }, ['sign_in_required'], true],
    [{}, ['sign_in_required', 'temporarily_unavailable'], false],
    [{}, [undefined], false],
    [{ ok: 1 }, ['sign_in_required'], false],
  ])('where calls must fail, with %j and failures %j: %s', (changes, failures, met) => {
    const failed = { ...row, ok: 0, sessionAlive: false, ...changes }
    expect(isMet(named('lost-response').goal, failed, failures)).toBe(met)
  })
})
