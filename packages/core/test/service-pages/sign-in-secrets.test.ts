import { signInAt } from '@pentauth/sandbox'
import { caught } from '@pentauth/tooling/canary'
import { expect, it } from 'vitest'
import {
  type ClientOptions,
  createAuth,
  createSecret,
  finishSignIn,
  memoryStore,
  type PentauthEvent,
  signedIn,
  signOut,
  startSignIn,
  traceDiagram,
} from '../../src/index.ts'
import { withoutSecrets } from '../../src/redaction.ts'
import { pendium, pensyve, profundis } from '../../src/services.ts'
import { flawsIn, requestsIn } from '../support/mermaid.ts'
import { describeOnBoth, send } from './world.ts'

// A sign-in that is declined, one that is not, a renewal, a refusal and a sign-out: no event and no diagram holds a secret of theirs.

const redirectUri = 'http://127.0.0.1:8123/callback'
const life = { pendium: 3600, pensyve: 900, profundis: 3600 } as const
const secretFields = /"(?:accessToken|refreshToken|verifier|state|clientSecret)":"([^"]+)"/g

describeOnBoth('what is told of a sign-in', (world) => {
  it.each([pendium, pensyve, profundis] as const)('$name: holds no secret', async (service) => {
    const id = service.id as keyof typeof life
    const there = world.at(service)
    const held = memoryStore()
    const secrets = new Set<string>(world.sandbox.accounts.list(id).map(({ email }) => email))
    const note = (text: string | null | undefined) => void (text && secrets.add(text))
    // All that the store was given: verifiers and states, tokens, and secrets of clients.
    const set = async (key: string, value: string) => {
      for (const [, secret] of value.matchAll(secretFields)) note(secret)
      await held.set(key, value)
    }
    const store = { ...held, set }
    const shared = {
      store,
      runtime: { now: () => world.sandbox.clock.now() },
      onEvent: (event: PentauthEvent) => void (world.events as PentauthEvent[]).push(event),
    }
    const settled = () => new Promise((resolve) => setImmediate(resolve))
    const attempt = async (client: ClientOptions, allow: boolean) => {
      const { url } = await startSignIn(there, { ...shared, redirectUri, client })
      note(url.searchParams.get('code_challenge'))
      const callback = await signInAt(world.transport === 'msw' ? world.sandbox : fetch, url, { allow })
      note(callback.searchParams.get('code'))
      return finishSignIn(there, callback, shared)
    }

    await caught(attempt({ name: 'Test' }, false))
    await settled()
    const { issuer } = world.events.find(({ type }) => type === 'server_discovered') as {
      issuer: string
    } & PentauthEvent
    // With a secret, where the server knows such clients.
    const registration = { redirectUris: [redirectUri], authMethod: 'client_secret_basic' } as const
    const app = id === 'pensyve' ? undefined : world.sandbox.clients.register(id, registration)
    note(app?.clientSecret)
    await attempt(app ? { ...app, issuer } : { name: 'Test' }, true)
    world.sandbox.clock.advance(1000 * life[id])
    const auth = createAuth(there, { ...shared, credential: signedIn({ store }) })
    await auth.credential()
    world.sandbox.tokens.revokeAccessTokens(id)
    const accept = { accept: 'application/json, text/event-stream' }
    const { status } = await send(
      auth,
      there.resources.mcp.url,
      { jsonrpc: '2.0', id: 1, method: 'tools/list' },
      accept,
    )
    expect(status).toBe(200)
    await signOut(there, shared)
    await settled()

    const types = new Set(world.events.map(({ type }) => type))
    expect([...types]).toEqual(
      expect.arrayContaining(['sign_in_failed', 'signed_in', 'session_renewed', 'signed_out', 'credential_refused']),
    )
    const diagram = traceDiagram(world.events)
    expect(flawsIn(diagram)).toEqual([])
    expect(requestsIn(diagram).length).toBeGreaterThan(5)
    expect(secrets.size).toBeGreaterThan(10)
    for (const text of [...world.events.map((event) => JSON.stringify(event)), diagram]) {
      // Also in part, in other letters and other encodings; the text itself is not shown.
      const isClean = withoutSecrets(text, ...[...secrets].map(createSecret)) === text
      expect(isClean, 'it holds no secret').toBe(true)
    }
  })

  it('draws what reached the sandbox', async () => {
    const there = world.at(pensyve)
    const store = memoryStore()
    const events: PentauthEvent[] = []
    const shared = {
      store,
      runtime: { now: () => world.sandbox.clock.now() },
      onEvent: (event: PentauthEvent) => void events.push(event),
    }
    const { url } = await startSignIn(there, { ...shared, redirectUri })
    // Not the person's own.
    const before = world.arrivals.length
    const callback = await signInAt(world.transport === 'msw' ? world.sandbox : fetch, url)
    const after = world.arrivals.length
    await finishSignIn(there, callback, shared)
    await signOut(there, shared)
    await new Promise((resolve) => setImmediate(resolve))
    const asked = requestsIn(traceDiagram(events)).map((request) => request.replace(/ \d+$/, ''))
    const arrived = [...world.arrivals.slice(0, before), ...world.arrivals.slice(after)]
    expect(asked).toEqual(arrived.map(({ method, url: to }) => `${method} ${new URL(to).pathname}`))
  })
})
