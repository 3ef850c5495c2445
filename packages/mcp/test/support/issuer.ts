import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { testKey } from '@pentauth/tooling/canary'
import { type Handler, json, notMine, type Seen } from './server.ts'

/** An authorization server that registers clients, and rotates refresh tokens strictly: one that is used again ends its family. */
export interface Issuer {
  readonly handler: Handler
  /** The access tokens that are good. */
  readonly valid: Set<string>
  /** The forms that came to the token endpoint. */
  readonly forms: URLSearchParams[]
  /** Clients it knows. */
  readonly clients: Set<string>
  /** Answers the next token requests otherwise, one each. */
  readonly instead: ((response: ServerResponse) => unknown)[]
  /** What its metadata says otherwise; `undefined` leaves a field out. */
  metadata: (origin: string) => Readonly<Record<string, unknown>>
  /** What a person's browser comes back with from its page. */
  approve(page: string | URL, changes?: Readonly<Record<string, string>>): URL
  /** Tokens as of a sign-in. */
  issue(): { readonly access_token: string; readonly refresh_token: string }
  refreshes(): number
}

interface Refresh {
  /** The access tokens of the same sign-in. */
  readonly family: Set<string>
  isUsed: boolean
}

let made = 0

export function issuer(name = 'issuer'): Issuer {
  const codes = new Map<string, URLSearchParams>()
  const refreshTokens = new Map<string, Refresh>()

  const token = (kind: string) => testKey.token(`${name} ${kind} ${made++}`)
  const issue = (family = new Set<string>(), extra: object = {}) => {
    const [access, refresh] = [token('access'), token('refresh')]
    self.valid.add(access)
    family.add(access)
    refreshTokens.set(refresh, { family, isUsed: false })
    return { access_token: access, refresh_token: refresh, token_type: 'Bearer', expires_in: 3600, ...extra }
  }

  /** Ends all tokens of a sign-in. */
  const end = (known: Refresh | undefined) => {
    for (const access of known?.family ?? []) self.valid.delete(access)
    for (const other of refreshTokens.values()) if (other.family === known?.family) other.isUsed = true
  }

  const grant = (response: ServerResponse, form: URLSearchParams) => {
    const fail = (error: string, status = 400) => json(response, status, { error })
    if (!self.clients.has(form.get('client_id') ?? '')) return fail('invalid_client', 401)
    if (form.get('grant_type') === 'refresh_token') {
      const known = refreshTokens.get(form.get('refresh_token') ?? '')
      if (!known || known.isUsed) {
        end(known)
        return fail('invalid_grant')
      }
      known.isUsed = true
      return json(response, 200, issue(known.family))
    }
    const asked = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (asked?.get('code_challenge') !== challenge) return fail('invalid_grant')
    const scope = asked.get('scope')
    return json(response, 200, issue(undefined, scope === null ? {} : { scope }))
  }

  const self: Issuer = {
    valid: new Set(),
    forms: [],
    clients: new Set(['client-0']),
    instead: [],
    metadata: () => ({}),
    issue,
    refreshes: () => self.forms.filter((form) => form.get('grant_type') === 'refresh_token').length,
    handler(seen: Seen, response, origin) {
      if (seen.path === '/.well-known/oauth-authorization-server')
        return json(response, 200, {
          issuer: origin,
          authorization_endpoint: `${origin}/authorize`,
          token_endpoint: `${origin}/token`,
          registration_endpoint: `${origin}/register`,
          revocation_endpoint: `${origin}/revoke`,
          response_types_supported: ['code'],
          code_challenge_methods_supported: ['S256'],
          token_endpoint_auth_methods_supported: ['none'],
          ...self.metadata(origin),
        })
      if (seen.path === '/register') {
        const client_id = `${name}-client-${made++}`
        self.clients.add(client_id)
        return json(response, 201, { ...JSON.parse(seen.body), client_id, client_id_issued_at: 1 })
      }
      if (seen.path === '/revoke') {
        end(refreshTokens.get(new URLSearchParams(seen.body).get('token') ?? ''))
        return response.writeHead(200).end()
      }
      if (seen.path !== '/token') return notMine
      const form = new URLSearchParams(seen.body)
      self.forms.push(form)
      const instead = self.instead.shift()
      return instead ? instead(response) : grant(response, form)
    },
    approve(page, changes = {}) {
      const { searchParams: asked } = new URL(page)
      const code = token('code')
      codes.set(code, asked)
      const callback = new URL(asked.get('redirect_uri') ?? '')
      const answer = { code, state: asked.get('state') ?? '', ...changes }
      for (const [field, value] of Object.entries(answer)) callback.searchParams.set(field, value)
      return callback
    },
  }
  return self
}
