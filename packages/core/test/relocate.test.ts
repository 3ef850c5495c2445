import { describe, expect, it } from 'vitest'
import { relocate, resourceFor, type Service } from '../src/index.ts'
import { pendium, pendra, pensyve, pentographer, profundis, services } from '../src/services.ts'

const originsOf = (service: Service) => [
  ...new Set(Object.values(service.resources).map((resource) => new URL(resource.url).origin)),
]

describe('relocate', () => {
  it.each(services.map((service) => [service.id, service] as const))('moves every resource of %s', (_id, service) => {
    const table = Object.fromEntries(
      originsOf(service).map((origin, index) => [origin, `http://127.0.0.1:${4100 + index}`]),
    )
    const moved = relocate(service, table)
    for (const [name, { url }] of Object.entries(moved.resources)) {
      const before = new URL(service.resources[name]?.url ?? '')
      expect(new URL(url).origin).toBe(table[before.origin])
      expect(new URL(url).pathname).toBe(before.pathname)
      expect(resourceFor(moved, url).name).toBe(name)
      expect(() => resourceFor(moved, before)).toThrow(expect.objectContaining({ code: 'url_not_covered' }))
    }
    expect(Object.values(moved.resources).every(({ relocated }) => relocated)).toBe(true)
    expect(moved.links.docs).toEqual(service.links.docs)
  })

  it('leaves the original as it was', () => {
    const before = JSON.stringify(pendium)
    relocate(pendium, { 'https://pendium.ai': 'http://127.0.0.1:4100' })
    expect(JSON.stringify(pendium)).toBe(before)
    expect(pendium.resources.rest.relocated).toBeUndefined()
  })

  it('moves OAuth endpoints, audiences and key pages too', () => {
    const { oauth, links } = relocate(pendium, { 'https://pendium.ai': 'https://local.example' })
    expect(oauth).toMatchObject({ issuer: 'https://local.example', tokenEndpoint: 'https://local.example/token' })
    expect(links.keys?.url).toBe('https://local.example/mcp')
    const gateway = relocate(pensyve, { 'https://mcp.pensyve.com': 'https://gateway.example' })
    expect(gateway.resources.rest.audience).toBe('https://gateway.example/mcp')
  })

  it('keeps a host without a path as it is written', () => {
    expect(relocate(profundis, { 'https://mcp.profundis.io/': 'https://p.example/' }).resources.mcp.url).toBe(
      'https://p.example',
    )
  })

  it('moves only what it is told to', () => {
    const moved = relocate(pensyve, { 'https://api.pensyve.com': 'https://gateway.example' })
    expect(moved.resources.rest.url).toBe('https://gateway.example/v1')
    expect(moved.resources.mcp.url).toBe('https://mcp.pensyve.com/mcp')
  })

  it('does not take a longer host for an origin that begins alike', () => {
    const service = {
      ...pendra,
      resources: { ...pendra.resources, other: { ...pendra.resources.v1, url: 'https://api.pendra.ai.example/v1' } },
    }
    const moved = relocate(service, { 'https://api.pendra.ai': 'http://127.0.0.1:1' })
    expect(moved.resources.other.url).toBe('https://api.pendra.ai.example/v1')
  })

  it('finds an origin in upper case or with its default port', () => {
    const service = { ...pendra, resources: { v1: { ...pendra.resources.v1, url: 'HTTPS://API.PENDRA.AI:443/v1' } } }
    expect(relocate(service, { 'https://api.pendra.ai': 'http://127.0.0.1:1' }).resources.v1.url).toBe(
      'http://127.0.0.1:1/v1',
    )
  })

  it('inserts an origin as text, not as a replacement pattern', () => {
    expect(relocate(pendra, { 'https://api.pendra.ai': "https://a$&b$'.example" }).resources.v1.url).toBe(
      "https://a$&b$'.example/v1",
    )
  })

  it('can be done twice', () => {
    const once = relocate(pentographer, { 'https://app.pentographer.com': 'https://a.example' })
    expect(relocate(once, { 'https://a.example': 'https://b.example' }).resources.api.url).toBe('https://b.example/api')
  })

  it('takes one table for several services and refuses one that moves nothing', () => {
    const table = { 'https://pendium.ai': 'http://127.0.0.1:1', 'https://api.pendra.ai': 'http://127.0.0.1:2' }
    expect(relocate(pendium, table).resources.rest.relocated).toBe(true)
    expect(relocate(pendra, table).resources.rest.relocated).toBe(true)
    expect(() => relocate(pensyve, table)).toThrow(
      expect.objectContaining({ code: 'invalid_option', service: 'pensyve' }),
    )
    expect(() => relocate(pensyve, table)).toThrow('https://api.pensyve.com, https://mcp.pensyve.com')
    expect(() => relocate(pensyve, {})).toThrow(expect.objectContaining({ code: 'invalid_option' }))
  })

  it.each([
    'http://10.0.0.1',
    'http://gateway.internal',
    'http://localhost.example',
    'http://127.0.0.1.example',
    'http://128.0.0.1',
    'http://[::2]',
    'http://0.0.0.0:4100',
    'http://xlocalhost',
  ])('plain http beyond this machine needs a named option: %s', (target) => {
    const table = { 'https://pendium.ai': target }
    expect(() => relocate(pendium, table)).toThrow(expect.objectContaining({ code: 'invalid_option' }))
    expect(() => relocate(pendium, table)).toThrow('dangerouslyAllowPlainHttp')
    expect(relocate(pendium, table, { dangerouslyAllowPlainHttp: true }).resources.mcp.url).toContain(target)
  })

  it.each([
    'http://127.0.0.1:4100',
    'http://127.9.9.9',
    'http://localhost:4100',
    'http://[::1]:4100',
    'http://a.localhost',
  ])('plain http on this machine is fine: %s', (target) => {
    expect(relocate(pendium, { 'https://pendium.ai': target }).resources.mcp.url).toBe(`${target}/mcp`)
  })

  it.each([
    '',
    'pendium.ai',
    '/mcp',
    'https://pendium.ai/mcp',
    'https://pendium.ai?x',
    'https://pendium.ai#x',
    'https://user@pendium.ai',
    'https://:pass@pendium.ai',
    'ftp://pendium.ai',
    'file:///',
    'mailto:x@pendium.ai',
    'javascript:0',
  ])('both sides must be origins: %j', (text) => {
    const refused = expect.objectContaining({ code: 'invalid_option' })
    expect(() => relocate(pendium, { 'https://pendium.ai': text })).toThrow(refused)
    expect(() => relocate(pendium, { [text]: 'http://127.0.0.1:1' })).toThrow(refused)
  })
})
