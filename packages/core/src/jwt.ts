import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'
import { keysOf, unreadableKeys } from './issuer-keys.ts'
import { rulesOf } from './metadata.ts'
import { type Runtime, withDefaults } from './runtime.ts'
import { allowsPlainHttp, isSecure } from './secure-url.ts'
import type { Service } from './service.ts'

export interface VerifyOptions {
  /** Whose tokens they are: its definition gives the issuer and the algorithm. */
  readonly service?: Service | undefined
  /** Who must have issued the token; needed without a service that names it. */
  readonly issuer?: string | undefined
  /** Whom the token must be for: your own server's URL, never another's. One of several is enough. */
  readonly audience: string | readonly string[]
  /** Where the issuer's keys are; its metadata says so unless given. */
  readonly jwksUri?: string | undefined
  /** Signature algorithms that are accepted; the service's own, else every asymmetric one in use. */
  readonly algorithms?: readonly string[] | undefined
  /** Seconds by which clocks may differ; 30 unless given. */
  readonly clockTolerance?: number | undefined
  /** Scopes that the token must have, all of them. */
  readonly requiredScopes?: readonly string[] | undefined
  /** Parts of the platform to replace. Keys are kept for each such object, so pass the same one again. */
  readonly runtime?: Partial<Runtime> | undefined
}

/** What a valid token says. */
export interface VerifiedToken {
  /** Who the token acts for; absent where the issuer does not say. */
  readonly subject: string | undefined
  readonly clientId: string | undefined
  readonly scopes: readonly string[]
  readonly issuer: string
  readonly audience: readonly string[]
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /** All claims, as the issuer signed them. */
  readonly claims: Readonly<Record<string, unknown>>
}

/**
 * Verifies a JWT access token on the side that receives it: signature, issuer, audience, expiry and scopes.
 *
 * The keys are the issuer's own, read once and again when a token names a new one (at most every 30 s); what a token's header says about
 * where keys are is ignored. A token without an expiry is refused.
 *
 * @throws PentauthError `token_invalid` when the token is not to be trusted, which never repeats it; `insufficient_scope`,
 *   `temporarily_unavailable` when the keys cannot be had now, `discovery_failed` or `unsafe_address` when the issuer's metadata names
 *   none that are usable, `invalid_option`.
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-4
 * @example
 * ```ts
 * async function whoCalls(request: Request): Promise<string | undefined> {
 *   const token = request.headers.get('authorization')?.replace(/^Bearer /i, '') ?? ''
 *   const options = { service: pensyve, audience: 'https://mcp.example.com/mcp', requiredScopes: ['mcp:read'] }
 *   return (await verifyAccessToken(token, options)).subject
 * }
 * ```
 */
export async function verifyAccessToken(token: string, options: VerifyOptions): Promise<VerifiedToken> {
  const rules = rulesFrom(options)
  if (typeof token !== 'string' || token.length > 65_536) throw invalid('is no text of at most 64 KiB')
  // Three parts and nothing encrypted, which could cost far more to open than to send.
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) throw invalid('is not a signed JWT')
  const keys = await keysOf(rules.flow, rules.issuer, rules.jwksUri, options.runtime)
  const claims = await verify(token, keys, rules)
  const scopes = scopesIn(claims)
  const missing = (options.requiredScopes ?? []).filter((scope) => !scopes.includes(scope))
  if (missing.length > 0) throw tooNarrow(missing)
  return {
    subject: claims.sub,
    clientId: [claims.client_id, claims.azp].find((value) => typeof value === 'string') as string | undefined,
    scopes,
    issuer: rules.issuer,
    audience: [claims.aud ?? []].flat(),
    expiresAt: (claims.exp ?? 0) * 1000,
    claims,
  }
}

interface Rules {
  readonly issuer: string
  readonly audience: string[]
  readonly algorithms: string[]
  readonly clockTolerance: number
  readonly jwksUri: string | undefined
  readonly flow: Flow
}

/** Every asymmetric algorithm in use: with one that shares a secret, whoever verifies could also sign. */
const asymmetric = 'Ed25519 EdDSA ES256 ES384 ES512 PS256 PS384 PS512 RS256 RS384 RS512'.split(' ')

function rulesFrom(options: VerifyOptions): Rules {
  const own: VerifyOptions = Object.assign(Object.create(null), options)
  const { service, jwksUri, clockTolerance = 30 } = own
  const documented = service ? rulesOf(service) : undefined
  const issuer = own.issuer ?? documented?.issuer
  if (typeof issuer !== 'string' || !URL.canParse(issuer))
    throw wrong('needs the issuer of the tokens, or a service that names it')
  const audience = [own.audience ?? []].flat()
  if (audience.length === 0 || audience.some((name) => typeof name !== 'string' || name === ''))
    throw wrong('needs the audience of the tokens, which is your own server')
  if (!Number.isFinite(clockTolerance) || clockTolerance < 0) throw wrong('needs a clockTolerance in seconds')
  const algorithms = [...(own.algorithms ?? sameAlgorithm(documented?.tokenSigningAlgorithm) ?? asymmetric)]
  if (algorithms.length === 0 || !algorithms.every((name) => asymmetric.includes(name)))
    throw wrong(`needs algorithms out of ${asymmetric.join(', ')}`)
  const runtime = withDefaults(own.runtime)
  const flow = { service: service ?? unnamed(issuer), resource: issuerResource(issuer), runtime, emit: undefined }
  const isAllowed = ({ protocol }: URL) => protocol === 'http:' && allowsPlainHttp(flow.service)
  for (const url of [issuer, jwksUri ?? issuer]) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined
    if (!parsed || (!isSecure(parsed) && !isAllowed(parsed))) throw wrong('reads keys over https, or on this machine')
  }
  return { issuer, audience, algorithms, clockTolerance, jwksUri, flow }
}

/** RFC 9864 gave EdDSA with this curve a name of its own; tokens have either. */
function sameAlgorithm(name: string | undefined): string[] | undefined {
  if (name === undefined) return undefined
  return name === 'EdDSA' || name === 'Ed25519' ? ['EdDSA', 'Ed25519'] : [name]
}

/** What stands for an issuer of which there is no definition. */
function unnamed(issuer: string): Service {
  const links = { docs: { where: issuer, url: issuer } }
  return {
    id: 'issuer',
    name: new URL(issuer).host,
    resources: {},
    oauth: { issuer } as never,
    errors: [],
    links,
    recommendations: [],
  }
}

function issuerResource(issuer: string): Flow['resource'] {
  return { name: 'issuer', url: issuer, protocol: 'rest', headers: {} }
}

async function verify(token: string, keys: JWTVerifyGetKey, rules: Rules): Promise<JWTPayload> {
  const { issuer, audience, algorithms, clockTolerance, flow } = rules
  const now = flow.runtime.now()
  const options = { issuer, audience, algorithms, clockTolerance, requiredClaims: ['exp'], currentDate: new Date(now) }
  const { payload, protectedHeader } = await jwtVerify(token, keys, options).catch(async (error) => {
    // Keys without a name: the right one is found by trying.
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw refusal(flow, error)
    for await (const key of error) {
      const verified = await jwtVerify(token, key, options).catch((flaw) => {
        if (!(flaw instanceof errors.JWSSignatureVerificationFailed)) throw refusal(flow, flaw)
      })
      if (verified) return verified
    }
    throw invalid('has a signature that none of the keys of its issuer made')
  })
  // RFC 8725 section 3.11: a token made for another purpose is none, though the same key signed it.
  if (!/^(?:application\/)?(?:at\+jwt|jwt)$/i.test(protectedHeader.typ ?? 'JWT'))
    throw invalid('is a JWT of another type')
  if (typeof payload.iat === 'number' && payload.iat > now / 1000 + clockTolerance)
    throw invalid('was issued in the future')
  return payload
}

/** What is wrong with a token, by the library's codes; its own errors hold parts of the token. */
const flaws: Readonly<Record<string, string>> = {
  ERR_JOSE_ALG_NOT_ALLOWED: 'is signed with an algorithm that is not accepted',
  ERR_JWKS_NO_MATCHING_KEY: 'is signed with a key that its issuer does not have',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'has a signature that none of the keys of its issuer made',
  ERR_JWT_EXPIRED: 'has expired',
}
const wrongClaims: Readonly<Record<string, string>> = {
  iss: 'is from another issuer',
  aud: 'is for another audience',
  nbf: 'is not valid yet',
  exp: 'has no usable expiry',
}

function refusal(flow: Flow, error: unknown): PentauthError {
  if (PentauthError.isInstance(error)) return error
  if (error instanceof errors.JWTClaimValidationFailed) return invalid(wrongClaims[error.claim] ?? 'has a wrong claim')
  const code = error instanceof errors.JOSEError ? error.code : ''
  const flaw = Object.hasOwn(flaws, code) ? flaws[code] : undefined
  if (flaw !== undefined) return invalid(flaw)
  if (!/^ERR_(?:JOSE_GENERIC|JWKS_|JWK_)/.test(code)) return invalid('is not a signed JWT')
  return unreadableKeys(flow)
}

function scopesIn({ scope, scp }: JWTPayload): string[] {
  const said = scope ?? scp
  if (typeof said === 'string') return said.split(' ').filter(Boolean)
  return Array.isArray(said) ? said.filter((name) => typeof name === 'string') : []
}

function invalid(flaw: string): PentauthError {
  return new PentauthError({
    code: 'token_invalid',
    message: `The access token ${flaw}.`,
    hint: 'Answer 401 with a Bearer challenge, so that the client gets a new one.',
  })
}

function tooNarrow(missing: readonly string[]): PentauthError {
  return new PentauthError({
    code: 'insufficient_scope',
    message: `The access token's scope does not cover ${missing.join(' ')}.`,
    hint: 'Answer 403 with error="insufficient_scope" and the scope, so that the client can ask for it.',
    parameters: { scope: missing.join(' ') },
  })
}

function wrong(what: string): PentauthError {
  return new PentauthError({ code: 'invalid_option', message: `verifyAccessToken ${what}.` })
}
