import { createServer } from 'node:net'
import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { afterEach, describe, expect, it } from 'vitest'
import { apiKey, clientCredentials, createAuth, errorFrom, relocate } from '../src/index.ts'
import { createHttp } from '../src/ky.ts'
import { pensyve, pentographer } from '../src/services.ts'
import { recorded } from './support/auth.ts'

const key = testKey.pensyve()
const url = 'https://api.pensyve.com/v1/recall'
const client = { clientId: testKey.pentographerClientId(), clientSecret: testKey.pentographerSecret() }

const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0)) close()
})

/** A server that speaks no proper HTTP and repeats what it was sent. */
function rawServer(answer: (request: string) => string): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', (data) => socket.end(answer(data.toString())))
  })
  open.push(() => server.close())
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as { port: number }).port}`))
  })
}

describe('a server that answers with what it was sent', () => {
  const answers: [string, (request: string) => string][] = [
    ['no HTTP', (request) => `NOTHTTP ${request}`],
    ['a bad header', (request) => `HTTP/1.1 200 OK\r\nBad Header ${request}\r\n\r\n`],
    ['a bad length', (request) => `HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n${request}`],
    ['a bad chunk', (request) => `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz${request}`],
  ]
  it.each(answers)('as a token endpoint, with %s', async (_name, answer) => {
    const origin = await rawServer(answer)
    const service = relocate(pentographer, { 'https://app.pentographer.com': origin })
    const error = await caught(createAuth(service, { credential: clientCredentials(client) }).credential())
    expectNoMarker(error)
    expect(error).toMatchObject({ code: expect.stringMatching(/^(?:temporarily_unavailable|token_response_invalid)$/) })
  })

  // A body that breaks off later is the platform's own error, which passes untouched as fetch's do.
  it.each(answers.slice(0, 3))('as a resource through ky, with %s', async (_name, answer) => {
    const service = relocate(pensyve, { 'https://api.pensyve.com': await rawServer(answer) })
    const http = createHttp(createAuth(service, { credential: apiKey(key) }), { retry: 0 })
    expectNoMarker(await caught(http.get('recall').text()))
  })

  const forms: [string, string][] = [
    ['as it is', key],
    ['in upper case', key.toUpperCase()],
    ['in part', key.slice(2, -2)],
    ['in base64', btoa(`Bearer ${key}`)],
    ['percent-encoded', key.replace(/./g, (letter) => `%${letter.charCodeAt(0).toString(16)}`)],
    ['cut by invisible characters', key.replace(/.{5}/g, '$&\u200b')],
    ['cut by variation selectors', key.split('').join('\ufe0f')],
  ]
  it.each(forms)('with the key %s', async (_name, form) => {
    for (const answer of [
      () => Response.json({ error: 'forbidden', message: `no: ${form}` }, { status: 403 }),
      () => new Response(`no: ${form}`, { status: 401 }),
      () =>
        new Response('', {
          status: 403,
          headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${encodeURI(form)}"` },
        }),
    ]) {
      const { auth } = recorded(pensyve, apiKey(key), answer)
      const error = await errorFrom(await auth.fetch(url))
      expectNoMarker(error)
      expect(error?.message.includes(key.slice(12, 30))).toBe(false)
    }
  })
})

describe('a text that only quotes a refusal', () => {
  it('is none, and renews nothing', async () => {
    let reads = 0
    const source = apiKey(() => testKey.pensyve(String(++reads)))
    const message = 'Memory named "Invalid or revoked API key" is read-only'
    const { auth, sent } = recorded(pensyve, source, () => Response.json({ message }, { status: 403 }))
    const error = await errorFrom(await auth.fetch(url, { method: 'POST', body: '{}' }))
    expect([error?.code, sent.length, reads]).toEqual(['forbidden', 1, 1])
  })
})

describe('a text made to be slow to match', () => {
  it('is judged all the same', async () => {
    const errors = [{ code: 'not_found', message: 'x {a} x {b} x {c} y', source: 'found', hint: 'h' }] as const
    const { auth } = recorded(
      { ...pensyve, errors },
      apiKey(key),
      () => new Response('x '.repeat(30_000), { status: 404 }),
    )
    expect((await errorFrom(await auth.fetch(url)))?.code).toBe('not_found')
  })
})
