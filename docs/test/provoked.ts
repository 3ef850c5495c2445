import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  apiKey,
  clientCredentials,
  createAuth,
  defineService,
  errorFrom,
  type PentauthErrorCode,
  type Resource,
  relocate,
  type Service,
} from '@pentauth/core'
import { createHttp } from '@pentauth/core/ky'
import { parseService } from '@pentauth/core/schema'
import { openaiOptions } from '@pentauth/core/sdk'
import { pendium, pendra, pensyve, pentographer, profundis } from '@pentauth/core/services'
import { createAuth as createNodeAuth, envKey, keyCommand, keyFile } from '@pentauth/node'
import type { Sandbox } from '@pentauth/sandbox'
import type { SandboxServer } from '@pentauth/sandbox/server'
import { testKey } from '@pentauth/tooling/canary'
import { onTestFinished } from 'vitest'
import { browserProvocations } from './provoked-browser.ts'
import { browserStorageProvocations } from './provoked-browser-storage.ts'
import { dpopProvocations } from './provoked-dpop.ts'
import { mcpProvocations } from './provoked-mcp.ts'
import { clientConfigProvocations } from './provoked-mcp-config.ts'
import { encryptedProvocations } from './provoked-node-encrypted.ts'
import { fileProvocations } from './provoked-node-files.ts'
import { proxyProvocations } from './provoked-node-proxy.ts'
import { redisProvocations } from './provoked-node-redis.ts'
import { nodeSignInProvocations } from './provoked-node-sign-in.ts'
import { oauthProviderProvocations } from './provoked-oauth-provider.ts'
import { signInProvocations } from './provoked-sign-in.ts'
import { workloadProvocations } from './provoked-workloads.ts'

/** Ways to each error: what fails, or gives the error itself. */
export type Provocations = Readonly<Record<PentauthErrorCode, readonly (() => unknown)[]>>

type Answer = { status: number; body?: unknown; headers?: Record<string, string> }

/** All the ways, against a sandbox on this machine; the type asks for at least an entry for each code. */
export function provocations(sandbox: Sandbox, { origins }: SandboxServer): Provocations {
  const keys = {
    pendium: sandbox.keys.create('pendium').key,
    pensyve: sandbox.keys.create('pensyve', { scope: 'mcp:read' }).key,
    profundis: sandbox.keys.create('profundis').key,
    pentographer: sandbox.keys.create('pentographer').key,
    pendra: sandbox.keys.create('pendra').key,
  }
  const client = sandbox.clients.create('pentographer')
  const here = (service: Service): Service => relocate(service, origins)
  const authOf = (service: Service, key = keys[service.id as keyof typeof keys]) =>
    createAuth(here(service), { credential: apiKey(key) })
  const urlOf = (service: Service, path: string) => `${Object.values<Resource>(here(service).resources)[0]?.url}${path}`
  /** The service's own answer, by its REST resource. */
  const said = async (service: Service, path: string, init: RequestInit = {}, key?: string) =>
    errorFrom(await authOf(service, key).fetch(urlOf(service, path), init))
  /** A scripted answer. */
  const fault = (service: Service, { status, body = {}, headers = {} }: Answer) => {
    sandbox.faults.add({ service: service.id as 'pensyve', times: 1, status, body, headers })
  }
  const told = async (service: Service, answer: Answer) => {
    fault(service, answer)
    return errorFrom(await authOf(service).fetch(service === profundis ? profundisUrl : urlOf(service, '/anything')))
  }
  const profundisUrl = `${here(profundis).resources.rest?.url}/subdomains`
  /** A response that `auth.fetch` did not return. */
  const bare = (status: number) => errorFrom(new Response('no words of ours', { status }))
  const tokens = (given: { clientId: string; clientSecret: string } = client, runtime = {}) =>
    createAuth(here(pentographer), { credential: clientCredentials(given), runtime }).credential()
  const refusedToken = (answer: Answer) => {
    fault(pentographer, answer)
    return tokens()
  }
  const node = (service: Service, env: Record<string, string>, envFile?: string) =>
    createNodeAuth(service, { env, ...(envFile ? { envFile } : {}) }).credential()
  const acme = (part: object) =>
    defineService({
      ...{ id: 'acme', name: 'Acme', errors: [], recommendations: [], links: { docs: { where: 'Acme docs' } } },
      resources: { rest: { url: 'https://api.acme.example/v1', protocol: 'rest', accessToken: true } },
      ...part,
    } as Service)
  const ofProgram = { grants: ['client_credentials'], tokenEndpointAuthMethod: 'client_secret_post' }
  const marked = { clientId: testKey.pentographerClientId(), clientSecret: testKey.pentographerSecret() }

  const others = [
    signInProvocations(),
    browserProvocations(),
    browserStorageProvocations(),
    encryptedProvocations(),
    fileProvocations(),
    clientConfigProvocations(),
    mcpProvocations(here),
    oauthProviderProvocations(),
    nodeSignInProvocations(here),
    proxyProvocations(),
    redisProvocations(),
    workloadProvocations,
    dpopProvocations,
  ]
  return merged(...others, {
    no_credential: [() => node(pendra, {}), () => node(pendium, { PENDIUM_API_KEY: ' ' })],
    source_failed: [
      () => createAuth(pendra, { credential: keyFile(import.meta.dirname) }).credential(),
      () => createAuth(pendra, { credential: keyCommand(['no-such-command']) }).credential(),
      () => createAuth(pendra, { credential: keyCommand([process.execPath, '-e', '']) }).credential(),
      () => createAuth(pendra, { credential: keyCommand([process.execPath, '-e', 'process.exit(3)']) }).credential(),
    ],
    malformed_credential: [
      () => createAuth(pendra, { credential: apiKey('') }).credential(),
      () => createAuth(pendra, { credential: apiKey('pdr_sk_your_key_here') }).credential(),
      () => createAuth(pentographer, { credential: clientCredentials({ ...marked, clientId: 'todo' }) }).credential(),
      () => node(pendra, {}, envFile('PENDRA_API_KEY=cut#here')),
    ],
    wrong_credential: [
      () => createAuth(pensyve, { credential: apiKey(testKey.pendra()) }).credential(),
      () => createAuth(pentographer, { credential: apiKey(marked.clientSecret) }).credential(),
      () =>
        createAuth(pentographer, {
          credential: clientCredentials({ clientId: marked.clientSecret, clientSecret: marked.clientId }),
        }).credential(),
    ],
    credential_not_accepted: [
      () => createAuth(pendium, { credential: apiKey(testKey.pendium()) }).credential(pendium.resources.mcp.url),
      () =>
        createAuth(pensyve, { credential: apiKey(testKey.pensyve()) }).headers(pensyve.resources.rest.url, {
          header: 'x-api-key',
        }),
      () => createAuth(pensyve, { credential: clientCredentials(marked) }).credential(),
    ],
    url_not_covered: [
      'http://api.pensyve.com/v1/recall',
      'https://api.pensyve.com/v10',
      'https://api.pensyve.com/v1/..%2F',
    ].map((url) => () => createAuth(pensyve, { credential: apiKey(testKey.pensyve()) }).fetch(url)),
    invalid_url: ['/recall', 'https://a:b@api.pensyve.com/v1', 'file:///v1'].map(
      (url) => () => createAuth(pensyve, { credential: apiKey(testKey.pensyve()) }).fetch(url),
    ),
    invalid_service: [
      () => createNodeAuth(undefined as never),
      () => parseService({}),
      () => acme({ id: 'Acme' }),
      () => acme({ resources: {} }),
      () => acme({ oauth: { ...ofProgram, omitResourceParameter: 'yes' } }),
      () => acme({ resources: { rest: { url: 'http://api.acme.example', protocol: 'rest', accessToken: true } } }),
      () => {
        const credential = clientCredentials({ clientId: 'acme-client', clientSecret: 'acme-words' })
        const runtime = { fetch: async () => new Response('', { status: 404 }) }
        return createAuth(acme({ oauth: ofProgram }), { credential, runtime }).credential()
      },
    ],
    invalid_option: [
      () => createAuth(pensyve, { credential: 'a string' as never }),
      () => authOf(pendra).fetch(urlOf(pendra, '/models'), { headers: { 'x-note': 'a\nb' } }),
      () => relocate(pensyve, { 'https://api.pensyve.com': 'http://127.0.0.1:4100/v1' }),
      () => relocate(pensyve, { 'https://pendium.ai': 'http://127.0.0.1:4100' }),
      () => relocate(pensyve, { 'https://api.pensyve.com': 'http://pensyve.example' }),
      () => node(pensyve, {}, import.meta.dirname),
      () => node(pensyve, { PENSYVE_BASE_URL: 'gateway.example' }),
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference in a variable
      () => node(pensyve, { PENSYVE_API_KEY: '${NO_SUCH_KEY}' }),
      () => node(pensyve, { PENSYVE_API_KEY: '${' }),
      () => envKey(''),
      () => keyFile(''),
      () => keyFile('/run/secrets/pensyve', { refusedGrace: Number.NaN }),
      () => openaiOptions(authOf(pensyve)),
      () => keyCommand('pass show pensyve' as never),
    ],
    authentication_required: [
      () => told(pendium, { status: 401, body: { error: 'Authentication required. Connect via OAuth.' } }),
      () =>
        told(pendium, {
          status: 401,
          body: 'API key required. Add your Pendium API key as a Bearer token. Get one at https://pendium.ai/mcp',
        }),
      async () => {
        // What a proxy does that drops the header.
        const answer = await fetch(urlOf(pensyve, '/recall'), { method: 'POST', body: '{}' })
        return told(pensyve, { status: answer.status, body: await answer.json() })
      },
    ],
    credential_refused: [
      () => said(pendium, '/account', {}, testKey.pendium('unknown')),
      () => told(pendium, { status: 401, body: 'Invalid API key. Check your key at https://pendium.ai/mcp' }),
      () => said(pensyve, '/account', {}, testKey.pensyve('unknown')),
      () => told(profundis, { status: 401, body: 'anything' }),
      () => said(pentographer, '', { method: 'POST', body: '{}' }, testKey.pentographer('unknown')),
      () => said(pendra, '/models', {}, testKey.pendra('unknown')),
      () => bare(401),
    ],
    agent_not_accessible: [() => said(pendium, '/report?syntheticId=contoso-tea')],
    insufficient_scope: [() => said(pensyve, '/remember', { method: 'POST', body: '{"entity":"a","fact":"b"}' })],
    not_entitled: [() => told(profundis, { status: 403, body: { error: 'no plan' } })],
    insufficient_credits: [
      () => told(profundis, { status: 402, body: { error: 'no credits' } }),
      () => told(pensyve, { status: 402, body: { error: 'pay' } }),
      () => bare(402),
    ],
    read_only_account: [
      () => told(pendium, { status: 403, body: { error: 'This account is read-only.', code: 'READ_ONLY' } }),
    ],
    console_only: [() => told(pendra, { status: 403, body: { detail: 'a person only' } })],
    forbidden: [() => told(pentographer, { status: 403, body: { error: 'no' } }), () => bare(403)],
    not_found: [
      () => said(pendra, '/chat/completions', { method: 'POST', body: '{"model":"llama3.1:405b","messages":[]}' }),
      () => told(pensyve, { status: 404, body: { error: 'nothing here' } }),
      () => bare(404),
    ],
    rate_limited: [
      () =>
        told(pensyve, {
          status: 429,
          body: { message: 'Too many requests. Please retry later.' },
          headers: { 'retry-after': '7' },
        }),
      () => told(pendra, { status: 429, body: { detail: 'slowly' } }),
      () => bare(429),
    ],
    request_rejected: [
      () => told(pendra, { status: 422, body: { detail: 'no such field' } }),
      () => bare(409),
      () => {
        sandbox.faults.add({ service: 'pendra', times: 1, redirect: 'https://elsewhere.example/' })
        return createHttp(authOf(pendra)).get('models', { redirect: 'manual' }).json()
      },
    ],
    service_unavailable: [() => told(pendra, { status: 503, body: { detail: 'later' } }), () => bare(500)],
    client_refused: [() => tokens(marked)],
    token_request_rejected: [() => refusedToken({ status: 400, body: { error: 'unauthorized_client' } })],
    token_response_invalid: [
      () => refusedToken({ status: 200, body: '<html>Please log in</html>', headers: { 'content-type': 'text/html' } }),
      () => refusedToken({ status: 200, body: { access_token: 'a', token_type: 'mac' } }),
      () => refusedToken({ status: 200, body: { access_token: 'two words', token_type: 'bearer' } }),
    ],
    temporarily_unavailable: [
      () => refusedToken({ status: 503, headers: { 'retry-after': '7' } }),
      () => refusedToken({ status: 400, body: { error: 'server_error' } }),
      () => refusedToken({ status: 200, body: 'x'.repeat(300_000) }),
      () => tokens(client, { fetch: async () => fetch(await closedOrigin()) }),
      // What the platform says after ten seconds.
      () => tokens(client, { fetch: () => Promise.reject(new DOMException('', 'TimeoutError')) }),
      async () => {
        const credential = apiKey(() => testKey.profundis('renewed'), { refusedGrace: 60 })
        return createAuth(here(profundis), { credential }).fetch(profundisUrl, { method: 'POST', body: '{}' })
      },
      partMissing,
    ],
    redirect_refused: [
      () => {
        sandbox.faults.add({ service: 'pensyve', times: 1, redirect: 'https://elsewhere.example/' })
        return authOf(pensyve).fetch(urlOf(pensyve, '/recall'), { method: 'POST', body: '{}' })
      },
    ],
    network_error: [
      async () => {
        const service = relocate(pendra, { 'https://api.pendra.ai': await closedOrigin() })
        return createHttp(createAuth(service, { credential: apiKey(keys.pendra) }), { retry: 0 })
          .get('models')
          .json()
      },
    ],
    timeout: [
      () => {
        sandbox.faults.add({ service: 'pendra', times: 1, delay: 2_000 })
        return createHttp(authOf(pendra), { retry: 0, timeout: 50 }).get('models').json()
      },
    ],
  })
}

/** What pages get, without the parts that they load later, as after a deployment that removed them. */
async function partMissing(): Promise<unknown> {
  const built = new URL('browser/', import.meta.resolve('@pentauth/core'))
  const folder = mkdtempSync(join(tmpdir(), 'pentauth-page-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  for (const file of ['index.js', 'index.js.map', 'shared.js', 'shared.js.map'])
    writeFileSync(join(folder, file), readFileSync(new URL(file, built)))
  const page: typeof import('@pentauth/core') = await import(pathToFileURL(join(folder, 'index.js')).href)
  return page.createAuth(pensyve, { credential: page.apiKey([testKey.pensyve()]) }).credential()
}

/** All ways to each error. */
function merged(...parts: readonly Partial<Provocations>[]): Provocations {
  const codes = [...new Set(parts.flatMap((part) => Object.keys(part) as PentauthErrorCode[]))]
  const all = codes.map((code) => [code, parts.flatMap((part) => part[code] ?? [])])
  return Object.fromEntries(all)
}

/** A `.env` file in a folder of its own. */
function envFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'pentauth-env-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, '.env')
  writeFileSync(path, text)
  return path
}

/** An address of this machine where nothing listens any more. */
function closedOrigin(): Promise<string> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(`http://127.0.0.1:${port}`))
    })
  })
}
