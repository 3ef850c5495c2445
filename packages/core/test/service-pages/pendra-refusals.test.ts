import { describe, expect, it } from 'vitest'
import type { Auth } from '../../src/index.ts'
import { pendra } from '../../src/services.ts'
import { describeOnBoth, expectOnly, keyring, refusalOf, send } from './world.ts'

const model = 'qwen3.6:27b'
const messages = [{ role: 'user', content: 'Hello' }]

describeOnBoth('Pendra, keys and refusals', (world) => {
  const base = () => world.at(pendra).resources.rest.url
  const newKey = (account = 'ada', name?: string) => world.sandbox.keys.create('pendra', { account, name })
  const chat = (auth: Auth, wanted = model) => send(auth, `${base()}/chat/completions`, { model: wanted, messages })

  describe('rotation', () => {
    it('is create, deploy, delete: a deleted key stops at once and its usage stays', async () => {
      const old = newKey('ada', 'production server')
      expect((await chat(world.auth(pendra, old.key))).status).toBe(200)
      const next = newKey('ada', 'production server, next')
      expect((await chat(world.auth(pendra, old.key))).status).toBe(200)
      expect((await chat(world.auth(pendra, next.key))).status).toBe(200)
      world.sandbox.keys.revoke('pendra', old.id)
      expect((await chat(world.auth(pendra, old.key))).status).toBe(401)
      expect((await chat(world.auth(pendra, next.key))).status).toBe(200)
      const used = world.sandbox.usage('pendra', { keyId: old.id })
      expect(used).toHaveLength(2)
      expect(used[0]).toMatchObject({ keyName: 'production server', model, operation: 'chat_completions' })
    })

    it('is carried over by a source that is read again', async () => {
      const [old, next] = [newKey(), newKey()]
      world.sandbox.keys.revoke('pendra', old.id)
      const { source, reads } = keyring(old.key, next.key)
      expect((await chat(world.auth(pendra, source))).status).toBe(200)
      expect(world.entries().map(({ status }) => status)).toEqual([401, 200])
      expect(reads()).toBe(2)
    })

    it.each([
      ['ada', 'analytical-engines'],
      ['member', 'analytical-engines'],
      ['outsider', 'elsewhere'],
    ])('a key of %s belongs to the one organisation %s', async (account, organisation) => {
      const { id, key } = newKey(account)
      await chat(world.auth(pendra, key))
      expect(world.sandbox.usage('pendra', { keyId: id })).toMatchObject([{ account, organisation }])
    })
  })

  describe('refusals', () => {
    it.each(['detail', 'anthropic'] as const)(
      'a deleted key on both headers, in the %s form',
      async (messagesRefusal) => {
        await world.restart({ pendra: { messagesRefusal } })
        const { id, key } = newKey()
        world.sandbox.keys.revoke('pendra', id)
        const { url } = world.at(pendra).resources.messages
        for (const ask of [chat, (auth: Auth) => send(auth, url, { model, max_tokens: 8, messages })]) {
          world.sandbox.journal.clear()
          const { source, reads } = keyring(key)
          const error = await refusalOf(await ask(world.auth(pendra, source)))
          expect(error).toMatchObject({ status: 401, code: 'credential_refused', service: 'pendra', retryable: false })
          expect(error.message).toContain('Invalid or expired token')
          expect(error.hint).toContain('Deleted keys stop working at once')
          expect(error.hint).toContain('Pendra console > API Keys')
          expect(error.link).toBe(world.at(pendra).links.keys?.url)
          expect([reads(), world.entries().length]).toEqual([2, 1])
        }
      },
    )

    it.each([401, 403] as const)('a key that got lost on the way, with status %i', async (missingKeyStatus) => {
      await world.restart({ pendra: { missingKeyStatus } })
      const lost = await fetch(`${base()}/models`)
      expect(lost.status).toBe(missingKeyStatus)
      world.sandbox.faults.add({ service: 'pendra', status: lost.status, body: await lost.json() })
      const error = await refusalOf(await send(world.auth(pendra, newKey().key), `${base()}/models`))
      expect(error).toMatchObject({ status: missingKeyStatus, code: 'credential_refused' })
      expect(error.hint).toContain('Make a new key')
    })

    it.each(['/api-keys', '/api-keys/1', '/billing', '/workers'])('%s is for the console', async (path) => {
      const { source, reads } = keyring(newKey().key, newKey().key)
      const error = await refusalOf(await send(world.auth(pendra, source), base() + path))
      expect(error).toMatchObject({ status: 403, code: 'console_only', link: world.at(pendra).links.keys?.url })
      expect(error.hint).toContain('managing keys, billing and worker provisioning are for the console')
      expect(reads()).toBe(1)
      expect(expectOnly(world, 'authorization').credential?.valid).toBe(true)
    })

    it('a model that no worker serves', async () => {
      const { source, reads } = keyring(newKey().key, newKey().key)
      const error = await refusalOf(await chat(world.auth(pendra, source), 'llama3.1:405b'))
      expect(error).toMatchObject({ status: 404, code: 'not_found', parameters: { model: 'llama3.1:405b' } })
      expect(error.hint).toContain('GET /api/v1/models')
      expect([reads(), world.entries().length]).toEqual([1, 1])
    })

    it('too many requests, with the time to wait', async () => {
      await world.restart({ pendra: { rateLimit: 1 } })
      const { source, reads } = keyring(newKey().key, newKey().key)
      const auth = world.auth(pendra, source)
      expect((await chat(auth)).status).toBe(200)
      const error = await refusalOf(await chat(auth))
      expect(error).toMatchObject({ status: 429, code: 'rate_limited', retryable: true, retryAfter: 1 })
      expect([reads(), world.entries().length]).toEqual([1, 2])
    })
  })
})
