import { type Absent, type IdentityTokenSource, PentauthError, type PentauthErrorInit } from '@pentauth/core'
import { type Environment, own, variableIn } from './environment.ts'
import { isFilled } from './variables.ts'

export interface GithubActionsTokenOptions {
  /** Whom the token is for: what the service expects as its `aud`. */
  readonly audience: string
  /** The environment to read; `process.env` unless given. */
  readonly env?: Environment | undefined
}

const urlName = 'ACTIONS_ID_TOKEN_REQUEST_URL'
const secretName = 'ACTIONS_ID_TOKEN_REQUEST_TOKEN'

/**
 * The identity token of a GitHub Actions job, asked for anew each time it is needed: it lives for minutes.
 *
 * The job needs `permissions: id-token: write`. Elsewhere than in GitHub Actions there is none, and a chain of sources goes on. The
 * runner's own token goes to the address the runner gave and nowhere else: https only (plain http on this machine), no redirect is
 * followed, at most 10 s, at most 256 KiB.
 *
 * @throws PentauthError `invalid_option` without an audience; (when used) `source_failed` outside of GitHub Actions, without the
 *   permission or when GitHub refuses, `temporarily_unavailable` when it cannot answer now, `invalid_option` for an unusable address,
 *   `malformed_credential` for a runner's token that no header carries.
 * @see https://docs.github.com/en/actions/concepts/security/openid-connect
 * @example
 * ```ts
 * const token = githubActionsToken({ audience: 'https://auth.acme.example' })
 * const issuer = 'https://auth.acme.example'
 * const auth = createAuth(acme, { credential: workloadIdentity({ token, grant: 'jwt-bearer', issuer }) })
 * ```
 */
export function githubActionsToken(options: GithubActionsTokenOptions): IdentityTokenSource {
  const { audience, env = process.env }: Partial<GithubActionsTokenOptions> = own(options)
  if (!isFilled(audience)) {
    throw new PentauthError({
      code: 'invalid_option',
      message: 'githubActionsToken needs an audience.',
      hint: "Write githubActionsToken({ audience: 'https://auth.acme.example' }), with what the service expects as aud.",
    })
  }
  return {
    name: 'GitHub Actions',
    missing: () => missingIn(env),
    async read({ service, ask }) {
      const missing = missingIn(env)
      if (missing) throw missing.error
      const url = requestUrl(env)
      url.searchParams.set('audience', audience)
      const headers = { authorization: `bearer ${requestToken(env)}`, accept: 'application/json' }
      const response = await ask('identity token endpoint of GitHub Actions', url.href, { headers })
      if (response.status !== 200) throw refused(response.status, service.id)
      const value = valueIn(await response.text())
      if (value !== undefined) return value
      throw failed({
        message: 'GitHub Actions sent no identity token.',
        service: service.id,
        hint: `Something else answers at ${urlName}, such as a proxy or a login page.`,
      })
    },
  }
}

interface Missing extends Absent {
  readonly error: PentauthError
}

function missingIn(env: Environment): Missing | undefined {
  const names = [urlName, secretName].filter((name) => !isFilled(variableIn(env, name)))
  if (names.length === 0) return undefined
  if (variableIn(env, 'GITHUB_ACTIONS') !== 'true') {
    const next = 'run it in a GitHub Actions job with permissions: id-token: write'
    const message = `This is no job of GitHub Actions: ${names.join(' and ')} ${names.length > 1 ? 'are' : 'is'} not set.`
    return {
      absent: 'not in GitHub Actions',
      next,
      error: failed({ message, hint: `Here use another credential; or ${next}.` }),
    }
  }
  const next = 'add permissions: id-token: write to the job'
  return {
    absent: 'the job has no permission to get an identity token',
    next,
    error: failed({
      message: `GitHub Actions gives this job no identity token: ${names.join(' and ')} ${names.length > 1 ? 'are' : 'is'} not set.`,
      hint: 'Add "permissions: id-token: write" to the job (and "contents: read", which it loses then). Pull requests of forks never have it.',
    }),
  }
}

function requestUrl(env: Environment): URL {
  const text = variableIn(env, urlName)?.trim() ?? ''
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isHere = url && /^(?:127\.0\.0\.1|localhost|\[::1\])$/.test(url.hostname)
  const flaw =
    !url || !/^https?:$/.test(url.protocol)
      ? 'is no http(s) URL'
      : url.username || url.password
        ? 'holds a user or password'
        : url.protocol === 'http:' && !isHere
          ? "is plain http, so the runner's token would travel readable by others"
          : undefined
  if (url && !flaw) return url
  throw new PentauthError({
    code: 'invalid_option',
    message: `${urlName} ${flaw}.`,
    hint: 'GitHub Actions sets it; leave it as it is.',
  })
}

function requestToken(env: Environment): string {
  const token = variableIn(env, secretName)?.trim() ?? ''
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw new PentauthError({
    code: 'malformed_credential',
    message: `The request token from ${secretName} holds a character that cannot travel in a header.`,
    hint: 'GitHub Actions sets it; leave it as it is.',
  })
}

function refused(status: number, service: string): PentauthError {
  const isRedirect = status >= 300 && status < 400
  return failed({
    message: `GitHub Actions answered ${status} to the request for an identity token.`,
    service,
    status,
    hint: isRedirect
      ? "No redirect is followed: it would carry the runner's token elsewhere."
      : 'The runner gives each job a token of its own, which ends with the job; check that nothing keeps an old environment.',
  })
}

function failed(init: Omit<PentauthErrorInit, 'code'>): PentauthError {
  return new PentauthError({ code: 'source_failed', ...init })
}

function valueIn(text: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(text)
    if (typeof answer !== 'object' || answer === null || !Object.hasOwn(answer, 'value')) return undefined
    const { value } = answer as { readonly value: unknown }
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
