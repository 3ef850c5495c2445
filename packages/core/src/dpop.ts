import * as oauth from 'oauth4webapi'
import { parseChallenge } from './challenge.ts'
import { type Credential, keyOf, type ProofKey, type Secret } from './credential.ts'
import type { Discovered } from './discovered.ts'
import { PentauthError } from './errors.ts'
import { drop } from './http.ts'
import type { Prove } from './http-oauth.ts'
import type { Outgoing } from './outgoing.ts'
import type { DpopWish, ProofJwk, ProofKeyPair } from './proof-key.ts'
import { readCapped } from './read-capped.ts'
import type { Runtime } from './runtime.ts'
import type { Service } from './service.ts'
import { unusable } from './session-labels.ts'
import { standardError } from './standard-error.ts'

// Tokens that are bound to a key (RFC 9449): the key, and the proof that goes with each request. The protocol library signs the proofs
// and remembers, by origin, the nonces that servers want in them.

/** What every server knows that knows proofs at all. */
const alg = 'ES256'
const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }

/** Whose tokens are to be bound. */
interface Server extends Pick<Discovered, 'server' | 'source'> {
  readonly service: Service
}

/**
 * The key of a session: as text that is kept with it, and by the thumbprint that the authorization request names (section 10).
 *
 * @throws PentauthError `invalid_option` where the server takes no such proofs, or the pair cannot be kept.
 */
export async function keyForSession(
  { crypto }: Pick<Runtime, 'crypto'>,
  server: Server,
  wish: Exclude<DpopWish, false>,
): Promise<{ readonly proofKey: ProofJwk; readonly thumbprint: string }> {
  checkServer(server)
  const pair = await pairOf(wish, true)
  if (!pair.privateKey.extractable)
    throw unusable(
      'dpop',
      'has a private key that no store can keep',
      'Make it extractable: it is kept with the session, beside the refresh token. Or give true.',
    )
  const { x, y, d } = (await subtleOf(crypto).exportKey('jwk', pair.privateKey)) as ProofJwk
  const thumbprint = await oauth.DPoP({}, pair).calculateThumbprint()
  return { proofKey: { kty: 'EC', crv: 'P-256', x, y, d }, thumbprint }
}

/** A wish of a program for tokens of its own, and the one key that it got: it lives as long as the program. */
export interface ProgramKey {
  readonly wish: Exclude<DpopWish, false>
  made?: Promise<ProofKey> | undefined
}

/**
 * The key of a program, which leaves it by no way.
 *
 * @throws PentauthError `invalid_option` where the server takes no such proofs, or the pair is of no use.
 */
export async function keyForProgram(server: Server, key: ProgramKey): Promise<ProofKey> {
  checkServer(server)
  key.made ??= pairOf(key.wish, false).then((pair) => ({ pair, jwk: undefined }))
  return key.made
}

/** A server that has metadata says there which proofs it takes; what the definition alone describes is asked. */
function checkServer({ service, server, source }: Server): void {
  const supported = server.dpop_signing_alg_values_supported
  if (supported?.includes(alg) || (supported === undefined && source === 'documented')) return
  throw new PentauthError({
    code: 'invalid_option',
    message: `${service.name}: the authorization server ${server.issuer} does not say that it takes DPoP proofs signed with ${alg}.`,
    service: service.id,
    hint: 'Leave the option "dpop" out: tokens are then Bearer tokens. Or ask who runs the server.',
    link: service.links.docs.url,
  })
}

async function pairOf(wish: true | ProofKeyPair, extractable: boolean): Promise<CryptoKeyPair> {
  if (wish === true) return oauth.generateKeyPair(alg, { extractable })
  const { privateKey, publicKey }: Partial<ProofKeyPair> = Object.assign(Object.create(null), wish)
  const isKey = (key: unknown, type: string) => {
    // As elsewhere: not by its class, which another realm has, too.
    if (Object.prototype.toString.call(key) !== '[object CryptoKey]') return false
    const { type: own, algorithm: used } = key as CryptoKey
    const { name, namedCurve } = used as EcKeyAlgorithm
    return own === type && name === algorithm.name && namedCurve === algorithm.namedCurve
  }
  if (isKey(privateKey, 'private') && privateKey?.usages.includes('sign') && isKey(publicKey, 'public')) {
    if (publicKey?.extractable) return wish as CryptoKeyPair
  }
  throw unusable(
    'dpop',
    `is no key pair that signs with ${alg}`,
    'Give true, or the pair that generateKey makes for ECDSA on the curve P-256.',
  )
}

/** What this needs of Web Crypto beyond what a runtime says it has. */
function subtleOf(crypto: Runtime['crypto']): SubtleCrypto {
  return crypto.subtle as unknown as SubtleCrypto
}

/** A key in use: the two kinds of servers may share an origin, and have nonces of their own. */
interface Held {
  readonly endpoints: oauth.DPoPHandle
  readonly resources: oauth.DPoPHandle
  /** By the clock of the program, which is one. */
  now: () => number
}

const held = /* @__PURE__ */ new WeakMap<ProofKey, Promise<Held>>()

async function holderOf(key: ProofKey, { crypto, now }: Clocked): Promise<Held> {
  let known = held.get(key)
  if (!known) {
    known = hold(key, crypto)
    held.set(key, known)
    known.catch(() => held.delete(key))
  }
  return Object.assign(await known, { now })
}

async function hold({ pair, jwk }: ProofKey, crypto: Runtime['crypto']): Promise<Held> {
  const found = pair ? (pair as CryptoKeyPair) : await imported(jwk as Secret, crypto)
  const handle = () => {
    const modifyAssertion = (_header: object, claims: { iat?: unknown }) => {
      claims.iat = Math.floor(holder.now() / 1000)
    }
    return oauth.DPoP({}, found, { [oauth.modifyAssertion]: modifyAssertion })
  }
  const holder: Held = { endpoints: handle(), resources: handle(), now: () => 0 }
  return holder
}

async function imported(jwk: Secret, crypto: Runtime['crypto']): Promise<CryptoKeyPair> {
  const subtle = subtleOf(crypto)
  try {
    const { d, ...half }: ProofJwk = JSON.parse(jwk.reveal())
    const privateKey = await subtle.importKey('jwk', { ...half, d }, algorithm, false, ['sign'])
    const publicKey = await subtle.importKey('jwk', half, algorithm, true, ['verify'])
    // Not every platform looks at the numbers before they are used, or whether they belong together.
    const [hash, sample] = [{ ...algorithm, hash: 'SHA-256' }, new Uint8Array(1)]
    const signature = await subtle.sign(hash, privateKey, sample)
    if (await subtle.verify(hash, publicKey, signature, sample)) return { privateKey, publicKey }
  } catch {
    // The platform's error may repeat it.
  }
  throw new PentauthError({
    code: 'sign_in_required',
    message: 'The key that the tokens of the sign-in are bound to is none.',
    hint: 'Somebody has changed what is saved. Sign in again.',
  })
}

type Clocked = Pick<Runtime, 'crypto' | 'now'>
type Send = (proof: string) => Promise<Response>

/** A request to a resource, and the token that it carries. */
interface BoundRequest {
  readonly boundTo: ProofKey
  readonly runtime: Clocked
  readonly secret: Secret
  readonly method: string
  readonly url: string | URL
}

/** Sends to a resource with a proof, and once more where it wants another nonce in that and the body allows. */
export async function sendProven(
  { runtime }: { readonly runtime: Clocked },
  { boundTo, secret, replayable }: Outgoing,
  input: string | URL | Request,
  init: Outgoing['init'],
  send: (init: RequestInit) => Promise<Response>,
): Promise<Response> {
  const url = typeof input === 'object' && 'url' in input ? input.url : input
  const request = { boundTo: boundTo as ProofKey, runtime, secret, method: init.method, url }
  // A proof is for one URL, and a browser would not even strip it where it follows.
  const redirect = init.redirect === 'follow' ? 'error' : init.redirect
  let proof = ''
  const once = () =>
    provenAt(request, (made) => {
      proof = made
      const headers = new Headers(init.headers)
      headers.set('dpop', proof)
      return send({ ...init, headers, ...(redirect === undefined ? {} : { redirect }) })
    })
  const response = await once()
  if (!replayable || !(await isForNonce(response, proof))) return response
  drop(response)
  return once()
}

/** The headers of one request that somebody else sends, with a proof. */
export async function withProof(
  headers: Readonly<Record<string, string>>,
  runtime: Clocked,
  credential: Credential,
  url: string | URL,
  { method = 'GET' }: { readonly method?: string | undefined },
): Promise<Record<string, string>> {
  const boundTo = keyOf(credential) as ProofKey
  let dpop = ''
  await provenAt({ boundTo, runtime, secret: credential.secret, method, url }, async (made) => {
    dpop = made
    return new Response()
  })
  return { ...headers, dpop }
}

async function provenAt({ boundTo, runtime, secret, method, url }: BoundRequest, send: Send): Promise<Response> {
  const { resources } = await holderOf(boundTo, runtime)
  return captured(resources, send, (options) =>
    oauth.protectedResourceRequest(secret.reveal(), method, new URL(url), undefined, undefined, options),
  )
}

/** What adds the proof to requests for tokens. */
export function proverOf(key: ProofKey, runtime: Clocked): Prove {
  return async (url, init, send) => {
    const { endpoints } = await holderOf(key, runtime)
    const server = { issuer: url, token_endpoint: url }
    return captured(
      endpoints,
      (dpop) => send({ ...init, headers: { ...(init.headers as Record<string, string>), dpop } }),
      (options) =>
        oauth.genericTokenEndpointRequest(server, { client_id: 'none' }, () => undefined, 'none', {}, options),
    )
  }
}

/**
 * The protocol library's proof for a request that we send: its handle works with its own requests only, so it makes one, of which
 * nothing else is used. The answer's nonce is noted by it, too.
 */
async function captured(
  DPoP: oauth.DPoPHandle,
  send: Send,
  request: (options: oauth.ProtectedResourceRequestOptions & oauth.TokenEndpointRequestOptions) => Promise<Response>,
): Promise<Response> {
  let sent: Promise<Response> | undefined
  await request({
    DPoP,
    [oauth.allowInsecureRequests]: true,
    [oauth.customFetch]: (_url: string, { headers }: { headers: Record<string, string> }) => {
      sent = send(headers.dpop as string)
      return sent
    },
  }).catch((error) => {
    // It has an opinion on the answer, which is for others to judge.
    if (!sent) throw error
  })
  return sent as unknown as Promise<Response>
}

/** Whether a token endpoint wants a nonce that the next proof will have. */
export async function wantsNonce(response: Response): Promise<boolean> {
  const isAsked = response.status >= 400 && response.status < 500 && response.headers.has('dpop-nonce')
  return isAsked && (await standardError(response)) === wanted
}

const wanted = 'use_dpop_nonce'
/** Of a refusal of a resource (bytes, ms). */
const [bodyLimit, bodyTime] = [4096, 3000] as const

/** The same of a resource: it may say so, or only bring a nonce that the proof had not. Another refusal is not one for want of a nonce. */
async function isForNonce(response: Response, proof: string): Promise<boolean> {
  const { status, headers } = response
  const nonce = headers.get('dpop-nonce')
  if ((status !== 401 && status !== 400) || nonce === null) return false
  const challenges = parseChallenge(headers.get('www-authenticate'))
  const errors = challenges.map(({ parameters }) => parameters.error).filter((error) => error !== undefined)
  if (errors.length > 0) return errors.includes(wanted)
  if (status === 401 && nonce !== nonceIn(proof)) return true
  const text = await readCapped(response.clone(), bodyLimit, bodyTime).catch(() => '')
  return (await standardError(new Response(text))) === wanted
}

function nonceIn(proof: string): unknown {
  const payload = proof.split('.')[1] ?? ''
  return JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))).nonce
}
