import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { type Auth, clientCredentials } from '../../src/index.ts'
import { pentographer } from '../../src/services.ts'
import { describeOnBoth, expectHeader, refusalOf, send } from './world.ts'

const second = 1000

describeOnBoth('Pentographer, OAuth clients', (world) => {
  const newClient = () => world.sandbox.clients.create('pentographer')
  const url = () => world.at(pentographer).resources.graphql.url
  const ask = (auth: Auth) => send(auth, url(), { query: '{ me { id } }' })
  const tokens = () => world.entries('token')
  const reasons = () => world.events.flatMap((event) => (event.type === 'token_requested' ? [event.reason] : []))

  describe('the token request', () => {
    it("is the page's: a POST with the three fields as a form, at the deployment's own origin", async () => {
      const client = newClient()
      expect((await ask(world.auth(pentographer, clientCredentials(client)))).status).toBe(200)
      const [request] = world.arrivals
      expect(`${request?.method} ${request?.url}`).toBe('POST https://app.pentographer.com/api/oauth/token')
      expect(request?.headers.get('content-type')).toMatch(/^application\/x-www-form-urlencoded/)
      const form = Object.fromEntries(new URLSearchParams(await request?.body))
      const { clientId, clientSecret } = client
      expect(Object.keys(form).sort()).toEqual(['client_id', 'client_secret', 'grant_type'])
      expect([form.grant_type, form.client_id]).toEqual(['client_credentials', clientId])
      expect(form.client_secret === clientSecret, 'it is the secret').toBe(true)
    })

    it('goes to the deployment that the service was relocated to', async () => {
      const [documented, used] = [pentographer, world.at(pentographer)].map(({ oauth }) => oauth?.tokenEndpoint ?? '')
      expect(new URL(used ?? '').pathname).toBe('/api/oauth/token')
      expect(used === documented).toBe(world.transport === 'msw')
      await ask(world.auth(pentographer, clientCredentials(newClient())))
      const [requested] = world.events.filter(({ type }) => type === 'token_requested')
      expect(requested).toMatchObject({ tokenEndpoint: used })
      expect(world.entries('graphql')).toHaveLength(1)
    })

    it('has the secret in its body and nowhere else, ever', async () => {
      const { clientId, clientSecret } = newClient()
      const auth = world.auth(pentographer, clientCredentials({ clientId, clientSecret }))
      await ask(auth)
      world.sandbox.clients.delete(clientId)
      await ask(auth)
      for (const { url, headers } of world.arrivals) {
        const shown = [url, ...headers.keys(), ...headers.values()]
        expect(
          shown.some((text) => text.includes(clientSecret) || text.includes(encodeURIComponent(clientSecret))),
        ).toBe(false)
      }
      expect(JSON.stringify(world.events).includes(clientSecret)).toBe(false)
      expect(tokens().every(({ credential }) => credential?.header === 'body')).toBe(true)
    })

    it('is made once for fifty callers', async () => {
      const auth = world.auth(pentographer, clientCredentials(newClient()))
      const responses = await Promise.all(Array.from({ length: 50 }, () => ask(auth)))
      expect(responses.map(({ status }) => status)).toEqual(Array(50).fill(200))
      expect([tokens().length, world.entries('graphql').length]).toEqual([1, 50])
      for (const { headers, url } of world.arrivals.filter(({ url }) => url.endsWith('/graphql'))) {
        expectHeader(headers, 'authorization')
        expect(url).not.toContain('?')
      }
    })
  })

  describe('the token of an hour', () => {
    it('is renewed before it ends, once, while the old one serves', async () => {
      const auth = world.auth(pentographer, clientCredentials(newClient()))
      await ask(auth)
      world.sandbox.clock.advance(3_500 * second)
      await ask(auth)
      expect(reasons()).toEqual(['first'])
      world.sandbox.clock.advance(50 * second)
      const statuses = await Promise.all(Array.from({ length: 10 }, async () => (await ask(auth)).status))
      expect(statuses).toEqual(Array(10).fill(200))
      await expect.poll(() => tokens().length, { timeout: 30_000 }).toBe(2)
      expect(reasons()).toEqual(['first', 'expiring'])
      await expect
        .poll(() => world.events.filter(({ type }) => type === 'token_received').length, { timeout: 30_000 })
        .toBe(2)
      world.sandbox.clock.advance(100 * second)
      expect((await ask(auth)).status).toBe(200)
      expect(tokens()).toHaveLength(2)
      expect(world.entries('graphql').every(({ status, credential }) => status === 200 && credential?.valid)).toBe(true)
    })

    it('is never sent once it has ended', async () => {
      const auth = world.auth(pentographer, clientCredentials(newClient()))
      await ask(auth)
      world.sandbox.clock.advance(3_600 * second)
      expect((await ask(auth)).status).toBe(200)
      expect(reasons()).toEqual(['first', 'expiring'])
      expect(world.entries('graphql').map(({ status }) => status)).toEqual([200, 200])
    })

    it('is what auth.credential() gives, with its end', async () => {
      await world.restart({ now: () => 1_800_000_000_000 })
      const credential = await world.auth(pentographer, clientCredentials(newClient())).credential()
      expect(credential).toMatchObject({ kind: 'access-token', expiresAt: 1_800_003_600_000 })
    })
  })

  describe('refusals', () => {
    it('a client that is deleted: its tokens stop at once, the 401 is intact and nothing loops', async () => {
      const client = newClient()
      const auth = world.auth(pentographer, clientCredentials(client))
      expect((await ask(auth)).status).toBe(200)
      world.sandbox.clients.delete(client.clientId)
      const response = await ask(auth)
      expect(await response.clone().json()).toEqual({ error: 'Unauthorized' })
      expect(await refusalOf(response)).toMatchObject({ status: 401, code: 'credential_refused' })
      expect(world.entries().map(({ operation, status }) => `${operation} ${status}`)).toEqual([
        'token 200',
        'graphql 200',
        'graphql 401',
        'token 401',
      ])
      expect(reasons()).toEqual(['first', 'refused'])
    })

    it('a token that the service forgot: one new token, the same request once more', async () => {
      const auth = world.auth(pentographer, clientCredentials(newClient()))
      const body = { error: 'Unauthorized' }
      world.sandbox.faults.add({ service: 'pentographer', path: '/api/graphql', status: 401, body, times: 1 })
      expect((await ask(auth)).status).toBe(200)
      expect(world.entries().map(({ operation, status }) => `${operation} ${status}`)).toEqual([
        'token 200',
        'graphql 401',
        'token 200',
        'graphql 200',
      ])
      const sent = world.arrivals.filter(({ url }) => url.endsWith('/graphql'))
      expect(await sent[1]?.body).toBe(await sent[0]?.body)
    })

    it('a wrong secret: client_refused, with the way to a new client, and GraphQL is not asked', async () => {
      const { clientId } = newClient()
      const wrong = clientCredentials({ clientId, clientSecret: testKey.pentographerSecret() })
      const error = await caught(ask(world.auth(pentographer, wrong)))
      expect(error).toMatchObject({ code: 'client_refused', status: 401, service: 'pentographer', retryable: false })
      expect(error.message).toContain('invalid_client')
      expect(error.hint).toContain('Workspace Settings > OAuth Clients')
      expect(error.link).toBe(world.at(pentographer).links.clients?.url)
      expect(world.entries().map(({ operation }) => operation)).toEqual(['token'])
    })

    it.each([400, 401])('another answer of the token endpoint with status %i names what it said', async (status) => {
      const body = { error: 'unsupported_grant_type' }
      world.sandbox.faults.add({ service: 'pentographer', path: '/api/oauth/token', status, body })
      const error = await caught(ask(world.auth(pentographer, clientCredentials(newClient()))))
      expect(error).toMatchObject({ code: 'token_request_rejected', status })
      expect(error.message).toContain('unsupported_grant_type')
    })

    it('a token endpoint that is down says nothing about the client', async () => {
      world.sandbox.faults.add({ service: 'pentographer', path: '/api/oauth/token', status: 503, times: 1 })
      const auth = world.auth(pentographer, clientCredentials(newClient()))
      expect(await caught(ask(auth))).toMatchObject({ code: 'temporarily_unavailable', retryable: true, status: 503 })
      world.sandbox.clock.advance(60 * second)
      expect((await ask(auth)).status).toBe(200)
    })

    it('an id or a secret without its prefix is refused before it is sent, unless the service is relocated', async () => {
      const { clientId, clientSecret } = newClient()
      const swapped = world.auth(pentographer, clientCredentials({ clientId: testKey.token(), clientSecret }))
      const noSecret = world.auth(pentographer, clientCredentials({ clientId, clientSecret: testKey.token() }))
      const code = world.transport === 'msw' ? 'malformed_credential' : 'client_refused'
      for (const auth of [swapped, noSecret]) expect(await caught(ask(auth))).toMatchObject({ code })
      expect(tokens()).toHaveLength(world.transport === 'msw' ? 0 : 2)
    })

    it('a client id or secret in the place of a key is recognised, unless the service is relocated', async () => {
      const { clientId, clientSecret } = newClient()
      for (const [value, what] of [
        [clientId, 'client ID'],
        [clientSecret, 'client secret'],
      ] as const) {
        const auth = world.auth(pentographer, value)
        if (world.transport === 'msw') {
          const error = await caught(auth.credential())
          expect(error).toMatchObject({ code: 'wrong_credential', hint: expect.stringContaining('clientCredentials(') })
          expect(error.message).toContain(what)
        } else {
          await auth.credential()
          const suspicion = { type: 'credential_suspect', reason: expect.stringContaining(what) }
          expect(world.events).toContainEqual(expect.objectContaining(suspicion))
        }
      }
      expect(world.entries()).toHaveLength(0)
    })
  })
})
