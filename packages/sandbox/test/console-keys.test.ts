import { describe, expect, test } from 'vitest'
import { createSandbox } from '../src/index.ts'
import { bearer, call, probe } from './call.ts'
import { signedInAt } from './support/person.ts'

const day = 24 * 60 * 60 * 1000

describe('Pendium', () => {
  test('deletes a key at once, and no other', async () => {
    const sandbox = createSandbox()
    const { key: kept } = sandbox.keys.create('pendium', { name: 'kept' })
    const person = await signedInAt(sandbox, 'pendium')
    const made = await person.press('Create API key', { name: 'ci' })
    const deleted = await made.press('Delete key ci')
    expect(deleted.page.text).toContain('The key was deleted.')
    expect(await probe(sandbox, 'pendium', made.secrets[0] ?? '')).toBe(401)
    expect(await probe(sandbox, 'pendium', kept)).toBe(200)
    expect((await deleted.reload()).page.text).not.toContain('The key was deleted.')
    // The page from before still has the button: pressing it in another tab finds nothing.
    expect((await made.press('Delete key ci')).page.status).toBe(400)
  })

  test.each(['outsider', 'admin'])('%s does not see ada’s key, and cannot delete it by its id', async (account) => {
    const sandbox = createSandbox()
    const { id, key } = sandbox.keys.create('pendium', { name: 'of Ada' })
    sandbox.keys.create('pendium', { account, name: 'own' })
    const person = await signedInAt(sandbox, 'pendium', account)
    expect(person.page.text).not.toContain('of Ada')
    const refused = await person.press('Delete key own', { id })
    const unknown = await (await person.reload()).press('Delete key own', { id: 'key_of_nobody' })
    expect([refused.page.status, refused.page.heading]).toEqual([404, 'There is nothing to change'])
    // It does not tell which ids exist.
    expect(unknown.page.text.replace(/nonce="[^"]+"/, '')).toBe(refused.page.text.replace(/nonce="[^"]+"/, ''))
    expect(await probe(sandbox, 'pendium', key)).toBe(200)
  })
})

describe('Pensyve', () => {
  const remember = { entity: 'Ada', fact: 'likes tea' }

  test.each([
    ['mcp', 'Full access (mcp)', 200, 200],
    ['mcp:read', 'Read only (mcp:read)', 200, 403],
    ['mcp:write', 'Write only (mcp:write)', 403, 200],
  ])('a key of %s is shown as %s and does what that allows', async (scope, words, reading, writing) => {
    const sandbox = createSandbox()
    const person = await signedInAt(sandbox, 'pensyve')
    const made = await person.press('Create API key', { name: 'agent', scope })
    const [key = ''] = made.secrets
    // In the notice, in the list, and among the choices for the next one.
    expect(made.page.text.split(words)).toHaveLength(4)
    expect(await probe(sandbox, 'pensyve', key)).toBe(reading)
    expect((await call(sandbox, 'https://api.pensyve.com/v1/remember', bearer(key), remember)).status).toBe(writing)
  })

  test('the default is full access, and no other scope is taken', async () => {
    const sandbox = createSandbox()
    const person = await signedInAt(sandbox, 'pensyve')
    expect(person.page.text).toContain('value="mcp" required checked')
    const refused = await person.press('Create API key', { name: 'agent', scope: 'mcp:admin' })
    expect([refused.page.status, refused.page.text.includes('Choose one of the scopes.')]).toEqual([400, true])
    expect(sandbox.keys.list('pensyve')).toEqual([])
  })

  test('rotates: the same scope, the old key for 24 hours more, with its end on the page', async () => {
    const sandbox = createSandbox({ now: () => Date.UTC(2026, 2, 1, 9, 30) })
    const old = sandbox.keys.create('pensyve', { name: 'staging', scope: 'mcp:read' })
    const person = await signedInAt(sandbox, 'pensyve')
    const rotated = await person.press('Rotate key staging')
    const [next = ''] = rotated.secrets
    expect(rotated.page.text).toContain('<time datetime="2026-03-02T09:30:00.000Z">2 March 2026 at 09:30 UTC</time>')
    expect(rotated.page.text).toContain('Rotated: works until')
    // Only the new one can be rotated.
    expect(rotated.page.text.split('Rotate key staging')).toHaveLength(2)
    expect(sandbox.keys.list('pensyve').map(({ scope }) => scope)).toEqual(['mcp:read', 'mcp:read'])
    sandbox.clock.advance(day - 1)
    expect([await probe(sandbox, 'pensyve', old.key), await probe(sandbox, 'pensyve', next)]).toEqual([200, 200])
    sandbox.clock.advance(1)
    expect([await probe(sandbox, 'pensyve', old.key), await probe(sandbox, 'pensyve', next)]).toEqual([403, 200])
    expect((await rotated.reload()).page.text).not.toContain('Rotated: works until')
  })

  test('a key in its grace period is not rotated again, and can be revoked at once', async () => {
    const sandbox = createSandbox()
    const old = sandbox.keys.create('pensyve', { name: 'leaked' })
    const person = await signedInAt(sandbox, 'pensyve')
    const rotated = await person.press('Rotate key leaked')
    const again = await rotated.press('Rotate key leaked', { id: old.id })
    expect([again.page.status, again.page.heading]).toEqual([409, 'This key was rotated already'])
    expect(sandbox.keys.list('pensyve')).toHaveLength(2)
    await (await rotated.reload()).press('Revoke key leaked', { id: old.id })
    expect(await probe(sandbox, 'pensyve', old.key)).toBe(403)
    expect(await probe(sandbox, 'pensyve', rotated.secrets[0] ?? '')).toBe(200)
  })

  test('another’s key is neither rotated nor revoked', async () => {
    const sandbox = createSandbox()
    const { id, key } = sandbox.keys.create('pensyve', { name: 'of Ada' })
    sandbox.keys.create('pensyve', { account: 'outsider', name: 'own' })
    const person = await signedInAt(sandbox, 'pensyve', 'outsider')
    expect((await person.press('Rotate key own', { id })).page.status).toBe(404)
    expect((await (await person.reload()).press('Revoke key own', { id })).page.status).toBe(404)
    expect(await probe(sandbox, 'pensyve', key)).toBe(200)
    expect(sandbox.keys.list('pensyve')).toHaveLength(2)
  })
})

describe('Profundis', () => {
  test('has one key, and renewing it ends the old one at once', async () => {
    const sandbox = createSandbox()
    const made = await (await signedInAt(sandbox, 'profundis')).press('Create API key')
    expect(made.page.text).not.toContain('>Create API key<')
    const renewed = await made.press('Renew key')
    const [old = '', next = ''] = [made.secrets[0], renewed.secrets[0]]
    expect(next).not.toBe(old)
    expect([await probe(sandbox, 'profundis', old), await probe(sandbox, 'profundis', next)]).toEqual([401, 200])
    expect(sandbox.keys.list('profundis')).toHaveLength(1)
  })

  test('a form from before the key was made does not end it', async () => {
    const sandbox = createSandbox()
    const person = await signedInAt(sandbox, 'profundis')
    const { key } = sandbox.keys.create('profundis')
    const late = await person.press('Create API key')
    expect([late.page.status, late.page.heading]).toEqual([409, 'This account has its API key already'])
    expect(await probe(sandbox, 'profundis', key)).toBe(200)
  })

  test('an account without entitlement gets none, with the reason', async () => {
    const sandbox = createSandbox()
    const reason = 'it needs a paid plan (Professional or Enterprise) or purchased credits.'
    const person = await signedInAt(sandbox, 'profundis', 'free')
    expect(person.page.text).toContain(reason)
    expect(person.page.text).not.toContain('create-key')
    const entitled = await signedInAt(sandbox, 'profundis', 'credited')
    sandbox.accounts.update('profundis', 'credited', { hasPurchasedCredits: false, purchasedCredits: 0 })
    const forced = await entitled.press('Create API key')
    expect([forced.page.status, forced.page.heading]).toEqual([403, 'This account cannot have an API key'])
    expect(sandbox.keys.list('profundis')).toEqual([])
    sandbox.accounts.update('profundis', 'free', { purchasedCredits: 10 })
    const bought = await (await person.reload()).press('Create API key')
    expect(await probe(sandbox, 'profundis', bought.secrets[0] ?? '')).toBe(200)
  })

  test('who lost the entitlement cannot renew, and the key that is there is refused', async () => {
    const sandbox = createSandbox()
    const { key } = sandbox.keys.create('profundis')
    const person = await signedInAt(sandbox, 'profundis')
    sandbox.accounts.update('profundis', 'ada', { plan: 'free' })
    expect((await person.press('Renew key')).page.status).toBe(403)
    expect((await person.reload()).page.text).not.toContain('renew-key')
    expect(await probe(sandbox, 'profundis', key)).toBe(403)
  })
})

describe('Pendra', () => {
  const chat = { model: 'qwen3.6:27b', messages: [{ role: 'user', content: 'Hello there' }] }
  const url = 'https://api.pendra.ai/api/v1/chat/completions'

  test('a deleted key is dead at once, and what it did stays on the page', async () => {
    const sandbox = createSandbox()
    const person = await signedInAt(sandbox, 'pendra')
    expect(person.page.text).toContain('No call was made yet.')
    const made = await person.press('Create API key', { name: 'production server' })
    const [key = ''] = made.secrets
    expect((await call(sandbox, url, bearer(key), chat)).status).toBe(200)
    const used = await made.reload()
    expect(used.page.text).toContain('<td>production server</td><td>chat_completions</td><td>qwen3.6:27b</td>')
    const deleted = await used.press('Delete key production server')
    expect((await call(sandbox, url, bearer(key), chat)).status).toBe(401)
    expect(deleted.page.text).toContain('<td>production server (deleted)</td><td>chat_completions</td>')
    expect(sandbox.usage('pendra')).toHaveLength(1)
  })

  test('keys and usage are the organisation’s, and no other’s', async () => {
    const sandbox = createSandbox()
    const { id, key } = sandbox.keys.create('pendra', { name: 'of Ada' })
    sandbox.keys.create('pendra', { account: 'outsider', name: 'own' })
    await call(sandbox, url, bearer(key), chat)
    const outsider = await signedInAt(sandbox, 'pendra', 'outsider')
    expect(outsider.page.text).not.toContain('of Ada')
    expect(outsider.page.text).toContain('No call was made yet.')
    expect((await outsider.press('Delete key own', { id })).page.status).toBe(404)
    expect(await probe(sandbox, 'pendra', key)).toBe(200)
    const member = await signedInAt(sandbox, 'pendra', 'member')
    expect(member.page.text).toContain('<td>of Ada</td>')
    await member.press('Delete key of Ada')
    expect(await probe(sandbox, 'pendra', key)).toBe(401)
  })
})
