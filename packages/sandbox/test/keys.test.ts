import { describe, expect, test } from 'vitest'
import { createSandbox, facts, leakMarker, SandboxError, type ServiceName } from '../src/index.ts'
import { codeOf, probe } from './call.ts'

const services = Object.keys(facts) as ServiceName[]
const hour = 60 * 60 * 1000

describe.each(services)('keys of %s', (service) => {
  test('have the documented format and the leak marker after the eighth character', () => {
    const { key } = createSandbox().keys.create(service)
    expect(new RegExp(facts[service].key.pattern).test(key)).toBe(true)
    expect(key.startsWith(facts[service].key.prefix ?? '')).toBe(true)
    expect(key.indexOf(leakMarker)).toBe(8)
  })

  test('are different each time and valid only in their own sandbox', async () => {
    const [one, two] = [createSandbox(), createSandbox()]
    const { key } = one.keys.create(service)
    expect(two.keys.create(service).key === key).toBe(false)
    expect(await probe(one, service, key)).toBe(200)
    expect([401, 403]).toContain(await probe(two, service, key))
  })

  test('are shown once and listed without their value', () => {
    const sandbox = createSandbox()
    const { key, ...info } = sandbox.keys.create(service, { name: 'ci' })
    expect(sandbox.keys.list(service)).toEqual([info])
    expect(info).toMatchObject({ service, account: 'ada', name: 'ci' })
    expect(JSON.stringify(sandbox.keys.list(service)).includes(leakMarker)).toBe(false)
    expect(info.preview).toHaveLength(8)
    expect(key.startsWith(info.preview)).toBe(true)
  })

  test('stop at once when revoked', async () => {
    const sandbox = createSandbox()
    const { id, key } = sandbox.keys.create(service)
    expect(await probe(sandbox, service, key)).toBe(200)
    sandbox.keys.revoke(service, id)
    expect([401, 403]).toContain(await probe(sandbox, service, key))
    expect(sandbox.keys.list(service)).toEqual([])
    expect(codeOf(() => sandbox.keys.revoke(service, id))).toBe('unknown_key')
  })

  test('are no good at another service', async () => {
    const sandbox = createSandbox()
    const { key } = sandbox.keys.create(service)
    for (const other of services.filter((name) => name !== service)) {
      expect([401, 403]).toContain(await probe(sandbox, other, key))
    }
  })

  test('are refused to an account that does not exist', () => {
    expect(codeOf(() => createSandbox().keys.create(service, { account: 'nobody' }))).toBe('unknown_account')
  })
})

describe('a key keeps only its hash', () => {
  test.each(services)('%s: the sandbox object holds no value', async (service) => {
    const sandbox = createSandbox()
    const { key } = sandbox.keys.create(service)
    await probe(sandbox, service, key)
    const { inspect } = await import('node:util')
    const shown = inspect(sandbox, { depth: Infinity, showHidden: true, getters: true })
    expect(shown.includes(leakMarker)).toBe(false)
  })
})

describe('Pensyve rotation', () => {
  test('makes a key of the same scope, and the old one works for 24 hours', async () => {
    const sandbox = createSandbox()
    const old = sandbox.keys.create('pensyve', { scope: 'mcp:read', name: 'reader' })
    const next = sandbox.keys.rotate('pensyve', old.id)
    expect(next).toMatchObject({ scope: 'mcp:read', name: 'reader', account: 'ada' })
    sandbox.clock.advance(24 * hour - 60_000)
    expect(await probe(sandbox, 'pensyve', old.key)).toBe(200)
    expect(sandbox.keys.list('pensyve')).toHaveLength(2)
    sandbox.clock.advance(60_000)
    expect(await probe(sandbox, 'pensyve', old.key)).toBe(403)
    expect(await probe(sandbox, 'pensyve', next.key)).toBe(200)
    expect(sandbox.keys.list('pensyve').map(({ id }) => id)).toEqual([next.id])
  })

  test('ends exactly at 24:00', async () => {
    const sandbox = createSandbox({ now: () => 0 })
    const old = sandbox.keys.create('pensyve')
    sandbox.keys.rotate('pensyve', old.id)
    sandbox.clock.set(24 * hour - 1)
    expect(await probe(sandbox, 'pensyve', old.key)).toBe(200)
    sandbox.clock.set(24 * hour)
    expect(await probe(sandbox, 'pensyve', old.key)).toBe(403)
  })

  test('gives each old key an end of its own', async () => {
    const sandbox = createSandbox({ now: () => 0 })
    const first = sandbox.keys.create('pensyve')
    const second = sandbox.keys.rotate('pensyve', first.id)
    sandbox.clock.set(12 * hour)
    const third = sandbox.keys.rotate('pensyve', second.id)
    sandbox.clock.set(24 * hour)
    expect(await probe(sandbox, 'pensyve', first.key)).toBe(403)
    expect(await probe(sandbox, 'pensyve', second.key)).toBe(200)
    sandbox.clock.set(36 * hour)
    expect(await probe(sandbox, 'pensyve', second.key)).toBe(403)
    expect(await probe(sandbox, 'pensyve', third.key)).toBe(200)
  })

  test('is refused for a key in its grace period, which a revocation ends at once', async () => {
    const sandbox = createSandbox()
    const old = sandbox.keys.create('pensyve')
    sandbox.keys.rotate('pensyve', old.id)
    expect(codeOf(() => sandbox.keys.rotate('pensyve', old.id))).toBe('key_in_grace')
    sandbox.keys.revoke('pensyve', old.id)
    expect(await probe(sandbox, 'pensyve', old.key)).toBe(403)
  })
})

describe('Profundis: one key per account', () => {
  test('a second is refused, and renewing invalidates the first at once', async () => {
    const sandbox = createSandbox()
    const first = sandbox.keys.create('profundis')
    expect(codeOf(() => sandbox.keys.create('profundis'))).toBe('key_exists')
    const second = sandbox.keys.renew('profundis')
    expect(await probe(sandbox, 'profundis', first.key)).toBe(401)
    expect(await probe(sandbox, 'profundis', second.key)).toBe(200)
    expect(sandbox.keys.list('profundis').map(({ id }) => id)).toEqual([second.id])
  })

  test("renewing leaves another account's key alone", async () => {
    const sandbox = createSandbox()
    const other = sandbox.keys.create('profundis', { account: 'credited' })
    sandbox.keys.renew('profundis')
    expect(await probe(sandbox, 'profundis', other.key)).toBe(200)
  })

  test('a Free account with only its monthly credits gets no key until it has purchased some', () => {
    const sandbox = createSandbox()
    expect(codeOf(() => sandbox.keys.create('profundis', { account: 'free' }))).toBe('not_entitled')
    expect(codeOf(() => sandbox.keys.renew('profundis', { account: 'free' }))).toBe('not_entitled')
    sandbox.accounts.update('profundis', 'free', { purchasedCredits: 10 })
    expect(sandbox.keys.create('profundis', { account: 'free' }).account).toBe('free')
  })
})

describe('who manages keys', () => {
  test('Pentographer: owner and admin all of the organisation, a member only their own, outsiders none', () => {
    const sandbox = createSandbox()
    const ada = sandbox.keys.create('pentographer')
    const member = sandbox.keys.create('pentographer', { as: 'member' })
    const outsider = sandbox.keys.create('pentographer', { as: 'outsider' })
    const seen = (as: string): string[] => sandbox.keys.list('pentographer', { as }).map(({ account }) => account)
    expect(seen('ada')).toEqual(['ada', 'member'])
    expect(seen('admin')).toEqual(['ada', 'member'])
    expect(seen('member')).toEqual(['member'])
    expect(seen('outsider')).toEqual(['outsider'])
    expect(codeOf(() => sandbox.keys.revoke('pentographer', ada.id, { as: 'member' }))).toBe('not_allowed')
    expect(codeOf(() => sandbox.keys.revoke('pentographer', outsider.id, { as: 'ada' }))).toBe('not_allowed')
    sandbox.keys.revoke('pentographer', member.id, { as: 'admin' })
    expect(seen('ada')).toEqual(['ada'])
  })

  test('Pendra: the organisation; Pendium, Pensyve and Profundis: the account', () => {
    const sandbox = createSandbox()
    const pendra = sandbox.keys.create('pendra')
    expect(codeOf(() => sandbox.keys.revoke('pendra', pendra.id, { as: 'outsider' }))).toBe('not_allowed')
    sandbox.keys.revoke('pendra', pendra.id, { as: 'member' })
    for (const [service, other] of [
      ['pendium', 'admin'],
      ['pensyve', 'outsider'],
      ['profundis', 'credited'],
    ] as const) {
      const { id } = sandbox.keys.create(service)
      expect(codeOf(() => sandbox.keys.revoke(service, id, { as: other }))).toBe('not_allowed')
      expect(sandbox.keys.list(service, { as: other })).toEqual([])
    }
  })

  test("no one makes a key in another's name", () => {
    const { keys } = createSandbox()
    expect(codeOf(() => keys.create('pentographer', { as: 'ada', account: 'member' }))).toBe('not_allowed')
  })
})

test('an unknown scope is refused', () => {
  const { keys } = createSandbox()
  expect(codeOf(() => keys.create('pensyve', { scope: 'mcp:admin' }))).toBe('invalid_scope')
  expect(codeOf(() => keys.create('pendra', { scope: 'mcp' }))).toBe('invalid_scope')
})

test('a key given for an id is not repeated in the error', () => {
  const sandbox = createSandbox()
  const { key } = sandbox.keys.create('pendra')
  const thrown = (() => {
    try {
      sandbox.keys.revoke('pendra', key)
    } catch (error) {
      return error
    }
    return undefined
  })()
  expect(SandboxError.isInstance(thrown)).toBe(true)
  expect(SandboxError.isInstance(thrown) && `${thrown.stack}${thrown.hint}`.includes(leakMarker)).toBe(false)
})

test('accounts are made from ada, changed by updates and never by hand', () => {
  const { accounts } = createSandbox()
  expect(accounts.create('pendium', { id: 'new', plan: 'starter' })).toMatchObject({ plan: 'starter', admin: false })
  expect(codeOf(() => accounts.create('pendium', { id: 'new' }))).toBe('account_exists')
  expect(codeOf(() => accounts.get('pendra', 'nobody'))).toBe('unknown_account')
  expect(accounts.list('pendium').map(({ id }) => id)).toContain('new')
  expect(accounts.update('pendium', 'new', { admin: true }).admin).toBe(true)
  expect(accounts.get('pendium').admin).toBe(false)
  expect(Object.isFrozen(accounts.get('pendium', 'new'))).toBe(true)
})
