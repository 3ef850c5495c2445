import { describe, expect, it } from 'vitest'
import { clientMetadata } from '../src/client-metadata.ts'
import { PentauthError } from '../src/index.ts'

const url = 'https://app.example.com/oauth/client.json'
const made = (change: object = {}) =>
  clientMetadata({ url, name: 'Example', redirectUris: ['http://127.0.0.1/callback'], ...change })
const refused = (change: object) => {
  try {
    made(change)
  } catch (error) {
    if (PentauthError.isInstance(error) && error.code === 'invalid_option') return error.message
    throw error
  }
  throw new TypeError('it was taken')
}

describe('clientMetadata', () => {
  it('makes the document of a program on a person’s machine', () => {
    expect(made()).toEqual({
      client_id: url,
      client_name: 'Example',
      redirect_uris: ['http://127.0.0.1/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    })
  })

  it('adds what is given', () => {
    const more = { uri: 'https://app.example.com/', logoUri: 'https://app.example.com/logo.png', scopes: ['a', 'b'] }
    expect(made({ ...more, redirectUris: ['https://app.example.com/callback'] })).toMatchObject({
      client_uri: more.uri,
      logo_uri: more.logoUri,
      scope: 'a b',
      application_type: 'web',
    })
    expect(made({ applicationType: 'web' }).application_type).toBe('web')
    expect(made({ redirectUris: ['com.example.app:/callback'] }).application_type).toBe('native')
  })

  it.each([
    'http://app.example.com/client.json',
    'https://app.example.com',
    'https://app.example.com/',
    'https://APP.example.com/client.json',
    'https://app.example.com:443/client.json',
    'https://app.example.com/a/../client.json',
    'https://user@app.example.com/client.json',
    'https://app.example.com/client.json#x',
    'javascript:alert(1)',
    '',
    5,
  ])('refuses to be at %s', (where) => {
    expect(refused({ url: where })).toContain('its URL must be https with a path')
  })

  it.each([
    'http://app.example.com/callback',
    'https://app.example.com/callback#x',
    'https://user@app.example.com/callback',
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///callback',
    'example:/callback',
    '/callback',
    '',
  ])('refuses to redirect to %s', (uri) => {
    expect(refused({ redirectUris: [uri] })).toContain('a redirect URI must be https')
  })

  it.each(['code', 'state', 'iss', 'error'])('refuses to be sent back to a place that has its own "%s"', (name) => {
    expect(refused({ redirectUris: [`https://app.example/callback?tab=1&${name}=1`] })).toContain(
      `a redirect URI leaves "${name}" to the answer of the sign-in`,
    )
  })

  it('refuses what people could not recognise', () => {
    expect(refused({ name: ' ' })).toContain('needs a name')
    expect(refused({ redirectUris: [] })).toContain('needs a redirect URI')
    expect(refused({ logoUri: 'javascript:alert(1)' })).toContain('must be https URLs')
  })
})
