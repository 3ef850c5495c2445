import { describe, expect, it } from 'vitest'
import { defineService, type Service } from '../src/index.ts'
import { isSecure } from '../src/secure-url.ts'
import { services } from '../src/services.ts'

const acme = {
  id: 'acme',
  name: 'Acme',
  resources: { rest: { url: 'https://api.acme.example/v1', protocol: 'rest', apiKey: ['x-api-key'] } },
  apiKey: { env: 'ACME_API_KEY', rotation: { method: 'replace' } },
  errors: [],
  links: { docs: { where: 'Acme docs', url: 'https://acme.example/docs' } },
  recommendations: [],
} satisfies Service
const { rest } = acme.resources

/** The definition with one part replaced. */
const withResource = (changes: object) =>
  ({ ...acme, resources: { rest: { ...rest, ...changes } } }) as unknown as Service
const withOAuth = (changes: object) =>
  ({ ...acme, oauth: { grants: [], tokenEndpointAuthMethod: 'none', ...changes } }) as unknown as Service

describe('defineService', () => {
  it('returns a frozen copy', () => {
    const service = defineService<string>(acme)
    expect(service).toEqual(acme)
    expect(service).not.toBe(acme)
    for (const part of [service, service.resources, service.resources.rest, service.links.docs, service.errors]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
    expect(Object.isFrozen(acme)).toBe(false)
  })

  it.each(services.map((service) => [service.id, service] as const))('accepts the definition of %s', (_id, service) => {
    expect(defineService(service)).toEqual(service)
  })

  const wrong: [name: string, definition: unknown, says: string][] = [
    ['no id', { ...acme, id: undefined }, '"id" must be'],
    ['an id in upper case', { ...acme, id: 'Acme' }, '"id" must be'],
    ['an id with a line end', { ...acme, id: 'acme\nx' }, '"id" must be'],
    ['an empty id', { ...acme, id: '' }, '"id" must be'],
    ['no resources', { ...acme, resources: {} }, 'at least one resource'],
    ['resources missing', { ...acme, resources: undefined }, 'at least one resource'],
    ['a relative URL', withResource({ url: '/v1' }), 'absolute URL'],
    ['no URL', withResource({ url: undefined }), 'absolute URL'],
    ['a query', withResource({ url: 'https://api.acme.example/v1?x=1' }), 'without query'],
    ['a fragment', withResource({ url: 'https://api.acme.example/v1#x' }), 'without query'],
    ['a user', withResource({ url: 'https://user@api.acme.example/v1' }), 'without query'],
    ['plain http', withResource({ url: 'http://api.acme.example/v1' }), 'must use https'],
    ['another scheme', withResource({ url: 'ws://api.acme.example/v1' }), 'must use https'],
    ['no credential', withResource({ apiKey: undefined }), 'accepts no credential'],
    ['an empty list of headers', withResource({ apiKey: [] }), 'accepts no credential'],
    ['no key rules', { ...acme, apiKey: undefined }, '"apiKey" rules'],
    ['a credential header of its own', withResource({ headers: { 'X-API-Key': 'x' } }), 'credential header'],
    ['an Authorization header of its own', withResource({ headers: { authorization: 'x' } }), 'credential header'],
    [
      'an OAuth endpoint over plain http',
      withOAuth({ tokenEndpoint: 'http://acme.example/token' }),
      'oauth.tokenEndpoint',
    ],
    [
      'a JavaScript endpoint',
      withOAuth({ authorizationEndpoint: 'javascript:alert(1)' }),
      'oauth.authorizationEndpoint',
    ],
    [
      'a JavaScript endpoint with slashes',
      withOAuth({ authorizationEndpoint: 'javascript://%0aalert(1)' }),
      'authorizationEndpoint',
    ],
    ['a relative endpoint', withOAuth({ tokenEndpoint: '/token' }), 'oauth.tokenEndpoint'],
    ['an issuer that is no URL', withOAuth({ issuer: 'acme' }), 'oauth.issuer'],
  ]
  it.each(wrong)('refuses %s', (_name, definition, says) => {
    expect(() => defineService(definition as Service)).toThrow(expect.objectContaining({ code: 'invalid_service' }))
    expect(() => defineService(definition as Service)).toThrow(says)
  })

  it('allows plain http on this machine', () => {
    expect(defineService(withResource({ url: 'http://localhost:4100/v1' })).resources.rest?.url).toContain('localhost')
    expect(defineService(withOAuth({ tokenEndpoint: 'http://127.0.0.1:1/token', scopes: ['a://b'] })).id).toBe('acme')
  })

  it('names resources as types', () => {
    const service = defineService(acme)
    service.resources.rest satisfies { url: string }
    // @ts-expect-error there is no such resource
    expect(service.resources.mcp).toBeUndefined()
  })
})

describe('isSecure', () => {
  it.each([
    ['https://a.example', true],
    ['http://127.0.0.1', true],
    ['http://127.1', true],
    ['http://2130706433', true],
    ['http://localhost', true],
    ['http://LOCALHOST:1', true],
    ['http://x.localhost', true],
    ['http://[::1]', true],
    ['http://a.example', false],
    ['http://127.0.0.1.example', false],
    ['http://localhost.example', false],
    ['http://localhost.', false],
    ['http://192.168.0.1', false],
    ['http://[::ffff:127.0.0.1]', false],
    ['http://0.0.0.0', false],
    ['ws://localhost', false],
    ['ftp://a.example', false],
    ['file:///x', false],
  ])('%s: %s', (url, expected) => {
    expect(isSecure(new URL(url))).toBe(expected)
  })
})
