import type { DiscoverOptions } from './discovered.ts'
import { failed } from './document-refusal.ts'
import type { Flow } from './flow.ts'
import type { DescribedServer } from './metadata.ts'

/** Parameters of the authorization request that an endpoint's own query must not decide. */
const ours =
  /^(?:response_type|response_mode|client_id|redirect_uri|scope|state|code_challenge(?:_method)?|resource|nonce|request(?:_uri)?|prompt|dpop_jkt)$/

/**
 * Refuses a server that a person cannot sign in at safely, or a program get no token from.
 *
 * @throws PentauthError `discovery_failed`.
 */
export function checkUnusual(flow: Flow, { server, document }: DescribedServer, options: DiscoverOptions): void {
  const { authorization_endpoint: endpoint, token_endpoint, code_challenge_methods_supported: methods } = server
  if (token_endpoint === undefined) throw failed(flow, document, 'has no "token_endpoint"')
  if (options.way === 'token') return
  if (options.way === 'device') {
    if (server.device_authorization_endpoint !== undefined) return
    const hint = 'It signs in no devices: send the person to a browser, with startSignIn().'
    throw failed(flow, document, 'has no "device_authorization_endpoint"', hint)
  }
  if (endpoint === undefined) throw failed(flow, document, 'has no "authorization_endpoint"')
  if (server.require_pushed_authorization_requests === true && !server.pushed_authorization_request_endpoint)
    throw failed(flow, document, 'asks for pushed requests and has no "pushed_authorization_request_endpoint"')
  const taken = [...new URL(endpoint).searchParams.keys()].find((name) => ours.test(name))
  if (taken !== undefined) throw failed(flow, document, `sets "${taken}" in its "authorization_endpoint"`)
  if (methods ? methods.includes('S256') : options.dangerouslyAllowMissingPkceMetadata === true) return
  throw failed(
    flow,
    document,
    'does not say that the server checks PKCE by S256',
    'Without it a stolen code works for anybody. Ask who runs the service to list code_challenge_methods_supported.',
  )
}
