import type { Answer } from './asker.ts'
import { type Document, has, jsonIn, judgeType, listIn, textIn } from './documents.ts'
import type { Verdict } from './report.ts'
import { shownValue } from './shown.ts'

/** Endpoints that clients send people, codes and tokens to. */
export const endpointNames = [
  'authorization_endpoint',
  'token_endpoint',
  'registration_endpoint',
  'revocation_endpoint',
  'device_authorization_endpoint',
  'pushed_authorization_request_endpoint',
  'jwks_uri',
] as const

/** What the authorization server says of itself. `refusals` has why an endpoint may not be asked, by its name. */
export function judgeServer(
  answer: Answer,
  document: Document,
  issuer: string,
  refusals: ReadonlyMap<string, string>,
): Verdict[] {
  const flag = (name: string) => document[name] === true
  const named = textIn(document, 'issuer')
  const flaws = Array.from(refusals, ([name, flaw]) => `${name} ${flaw}`).join('; ')
  const isCimd = flag('client_id_metadata_document_supported')
  const canRegister = textIn(document, 'registration_endpoint') !== undefined
  const isPushed = flag('require_pushed_authorization_requests')
  return [
    judgeType(answer, 'server.type'),
    {
      id: 'server.issuer',
      met: named === issuer,
      detail: `"issuer": ${shownValue(document.issuer)}, asked: ${shownValue(issuer)}`,
    },
    has(
      document,
      'authorization_endpoint',
      'server.authorization_endpoint',
      textIn(document, 'authorization_endpoint') !== undefined,
    ),
    judgeOwnQuery(document),
    has(document, 'token_endpoint', 'server.token_endpoint', textIn(document, 'token_endpoint') !== undefined),
    { id: 'server.endpoints', met: flaws === '', detail: flaws || undefined },
    ...judgeSupport(document),
    { id: 'server.registration', met: isCimd || canRegister, detail: ways(isCimd, canRegister) },
    has(document, 'client_id_metadata_document_supported', 'server.cimd', isCimd),
    has(
      document,
      'authorization_response_iss_parameter_supported',
      'server.iss',
      flag('authorization_response_iss_parameter_supported'),
    ),
    ...(isPushed
      ? [
          has(
            document,
            'pushed_authorization_request_endpoint',
            'server.pushed',
            textIn(document, 'pushed_authorization_request_endpoint') !== undefined,
          ),
        ]
      : []),
    has(document, 'revocation_endpoint', 'server.revocation', textIn(document, 'revocation_endpoint') !== undefined),
    has(
      document,
      'device_authorization_endpoint',
      'server.device',
      textIn(document, 'device_authorization_endpoint') !== undefined,
    ),
  ]
}

/** What it says that it can do; what is left out means what the standard says. */
function judgeSupport(document: Document): Verdict[] {
  const grants = listIn(document, 'grant_types_supported') ?? ['authorization_code', 'implicit']
  const isSaid = document.grant_types_supported !== undefined
  const challenges = listIn(document, 'code_challenge_methods_supported') ?? []
  const old = isSaid && grants.some((grant) => grant === 'implicit' || grant === 'password')
  const methods = listIn(document, 'token_endpoint_auth_methods_supported') ?? ['client_secret_basic']
  return [
    has(document, 'code_challenge_methods_supported', 'server.pkce', challenges.includes('S256')),
    ...(challenges.length > 0
      ? [has(document, 'code_challenge_methods_supported', 'server.pkce_plain', !challenges.includes('plain'))]
      : []),
    has(
      document,
      'response_types_supported',
      'server.response_type',
      (listIn(document, 'response_types_supported') ?? []).includes('code'),
    ),
    has(document, 'grant_types_supported', 'server.grant_code', grants.includes('authorization_code')),
    has(document, 'grant_types_supported', 'server.grant_refresh', grants.includes('refresh_token')),
    has(document, 'grant_types_supported', 'server.old_grants', !old),
    has(document, 'token_endpoint_auth_methods_supported', 'server.public_clients', methods.includes('none')),
  ]
}

const ways = (isCimd: boolean, canRegister: boolean): string =>
  [isCimd && 'a metadata document', canRegister && 'registration'].filter(Boolean).join(', ') || 'Neither is offered.'

/** What a request sets and an address may not. */
const ours =
  /^(?:response_type|response_mode|client_id|redirect_uri|scope|state|code_challenge(?:_method)?|resource|nonce|request(?:_uri)?|prompt|dpop_jkt)$/

function judgeOwnQuery(document: Document): Verdict {
  const url = textIn(document, 'authorization_endpoint') ?? ''
  const taken = URL.canParse(url) ? [...new URL(url).searchParams.keys()].filter((name) => ours.test(name)) : []
  return {
    id: 'server.authorization_query',
    met: taken.length === 0,
    detail: taken.length > 0 ? `It sets ${taken.join(', ')}.` : undefined,
  }
}

/** How the token endpoint refuses a code that it has not given. */
export function judgeTokenError({ status, failure, text, headers }: Answer): Verdict {
  const body = jsonIn(text) as { readonly error?: unknown } | null | undefined
  const error = typeof body === 'object' ? body?.error : undefined
  const met = (status === 400 || status === 401) && typeof error === 'string'
  const kind = headers.get('content-type') ?? 'no content type'
  return { id: 'server.token_error', met, detail: `${status ?? failure} (${kind}), "error": ${shownValue(error)}` }
}
