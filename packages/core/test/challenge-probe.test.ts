import { describe, expect, it } from 'vitest'
import { challengeOf, isUnknown } from '../src/challenge-probe.ts'
import { defineService, type OAuthRules, type Resource, type Service } from '../src/index.ts'
import { namedResource } from '../src/resource-lookup.ts'
import { defaultRuntime, type Runtime } from '../src/runtime.ts'
import { pendium, pensyve, pentographer, profundis } from '../src/services.ts'

// An MCP server of which only the address is known is asked what it wants, once and without any credential.

function flowAt(service: Service, fetch: Runtime['fetch'] = () => Promise.reject(new TypeError('offline'))) {
  const [first] = Object.entries<Resource>(service.resources).filter(([, { protocol }]) => protocol === 'mcp')
  const [name, resource] = first ?? Object.entries<Resource>(service.resources)[0] ?? ['none', {} as Resource]
  return { service, resource: namedResource(name, resource), runtime: { ...defaultRuntime(), fetch }, emit: undefined }
}

function acme(oauth?: Partial<OAuthRules>, resource: Partial<Resource> = {}): Service {
  return defineService({
    id: 'acme',
    name: 'Acme',
    resources: { mcp: { url: 'https://mcp.acme.example/mcp', protocol: 'mcp', accessToken: true, ...resource } },
    ...(oauth ? { oauth: { grants: [], tokenEndpointAuthMethod: 'none', ...oauth } as OAuthRules } : {}),
    errors: [],
    recommendations: [],
    links: { docs: { where: 'Acme docs', url: 'https://acme.example/docs' } },
  })
}

const answering = (status: number, challenge?: string) => async () =>
  new Response('{}', { status, ...(challenge === undefined ? {} : { headers: { 'www-authenticate': challenge } }) })

describe('who is unknown', () => {
  it('is an MCP server whose definition says nothing of where its tokens come from', () => {
    expect(isUnknown(flowAt(acme()))).toBe(true)
    expect(isUnknown(flowAt(acme({ grants: ['authorization_code'] })))).toBe(true)
  })

  it.each([pendium, pensyve, profundis, pentographer])('is not $id', (service) => {
    expect(isUnknown(flowAt(service))).toBe(false)
  })

  it.each(['issuer', 'authorizationEndpoint', 'tokenEndpoint', 'protectedResourceMetadata'] as const)(
    'is none with %s',
    (name) => {
      expect(isUnknown(flowAt(acme({ [name]: 'https://auth.acme.example/x' })))).toBe(false)
    },
  )

  it('is nothing that speaks another protocol', () => {
    expect(isUnknown(flowAt(acme(undefined, { protocol: 'rest' })))).toBe(false)
  })
})

describe('the question', () => {
  it('is a ping that every server knows, without a credential, and no redirect is followed', async () => {
    const asked: [string, RequestInit][] = []
    const fetch: Runtime['fetch'] = async (input, init = {}) => {
      asked.push([String(input), init])
      return new Response('{}', { status: 401, headers: { 'www-authenticate': 'Bearer' } })
    }
    await challengeOf(flowAt(acme(), fetch))
    const [url, { method, body, headers, redirect }] = asked[0] ?? ['', {}]
    expect([asked.length, url, method, redirect]).toEqual([1, 'https://mcp.acme.example/mcp', 'POST', 'manual'])
    expect(JSON.parse(String(body))).toEqual({ jsonrpc: '2.0', id: 0, method: 'ping' })
    expect([...new Headers(headers)].map(([name]) => name).sort()).toEqual(['accept', 'content-type'])
  })
})

describe('the answer', () => {
  it.each([
    ['alone', 'Bearer resource_metadata="https://mcp.acme.example/meta", scope="read"'],
    ['behind another', 'Basic realm="a, b", Bearer resource_metadata="https://mcp.acme.example/meta", scope="read"'],
    ['in other letters', 'bEARER scope="read", resource_metadata="https://mcp.acme.example/meta"'],
  ])('is the challenge for tokens, %s', async (_, challenge) => {
    expect(await challengeOf(flowAt(acme(), answering(401, challenge)))).toEqual({
      scheme: 'bearer',
      parameters: { resource_metadata: 'https://mcp.acme.example/meta', scope: 'read' },
    })
  })

  it.each<[string, number, string | undefined]>([
    ['a server that wants nothing', 200, undefined],
    ['a 401 without a challenge', 401, undefined],
    ['a challenge of another scheme', 401, 'Basic realm="x"'],
    ['a challenge on another status', 403, 'Bearer scope="read"'],
    ['a redirect', 307, 'Bearer scope="read"'],
    ['trouble', 503, undefined],
  ])('is none at %s', async (_, status, challenge) => {
    expect(await challengeOf(flowAt(acme(), answering(status, challenge)))).toBeUndefined()
  })

  it('is none where nobody can be reached: what is asked next says why', async () => {
    expect(await challengeOf(flowAt(acme()))).toBeUndefined()
  })
})
