import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { hasMarker, testKey } from '@pentauth/tooling/canary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Authority, type Certificate, makeAuthority, selfSigned } from './support/certificates.ts'
import { closedPort, forwardProxy, listening, secureServer } from './support/proxy.ts'

// Proxies and certificate authorities are read when a process starts, so each test is a process: it runs the built package
// against real servers of this machine. Names end in .invalid, which leads nowhere but through our proxy.

const run = promisify(execFile)
const dist = join(import.meta.dirname, '..', 'dist', 'index.js')
const origin = 'https://pendra.invalid'
const readsProxyVariables = process.allowedNodeEnvironmentFlags.has('--use-env-proxy')

let folder: string
let company: Authority
let certificate: Certificate
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pentauth-'))
  company = await makeAuthority(folder, 'company')
  certificate = await company.issue('pendra.invalid')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('behind a proxy', () => {
  it('says that Node ignores the variable', async () => {
    const { failed } = await models({ HTTPS_PROXY: 'http://127.0.0.1:3128' })
    expect(failed).toEqual({
      resource: 'rest',
      origin,
      reason: 'ENOTFOUND',
      hint: expect.stringMatching(
        readsProxyVariables
          ? /^HTTPS_PROXY is set, and Node's fetch ignores it: set NODE_USE_ENV_PROXY=1 before the process starts\.$/
          : /^HTTPS_PROXY is set, and fetch in this version of Node ignores it: use Node 22\.21 or 24, or setGlobal/,
      ),
    })
  })

  it('says the same to whom asks with the error of fetch', async () => {
    const { failed, asked } = await models({ https_proxy: 'http://127.0.0.1:3128' })
    expect(failed.hint).toContain('https_proxy is set')
    expect(asked).toBe(failed.hint)
  })

  it('has no such hint where NO_PROXY excludes the host', async () => {
    const { failed } = await models({ HTTPS_PROXY: 'http://127.0.0.1:3128', NO_PROXY: 'other.example,.invalid' })
    expect(failed.hint).toBe('DNS knows no pendra.invalid: check the host name in the base URL, DNS and VPN.')
  })

  // Node 22.12 has no proxy of its own.
  describe.runIf(readsProxyVariables)('with NODE_USE_ENV_PROXY=1', () => {
    const through = (port: number, login = '') => ({
      HTTPS_PROXY: `http://${login}127.0.0.1:${port}`,
      NODE_USE_ENV_PROXY: '1',
      NODE_EXTRA_CA_CERTS: company.file,
    })

    it('works through a tunnel that never shows the key', async () => {
      const server = await secureServer(certificate)
      const proxy = await forwardProxy(server.port)
      const { status, failed } = await models(through(proxy.port, 'ada:let-me-out@'))
      expect({ status, failed }).toEqual({ status: 200, failed: undefined })
      expect(proxy.tunnels).toEqual(['pendra.invalid:443'])
      expect(proxy.authorizations).toEqual([`Basic ${btoa('ada:let-me-out')}`])
      expect(server.requests[0]?.headers.authorization === `Bearer ${testKey.pendra()}`).toBe(true)
      expect(server.requests[0]?.headers).not.toHaveProperty('proxy-authorization')
      expect(proxy.plain).toEqual([])
      expect(proxy.seen().length).toBeGreaterThan(500)
      expect(hasMarker(proxy.seen()) || /authorization/i.test(proxy.seen())).toBe(false)
    })

    it('refuses a certificate that the proxy might have made, before it sends anything', async () => {
      const server = await secureServer(certificate)
      const proxy = await forwardProxy(server.port)
      const { failed } = await models({ ...through(proxy.port), NODE_EXTRA_CA_CERTS: '' })
      expect(failed.reason).toMatch(/^UNABLE_TO_|SELF_SIGNED/)
      expect(failed.hint).toMatch(
        /^Node does not trust the certificate of pendra\.invalid: start the process with NODE_EXTRA/,
      )
      expect(server.requests).toEqual([])
      expect(hasMarker(proxy.seen())).toBe(false)
    })

    it('names a proxy that cannot be reached', async () => {
      const port = await closedPort()
      const { failed } = await models(through(port, `ada:${testKey.token()}@`))
      expect(failed).toMatchObject({
        reason: 'ECONNREFUSED',
        hint: `The proxy http://127.0.0.1:${port} (HTTPS_PROXY) cannot be reached: correct its address, or have pendra.invalid excluded with NO_PROXY.`,
      })
    })

    it.each([
      [407, '', /wants a user and password \(407\): write them in HTTPS_PROXY, percent-encoded/],
      [407, `ada:${testKey.token()}@`, /refused the user and password in HTTPS_PROXY \(407\)/],
      [403, '', /does not let pendra\.invalid through \(403\)/],
      [502, '', /could not reach pendra\.invalid \(502\)/],
    ])('names a proxy that answers %i', async (status, login, hint) => {
      const proxy = await forwardProxy(0, status)
      const { failed } = await models(through(proxy.port, login))
      expect(failed.hint).toMatch(hint)
      expect(failed.hint).toContain(`The proxy http://127.0.0.1:${proxy.port}${login ? ' (HTTPS_PROXY)' : ''}`)
      expect(proxy.tunnels).toEqual(['pendra.invalid:443'])
    })

    it('says how a service on this machine is kept away from the proxy', async () => {
      const proxy = await forwardProxy(0, 502)
      const here = `http://127.0.0.1:${await closedPort()}`
      const { failed } = await models({ HTTP_PROXY: `http://127.0.0.1:${proxy.port}`, NODE_USE_ENV_PROXY: '1' }, here)
      expect(failed.hint).toContain('set NO_PROXY=127.0.0.1.')
    })
  })
})

describe('a certificate authority of one’s own', () => {
  const named = async (certificate: Certificate, env: Record<string, string> = {}) => {
    const server = await secureServer(certificate)
    const result = await models(env, `https://localhost:${server.port}`)
    return { ...result, requests: server.requests.length, host: `localhost:${server.port}` }
  }

  it('works with NODE_EXTRA_CA_CERTS', async () => {
    const { status, requests } = await named(await company.issue('localhost'), { NODE_EXTRA_CA_CERTS: company.file })
    expect({ status, requests }).toEqual({ status: 200, requests: 1 })
  })

  it('is refused by default, with what to set', async () => {
    const { failed, requests, host } = await named(await company.issue('localhost'))
    const system = process.allowedNodeEnvironmentFlags.has('--use-system-ca')
      ? ', or with NODE_OPTIONS=--use-system-ca if this machine trusts it'
      : ''
    expect(failed.hint).toBe(
      `Node does not trust the certificate of ${host}: start the process with NODE_EXTRA_CA_CERTS=/path/to/ca.pem (the CA that signed it)${system}.`,
    )
    expect(requests).toBe(0)
  })

  it('is refused with a file of another', async () => {
    const other = await makeAuthority(folder, 'other')
    const { failed, requests } = await named(await company.issue('localhost'), { NODE_EXTRA_CA_CERTS: other.file })
    expect(failed.hint).toContain('the file in NODE_EXTRA_CA_CERTS does not hold the CA that signed it')
    expect(requests).toBe(0)
  })

  it('says what is wrong with the file', async () => {
    const empty = join(folder, 'empty.pem')
    writeFileSync(empty, 'no certificate')
    const leaf = await company.issue('localhost')
    const missing = await named(leaf, { NODE_EXTRA_CA_CERTS: join(folder, 'missing.pem') })
    expect(missing.failed.hint).toContain('the file in NODE_EXTRA_CA_CERTS cannot be read')
    const useless = await named(leaf, { NODE_EXTRA_CA_CERTS: empty })
    expect(useless.failed.hint).toContain('the file in NODE_EXTRA_CA_CERTS holds no PEM certificate')
  })

  it('is no cure for a certificate that signed itself, has expired or is for another host', async () => {
    const alone = await named(await selfSigned('localhost'))
    expect(alone.failed).toMatchObject({
      reason: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      hint: expect.stringContaining('does not trust'),
    })
    const env = { NODE_EXTRA_CA_CERTS: company.file }
    const past = { notBeforeDate: new Date('2020-01-01'), notAfterDate: new Date('2020-02-01') }
    const expired = await named(await company.issue('localhost', past), env)
    expect(expired.failed).toMatchObject({ reason: 'CERT_HAS_EXPIRED', hint: expect.stringContaining('has expired') })
    const misnamed = await named(certificate, env)
    expect(misnamed.failed.hint).toContain('is for another host: check the host name (localhost) in the base URL.')
    expect([alone.requests, expired.requests, misnamed.requests]).toEqual([0, 0, 0])
  })
})

describe('without a proxy', () => {
  it('says that nothing listens, or that the name leads nowhere', async () => {
    const host = `127.0.0.1:${await closedPort()}`
    const closed = await models({}, `http://${host}`)
    expect(closed.failed.hint).toBe(`Nothing listens at ${host}: check the base URL, and that the server runs.`)
    expect((await models({})).failed.hint).toContain('DNS knows no pendra.invalid')
  })

  it('tells https from http, and warns where checks are switched off', async () => {
    const host = `127.0.0.1:${await listening(createServer())}`
    const { failed } = await models({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }, `https://${host}`)
    expect(failed.hint).toBe(
      `What answers at ${host} does not speak TLS: check the port, and whether the base URL must start with http://. NODE_TLS_REJECT_UNAUTHORIZED=0 lets anybody read what is sent: remove it.`,
    )
  })

  it('leaves aborts and the errors of fetch alone', async () => {
    const { failed, error } = await models({}, origin, '{ signal: AbortSignal.abort() }')
    expect({ failed, error }).toEqual({ failed: undefined, error: 'AbortError' })
    expect(await models({})).toMatchObject({ error: 'TypeError', message: 'fetch failed' })
  })
})

describe('typed errors', () => {
  const env = { HTTPS_PROXY: `http://ada:${testKey.token()}@127.0.0.1:3128`, PENDRA_API_KEY: testKey.pendra() }

  // ky is an ES module only, so a CommonJS program has two copies of core.
  it.each([
    ['an ES module', ''],
    ['CommonJS', `.constructor && (await import('node:module')).createRequire(import.meta.url)('../dist/index.cjs')`],
  ])('of createHttp have the hint where the program is %s', async (_, copy) => {
    const { output } = await child(
      `const { createHttp } = await import('@pentauth/core/ky')
const node = { createAuth, relocate }${copy}
const auth = node.createAuth(node.relocate(pendra, { 'https://api.pendra.ai': process.env.TARGET }))
await createHttp(auth, { retry: 0 }).get('models').catch(show)`,
      env,
    )
    expect(output).toMatchObject({ error: 'PentauthError', code: 'network_error' })
    expect(output.message).toMatch(/^https:\/\/pendra\.invalid could not be reached \(ENOTFOUND\)\. HTTPS_PROXY is set/)
  })

  it('of client credentials have the hint', async () => {
    const { output } = await child(
      `const { pentographer } = await import('@pentauth/core/services')
const service = relocate(pentographer, { 'https://app.pentographer.com': process.env.TARGET })
await createAuth(service).credential().catch(show)`,
      {
        ...env,
        PENTOGRAPHER_CLIENT_ID: testKey.pentographerClientId(),
        PENTOGRAPHER_CLIENT_SECRET: testKey.pentographerSecret(),
      },
    )
    expect(output).toMatchObject({ error: 'PentauthError', code: 'temporarily_unavailable' })
    expect(output.message).toMatch(/^https:\/\/pendra\.invalid could not be reached \(ENOTFOUND\)\. HTTPS_PROXY is set/)
  })
})

/** Asks Pendra at `target` for its models in a process of its own. */
async function models(env: Record<string, string>, target = origin, init = '{}') {
  const { output, stderr } = await child(
    `const auth = createAuth(relocate(pendra, { 'https://api.pendra.ai': process.env.TARGET }))
await auth.fetch(process.env.TARGET + '/api/v1/models', ${init}).then(({ status }) => print({ status }), show)`,
    { PENDRA_API_KEY: testKey.pendra(), PENTAUTH_DEBUG: '1', TARGET: target, ...env },
  )
  const told = /^pentauth pendra connection_failed (.*)$/m.exec(stderr)?.[1]
  return { ...output, failed: told && JSON.parse(told) }
}

/** Runs a program with nothing in its environment but what is given; nothing it prints may hold a secret. */
async function child(code: string, env: Record<string, string>) {
  const program = `import { inspect } from 'node:util'
import { connectionHint, createAuth, relocate } from ${JSON.stringify(dist)}
import { pendra } from '@pentauth/core/services'
const print = (facts) => console.log(JSON.stringify(facts))
const show = async (error) => print({
  error: error.name, code: error.code, message: error.message, asked: await connectionHint(error, process.env.TARGET), all: inspect(error, { showHidden: true }),
})
${code}`
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    env: { PATH: process.env.PATH, TARGET: origin, ...env },
    timeout: 60_000,
  })
  expect(hasMarker(stdout) || hasMarker(stderr)).toBe(false)
  return { output: JSON.parse(stdout), stderr }
}
