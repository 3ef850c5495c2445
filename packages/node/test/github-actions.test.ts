import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { caught, expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createAuth, defineService, githubActionsToken, type PentauthEvent, workloadIdentity } from '../src/index.ts'

// What may stand at ACTIONS_ID_TOKEN_REQUEST_URL, on real HTTP: nothing but a token leads on to the service.

const issuer = 'http://127.0.0.1:9'
const secret = testKey.token('runner')
afterEach(() => void vi.useRealTimers())

async function serve(answer: (response: ServerResponse, request: IncomingMessage) => void) {
  const seen: IncomingMessage[] = []
  const server = createServer((request, response) => {
    seen.push(request)
    answer(response, request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { seen, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** A job whose identity token is asked for at that address. */
function jobAt(origin: string) {
  const events: PentauthEvent[] = []
  const asked: string[] = []
  const env = {
    ACTIONS_ID_TOKEN_REQUEST_URL: `${origin}/idtoken?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: secret,
  }
  const service = defineService({
    ...{ id: 'acme', name: 'Acme', errors: [], recommendations: [], links: { docs: { where: 'Acme docs' } } },
    resources: { rest: { url: `${issuer}/v1`, protocol: 'rest', accessToken: true } },
    oauth: {
      issuer,
      tokenEndpoint: `${issuer}/token`,
      grants: ['urn:ietf:params:oauth:grant-type:jwt-bearer'],
      tokenEndpointAuthMethod: 'none',
    },
  })
  const auth = createAuth(service, {
    env: {},
    credential: workloadIdentity({
      token: githubActionsToken({ audience: 'api://acme a&b', env }),
      grant: 'jwt-bearer',
    }),
    runtime: {
      fetch: (input, init) => {
        asked.push(String(input))
        return fetch(input, init)
      },
    },
    onEvent: (event) => void events.push(event),
  })
  return { auth, events, asked: () => asked.filter((url) => url.startsWith(issuer)) }
}

const huge = (response: ServerResponse) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  const more = () => void (response.destroyed || response.write('x'.repeat(65_536), more))
  more()
}

describe('the endpoint of the runner', () => {
  it('is asked with the audience and the token in a header', async () => {
    const { seen, origin } = await serve((response) => response.end(JSON.stringify({ count: 1, value: 'no JWT' })))
    const { auth, events } = jobAt(origin)
    expect(await caught(auth.credential())).toMatchObject({ code: 'malformed_credential', service: 'acme' })
    expect(seen[0]?.url).toBe('/idtoken?api-version=2.0&audience=api%3A%2F%2Facme+a%26b')
    expect(seen[0]?.headers.authorization === `bearer ${secret}`).toBe(true)
    expect(events.find(({ type }) => type === 'request_sent')).toMatchObject({
      purpose: 'identity_token',
      method: 'GET',
      url: `${origin}/idtoken`,
    })
    expectNoMarker(events)
  })

  const page = `<html>${secret}</html>`
  it.each<[name: string, answer: (response: ServerResponse) => unknown, expected: object]>([
    [
      'a page',
      (response) => response.setHeader('content-type', 'text/html').end(page),
      { code: 'source_failed', message: expect.stringContaining('sent no identity token') },
    ],
    ['no value', (response) => response.end('{"count":0}'), { code: 'source_failed' }],
    ['a value that is no text', (response) => response.end('{"value":{}}'), { code: 'source_failed' }],
    [
      'a value of a prototype',
      (response) => response.end('{"__proto__":{"value":"a.b.c"}}'),
      { code: 'source_failed' },
    ],
    ['null', (response) => response.end('null'), { code: 'source_failed' }],
    ['nothing', (response) => response.end(), { code: 'source_failed' }],
    ['400', (response) => response.writeHead(400).end(page), { code: 'source_failed', status: 400 }],
    ['401', (response) => response.writeHead(401).end(page), { code: 'source_failed', status: 401 }],
    [
      '403',
      (response) => response.writeHead(403).end(page),
      { code: 'source_failed', status: 403, hint: expect.stringContaining('ends with the job') },
    ],
    [
      'a redirect',
      (response) => response.writeHead(302, { location: `${issuer}/stolen` }).end(),
      { code: 'source_failed', status: 302, hint: expect.stringContaining('No redirect is followed') },
    ],
    [
      '429',
      (response) => response.writeHead(429, { 'retry-after': '7' }).end(page),
      { code: 'temporarily_unavailable', retryAfter: 7, retryable: true },
    ],
    ['500', (response) => response.writeHead(500).end(page), { code: 'temporarily_unavailable', status: 500 }],
    ['a broken connection', (response) => response.destroy(), { code: 'temporarily_unavailable' }],
    ['too much', huge, { code: 'temporarily_unavailable', message: expect.stringContaining('more than 256 KiB') }],
    [
      'a bomb',
      (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(8_388_608, 97))),
      { code: 'temporarily_unavailable' },
    ],
  ])('that answers with %s leads nowhere', async (_, answer, expected) => {
    const { origin } = await serve(answer)
    const { auth, asked, events } = jobAt(origin)
    expect(await caught(auth.credential())).toMatchObject(expected)
    expect(asked()).toEqual([])
    expectNoMarker(events)
  })

  it('that never answers is given up after 10 s', async () => {
    const { origin, seen } = await serve(() => undefined)
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
      const controller = new AbortController()
      setTimeout(() => controller.abort(new DOMException('late', 'TimeoutError')), ms)
      return controller.signal
    })
    onTestFinished(() => void vi.restoreAllMocks())
    const failure = caught(jobAt(origin).auth.credential())
    for (let turn = 0; turn < 5_000 && seen.length === 0; turn++) await new Promise(setImmediate)
    vi.advanceTimersByTime(10_000)
    expect(await failure).toMatchObject({
      code: 'temporarily_unavailable',
      message: expect.stringContaining('did not answer within 10 s'),
    })
  })

  it('that fails is left alone for a second', async () => {
    const { origin, seen } = await serve((response) => response.writeHead(500).end())
    const { auth } = jobAt(origin)
    await Promise.all(Array.from({ length: 50 }, () => caught(auth.credential())))
    await caught(auth.credential())
    expect(seen).toHaveLength(1)
  })
})
