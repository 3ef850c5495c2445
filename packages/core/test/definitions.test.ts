import { describe, expect, it } from 'vitest'
import { defineService } from '../src/index.ts'
import { pendium, pendra, pensyve, pentographer, profundis, services } from '../src/services.ts'

// What no request of today uses yet and users read all the same; the rest of each definition is held by service-pages.

it.each(services)('$name passes the check that it is spared, and cannot be changed', (service) => {
  expect(defineService(structuredClone(service))).toEqual(service)
  expect(() => Object.assign(service.resources, { rest: {} })).toThrow(TypeError)
})

describe('authorization servers', () => {
  it('Pendium: the five endpoints of its page', () => {
    expect(pendium.oauth).toMatchObject({
      issuer: 'https://pendium.ai',
      protectedResourceMetadata: 'https://pendium.ai/.well-known/oauth-protected-resource',
      authorizationServerMetadata: 'https://pendium.ai/.well-known/oauth-authorization-server',
      registrationEndpoint: 'https://pendium.ai/register',
      authorizationEndpoint: 'https://pendium.ai/authorize',
      tokenEndpoint: 'https://pendium.ai/token',
      tokenEndpointAuthMethod: 'none',
      tokenFormat: 'opaque',
      tokenLifetime: 3600,
    })
  })

  it('Pensyve: consent on its site, the rest on its MCP host, Ed25519 tokens', () => {
    expect(pensyve.oauth).toMatchObject({
      issuer: 'https://mcp.pensyve.com',
      authorizationEndpoint: 'https://pensyve.com/oauth/authorize',
      tokenEndpoint: 'https://mcp.pensyve.com/oauth/token',
      registrationEndpoint: 'https://mcp.pensyve.com/oauth/register',
      revocationEndpoint: 'https://mcp.pensyve.com/oauth/revoke',
      tokenSigningAlgorithm: 'EdDSA',
      scopes: ['mcp'],
      tokenLifetime: 900,
    })
  })

  it('Profundis: a server of its own', () => {
    expect(profundis.oauth).toMatchObject({
      issuer: 'https://auth.profundis.io',
      protectedResourceMetadata: 'https://mcp.profundis.io/.well-known/oauth-protected-resource',
      authorizationEndpoint: 'https://auth.profundis.io/authorize',
      tokenEndpoint: 'https://auth.profundis.io/token',
      registrationEndpoint: 'https://auth.profundis.io/register',
      tokenLifetime: 3600,
    })
  })

  it('Pentographer: client credentials in the form body, JWTs of an hour', () => {
    expect(pentographer.oauth).toMatchObject({
      issuer: 'https://app.pentographer.com',
      authorizationServerMetadata: 'https://app.pentographer.com/api/oauth/discovery',
      grants: ['client_credentials'],
      tokenEndpointAuthMethod: 'client_secret_post',
      tokenFormat: 'jwt',
      tokenLifetime: 3600,
    })
  })

  it('Pendra: none', () => expect(pendra.oauth).toBeUndefined())
})

describe('pages for people', () => {
  it.each([
    ['Pendium', pendium, 'https://pendium.ai/docs/authentication', 'https://pendium.ai/mcp'],
    ['Pensyve', pensyve, 'https://pensyve.com/docs/cloud/authentication', 'https://pensyve.com'],
    ['Profundis', profundis, 'https://docs.profundis.io/mcp/authentication', undefined],
    [
      'Pentographer',
      pentographer,
      'https://pentographer.com/knowledge-base/graphql-reference',
      'https://app.pentographer.com/settings',
    ],
    ['Pendra', pendra, 'https://pendra.ai/docs/api/authentication', 'https://console.pendra.ai/api-keys'],
  ])('%s', (_name, { links }, docs, keys) => {
    expect([links.docs.url, links.keys?.url]).toEqual([docs, keys])
  })

  it('say who may connect', () => {
    expect(pendium.access).toContain('admin users reach any agent')
    expect(pensyve.access).toContain('signed-up account')
    expect(profundis.access).toContain('purchased credits')
    expect(pentographer.access).toContain('members only their own')
    expect(pendra.access).toContain('exactly one organisation')
  })

  it('lead out of a refusal', () => {
    const agent = pendium.errors.filter(({ code }) => code === 'agent_not_accessible')
    expect(agent.map(({ wayOut }) => wayOut)).toEqual(['get_account', 'get_account'])
  })
})
