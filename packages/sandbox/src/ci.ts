import {
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose'
import type { Clock } from './clock.ts'
import { leakMarker, markedSecret, randomHex, sha256 } from './secrets.ts'

/** The origin at which the sandbox's own CI system is documented: nobody else has it. */
export const ciOrigin = 'https://ci.sandbox.example'

/** What an identity token of a job says, beside what is given by the job itself. */
export interface JobTokenOptions {
  /** Whom the token is for. */
  readonly audience: string
  /** Seconds until it ends (default 300); a negative one has ended already. */
  readonly lifetime?: number | undefined
  /** Whether it may be shown more than once, as a token that a platform writes into a file (default false). */
  readonly reusable?: boolean | undefined
  /** Claims in the place of its own, such as `{ iss: 'https://evil.example' }`. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
}

/** A job that runs in the sandbox's CI system. */
export interface CiJob {
  readonly subject: string
  /** What the job finds in its environment, named as GitHub does; given the origins of a listening sandbox, with its address. */
  env(origins?: Readonly<Record<string, string>>): Readonly<Record<string, string>>
  /** An identity token of the job, without asking for it by HTTP. */
  token(options: JobTokenOptions): Promise<string>
  /** Ends the job: its request token is not good any more. */
  end(): void
}

/** A CI system that says which job a program belongs to, as GitHub Actions does: none of the five services has one. */
export interface Ci {
  /** The `iss` of its tokens. */
  readonly issuer: string
  /** Identity tokens that were asked for by HTTP, refused requests included. */
  readonly requests: number
  /**
   * Starts a job (default subject `repo:octo/agent:ref:refs/heads/main`).
   *
   * @example
   * const { ACTIONS_ID_TOKEN_REQUEST_URL } = sandbox.ci.job({ subject: 'repo:octo/agent:ref:refs/heads/main' }).env()
   */
  job(options?: { readonly subject?: string | undefined }): CiJob
}

/** The CI system with the sides that only the kernel uses. */
export interface CiSystem extends Ci {
  answer(request: Request): Promise<Response>
  /** The claims of a token that is this system's, in time and for one of the audiences; else undefined. */
  verify(token: string, audiences: readonly string[]): Promise<JWTPayload | undefined>
}

// Real ones sign with RS256, whose keys take a test's time to make.
const algorithm = 'ES256'

/** Makes the CI system of one sandbox. */
export function createCi(clock: Clock): CiSystem {
  // Made when it is first needed: most sandboxes have no jobs.
  let made: ReturnType<typeof generateKeyPair> | undefined
  const pair = (): ReturnType<typeof generateKeyPair> => {
    made ??= generateKeyPair(algorithm)
    return made
  }
  const keySet = async (): Promise<JSONWebKeySet> => {
    const { kty, crv, x, y } = await exportJWK((await pair()).publicKey)
    return { keys: [{ kty, crv, x, y, kid: 'ci', alg: algorithm, use: 'sig' }] } as JSONWebKeySet
  }
  /** By the SHA-256 of their request tokens. */
  const jobs = new Map<string, CiJob>()
  let requests = 0

  const mint = async (subject: string, options: JobTokenOptions): Promise<string> => {
    const now = Math.floor(clock.now() / 1000)
    const { audience, lifetime = 300, reusable = false, claims } = options
    // The marker also in what may be shown often, which has no number.
    const own = { iss: ciOrigin, sub: subject, aud: audience, iat: now, nbf: now, exp: now + lifetime }
    const number = reusable ? { run: leakMarker + randomHex(20) } : { jti: leakMarker + randomHex(20) }
    return new SignJWT({ ...own, ...number, ...claims })
      .setProtectedHeader({ alg: algorithm, kid: 'ci', typ: 'JWT' })
      .sign((await pair()).privateKey)
  }

  const tokenFor = async (request: Request, url: URL): Promise<Response> => {
    requests += 1
    const [, value] = /^bearer (.+)$/i.exec(request.headers.get('authorization') ?? '') ?? []
    const job = value === undefined ? undefined : jobs.get(await sha256(value))
    if (job === undefined) return Response.json({ message: 'The request token is not that of a job.' }, { status: 401 })
    const audience = url.searchParams.get('audience')
    if (audience === null || audience === '')
      return Response.json({ message: 'audience is required here.' }, { status: 400 })
    const token = await job.token({ audience })
    return Response.json({ count: token.length, value: token }, { headers: { 'cache-control': 'no-store' } })
  }

  return {
    issuer: ciOrigin,
    get requests() {
      return requests
    },
    job({ subject = 'repo:octo/agent:ref:refs/heads/main' } = {}) {
      const requestToken = markedSecret('ci_', randomHex(64))
      const key = sha256(requestToken)
      const job: CiJob = {
        subject,
        env: (origins = {}) => ({
          ACTIONS_ID_TOKEN_REQUEST_URL: `${origins[ciOrigin] ?? ciOrigin}/oidc/token?api-version=2.0`,
          ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
        }),
        token: (options) => mint(subject, options),
        end: () => void key.then((digest) => jobs.delete(digest)),
      }
      void key.then((digest) => jobs.set(digest, job))
      return job
    },
    async answer(request) {
      const url = new URL(request.url)
      if (request.method !== 'GET') return Response.json({ message: 'GET only' }, { status: 405 })
      if (url.pathname === '/oidc/token') return tokenFor(request, url)
      if (url.pathname === '/.well-known/jwks') return Response.json(await keySet())
      if (url.pathname !== '/.well-known/openid-configuration') return new Response(null, { status: 404 })
      return Response.json({
        issuer: ciOrigin,
        jwks_uri: `${ciOrigin}/.well-known/jwks`,
        subject_types_supported: ['public'],
        response_types_supported: ['id_token'],
        id_token_signing_alg_values_supported: [algorithm],
      })
    },
    async verify(token, audiences) {
      try {
        const { payload } = await jwtVerify(token, createLocalJWKSet(await keySet()), {
          algorithms: [algorithm],
          issuer: ciOrigin,
          audience: [...audiences],
          currentDate: new Date(clock.now()),
          requiredClaims: ['exp', 'sub'],
        })
        return payload
      } catch {
        return undefined
      }
    },
  }
}
