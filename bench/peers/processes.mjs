// The peers in the processes bench: each keeps its sign-in where its own page or example does, for all processes.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { JoseKey, NodeOAuthClient } from '@atproto/oauth-client-node'
import { DistributedCachePlugin, PublicClientApplication } from '@azure/msal-node'
import { OAuth2Client as GoogleClient } from 'google-auth-library'
import { Redis } from 'ioredis'
import Redlock from 'redlock'
import { AuthorizationCode } from 'simple-oauth2'

const MINUTE_MS = 60_000

let redis
function redisAt(socket) {
  redis ??= new Redis(socket)
  return redis
}

const fileOf = ({ folder }) => join(folder, 'sign-in.json')

// Never half a file for the others: the pages write in place, which would be another way to lose a sign-in.
let written = 0
const draftOf = (place) => {
  written += 1
  return `${fileOf(place)}.${process.pid}.${written}`
}

async function write(place, text) {
  await mkdir(place.folder, { recursive: true })
  const draft = draftOf(place)
  await writeFile(draft, text)
  await rename(draft, fileOf(place))
}

function writeNow(place, text) {
  const draft = draftOf(place)
  writeFileSync(draft, text)
  renameSync(draft, fileOf(place))
}

async function api(url, token) {
  return (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).json()
}

// "Before use, check if the token has expired", with the JSON that was persisted.
function simple() {
  const client = ({ origin }) =>
    new AuthorizationCode({
      client: { id: 'bench', secret: 'bench' },
      auth: { tokenHost: origin, tokenPath: '/token' },
    })
  return {
    async save(place, { accessToken, refreshToken, expiresAt }) {
      const tokens = { access_token: accessToken, refresh_token: refreshToken, expires_at: new Date(expiresAt) }
      await write(place, JSON.stringify(client(place).createToken(tokens)))
    },
    async open(place) {
      let token = client(place).createToken(JSON.parse(await readFile(fileOf(place), 'utf8')))
      return {
        async call() {
          if (token.expired()) {
            token = await token.refresh()
            await write(place, JSON.stringify(token))
          }
          return api(place.url, token.token.access_token)
        },
      }
    },
    held: async (place) => JSON.parse(await readFile(fileOf(place), 'utf8')).refresh_token,
  }
}

// The `tokens` event says when there is something new to save.
function google() {
  return {
    save: (place, { accessToken, refreshToken, expiresAt }) =>
      write(place, JSON.stringify({ access_token: accessToken, refresh_token: refreshToken, expiry_date: expiresAt })),
    async open(place) {
      const client = new GoogleClient({
        clientId: 'bench',
        clientSecret: 'bench',
        endpoints: { oauth2TokenUrl: `${place.origin}/token` },
      })
      client.on('tokens', (tokens) =>
        writeNow(place, JSON.stringify({ ...JSON.parse(readFileSync(fileOf(place), 'utf8')), ...tokens })),
      )
      client.setCredentials(JSON.parse(await readFile(fileOf(place), 'utf8')))
      return { call: async () => (await client.fetch(place.url)).data }
    },
    held: async (place) => JSON.parse(await readFile(fileOf(place), 'utf8')).refresh_token,
  }
}

// MSAL wants its own kind of server: https, an ID token and its metadata come from a function, the tokens from the bench's server.
const tenant = 'https://login.bench.example/tenant'
const scopes = ['https://bench.example/.default']
const json64 = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const identity = () => ({
  client_info: json64({ uid: 'person', utid: 'tenant' }),
  id_token: `${json64({ alg: 'none' })}.${json64({ oid: 'person', tid: 'tenant', sub: 'person', aud: 'bench', iss: `${tenant}/v2.0`, preferred_username: 'person', exp: Math.floor(Date.now() / 1000) + 3600 })}.`,
  scope: scopes[0],
})

function msal() {
  const plugin = (place) => {
    if (place.redis) {
      const client = redisAt(place.redis.socket)
      const key = `${place.redis.prefix}person`
      return new DistributedCachePlugin(
        { get: (name) => client.get(name), set: (name, value) => client.set(name, value) },
        { getKey: async () => key, extractKey: async () => key },
      )
    }
    return {
      async beforeCacheAccess(context) {
        const text = await readFile(fileOf(place), 'utf8').catch(() => undefined)
        if (text !== undefined) context.tokenCache.deserialize(text)
      },
      async afterCacheAccess(context) {
        if (context.cacheHasChanged) await write(place, context.tokenCache.serialize())
      },
    }
  }
  const application = (place, tokens) =>
    new PublicClientApplication({
      auth: { clientId: 'bench', authority: tenant, knownAuthorities: ['login.bench.example'] },
      cache: { cachePlugin: plugin(place) },
      system: { networkClient: { sendGetRequestAsync: async () => metadata, sendPostRequestAsync: tokens } },
    })
  const metadata = {
    status: 200,
    headers: {},
    body: {
      issuer: `${tenant}/v2.0`,
      authorization_endpoint: `${tenant}/authorize`,
      token_endpoint: `${tenant}/token`,
      jwks_uri: `${tenant}/keys`,
    },
  }
  return {
    async save(place, { accessToken, refreshToken }) {
      const body = { access_token: accessToken, refresh_token: refreshToken, token_type: 'Bearer', expires_in: 1 }
      const answer = async () => ({ status: 200, headers: {}, body: { ...body, ...identity() } })
      await application(place, answer).acquireTokenByRefreshToken({ refreshToken, scopes, forceCache: true })
    },
    async open(place) {
      const client = application(place, async (_url, { body }) => {
        const response = await fetch(`${place.origin}/token`, { method: 'POST', body: new URLSearchParams(body) })
        return { status: response.status, headers: {}, body: { ...identity(), ...(await response.json()) } }
      })
      const [account] = await client.getTokenCache().getAllAccounts()
      return {
        async call() {
          const { accessToken } = await client.acquireTokenSilent({ account, scopes })
          return api(place.url, accessToken)
        },
      }
    },
    async held(place) {
      const text = place.redis
        ? await redisAt(place.redis.socket).get(`${place.redis.prefix}person`)
        : await readFile(fileOf(place), 'utf8')
      return Object.values(JSON.parse(text ?? '{}').RefreshToken ?? {})[0]?.secret
    },
  }
}

// atproto finds out whose server it is before each refresh: a function tells it, and passes token and API requests on.
const did = `did:plc:${'a'.repeat(24)}`
const pds = 'https://pds.bench.example'
const serverMetadata = {
  issuer: pds,
  authorization_endpoint: `${pds}/authorize`,
  token_endpoint: `${pds}/token`,
  pushed_authorization_request_endpoint: `${pds}/par`,
  require_pushed_authorization_requests: true,
  response_types_supported: ['code'],
  grant_types_supported: ['authorization_code', 'refresh_token'],
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['none'],
  scopes_supported: ['atproto'],
  dpop_signing_alg_values_supported: ['ES256'],
  authorization_response_iss_parameter_supported: true,
  client_id_metadata_document_supported: true,
}
const documents = {
  '/.well-known/oauth-protected-resource': { resource: pds, authorization_servers: [pds] },
  '/.well-known/oauth-authorization-server': serverMetadata,
}
const didDocument = {
  '@context': ['https://www.w3.org/ns/did/v1'],
  id: did,
  alsoKnownAs: [],
  service: [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: pds }],
}

function atproto() {
  const network = (place) => async (input, init) => {
    const request = new Request(input, init)
    const { pathname } = new URL(request.url)
    if (decodeURIComponent(pathname) === `/${did}`) {
      return Response.json(didDocument, { headers: { 'content-type': 'application/did+ld+json' } })
    }
    if (documents[pathname]) return Response.json(documents[pathname])
    if (pathname === '/token') {
      const body = await request.text()
      const response = await fetch(`${place.origin}/token`, { method: 'POST', body: new URLSearchParams(body) })
      const tokens = await response.json()
      const facts = response.ok ? { token_type: 'DPoP', sub: did, scope: 'atproto' } : {}
      return Response.json({ ...tokens, ...facts }, { status: response.status })
    }
    const authorization = (request.headers.get('authorization') ?? '').replace(/^DPoP /, 'Bearer ')
    return fetch(place.url, { headers: { authorization } })
  }
  const storeAt = (place) => {
    if (!place.redis) {
      return {
        get: async () => JSON.parse(await readFile(fileOf(place), 'utf8').catch(() => 'null')) ?? undefined,
        set: (_sub, session) => write(place, JSON.stringify(session)),
        del: () => write(place, 'null'),
      }
    }
    const client = redisAt(place.redis.socket)
    const key = `${place.redis.prefix}session`
    return {
      get: async () => JSON.parse((await client.get(key)) ?? 'null') ?? undefined,
      set: async (_sub, session) => void (await client.set(key, JSON.stringify(session))),
      del: async () => void (await client.del(key)),
    }
  }
  // As on its page; of Redis only.
  const lockAt = ({ redis: { socket, prefix } }) => {
    const redlock = new Redlock([redisAt(socket)])
    return async (key, work) => {
      const lock = await redlock.lock(`${prefix}${key}`, 45e3)
      try {
        return await work()
      } finally {
        await redlock.unlock(lock)
      }
    }
  }
  return {
    async save(place, { accessToken, refreshToken, expiresAt }) {
      const key = await JoseKey.generate(['ES256'])
      await storeAt(place).set(did, {
        dpopJwk: key.privateJwk,
        authMethod: { method: 'none' },
        tokenSet: {
          iss: pds,
          sub: did,
          aud: pds,
          scope: 'atproto',
          access_token: accessToken,
          refresh_token: refreshToken,
          token_type: 'DPoP',
          expires_at: new Date(Math.min(expiresAt, Date.now() - MINUTE_MS)).toISOString(),
        },
      })
    },
    async open(place) {
      const nothing = { get: async () => undefined, set: async () => {}, del: async () => {} }
      const client = new NodeOAuthClient({
        clientMetadata: {
          client_id: 'https://client.bench.example/client.json',
          client_name: 'Bench',
          redirect_uris: ['https://client.bench.example/callback'],
          grant_types: ['authorization_code', 'refresh_token'],
          response_types: ['code'],
          scope: 'atproto',
          token_endpoint_auth_method: 'none',
          application_type: 'web',
          dpop_bound_access_tokens: true,
        },
        fetch: network(place),
        handleResolver: { resolve: async () => did },
        stateStore: nothing,
        sessionStore: storeAt(place),
        requestLock: place.redis ? lockAt(place) : undefined,
      })
      return {
        async call() {
          const session = await client.restore(did)
          return (await session.fetchHandler('/api')).json()
        },
      }
    },
    held: async (place) => (await storeAt(place).get(did))?.tokenSet.refresh_token,
  }
}

/** @type {Record<string, import('../process-worker.mjs').Subject>} */
export const subjects = {
  'simple-oauth2': simple(),
  'google-auth-library': google(),
  '@azure/msal-node': msal(),
  '@atproto/oauth-client-node': atproto(),
}
