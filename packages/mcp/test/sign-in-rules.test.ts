import { deviceSignIn, type PentauthError } from '@pentauth/core'
import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { pentauthErrorIn, signInAsError } from '../src/index.ts'
import { both, connect, connectStock, stockTransport } from './support/clients.ts'
import { redirectUri, type SmallWorld, type SmallWorldOptions, smallWorld } from './support/small-world.ts'
import { stockProvider } from './support/stock.ts'

// What the protocol demands of a sign-in and the SDKs leave out: each rule with a twin that shows the SDK without it.

type Kind = (typeof both)[number]

/** What a program is told that nobody is signed in to. */
async function wanted(kind: Kind, world: SmallWorld): Promise<PentauthError | undefined> {
  const signIn = signInAsError({ ...world.shared, redirectUri, client: { name: 'Test' } })
  return pentauthErrorIn(await caught(connect(kind, world.auth(), { signIn })))
}

/** The page that a stock client sends a person to, if any. */
async function stockPage(kind: Kind, world: SmallWorld, kept = {}) {
  const provider = stockProvider(kept)
  await caught(connectStock(kind, world.url, { authProvider: provider }))
  return { provider, page: provider.pages[0] }
}

const without = (name: string) => () => ({ [name]: undefined })
const worldWith = async (metadata: () => object, options: SmallWorldOptions = {}) => {
  const world = await smallWorld(options)
  world.issuer.metadata = metadata as never
  return world
}

describe.each(both)('%s', (kind) => {
  describe('state', () => {
    it('of another sign-in is refused, and the code goes nowhere', async () => {
      const world = await smallWorld()
      const { signIn } = (await wanted(kind, world)) ?? {}
      for (const state of [testKey.token('state'), '']) {
        const forged = world.issuer.approve(signIn?.url ?? '', { state })
        expect((await caught(signIn?.complete(forged) ?? Promise.resolve())).code).toBe('sign_in_response_invalid')
      }
      expect(world.issuer.forms).toEqual([])
    })

    it('the twin: the SDK takes whatever code it is given', async () => {
      const world = await smallWorld()
      const { provider, page } = await stockPage(kind, world)
      const forged = world.issuer.approve(page ?? '', { state: 'another' })
      await stockTransport(kind, world.url, { authProvider: provider }).finishAuth(
        forged.searchParams.get('code') ?? '',
      )
      expect(world.issuer.valid.size).toBe(1)
    })
  })

  describe('PKCE', () => {
    it.each([
      ['says nothing of it', without('code_challenge_methods_supported')],
      ['has only the plain method', () => ({ code_challenge_methods_supported: ['plain'] })],
    ])('a server whose metadata %s: no client is registered, nobody is sent anywhere', async (_, metadata) => {
      const world = await worldWith(metadata)
      const failure = await wanted(kind, world)
      expect(failure).toMatchObject({ code: 'discovery_failed' })
      expect(failure?.signIn).toBeUndefined()
      expect(world.home.at('/register')).toEqual([])
    })

    it('the twin: the SDK goes on', async () => {
      const world = await worldWith(without('code_challenge_methods_supported'))
      expect((await stockPage(kind, world)).page?.pathname).toBe('/authorize')
    })
  })

  describe('resource', () => {
    it.each([
      ['with metadata', false],
      ['without any', true],
    ])('is on every request, %s', async (_, together) => {
      const world = await smallWorld({ together })
      const { signIn } = (await wanted(kind, world)) ?? {}
      const page = new URL(signIn?.url ?? '')
      await signIn?.complete(world.issuer.approve(page))
      const client = await connect(kind, world.auth())
      world.issuer.valid.clear()
      await client.listTools()
      const sent = [page.searchParams, ...world.issuer.forms].map((form) => form.get('resource'))
      expect(sent).toEqual([world.url, world.url, world.url])
    })

    it('the twin: the SDK leaves it out where there is no metadata', async () => {
      const world = await smallWorld({ together: true })
      const { provider, page } = await stockPage(kind, world)
      const code = world.issuer.approve(page ?? '').searchParams.get('code') ?? ''
      await stockTransport(kind, world.url, { authProvider: provider }).finishAuth(code)
      const sent = [page?.searchParams, ...world.issuer.forms].map((form) => form?.get('resource'))
      expect(sent).toEqual([null, null])
    })
  })

  describe('https', () => {
    it.each(['authorization_endpoint', 'token_endpoint', 'registration_endpoint', 'revocation_endpoint'])(
      'a plain %s beyond this machine: nothing is sent there, and nobody',
      async (endpoint) => {
        const world = await worldWith(() => ({ [endpoint]: 'http://auth.acme.example/somewhere' }))
        const asked: string[] = []
        const watched: typeof fetch = (input, init) => {
          asked.push(new URL(input instanceof Request ? input.url : input).hostname)
          return fetch(input, init)
        }
        const signIn = signInAsError({
          ...world.shared,
          runtime: { ...world.shared.runtime, fetch: watched },
          redirectUri,
          client: { name: 'Test' },
        })
        const failure = pentauthErrorIn(await caught(connect(kind, world.auth(), { signIn })))
        expect(asked.length).toBeGreaterThan(0)
        expect(asked).not.toContain('auth.acme.example')
        expect(failure?.code).toBe('unsafe_address')
      },
    )

    it('a plain page of a code is refused, too', async () => {
      const world = await worldWith(() => ({ device_authorization_endpoint: 'http://auth.acme.example/device' }))
      const present = () => expect.fail('nobody is shown anything')
      const options = { ...world.shared, client: { name: 'Test' }, present }
      expect((await caught(deviceSignIn(world.service, options))).code).toBe('unsafe_address')
    })

    it('the twin: the SDK sends a person there', async () => {
      const world = await worldWith(() => ({ authorization_endpoint: 'http://auth.acme.example/somewhere' }))
      expect((await stockPage(kind, world)).page?.origin).toBe('http://auth.acme.example')
    })
  })

  describe('the issuer', () => {
    it('that metadata repeats otherwise is refused', async () => {
      const world = await worldWith(() => ({ issuer: 'https://auth.acme.example' }))
      expect(await wanted(kind, world)).toMatchObject({ code: 'discovery_failed' })
      expect(world.home.at('/register')).toEqual([])
    })

    it('in the answer that is another is refused, and the code goes nowhere', async () => {
      const world = await worldWith(() => ({ authorization_response_iss_parameter_supported: true }))
      const { signIn } = (await wanted(kind, world)) ?? {}
      const callback = world.issuer.approve(signIn?.url ?? '', { iss: 'https://auth.acme.example' })
      expect((await caught(signIn?.complete(callback) ?? Promise.resolve())).code).toBe('sign_in_response_invalid')
      expect(world.issuer.forms).toEqual([])
    })

    it('the twin: v1 takes the code, and v2 minds only because it got no issuer', async () => {
      const world = await worldWith((() => ({ authorization_response_iss_parameter_supported: true })) as never)
      const { provider, page } = await stockPage(kind, world)
      const callback = world.issuer.approve(page ?? '', { iss: 'https://auth.acme.example' })
      const transport = stockTransport(kind, world.url, { authProvider: provider })
      const outcome = await transport.finishAuth(callback.searchParams.get('code') ?? '').catch(() => 'refused')
      expect([outcome, world.issuer.valid.size]).toEqual(kind === 'v1' ? [undefined, 1] : ['refused', 0])
    })
  })
})
