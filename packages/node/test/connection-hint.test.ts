import { expectNoMarker, testKey } from '@pentauth/tooling/canary'
import { describe, expect, it } from 'vitest'
import { hintFor } from '../src/connection-diagnosis.ts'
import { connectionHint } from '../src/connection-hint.ts'
import { type NodeProcess, thisProcess } from '../src/connection-process.ts'
import { isExcluded, proxyFor } from '../src/proxy-variables.ts'

// The decisions, in processes and versions of Node that are not at hand; connection.test.ts has real ones.

const url = new URL('https://api.pendra.ai/v1/models')
const proxied = { HTTPS_PROXY: 'http://proxy.example:3128' }

/** What `fetch` rejects with for a code of the connection. */
const failure = (code: string, facts: object = {}) =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }, facts) })
const tunnel = (status: number) =>
  failure('UND_ERR_ABORTED', { message: `Proxy response (${status}) !== 200 when HTTP Tunneling` })

/** A process of Node 24 after a request, unless told otherwise. */
function made(facts: Partial<NodeProcess> = {}): NodeProcess {
  return {
    env: {},
    supports: () => true,
    startedWith: () => false,
    readsProxyVariables: true,
    dispatchers: ['Agent'],
    certificatesAt: () => 'some',
    ...facts,
  }
}
const hint = (error: unknown, facts: Partial<NodeProcess> = {}, to = url) => hintFor(error, to, made(facts))

describe('a proxy that Node ignores', () => {
  const ignored = /^HTTPS_PROXY is set, and Node's fetch ignores it: set NODE_USE_ENV_PROXY=1 before/

  it.each([
    'ENOTFOUND',
    'EAI_AGAIN',
    'ECONNREFUSED',
    'ETIMEDOUT',
    'ENETUNREACH',
    'ECONNRESET',
    'UND_ERR_CONNECT_TIMEOUT',
  ])('is the first thing to blame for %s', (code) => {
    expect(hint(failure(code), { env: proxied })).toMatch(ignored)
    expect(hint(failure(code))).not.toContain('HTTPS_PROXY')
  })

  it('is blamed for a time limit of the program too, which says nothing by itself', () => {
    const error = new DOMException('The operation was aborted due to timeout', 'TimeoutError')
    expect(hint(error, { env: proxied })).toMatch(ignored)
    expect(hint(error)).toBeUndefined()
  })

  it('is blamed where the attempts for each address failed', () => {
    const attempts = [failure('ETIMEDOUT').cause, failure('ENETUNREACH').cause]
    expect(hint(new TypeError('fetch failed', { cause: new AggregateError(attempts) }), { env: proxied })).toMatch(
      ignored,
    )
  })

  it('is not blamed for this machine itself, an excluded host or a connection that was there', () => {
    for (const host of ['localhost:1', '127.0.0.1:1', '[::1]:1', 'sandbox.localhost:1'])
      expect(hint(failure('ECONNREFUSED'), { env: proxied }, new URL(`https://${host}`))).toBe(
        `Nothing listens at ${host}: check the base URL, and that the server runs.`,
      )
    expect(hint(failure('ENOTFOUND'), { env: { ...proxied, NO_PROXY: 'pendra.ai' } })).toMatch(/^DNS knows no/)
    expect(hint(failure('UND_ERR_SOCKET'), { env: proxied })).toContain('was closed before the answer')
  })

  it('gets the way out that this Node has', () => {
    const env = proxied
    expect(hint(failure('ENOTFOUND'), { env, readsProxyVariables: false })).toMatch(
      /ignores it: use Node 22\.21 or 24, or setGlobalDispatcher\(new EnvHttpProxyAgent\(\)\) of undici@7\.$/,
    )
    expect(hint(failure('ENOTFOUND'), { env, readsProxyVariables: false })).not.toContain('NODE_USE_ENV_PROXY')
    const late = { ...env, NODE_USE_ENV_PROXY: '1' }
    expect(hint(failure('ENOTFOUND'), { env: late })).toContain('both must be set before the process starts')
    expect(hint(failure('ENOTFOUND'), { env: { ...env, NODE_USE_ENV_PROXY: 'true' } })).toMatch(ignored)
    expect(hint(failure('ENOTFOUND'), { env: { ALL_PROXY: 'http://proxy.example:3128' } })).toMatch(
      /^ALL_PROXY is set, and Node does not read it: set HTTPS_PROXY to the same, and NODE_USE_ENV_PROXY=1/,
    )
  })
})

describe('a proxy in use', () => {
  it.each<[string, Partial<NodeProcess>]>([
    ['the dispatcher is Node’s or undici’s own', { dispatchers: ['EnvHttpProxyAgent', 'Dispatcher1'] }],
    ['the variable is on and fetch was replaced', { dispatchers: [], env: { ...proxied, NODE_USE_ENV_PROXY: '1' } }],
    ['the option is on and fetch was replaced', { dispatchers: [], startedWith: (name) => name === '--use-env-proxy' }],
  ])('is recognised where %s', (_, facts) => {
    expect(hint(failure('ECONNREFUSED'), { env: proxied, ...facts })).toMatch(
      /^The proxy http:\/\/proxy\.example:3128 \(HTTPS_PROXY\) cannot be reached/,
    )
  })

  it('is not what closed a connection that was there', () => {
    const facts = { env: proxied, dispatchers: ['EnvHttpProxyAgent'] }
    expect(hint(failure('ECONNRESET'), facts)).toMatch(/^The connection to api\.pendra\.ai was closed/)
  })

  it('of the program’s own is not taken for the one of the environment', () => {
    const facts = { env: proxied, dispatchers: ['ProxyAgent'] }
    expect(hint(tunnel(407), facts)).toMatch(/^The proxy that the program set wants a user and password \(407\)/)
    expect(hint(failure('ECONNREFUSED'), facts)).toMatch(/^The proxy that the program set cannot be reached/)
    expect(hint(failure('ECONNRESET'), facts)).toMatch(/^The connection to/)
    expect(hint(failure('ENOTFOUND'), { env: proxied, dispatchers: ['MockAgent'] })).not.toContain('HTTPS_PROXY')
  })

  it('may itself have a certificate that is not trusted', () => {
    const cause = Object.assign(new Error('x', { cause: failure('SELF_SIGNED_CERT_IN_CHAIN').cause }), {
      code: 'UND_ERR_PRX_TLS',
    })
    expect(hint(new TypeError('fetch failed', { cause }))).toMatch(/^Node does not trust the certificate of the proxy:/)
  })
})

describe('proxy variables', () => {
  it('are chosen as Node chooses them', () => {
    const named = (to: string, env: Record<string, string>) => proxyFor(new URL(to), env)?.variable
    const http = { HTTP_PROXY: 'http://a:1' }
    expect(named('https://x', { ...http, HTTPS_PROXY: 'http://b:2' })).toBe('HTTPS_PROXY')
    expect(named('https://x', { ...proxied, https_proxy: 'http://b:2' })).toBe('https_proxy')
    expect(named('https://x', http)).toBe('HTTP_PROXY')
    expect(named('http://x', { ...http, ...proxied })).toBe('HTTP_PROXY')
    expect(named('http://x', proxied)).toBeUndefined()
    expect(named('https://x', { HTTPS_PROXY: '' })).toBeUndefined()
  })

  it.each([
    ['*', true],
    ['pendra.ai', true],
    ['.pendra.ai', true],
    ['*.pendra.ai', true],
    ['API.PENDRA.AI.', true],
    ['other.example, api.pendra.ai:443', true],
    ['other.example api.pendra.ai', true],
    ['api.pendra.ai:8443', false],
    ['endra.ai', false],
    ['x.api.pendra.ai', false],
    ['', false],
  ])('NO_PROXY=%s excludes api.pendra.ai: %s', (value, expected) => {
    expect(isExcluded(url, { NO_PROXY: value })).toBe(expected)
  })

  it('excludes addresses of both kinds', () => {
    expect(isExcluded(new URL('https://[::1]:8443'), { no_proxy: '::1' })).toBe(true)
    expect(isExcluded(new URL('https://[::1]:8443'), { no_proxy: '[::1]:8443' })).toBe(true)
    expect(isExcluded(new URL('https://127.0.0.1'), { no_proxy: '127.0.0.1' })).toBe(true)
  })

  it('show neither user nor password, however they are written', () => {
    const password = testKey.token()
    const values = [
      `http://ada:${password}@proxy.example:3128`,
      `http://${password}@proxy.example:3128`,
      `http://ada:${password}/x@proxy.example:3128`,
      `http://ada:1#${password}@proxy.example:3128`,
      `http://${password}/@proxy.example:3128`,
      `http://ada:x@${password}/@proxy.example:3128`,
      `http://ada:x\\${password}@proxy.example`,
      `socks5://ada:${password}@proxy.example:1080`,
      `ada:${password}@proxy.example:3128`,
      `${password}://proxy.example`,
      `http://proxy.example/${password}`,
      `http://ada:${password}@`,
      password,
    ]
    const used = { dispatchers: ['EnvHttpProxyAgent'] }
    const said = values.flatMap((value) => [
      hint(failure('ENOTFOUND'), { env: { HTTPS_PROXY: value } }),
      hint(failure('ENOTFOUND'), { env: { HTTPS_PROXY: value }, ...used }),
      ...[407, 403, 502].map((status) => hint(tunnel(status), { env: { HTTPS_PROXY: value }, ...used })),
    ])
    expect(said.every((text) => text?.includes('HTTPS_PROXY'))).toBe(true)
    expectNoMarker(said)
    expect(said.join('\n')).not.toMatch(/ada/)
    expect(said[0]).toMatch(/^HTTPS_PROXY is set/)
    expect(said[1]).toContain('http://proxy.example:3128 (HTTPS_PROXY)')
  })
})

describe('a certificate that is not trusted', () => {
  it.each([
    'SELF_SIGNED_CERT_IN_CHAIN',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  ])('gets what this Node has for %s', (code) => {
    const bundled = 'Node does not trust the certificate of api.pendra.ai: start the process with NODE_EXTRA_CA_CERTS='
    expect(hint(failure(code))).toMatch(new RegExp(`^${bundled}.*, or with NODE_OPTIONS=--use-system-ca`))
    expect(hint(failure(code), { supports: () => false })).toMatch(new RegExp(`^${bundled}[^,]*$`))
  })

  it('is not sent to the system’s authorities twice', () => {
    const error = failure('SELF_SIGNED_CERT_IN_CHAIN')
    expect(hint(error, { startedWith: () => true })).not.toContain('system')
    expect(hint(error, { env: { NODE_USE_SYSTEM_CA: '1' } })).not.toContain('system')
  })

  it('never has the check switched off', () => {
    const codes = [
      'SELF_SIGNED_CERT_IN_CHAIN',
      'CERT_HAS_EXPIRED',
      'CERT_NOT_YET_VALID',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'CERT_REVOKED',
    ]
    const said = codes.map((code) => hint(failure(code), { env: proxied }))
    expect(said.map((text) => text?.split(/ (?=certificate)/)[1])).toEqual([
      expect.stringMatching(/^certificate of api\.pendra\.ai: start the process with/),
      'certificate of api.pendra.ai has expired, or the clock of this machine is wrong.',
      'certificate of api.pendra.ai is not valid yet, or the clock of this machine is wrong.',
      expect.stringContaining('is for another host'),
      'certificate of api.pendra.ai was refused (CERT_REVOKED): have it replaced.',
    ])
    expect(said.join()).not.toMatch(/REJECT_UNAUTHORIZED|insecure/)
  })
})

describe('other failures', () => {
  it.each([
    [failure('EAI_AGAIN'), 'DNS did not answer for'],
    [failure('ENETUNREACH'), 'cannot be reached from here'],
    [
      failure('EPROTO', { message: 'write EPROTO 0:error:0A00010B:SSL routines::wrong version number' }),
      'does not speak TLS',
    ],
    [failure('EPROTO'), 'TLS with api.pendra.ai failed'],
    [failure('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'), 'TLS with api.pendra.ai failed'],
    [failure('HPE_INVALID_CONSTANT'), 'does not speak HTTP'],
    [failure('UND_ERR_SOCKET'), 'was closed before the answer'],
  ])('%# get a sentence', (error, sentence) => {
    expect(hint(error)).toContain(sentence)
  })

  it.each([
    undefined,
    null,
    'ENOTFOUND',
    new Error('x'),
    new DOMException('x', 'AbortError'),
    failure('UND_ERR_INVALID_ARG'),
    {},
  ])('%# say nothing about the connection', (error) => expect(hint(error, { env: proxied })).toBeUndefined())

  it('survive an error that is its own cause', () => {
    const error: Error & { code?: string } = new Error('x')
    error.cause = error
    error.code = 'ECONNREFUSED'
    expect(hint(error)).toMatch(/^Nothing listens/)
  })

  it('repeat nothing of the URL but the host', () => {
    const secret = testKey.token()
    const to = new URL(`https://ada:${secret}@api.pendra.ai/${secret}?key=${secret}#${secret}`)
    const codes = [
      'ENOTFOUND',
      'ECONNREFUSED',
      'ETIMEDOUT',
      'CERT_HAS_EXPIRED',
      'HPE_INVALID_CONSTANT',
      'UND_ERR_SOCKET',
    ]
    expectNoMarker(codes.flatMap((code) => [hint(failure(code), {}, to), hint(failure(code), { env: proxied }, to)]))
  })
})

describe('connectionHint', () => {
  it('takes a URL in either form, and survives one that is none', async () => {
    const error = failure('ECONNREFUSED')
    expect(await connectionHint(error, url, { env: {} })).toBe(await connectionHint(error, url.href, { env: {} }))
    expect(await connectionHint(error, 'no URL')).toBeUndefined()
  })

  it('reads the options of the process it is in', () => {
    expect(thisProcess({ NODE_OPTIONS: '--no-warnings --use-env-proxy' }).startedWith('--use-env-proxy')).toBe(true)
    expect(thisProcess({}).startedWith('--use-env-proxy')).toBe(false)
    expect(thisProcess().supports('--no-such-option')).toBe(false)
    expect(thisProcess().certificatesAt(import.meta.filename)).toBe('none')
  })
})
