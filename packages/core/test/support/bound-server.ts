import { createHash } from 'node:crypto'
import { testKey } from '@pentauth/tooling/canary'
import { calculateJwkThumbprint, decodeProtectedHeader, EmbeddedJWK, jwtVerify } from 'jose'
import { authorizationServer, type Endpoints, type World } from './authorization-server.ts'
import { type Answer, json, type Seen } from './server.ts'

/** What a server asks of proofs beyond the standard's musts, and how it says so. */
export interface Rules {
  /** The nonce that the token endpoint wants, at that moment. */
  tokenNonce?: string | undefined
  resourceNonce?: string | undefined
  /** How a resource says that it wants a nonce: a challenge, or JSON as a token endpoint. */
  says?: 'challenge' | 'json' | 'nothing'
  tokenType?: string
  /** Who proves nothing gets Bearer tokens. */
  bearerToo?: boolean
  /** How far (ms) the server's clock is ahead. */
  ahead?: number
  /** Of the access tokens, in seconds. */
  lifetime?: number
  /** Where the resource sends a request to, by its path. */
  redirects?: Record<string, { readonly status: number; readonly location: string }>
}

export interface BoundWorld extends World {
  readonly rules: Rules
  /** By access token, the thumbprint of the key that it is bound to; empty for a Bearer token. */
  readonly bound: Map<string, string>
  /** Names of all proofs that came, each once. */
  readonly jtis: Set<string>
  /** What was wrong with a proof, in the order of things. */
  readonly flaws: string[]
  /** Requests to the resource that came through. */
  readonly served: Seen[]
}

/** An authorization server and a resource that take tokens with proofs only (RFC 9449), checked by jose. */
export async function boundServer(rules: Rules = {}, endpoints: Endpoints = {}): Promise<BoundWorld> {
  const bound = new Map<string, string>()
  const refreshable = new Map<string, string>()
  const jtis = new Set<string>()
  const flaws: string[] = []
  const served: Seen[] = []
  let made = 0

  /** Who made the proof; what is wrong with it is an error. */
  const check = async (seen: Seen, origin: string, nonce: string | undefined, token?: string): Promise<string> => {
    const proof = String(seen.headers.dpop ?? '')
    const { payload } = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: ['ES256'],
      maxTokenAge: 60,
      currentDate: new Date(Date.now() + (rules.ahead ?? 0)),
      requiredClaims: ['jti', 'htm', 'htu'],
    })
    const { jwk } = decodeProtectedHeader(proof)
    if (!jwk || 'd' in jwk) throw new Error('the header holds a private key')
    if (payload.htm !== seen.method) throw new Error(`htm ${payload.htm} for ${seen.method}`)
    if (payload.htu !== origin + seen.path.split('?')[0]) throw new Error(`htu ${payload.htu} for ${seen.path}`)
    if (jtis.has(String(payload.jti))) throw new Error('a proof that was used before')
    jtis.add(String(payload.jti))
    if (nonce !== undefined && payload.nonce !== nonce) throw new Error('use_dpop_nonce')
    const ath = token === undefined ? undefined : createHash('sha256').update(token).digest('base64url')
    if (payload.ath !== ath) throw new Error('the proof is not for this token')
    return calculateJwkThumbprint(jwk)
  }

  const grant: Answer = async (response, seen, { origin }) => {
    const headers = rules.tokenNonce === undefined ? {} : { 'dpop-nonce': rules.tokenNonce }
    const form = new URLSearchParams(seen.body)
    const isBearer = rules.bearerToo === true && !('dpop' in seen.headers)
    const checked = isBearer ? '' : await check(seen, origin, rules.tokenNonce).catch((error: Error) => error)
    if (checked instanceof Error) {
      flaws.push(`token: ${checked.message}`)
      const error = checked.message === 'use_dpop_nonce' ? checked.message : 'invalid_dpop_proof'
      return json(response, 400, { error }, headers)
    }
    if (form.get('grant_type') === 'refresh_token') {
      const value = form.get('refresh_token') ?? ''
      // Of a public client it is bound to the key, too (section 5).
      if (refreshable.get(value) !== checked) return json(response, 400, { error: 'invalid_grant' }, headers)
      refreshable.delete(value)
    }
    made += 1
    const [access, refresh] = [testKey.token(`access ${made}`), testKey.token(`refresh ${made}`)]
    bound.set(access, checked)
    refreshable.set(refresh, checked)
    const { tokenType: token_type = isBearer ? 'Bearer' : 'DPoP', lifetime: expires_in = 3600 } = rules
    const tokens = { access_token: access, token_type, expires_in, scope: 'read' }
    const isOwn = form.get('grant_type') === 'client_credentials'
    return json(response, 200, isOwn ? tokens : { ...tokens, refresh_token: refresh }, headers)
  }

  const resource: Answer = async (response, seen, { origin }) => {
    const [scheme, token = ''] = (seen.headers.authorization ?? '').split(' ')
    const headers = rules.resourceNonce === undefined ? {} : { 'dpop-nonce': rules.resourceNonce }
    const refuse = (flaw: string, error: string) => {
      flaws.push(`resource: ${flaw}`)
      if (rules.says === 'json') return json(response, 400, { error }, headers)
      const challenge = rules.says === 'nothing' ? 'DPoP' : `DPoP error="${error}", algs="ES256"`
      return json(response, 401, {}, { ...headers, 'www-authenticate': challenge })
    }
    const isBearer = scheme === 'Bearer' && bound.get(token) === ''
    if (scheme !== 'DPoP' && !isBearer) return refuse(`scheme ${scheme}`, 'invalid_token')
    const checked = isBearer ? '' : await check(seen, origin, rules.resourceNonce, token).catch((error: Error) => error)
    if (checked instanceof Error)
      return refuse(checked.message, checked.message === 'use_dpop_nonce' ? checked.message : 'invalid_dpop_proof')
    if (bound.get(token) !== checked) return refuse('the token is not bound to this key', 'invalid_token')
    const redirect = rules.redirects?.[seen.path]
    if (redirect) return response.writeHead(redirect.status, { ...headers, location: redirect.location }).end()
    served.push(seen)
    return json(response, 200, { ok: true }, headers)
  }

  const world = await authorizationServer({
    token: grant,
    mcp: resource,
    ...endpoints,
    metadata: (origin) => ({ dpop_signing_alg_values_supported: ['ES256'], ...endpoints.metadata?.(origin) }),
  })
  return { ...world, rules, bound, jtis, flaws, served }
}
