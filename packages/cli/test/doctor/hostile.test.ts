import { PassThrough } from 'node:stream'
import { expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { reportHtml } from '../../src/doctor/render-html.ts'
import { reportText } from '../../src/doctor/render-text.ts'
import type { Report } from '../../src/doctor/report.ts'
import { examined } from '../support/examined.ts'
import { site } from '../support/site.ts'

const evil = `<script>alert(1)</script><img src=x onerror=alert(1)>" onmouseover="alert(1)\u001b[31m\u001b]0;own\u0007\u009b2J\r\n\u202egnp.exe\u2028'`

function rendered(report: Report): { readonly text: string; readonly html: string; readonly json: string } {
  return { text: reportText(report, new PassThrough()), html: reportHtml(report), json: JSON.stringify(report) }
}

/** What moves a cursor, hides, or turns a line round. */
const unseen = /[^\P{C}\n]|[\p{Zl}\p{Zp}]/u

function expectHarmless(report: Report): void {
  const { text, html, json } = rendered(report)
  for (const output of [text, html, json]) expect(output).not.toMatch(unseen)
  expect(html).not.toMatch(/<script|<img|<[^>]* onmouseover=/i)
}

describe('doctor at a hostile server', () => {
  it('shows what metadata says as text', async () => {
    const { mcp } = await site({
      resource: {
        resource: evil,
        scopes_supported: [evil],
        bearer_methods_supported: [evil],
        authorization_servers: [evil],
      },
      server: { issuer: evil },
    })
    const report = await examined(mcp)
    expectHarmless(report)
    expect(reportHtml(report)).toContain('&#60;script&#62;alert(1)')
  })

  it('shows what the authorization server says as text', async () => {
    const bad = { status: 400, body: { error: evil, error_description: evil } }
    const { mcp } = await site({
      server: { issuer: evil, code_challenge_methods_supported: [evil], grant_types_supported: evil, jwks_uri: evil },
      client: { client_id: evil, redirect_uris: evil },
      headers: { 'content-type': 'text/html<script>"\'', location: '/<script>?' },
      routes: { 'POST /token': () => bad },
    })
    expectHarmless(await examined(mcp, { register: true }))
    const other = await site({ routes: { 'POST /token': () => bad, 'POST /register': () => bad } })
    expectHarmless(await examined(other.mcp, { signIn: true }))
  })

  it('stays short, whatever is sent', async () => {
    const long = 'a'.repeat(200_000)
    const { mcp, asked } = await site((origin) => ({
      resource: { authorization_servers: Array.from({ length: 2_000 }, (_, index) => `${origin}/${index}`) },
      routes: {
        'GET /.well-known/oauth-authorization-server/0': () => ({
          body: { issuer: long, token_endpoint: `${origin}/${long}`, scopes_supported: [long] },
        }),
      },
    }))
    const report = await examined(mcp)
    const { text, html, json } = rendered(report)
    for (const output of [text, html, json]) expect(output.length).toBeLessThan(60_000)
    expect(asked.length).toBeLessThan(25)
  })

  it('reads what is nested without end', async () => {
    const deep = `${'['.repeat(120_000)}${']'.repeat(120_000)}`
    const { mcp } = await site({
      routes: {
        'GET /.well-known/oauth-protected-resource/mcp': () => ({ body: `{"resource":${deep}}` }),
        'GET /.well-known/oauth-authorization-server': () => ({ body: `{"issuer":${deep}}` }),
      },
    })
    const report = await examined(mcp)
    expectHarmless(report)
    expect(JSON.stringify(report)).toContain('nested too deeply')
  })

  it('follows no redirect', async () => {
    const round = { status: 302, headers: { location: '/.well-known/oauth-authorization-server' } }
    const { mcp, asked } = await site({
      routes: {
        'GET /.well-known/oauth-authorization-server': () => round,
        'GET /.well-known/openid-configuration': () => round,
      },
    })
    const report = await examined(mcp)
    expect(asked.filter(({ url }) => url.pathname.includes('oauth-authorization-server'))).toHaveLength(1)
    expect(JSON.stringify(report)).toContain('302, a redirect')
  })

  it('does not wait for a stream that never ends', async () => {
    const { mcp } = await site({
      routes: { 'POST /mcp': () => ({ headers: { 'content-type': 'text/event-stream', 'content-length': '9' } }) },
    })
    expect((await examined(mcp)).exchanges[0]).toMatchObject({ status: 200 })
  })
})

describe('doctor with secrets', () => {
  it('shows none of those that it got', async () => {
    const { mcp } = await site({
      client: { client_secret: testKey.token('client'), token_endpoint_auth_method: 'client_secret_post' },
    })
    const report = await examined(mcp, { signIn: true })
    expectNoMarker(report)
    for (const output of Object.values(rendered(report))) expectNoMarker(output)
  })

  it('shows none that a server repeats', async () => {
    const { mcp } = await site({
      routes: {
        'POST /mcp': ({ headers }) => {
          const text = String(headers.authorization ?? 'nothing')
          return { status: 401, headers: { 'www-authenticate': `Bearer realm="${text}"`, location: `/${text}` } }
        },
        'POST /token': ({ body }, right) =>
          body.includes('refresh')
            ? { status: 400, body: { error: new URLSearchParams(body).get('refresh_token') } }
            : right(),
      },
    })
    const report = await examined(mcp, { signIn: true })
    for (const output of Object.values(rendered(report))) expectNoMarker(output)
    expect(JSON.stringify(report)).toMatch(/Bearer sha256:[0-9a-f]{8}/)
  })

  it('shows none that a server writes in another way, or in the answer that brings it', async () => {
    const told = testKey.token('access1')
    const { mcp } = await site({
      routes: {
        'POST /mcp': ({ headers }) => {
          const token = String(headers.authorization ?? '').replace('Bearer ', '')
          const ways = [encodeURIComponent(token), btoa(token), token.toUpperCase(), token.slice(3)]
          return { status: 401, headers: { 'www-authenticate': `Bearer error_description="${ways.join(' ')}"` } }
        },
        'POST /token': (_, right) => {
          const answer = right()
          const token = String((answer.body as { access_token?: string }).access_token)
          return { ...answer, headers: { 'www-authenticate': `Bearer realm="${token}"` } }
        },
      },
    })
    const report = await examined(mcp, { signIn: true })
    for (const output of Object.values(rendered(report))) {
      expectNoMarker(output)
      for (const part of [btoa(told).slice(0, 24), told.toUpperCase(), told.slice(3)])
        expect(output).not.toContain(part)
    }
    expect(JSON.stringify(report)).toContain('[secret]')
  })

  it('shows nothing of the query of an address', async () => {
    const { mcp } = await site()
    const report = await examined(`${mcp}?key=${testKey.token('query')}`)
    for (const output of Object.values(rendered(report))) expectNoMarker(output)
  })
})
