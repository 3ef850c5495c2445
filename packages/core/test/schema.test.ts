import { describe, expect, expectTypeOf, it } from 'vitest'
import type { z } from 'zod'
import type { Service } from '../src/index.ts'
import { parseService, serviceSchema } from '../src/schema.ts'
import { pendra, services } from '../src/services.ts'

/** A type with every optional field required: whoever adds a field to Service must add it here and to the schema. */
type Complete<T> = T extends readonly (infer E)[]
  ? readonly Complete<E>[]
  : T extends object
    ? { [K in keyof T]-?: Complete<T[K]> }
    : T

const complete: Complete<Service> = {
  id: 'acme',
  name: 'Acme',
  resources: {
    rest: {
      url: 'https://api.acme.example/v1',
      protocol: 'rest',
      apiKey: ['x-api-key', 'authorization'],
      accessToken: true,
      headers: { 'acme-version': '1' },
      audience: 'https://api.acme.example',
      operations: [{ name: 'list', method: 'GET', path: '/list', public: true }],
      relocated: false,
    },
  },
  apiKey: {
    prefix: 'acme_',
    prefixSource: 'documented',
    pattern: '^acme_\\w+$',
    patternSource: 'found',
    env: 'ACME_API_KEY',
    rotation: { method: 'rotate', grace: 60 },
    perAccount: 2,
    consoleOnly: ['billing'],
  },
  oauth: {
    issuer: 'https://acme.example',
    authorizationServerMetadata: 'https://acme.example/.well-known/oauth-authorization-server',
    protectedResourceMetadata: 'https://acme.example/.well-known/oauth-protected-resource',
    authorizationEndpoint: 'https://acme.example/authorize',
    tokenEndpoint: 'https://acme.example/token',
    registrationEndpoint: 'https://acme.example/register',
    revocationEndpoint: 'https://acme.example/revoke',
    deviceAuthorizationEndpoint: 'https://auth.acme.example/device',
    grants: ['authorization_code', 'refresh_token', 'client_credentials'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    scopes: ['a'],
    tokenFormat: 'jwt',
    tokenSigningAlgorithm: 'EdDSA',
    tokenLifetime: 60,
    clientIdPrefix: 'acme_id_',
    clientSecretPrefix: 'acme_secret_',
    clientIdEnv: 'ACME_CLIENT_ID',
    clientSecretEnv: 'ACME_CLIENT_SECRET',
    omitResourceParameter: true,
    scopeOnRefresh: true,
    relocated: false,
  },
  scopes: { default: 'a', operations: { a: ['list'] } },
  errors: [
    {
      code: 'not_found',
      status: 404,
      message: 'No {thing}',
      source: 'assumed',
      hint: 'Look.',
      wayOut: 'list',
      link: 'docs',
    },
  ],
  links: {
    docs: { where: 'docs', url: 'https://acme.example/docs' },
    keys: { where: 'keys', url: 'https://acme.example/keys' },
    clients: { where: 'clients', url: 'https://acme.example/clients' },
    connectedApps: { where: 'apps', url: 'https://acme.example/apps' },
    plans: { where: 'plans', url: 'https://acme.example/plans' },
  },
  recommendations: [{ client: 'script', method: 'api-key' }],
  sdk: { openai: 'https://api.acme.example/v1', anthropic: 'https://api.acme.example' },
  access: 'anybody',
  notice: 'none',
  relocatedBy: 'ACME_BASE_URL',
  dangerouslyAllowPlainHttp: false,
}

const json = (value: unknown) => JSON.parse(JSON.stringify(value))

/** Every object inside a value, with the path to it. */
function objects(value: unknown, path: string[] = []): [path: string, object: Record<string, unknown>][] {
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.entries(value).flatMap(([name, part]) => objects(part, [...path, name]))
  return Array.isArray(value) ? inner : [[path.join('.'), value as Record<string, unknown>], ...inner]
}

describe('parseService', () => {
  it.each(services.map((service) => [service.id, service] as const))('%s makes the round trip', (_id, service) => {
    expect(parseService(json(service))).toEqual(service)
  })

  it('knows every field of a Service', () => {
    expect(parseService(json(complete))).toEqual(complete)
  })

  it('agrees with the type', () => {
    expectTypeOf<z.output<typeof serviceSchema>>().toEqualTypeOf<Service>()
    expectTypeOf(parseService).returns.toEqualTypeOf<Service>()
    expect(serviceSchema.safeParse(json(complete)).success).toBe(true)
  })

  it('fills in the lists that a simple service leaves out', () => {
    const { errors: _, recommendations: __, ...rest } = json(pendra)
    expect(parseService(rest)).toMatchObject({ errors: [], recommendations: [] })
  })

  // Records have free names; every other object is strict.
  const records = ['resources', 'resources.rest.headers', 'scopes.operations']
  const paths = objects(json(complete))
    .map(([path]) => path)
    .filter((path) => !records.includes(path))
  it.each(paths)('refuses an unknown key in %j', (path) => {
    const copy = json(complete)
    const target = objects(copy).find(([candidate]) => candidate === path)?.[1] as Record<string, unknown>
    target.unknownKey = 1
    expect(() => parseService(copy)).toThrow(expect.objectContaining({ code: 'invalid_service' }))
    expect(() => parseService(copy)).toThrow('unknownKey')
  })

  it.each([
    ['null', null],
    ['a string', 'acme'],
    ['a list', []],
    ['nothing', {}],
    ['a number as id', { ...complete, id: 5 }],
    ['an unknown header', { ...complete, resources: { rest: { ...complete.resources.rest, apiKey: ['cookie'] } } }],
    [
      'a header with a line end',
      { ...complete, resources: { rest: { ...complete.resources.rest, headers: { a: 'b\r\nc: d' } } } },
    ],
    [
      'a header name with a space',
      { ...complete, resources: { rest: { ...complete.resources.rest, headers: { 'a b': 'c' } } } },
    ],
    [
      'a credential header',
      { ...complete, resources: { rest: { ...complete.resources.rest, headers: { Authorization: 'c' } } } },
    ],
    ['a broken pattern', { ...complete, apiKey: { ...complete.apiKey, pattern: '(' } }],
    ['an odd variable name', { ...complete, apiKey: { ...complete.apiKey, env: 'A B' } }],
    ['a JavaScript link', { ...complete, links: { docs: { where: 'x', url: 'javascript:0' } } }],
    ['a JavaScript endpoint', { ...complete, oauth: { ...complete.oauth, tokenEndpoint: 'javascript:0' } }],
    ['plain http', { ...complete, oauth: { ...complete.oauth, tokenEndpoint: 'http://acme.example/t' } }],
    ['an invented error code', { ...complete, errors: [{ ...complete.errors[0], code: 'x' }] }],
    ['no resources', { ...complete, resources: {} }],
  ])('refuses %s', (_name, value) => {
    expect(() => parseService(value)).toThrow(expect.objectContaining({ code: 'invalid_service' }))
  })

  it('names every wrong place', () => {
    const wrong = { ...complete, name: '', access: 5 }
    expect(() => parseService(wrong)).toThrow(/name[\s\S]*access|access[\s\S]*name/)
  })

  it('is not polluted by __proto__', () => {
    const text = JSON.stringify(complete).replace('"rest":{', '"__proto__":{"polluted":1},"rest":{')
    try {
      parseService(JSON.parse(text))
    } catch {
      // Refusing it is fine too.
    }
    expect('polluted' in {}).toBe(false)
  })
})
