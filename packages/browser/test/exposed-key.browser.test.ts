import { firstOf, signedIn } from '@pentauth/core'
import { hasMarker } from '@pentauth/tooling/marker'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  apiKey,
  type CredentialSource,
  createAuth,
  errorFrom,
  memoryStore,
  PentauthError,
  pendra,
  pensyve,
} from '../src/index.ts'
import { texts } from './support/texts.ts'
import { openWorld } from './support/world.ts'

vi.mock('../src/framed.ts', () => ({ isFramed: () => false }))

const keyOf = async () => {
  const world = await openWorld()
  return { world, key: world.sandbox.keys.create('pendra').key }
}

const sources: Record<string, (key: string) => CredentialSource> = {
  'a key': (key) => apiKey(key),
  'two keys': (key) => apiKey([key, key]),
  'a function': (key) => apiKey(() => key),
  'a function that waits': (key) => apiKey(async () => key),
  'a chain': (key) => firstOf(signedIn({ store: memoryStore() }), apiKey(key)),
  'a source of its own': (key) => ({ name: 'own', get: () => apiKey(key).get({} as never) }),
  'one that says nothing of its kind': () => ({ name: 'own', get: () => ({ absent: 'nothing' }) }),
}

describe('an API key on a page', () => {
  it.each(Object.entries(sources))('%s is refused, with the way out', async (_, source) => {
    const { key } = await keyOf()
    let error: unknown
    try {
      createAuth(pendra, { credential: source(key) })
    } catch (caught) {
      error = caught
    }
    expect(PentauthError.isInstance(error)).toBe(true)
    expect(error).toMatchObject({ code: 'key_exposed', service: 'pendra', retryable: false })
    const { hint, docs } = error as PentauthError
    expect(hint).toContain('createProxy')
    expect(hint).toContain('dangerouslyExposeApiKey')
    expect(docs).toMatch(/key_exposed\.md$/)
    expect(texts(error).filter(hasMarker)).toEqual([])
  })

  it('nothing is read, opened or asked for it', async () => {
    const read = vi.fn(() => 'key')
    const channels = vi.spyOn(globalThis, 'BroadcastChannel')
    onTestFinished(() => channels.mockRestore())
    expect(() => createAuth(pendra, { credential: apiKey(read) })).toThrow(PentauthError)
    expect([read.mock.calls.length, channels.mock.calls.length]).toEqual([0, 0])
  })

  it.each([false, undefined, 'true', 1, {}])('%j does not allow it', async (value) => {
    const options = { credential: apiKey('pdr_sk_x'), dangerouslyExposeApiKey: value as never }
    expect(() => createAuth(pendra, options)).toThrow(PentauthError)
  })

  it('a polluted prototype does not allow it', () => {
    Object.defineProperty(Object.prototype, 'dangerouslyExposeApiKey', { value: true, configurable: true })
    onTestFinished(() => void Reflect.deleteProperty(Object.prototype, 'dangerouslyExposeApiKey'))
    expect(() => createAuth(pendra, { credential: apiKey('pdr_sk_x') })).toThrow(PentauthError)
  })

  it('works where it is allowed, and no event or error shows it', async () => {
    const { world, key } = await keyOf()
    const auth = world.open(pendra, { credential: apiKey(key), dangerouslyExposeApiKey: true })
    const { url } = pendra.resources.rest
    expect((await auth.fetch(`${url}/models`)).status).toBe(200)
    expect((await auth.headers(url)).authorization === `Bearer ${key}`).toBe(true)
    await expect.poll(() => auth.session).toEqual({ status: 'signed_out', account: 'default' })
    const { id } = world.sandbox.keys.list('pendra')[0] ?? {}
    world.sandbox.keys.revoke('pendra', id ?? '')
    const refused = await errorFrom(await auth.fetch(`${url}/models`))
    expect(refused).toMatchObject({ code: 'credential_refused' })
    expect(world.events.map(({ type }) => type)).toContain('credential_selected')
    expect([refused, auth, auth.session, ...world.events].flatMap(texts).filter(hasMarker)).toEqual([])
  })

  it('is none of a sign-in, which needs nobody’s leave', async () => {
    const auth = createAuth(pensyve, { storage: memoryStore(), credential: signedIn({ store: memoryStore() }) })
    auth.dispose()
  })
})

describe('the secret of a client on a page', () => {
  it.each(['clientSecret', 'privateKey'])('a %s is refused, opt-in or not', (part) => {
    const client = { clientId: 'page', [part]: 'some words' } as never
    expect(() => createAuth(pensyve, { client, dangerouslyExposeApiKey: true })).toThrow(
      expect.objectContaining({ code: 'key_exposed', message: expect.stringContaining('client secret') }),
    )
  })
})
