import { facts, type ServiceName } from '@pentauth/sandbox'
import { caught } from '@pentauth/tooling/canary'
import { expect, it } from 'vitest'
import { services } from '../../src/services.ts'
import { describeOnBoth } from './world.ts'

const names = services.map(({ id }) => id as ServiceName)
const pairs = names.flatMap((of) => names.map((at) => ({ of, at })))

const nameOf = (id: ServiceName) => services.find((service) => service.id === id)?.name

/** What the lint of one service says of a key of another. */
function verdict(
  of: ServiceName,
  at: ServiceName,
): 'accepted' | 'suspect' | 'malformed_credential' | 'wrong_credential' {
  if (of === at) return 'accepted'
  // Profundis documents no prefix, so its keys can only be known by what they lack; Pendium's own prefix is assumed and
  // no reason to block a key.
  if (of === 'profundis') return at === 'pendium' ? 'suspect' : 'malformed_credential'
  return 'wrong_credential'
}

describeOnBoth('The lint of keys', (world) => {
  it.each(names)('%s: a key has the documented form', (name) => {
    const { key } = world.sandbox.keys.create(name)
    expect(new RegExp(facts[name].key.pattern).test(key)).toBe(true)
    const rules = services.find(({ id }) => id === name)?.apiKey
    expect(new RegExp(rules?.pattern ?? '^$').test(key)).toBe(true)
    expect(key.startsWith(rules?.prefix ?? '')).toBe(true)
  })

  it.each(pairs)('a $of key at $at', async ({ of, at }) => {
    const service = services.find(({ id }) => id === at)
    if (!service) throw new Error('no such service')
    // The resource that the sandbox serves and that takes keys: over HTTP it is relocated, the others are not.
    const { rest, graphql } = world.at(service).resources
    const url = (rest ?? graphql)?.url
    const auth = world.auth(service, world.sandbox.keys.create(of).key)
    const expected = verdict(of, at)
    const isBlocked = world.transport === 'msw' && expected.endsWith('_credential')
    if (isBlocked) {
      const error = await caught(auth.credential(url))
      expect(error).toMatchObject({ code: expected, service: at })
      expect(error.message).toContain(expected === 'wrong_credential' ? `${nameOf(of)} API key` : 'does not begin with')
    } else await auth.credential(url)
    // A relocated service may have keys of its own: what would be an error is an event there.
    const suspicions = world.events.filter(({ type }) => type === 'credential_suspect')
    expect(suspicions).toHaveLength(expected === 'accepted' || isBlocked ? 0 : 1)
    expect(world.entries()).toHaveLength(0)
  })
})
