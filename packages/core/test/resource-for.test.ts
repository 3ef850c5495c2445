import { caught, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { defineService, resourceFor } from '../src/index.ts'
import { resourceLookup } from '../src/resource-lookup.ts'
import { pendium, pendra, pensyve, pentographer, profundis, services } from '../src/services.ts'

const covered = [
  [pensyve, 'https://api.pensyve.com/v1', 'rest'],
  [pensyve, 'https://api.pensyve.com/v1/', 'rest'],
  [pensyve, 'https://api.pensyve.com/v1?x=1', 'rest'],
  [pensyve, 'https://api.pensyve.com/v1#x', 'rest'],
  [pensyve, 'https://api.pensyve.com/v1/recall?q=..%2f', 'rest'],
  [pensyve, 'https://api.pensyve.com:443/v1/recall', 'rest'],
  [pensyve, 'HTTPS://API.PENSYVE.COM/v1/recall', 'rest'],
  [pensyve, ' \thttps://api.pensyve.com/v1/recall\n', 'rest'],
  [pensyve, 'https://api.pensyve.com/v1/x/../recall', 'rest'],
  [pensyve, 'https://api.pensyve.com/v2/../v1/recall', 'rest'],
  [pensyve, 'https://api.pensyve.com/v1/a%20b/100%25', 'rest'],
  [pensyve, 'https://api.pensyve.com/v1/file%2fname', 'rest'],
  [pensyve, 'https://api.pensyve.com/v1/...%2fname', 'rest'],
  [pensyve, 'https://mcp.pensyve.com/mcp', 'mcp'],
  [profundis, 'https://mcp.profundis.io', 'mcp'],
  [profundis, 'https://mcp.profundis.io/', 'mcp'],
  [profundis, 'https://mcp.profundis.io/any/where', 'mcp'],
  [profundis, 'https://api.profundis.io/api/v2/common/data/subdomains', 'rest'],
  [pendra, 'https://api.pendra.ai/api/v1/chat/completions', 'rest'],
  [pendra, 'https://api.pendra.ai/v1/messages', 'messages'],
  [pendra, 'https://api.pendra.ai/v1/messages/count_tokens', 'messages'],
  [pendra, 'https://api.pendra.ai/v1/messagesX', 'v1'],
  [pendra, 'https://api.pendra.ai/v1/responses', 'responses'],
  [pendra, 'https://api.pendra.ai/v1/models', 'v1'],
  [pentographer, 'https://app.pentographer.com/api/graphql', 'graphql'],
  [pentographer, 'https://app.pentographer.com/api/graphqlx', 'api'],
  [pentographer, 'https://app.pentographer.com/api/oauth/token', 'api'],
  [pendium, 'https://pendium.ai/api/visibility/report?syntheticId=a', 'rest'],
  [pendium, 'https://pendium.ai/mcp', 'mcp'],
] as const

const notCovered = [
  // Beside the path
  'https://api.pensyve.com/',
  'https://api.pensyve.com/v1x',
  'https://api.pensyve.com/v10/recall',
  'https://api.pensyve.com/V1/recall',
  'https://api.pensyve.com//v1/recall',
  'https://api.pensyve.com/%76%31/recall',
  'https://api.pensyve.com/v1%2frecall',
  // Out of the path
  'https://api.pensyve.com/v1/../admin',
  'https://api.pensyve.com/v1/%2e%2e/admin',
  'https://api.pensyve.com/v1/.%2E/admin',
  'https://api.pensyve.com/v1/..%2fadmin',
  'https://api.pensyve.com/v1/..%2Fadmin',
  'https://api.pensyve.com/v1/%2e%2e%2fadmin',
  'https://api.pensyve.com/v1/..%5cadmin',
  'https://api.pensyve.com/v1/x%2f..%2f..%2fadmin',
  'https://api.pensyve.com/v1/x%2f..',
  'https://api.pensyve.com/v1\\..\\admin',
  // Look-alike origins
  'https://api.pensyve.com.evil.example/v1/recall',
  'https://evil.example/https://api.pensyve.com/v1/recall',
  'https://evil.example#https://api.pensyve.com/v1',
  'https://api.pensyve.com./v1/recall',
  'https://api.pensyve.com:8443/v1/recall',
  'https://xapi.pensyve.com/v1/recall',
  'https://x.api.pensyve.com/v1/recall',
  'https://pensyve.com/v1/recall',
  'https://api-pensyve.com/v1/recall',
  'https://арі.pensyve.com/v1/recall',
  'https://api.pensyvé.com/v1/recall',
  'http://api.pensyve.com/v1/recall',
  'https://api.pensyve.com\\.evil.example/v1/recall',
  'https:\\\\evil.example/v1/recall',
]

const invalid = [
  ['', 'not an absolute URL'],
  ['/v1/recall', 'not an absolute URL'],
  ['v1/recall', 'not an absolute URL'],
  ['//api.pensyve.com/v1/recall', 'not an absolute URL'],
  ['\\\\api.pensyve.com/v1/recall', 'not an absolute URL'],
  ['https://', 'not an absolute URL'],
  ['https://user@api.pensyve.com/v1/recall', 'holds a user or password'],
  ['https://:pass@api.pensyve.com/v1/recall', 'holds a user or password'],
  ['https://api.pensyve.com@evil.example/v1/recall', 'holds a user or password'],
  ['https://api.pensyve.com:443@evil.example/v1', 'holds a user or password'],
  ['ftp://api.pensyve.com/v1/recall', 'not http(s)'],
  ['blob:https://api.pensyve.com/v1/recall', 'not http(s)'],
  ['data:text/plain,x', 'not http(s)'],
  ['javascript:0', 'not http(s)'],
  ['file:///v1/recall', 'not http(s)'],
  ['wss://api.pensyve.com/v1/recall', 'not http(s)'],
] as const

describe('resourceFor', () => {
  it.each(covered.map(([service, ...rest]) => [service.id, ...rest, service] as const))(
    '%s covers %s as %s',
    (_id, url, name, service) => {
      expect(resourceFor(service, url).name).toBe(name)
      expect(resourceFor(service, new URL(url)).name).toBe(name)
    },
  )

  it.each(notCovered)('does not cover %s', (url) => {
    expect(() => resourceFor(pensyve, url)).toThrow(expect.objectContaining({ code: 'url_not_covered' }))
    expect(() => resourceFor(pensyve, new URL(url))).toThrow(expect.objectContaining({ code: 'url_not_covered' }))
  })

  it.each(invalid)('refuses %j', (url, why) => {
    expect(() => resourceFor(pensyve, url)).toThrow(expect.objectContaining({ code: 'invalid_url' }))
    expect(() => resourceFor(pensyve, url)).toThrow(why)
  })

  it('no service covers a URL of another', () => {
    const urls = services.flatMap((service) => Object.values(service.resources).map(({ url }) => ({ service, url })))
    for (const { service, url } of urls) {
      for (const other of services.filter((candidate) => candidate !== service)) {
        expect(() => resourceFor(other, url)).toThrow(expect.objectContaining({ code: 'url_not_covered' }))
      }
    }
  })

  it.each([
    ['the query', (key: string) => `https://evil.example/x?key=${key}`],
    ['the fragment', (key: string) => `https://evil.example/x#${key}`],
    ['user information', (key: string) => `https://user:${key}@api.pensyve.com/v1/x`],
    ['what is no URL', (key: string) => `not a URL ${key}`],
    ['a URL of another scheme', (key: string) => `data:text/plain,${key}`],
  ])('an error never repeats %s', async (_name, urlWith) => {
    const error = await caught(() => resourceFor(pensyve, urlWith(testKey.pensyve())))
    expect(error.hint).toContain('https://api.pensyve.com/v1')
  })
})

describe('resourceLookup', () => {
  it('remembers a string and answers with the same object', () => {
    const lookup = resourceLookup(pensyve)
    expect(lookup('https://api.pensyve.com/v1/recall')).toBe(lookup('https://api.pensyve.com/v1/recall'))
    expect(lookup(new URL('https://api.pensyve.com/v1/recall'))).toBe(lookup('https://api.pensyve.com/v1/x'))
  })

  it('forgets refusals and never mixes services', () => {
    const url = 'https://api.pensyve.com/v1/recall'
    const lookups = services.map((service) => ({ service, lookup: resourceLookup(service) }))
    for (let round = 0; round < 3; round++) {
      for (const { service, lookup } of lookups) {
        if (service === pensyve) expect(lookup(url)?.name).toBe('rest')
        else expect(lookup(url)).toBeUndefined()
      }
    }
  })

  it('stays right when more URLs come than it remembers', () => {
    const lookup = resourceLookup(pendra)
    for (let id = 0; id < 1000; id++) {
      expect(lookup(`https://api.pendra.ai/v1/messages/${id}`)?.name).toBe('messages')
      expect(lookup(`https://api.pendra.ai/v1/other/${id}`)?.name).toBe('v1')
    }
  })

  it('takes the longest prefix whatever the order of the definition', () => {
    const rest = { protocol: 'rest', apiKey: ['authorization'] } as const
    const service = defineService({
      ...pendra,
      resources: {
        short: { ...rest, url: 'https://acme.example/' },
        longest: { ...rest, url: 'https://acme.example/a/b/' },
        middle: { ...rest, url: 'https://acme.example/a' },
      },
    })
    const names = ['/', '/x', '/a', '/a/', '/ab', '/a/b', '/a/b/c', '/a/bc'].map(
      (path) => resourceFor(service, `https://acme.example${path}`).name,
    )
    expect(names).toEqual(['short', 'short', 'middle', 'middle', 'short', 'longest', 'longest', 'middle'])
  })
})
