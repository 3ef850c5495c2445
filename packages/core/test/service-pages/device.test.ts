import { signInAt } from '@pentauth/sandbox'
import { caught } from '@pentauth/tooling/canary'
import { expect, it } from 'vitest'
import {
  createAuth,
  type DevicePrompt,
  type DeviceSignInOptions,
  deviceSignIn,
  memoryStore,
  type PentauthEvent,
  type Service,
  signedIn,
} from '../../src/index.ts'
import { pendium, pensyve, profundis } from '../../src/services.ts'
import { describeOnBoth, type World } from './world.ts'

// A person signs in a device that has no browser (RFC 8628), at the sandbox's real pages.

const on = { deviceAuthorization: true }
const switchedOn = { pendium: on, pensyve: on, profundis: on }

/** A device at the sandbox, whose waiting moves the sandbox's clock and takes no time. */
function deviceAt(world: World, service: Service) {
  const there = world.at(service)
  const waits: number[] = []
  const store = memoryStore()
  let decision: Promise<unknown> = Promise.resolve()
  const shared = {
    store,
    runtime: {
      now: () => world.sandbox.clock.now(),
      sleep: async (ms: number) => {
        await decision.catch(() => undefined)
        waits.push(ms)
        world.sandbox.clock.advance(ms)
      },
    },
    onEvent: (event: PentauthEvent) => void (world.events as PentauthEvent[]).push(event),
  }
  const decide = ({ verificationUriComplete }: DevicePrompt, person: { account?: string; allow?: boolean } = {}) => {
    decision = signInAt(world.transport === 'msw' ? world.sandbox : fetch, verificationUriComplete as URL, person)
    return decision
  }
  return {
    there,
    waits,
    decide,
    signIn: (options: Partial<DeviceSignInOptions> = {}) =>
      deviceSignIn(there, { ...shared, client: { name: 'Device' }, present: decide, ...options }),
    auth: () => createAuth(there, { ...shared, credential: signedIn({ store }) }),
    polls: () => world.sandbox.tokens.requests(service.id as 'pendium', 'urn:ietf:params:oauth:grant-type:device_code'),
  }
}

describeOnBoth('a device', (world) => {
  it.each([pendium, pensyve, profundis])('signs in at $name, calls, and renews its token', async (service) => {
    await world.restart(switchedOn)
    const { there, signIn, auth, waits } = deviceAt(world, service)
    expect(await signIn()).toMatchObject({ account: 'default', expiresAt: expect.any(Number) })
    expect(waits.every((ms) => ms === 5000)).toBe(true)
    const call = () => auth().fetch(there.resources.mcp?.url as string, { method: 'POST', body: '{}' })
    expect((await call()).status).not.toBe(401)
    world.sandbox.clock.advance(86_400_000)
    expect((await call()).status).not.toBe(401)
    expect(world.sandbox.tokens.requests(service.id as 'pendium', 'refresh_token')).toBe(1)
    expect(world.sandbox.apps.list(service.id as 'pendium')).toMatchObject([{ account: 'ada', name: 'Device' }])
  })

  it('shows a page and a code, and waits while the person walks over', async () => {
    await world.restart(switchedOn)
    const { there, signIn, waits, decide, polls } = deviceAt(world, pensyve)
    let prompt: DevicePrompt | undefined
    const present = (shown: DevicePrompt) => {
      prompt = shown
    }
    const late = {
      now: () => world.sandbox.clock.now(),
      sleep: async (ms: number) => {
        waits.push(ms)
        world.sandbox.clock.advance(ms)
        if (waits.length === 4) await decide(prompt as DevicePrompt)
      },
    }
    await signIn({ runtime: late, present })
    const { origin } = new URL(there.oauth?.authorizationEndpoint as string)
    expect(prompt).toMatchObject({
      userCode: expect.stringMatching(/^[B-Z]{4}-[B-Z]{4}$/),
      expiresAt: expect.any(Number),
    })
    expect(prompt?.verificationUri.href).toBe(`${origin}/oauth/device`)
    expect(prompt?.verificationUriComplete?.href).toBe(`${origin}/oauth/device?user_code=${prompt?.userCode}`)
    expect([waits, polls()]).toEqual([[5000, 5000, 5000, 5000], 4])
  })

  it('learns that the person said no', async () => {
    await world.restart(switchedOn)
    const { signIn, decide, auth } = deviceAt(world, profundis)
    const error = await caught(signIn({ present: (prompt) => decide(prompt, { allow: false }) }))
    expect([error.code, error.parameters]).toEqual(['sign_in_failed', { error: 'access_denied' }])
    expect(error.hint).toContain('Start the sign-in again')
    expect((await caught(auth().credential())).code).toBe('sign_in_required')
  })

  it('waits until the code has expired, and no longer', async () => {
    await world.restart(switchedOn)
    const { signIn, polls, waits } = deviceAt(world, pendium)
    const error = await caught(signIn({ present: () => undefined }))
    expect([error.code, error.parameters]).toEqual(['sign_in_failed', { error: 'expired_token' }])
    expect([waits.length, polls()]).toEqual([120, 119])
  })

  it('asks less often where the server wants that, and waits out its troubles', async () => {
    await world.restart(switchedOn)
    const { signIn, waits } = deviceAt(world, pensyve)
    const token = { service: 'pensyve', path: '/oauth/token' } as const
    world.sandbox.faults.add({ ...token, status: 400, body: { error: 'slow_down' }, times: 1 })
    await signIn()
    expect(waits).toEqual([5000, 10_000])
    world.sandbox.faults.add({ ...token, status: 503, times: 2 })
    waits.length = 0
    await signIn()
    expect(waits).toEqual([5000, 10_000, 20_000])
  })

  it('stops when nobody wants to wait, or the code cannot be shown', async () => {
    await world.restart(switchedOn)
    const { signIn } = deviceAt(world, pendium)
    const stop = new AbortController()
    const reason = new Error('enough')
    await expect(signIn({ present: () => stop.abort(reason), signal: stop.signal })).rejects.toBe(reason)
    await expect(signIn({ signal: stop.signal })).rejects.toBe(reason)
    await expect(signIn({ present: () => Promise.reject(reason) })).rejects.toBe(reason)
    await expect(
      signIn({
        present: () => {
          throw reason
        },
      }),
    ).rejects.toBe(reason)
  })

  it('is told where a server signs in no devices', async () => {
    // What was discovered before is not believed for ever.
    world.sandbox.clock.advance(86_400_000)
    const { signIn } = deviceAt(world, pendium)
    const error = await caught(signIn())
    expect(error.code).toBe('discovery_failed')
    expect(error.hint).toContain('startSignIn')
  })

  it('registers again where the server has forgotten it', async () => {
    await world.restart(switchedOn)
    const { signIn } = deviceAt(world, pendium)
    await signIn()
    const answer = { status: 401, body: { error: 'invalid_client' } }
    world.sandbox.faults.add({ service: 'pendium', path: '/device_authorization', times: 1, ...answer })
    await signIn()
    expect(world.events.filter(({ type }) => type === 'client_registered')).toHaveLength(2)
  })
})
