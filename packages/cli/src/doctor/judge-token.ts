import type { Answer } from './asker.ts'
import type { TokenExchange } from './client-fetch.ts'
import { jsonIn } from './documents.ts'
import type { Verdict } from './report.ts'
import { shown, shownValue } from './shown.ts'

/** What a token response says beside the tokens. */
export function judgeTokenResponse({ answer, response, fields }: TokenExchange): Verdict[] {
  const said = (name: string) => `"${name}": ${shownValue(answer[name])}`
  const type = answer.token_type
  const control = response.get('cache-control')
  return [
    { id: 'token.type', met: typeof type === 'string' && /^(?:bearer|dpop)$/i.test(type), detail: said('token_type') },
    { id: 'token.expires_in', met: Number(answer.expires_in) > 0, detail: said('expires_in') },
    {
      id: 'token.no_store',
      met: /\bno-store\b/i.test(control ?? ''),
      detail: `Cache-Control: ${shown(control ?? 'none')}`,
    },
    { id: 'token.scope', met: typeof answer.scope === 'string', detail: said('scope') },
    {
      id: 'token.refresh_token',
      met: typeof answer.refresh_token === 'string',
      detail: answer.refresh_token ? undefined : 'There is none.',
    },
    ...judgeAudience(String(answer.access_token), fields.getAll('resource')),
  ]
}

/** The audience of a token that can be read; nothing is verified, since it is for the resource and not for us. */
function judgeAudience(token: string, resources: readonly string[]): Verdict[] {
  const [, payload, signature] = token.split('.')
  if (payload === undefined || signature === undefined || resources.length === 0) return []
  const claims = jsonIn(Buffer.from(payload, 'base64url').toString()) as { readonly aud?: unknown } | null | undefined
  if (typeof claims !== 'object' || claims === null) return []
  const audiences = [claims.aud].flat()
  const met = resources.some((resource) =>
    audiences.some((one) => String(one).replace(/\/$/, '') === resource.replace(/\/$/, '')),
  )
  return [{ id: 'token.audience', met, detail: `"aud": ${shownValue(claims.aud)}, asked for: ${resources.join(', ')}` }]
}

export function judgeUse({ status, failure }: Answer): Verdict {
  const met = status !== undefined && status !== 401 && status !== 403
  return { id: 'token.works', met, detail: `${status ?? failure}` }
}

/** What a renewal gave. */
export function judgeRefresh(
  answer: Answer,
  given: TokenExchange['answer'] | undefined,
  before: TokenExchange,
): Verdict[] {
  const { status, failure, text } = answer
  if (!given) {
    const error = Object(jsonIn(text)).error
    return [{ id: 'token.refreshed', met: false, detail: `${status ?? failure}, "error": ${shownValue(error)}` }]
  }
  const isPublic =
    !before.fields.has('client_secret') && !before.fields.has('client_assertion') && !before.headers.authorization
  const rotated = typeof given.refresh_token === 'string' && given.refresh_token !== before.answer.refresh_token
  return [
    { id: 'token.refreshed', met: true },
    ...(isPublic
      ? [
          {
            id: 'token.rotated',
            met: rotated,
            detail: rotated ? undefined : 'The refresh token stays the same.',
          } as const,
        ]
      : []),
  ]
}

export function judgeReuse({ status, failure }: Answer): Verdict {
  return { id: 'token.reuse', met: status === 400 || status === 401, detail: `${status ?? failure}` }
}

export function judgeRevocation({ status, failure }: Answer): Verdict {
  return { id: 'token.revocation', met: status === 200, detail: `${status ?? failure}` }
}

export function judgeRevoked({ status, failure }: Answer): Verdict {
  return { id: 'token.revoked', met: status === 401, detail: `${status ?? failure}` }
}
