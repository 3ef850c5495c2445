import { describe, expect, test } from 'vitest'
import { createSandbox, facts, leakMarker, type Sandbox } from '../src/index.ts'
import { bearer, call, probe } from './call.ts'
import { postForm } from './support/app.ts'
import { signedInAt } from './support/person.ts'

const tokenUrl = 'https://app.pentographer.com/api/oauth/token'

const tokenFor = (sandbox: Sandbox, client_id: string, client_secret: string) =>
  postForm(sandbox, tokenUrl, { grant_type: 'client_credentials', client_id, client_secret })

describe('API keys', () => {
  test('a revoked key gets 401 Unauthorized at once', async () => {
    const sandbox = createSandbox()
    const made = await (await signedInAt(sandbox, 'pentographer', 'member')).press('Save new key', { name: 'editor' })
    const [key = ''] = made.secrets
    expect(await probe(sandbox, 'pentographer', key)).toBe(200)
    await made.press('Revoke key editor')
    expect(await probe(sandbox, 'pentographer', key)).toBe(401)
  })

  test.each([
    ['ada', ['by Ada', 'by Admin', 'by Member']],
    ['admin', ['by Ada', 'by Admin', 'by Member']],
    ['member', ['by Member']],
    ['outsider', ['by Outsider']],
  ])('%s sees those that the role allows', async (account, expected) => {
    const sandbox = createSandbox()
    for (const maker of ['ada', 'admin', 'member', 'outsider']) {
      const { name } = sandbox.accounts.get('pentographer', maker)
      sandbox.keys.create('pentographer', { account: maker, name: `by ${name}` })
    }
    const { page } = await signedInAt(sandbox, 'pentographer', account)
    expect([...page.text.matchAll(/<strong>(by \w+)<\/strong>/g)].map(([, name]) => name)).toEqual(expected)
    for (const name of expected) expect(page.text).toContain(`Made ${name}`)
  })

  test.each([
    ['admin', 303, 401],
    ['member', 404, 200],
    ['outsider', 404, 200],
  ])('%s revoking ada’s key by its id: %i, and the key then gets %i', async (account, status, after) => {
    const sandbox = createSandbox()
    const { id, key } = sandbox.keys.create('pentographer', { name: 'of Ada' })
    sandbox.keys.create('pentographer', { account, name: 'own' })
    const person = await signedInAt(sandbox, 'pentographer', account)
    await person.press('Revoke key own', { id })
    const sent = sandbox.journal.entries.findLast(({ operation }) => operation === 'console_revoke_key')
    expect(sent?.status).toBe(status)
    expect(await probe(sandbox, 'pentographer', key)).toBe(after)
  })
})

describe('OAuth clients', () => {
  test('are shown once with their secret, get tokens, and lose them when they are deleted', async () => {
    const sandbox = createSandbox()
    const made = await (await signedInAt(sandbox, 'pentographer')).press('Save new client', { name: 'nightly import' })
    const [id = '', secret = ''] = made.secrets
    expect(id).toMatch(new RegExp(facts.pentographer.client?.idPattern ?? 'none'))
    expect(secret).toMatch(new RegExp(facts.pentographer.client?.secretPattern ?? 'none'))
    const reloaded = await made.reload()
    expect([reloaded.page.text.includes(secret), reloaded.page.text.includes(`<code>${id}</code>`)]).toEqual([
      false,
      true,
    ])
    const { json } = await tokenFor(sandbox, id, secret)
    const query = () =>
      call(sandbox, 'https://app.pentographer.com/api/graphql', bearer(json.access_token), { query: '{ me { id } }' })
    expect((await query()).status).toBe(200)
    const deleted = await reloaded.press('Delete client nightly import')
    expect(deleted.page.text).toContain('There is no OAuth client.')
    expect((await query()).status).toBe(401)
    expect((await tokenFor(sandbox, id, secret)).status).toBe(401)
    expect(JSON.stringify(sandbox.journal.entries).includes(leakMarker)).toBe(false)
  })

  test('a member sees and deletes only its own, and no app of another service', async () => {
    const sandbox = createSandbox()
    const { clientId } = sandbox.clients.create('pentographer', { name: 'of Ada' })
    sandbox.clients.create('pentographer', { as: 'member', name: 'own' })
    const app = sandbox.clients.register('pendium', { redirectUris: ['http://127.0.0.1/callback'] })
    const person = await signedInAt(sandbox, 'pentographer', 'member')
    expect(person.page.text).not.toContain('of Ada')
    for (const id of [clientId, app.clientId, '']) {
      expect((await (await person.reload()).press('Delete client own', { id })).page.status).toBe(404)
    }
    expect(sandbox.clients.list('pentographer')).toHaveLength(2)
    expect((await sandbox.tokens.issue('pendium', { clientId: app.clientId })).clientId).toBe(app.clientId)
    const admin = await signedInAt(sandbox, 'pentographer', 'admin')
    await admin.press('Delete client of Ada')
    expect(sandbox.clients.list('pentographer')).toMatchObject([{ name: 'own' }])
  })

  test('a client has a name', async () => {
    const sandbox = createSandbox()
    const person = await signedInAt(sandbox, 'pentographer')
    expect((await person.press('Save new client', { name: '' })).page.status).toBe(400)
    expect(sandbox.clients.list('pentographer')).toEqual([])
  })
})
