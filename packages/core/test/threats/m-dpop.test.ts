import { createHash } from 'node:crypto'
import { threat } from '@pentauth/tooling/threat'
import { exportJWK, SignJWT } from 'jose'
import { createAuth, finishSignIn, memoryStore, signedIn, startSignIn } from '../../src/index.ts'
import { type BoundWorld, boundServer } from '../support/bound-server.ts'
import { json, serve } from '../support/server.ts'

// M5 and M6: proofs, and tokens that are of no use without them.
const redirectUri = 'http://127.0.0.1:8123/callback'
type Fetch = (url: string, init?: RequestInit) => Promise<Response>

/** Signs in with a proof, and calls the resource with one. */
type Subject = (world: BoundWorld) => Promise<{ readonly fetch: Fetch; readonly secrets: readonly string[] }>

const signedInWith =
  (dpop: boolean): Subject =>
  async ({ service, approve }) => {
    const store = memoryStore()
    const { url } = await startSignIn(service, { store, redirectUri, client: { clientId: 'client-1' }, dpop })
    await finishSignIn(service, approve(url), { store })
    const [key = ''] = (await store.keys?.('session/')) ?? []
    const session = JSON.parse((await store.get(key)) as string)
    const { fetch } = createAuth(service, { credential: signedIn({ store }) })
    return { fetch, secrets: [session.proofKey?.d, session.refreshToken].filter(Boolean) }
  }
const ours = signedInWith(true)

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256' }
const pairOf = () => crypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']) as Promise<CryptoKeyPair>

async function proofFor(pair: CryptoKeyPair, claims: object, half: 'publicKey' | 'privateKey' = 'publicKey') {
  const jwk = await exportJWK(pair[half])
  return new SignJWT({ jti: crypto.randomUUID(), ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
    .setIssuedAt()
    .sign(pair.privateKey)
}

/** One proof for each token, with the key in it: made once, and sent with whatever goes out, wherever it leads. */
const careless: Subject = async ({ origin }) => {
  const pair = await pairOf()
  const htu = `${origin}/token`
  const ask = async (nonce?: string): Promise<{ access_token?: string }> => {
    const dpop = await proofFor(pair, { htm: 'POST', htu, ...(nonce ? { nonce } : {}) })
    const answer = await fetch(htu, {
      method: 'POST',
      headers: { dpop },
      body: new URLSearchParams({ grant_type: 'x' }),
    })
    const wanted = answer.headers.get('dpop-nonce')
    return answer.ok || !wanted || nonce ? answer.json() : ask(wanted)
  }
  const { access_token: token = '' } = await ask()
  const ath = createHash('sha256').update(token).digest('base64url')
  const dpop = await proofFor(pair, { htm: 'GET', htu: `${origin}/mcp`, ath, nonce: 'b' })
  const { d = '' } = await exportJWK(pair.privateKey)
  const headers = { authorization: `DPoP ${token}`, dpop }
  return { fetch: (url, init) => fetch(url, { ...init, headers: { ...init?.headers, ...headers } }), secrets: [d] }
}

threat<Subject, readonly string[]>('M5', 'proofs', {
  ours,
  twin: careless,
  async attack(subject) {
    const elsewhere = await serve()
    const redirects = {
      '/mcp?hop': { status: 307, location: '/mcp?there' },
      '/mcp?out': { status: 302, location: `${elsewhere.origin}/x` },
    }
    const world = await boundServer({ tokenNonce: 'a', resourceNonce: 'b', redirects })
    const { fetch, secrets } = await subject(world)
    const url = world.service.resources.mcp.url
    await fetch(url)
    const calls = ['', '?a=1', '?hop', '?out'].flatMap((query) =>
      ['GET', 'POST', 'DELETE'].map(async (method) => {
        const init = method === 'POST' && query !== '?out' ? { method, body: 'x' } : { method }
        await (await fetch(url + query, init)).text()
      }),
    )
    await Promise.all(calls)
    const { flaws, rules, server } = world
    const first = flaws.length
    rules.resourceNonce = 'c'
    await fetch(url)
    await fetch(url)
    // Each of the two servers says once which nonce it wants, and once more that it wants another.
    const allowed = ['token: use_dpop_nonce', 'resource: use_dpop_nonce', 'resource: use_dpop_nonce']
    const wrong = flaws.filter((flaw) => !allowed.includes(flaw))
    const abroad = elsewhere.seen.filter(({ headers }) => headers.dpop ?? headers.authorization)
    const told = server.seen.filter(({ path, headers, body }) =>
      secrets.some(
        (secret) => path.includes(secret) || JSON.stringify(headers).includes(secret) || body.includes(secret),
      ),
    )
    return [
      ...wrong,
      ...(first === 2 && flaws.length === 3 ? [] : [`${first} and ${flaws.length - first} questions for a nonce`]),
      ...abroad.map(({ path }) => `a proof or token at ${path} elsewhere`),
      ...told.map(({ path }) => `a secret at ${path}`),
    ]
  },
  breaches: (found) => found,
})

threat<Subject, readonly string[]>('M6', 'a token that was stolen', {
  ours,
  twin: signedInWith(false),
  async attack(subject) {
    const world = await boundServer({ bearerToo: true })
    const { fetch: mine, secrets } = await subject(world)
    const url = world.service.resources.mcp.url
    for (const method of ['GET', 'POST']) await mine(url, { method })
    const { served, origin } = world
    const captured = [...served]
    const [refreshToken = ''] = secrets.slice(-1)
    served.length = 0
    const thief = await pairOf()
    const breaches: string[] = []
    const attempt = async (what: string, method: string, headers: Record<string, string>) => {
      const { status } = await fetch(url, { method, headers })
      if (status === 200) breaches.push(what)
    }
    for (const { method, headers } of captured) {
      const { authorization = '', dpop } = headers as Record<string, string>
      const token = authorization.split(' ')[1] as string
      const ath = createHash('sha256').update(token).digest('base64url')
      const own = await proofFor(thief, { htm: method, htu: url, ath })
      await attempt(`${method} again as it was`, method, { authorization, ...(dpop ? { dpop } : {}) })
      await attempt(`${method} for another method`, 'DELETE', { authorization, ...(dpop ? { dpop } : {}) })
      await attempt(`${method} as Bearer`, method, { authorization: `Bearer ${token}` })
      await attempt(`${method} with a key of the thief's`, method, { authorization: `DPoP ${token}`, dpop: own })
    }
    for (const dpop of [undefined, await proofFor(thief, { htm: 'POST', htu: `${origin}/token` })]) {
      const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken })
      const { status } = await fetch(`${origin}/token`, { method: 'POST', body, headers: dpop ? { dpop } : {} })
      if (status === 200) breaches.push(`a renewal ${dpop ? 'with another key' : 'without a proof'}`)
    }
    return breaches
  },
  breaches: (found) => found,
})

/** Sends the token in the way that the server says it takes. */
const obliging: Subject = async (world) => {
  const { fetch: bound } = await ours(world)
  return {
    secrets: [],
    fetch: async (url, init) => {
      const response = await bound(url, init)
      if (response.status !== 401) return response
      const [token = ''] = [...world.bound.keys()]
      return fetch(url, { ...init, headers: { authorization: `Bearer ${token}` } })
    },
  }
}

threat<Subject, readonly string[]>('M6', 'a server that asks for less', {
  ours,
  twin: obliging,
  async attack(subject) {
    const challenges = ['Bearer', 'Bearer error="invalid_token"', 'Bearer, DPoP algs="ES256"', 'Basic realm="x"']
    let asked = 0
    const world = await boundServer(
      {},
      {
        mcp: (response) => {
          asked += 1
          json(response, 401, {}, { 'www-authenticate': challenges[asked % challenges.length] as string })
        },
      },
    )
    const { fetch } = await subject(world)
    for (const _ of challenges) await fetch(world.service.resources.mcp.url)
    const calls = world.server.seen.filter(({ path }) => path === '/mcp')
    const bare = calls.filter(({ headers }) => !headers.dpop || !headers.authorization?.startsWith('DPoP '))
    return bare.map(({ headers }) => `sent as ${headers.authorization?.split(' ')[0]}`)
  },
  breaches: (found) => found,
})
