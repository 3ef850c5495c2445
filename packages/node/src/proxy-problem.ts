/** Why the proxy itself answers. */
export type ProxyProblem =
  | 'cross_site'
  | 'not_allowed'
  | 'unauthorized'
  | 'too_large'
  | 'caller_left'
  | 'no_credential'
  | 'service_refused'
  | 'service_redirected'
  | 'service_unreachable'
  | 'failed'

const titles: Readonly<Record<ProxyProblem, readonly [status: number, title: string]>> = {
  cross_site: [403, 'This request comes from a page of another site.'],
  not_allowed: [403, 'This app does not offer that.'],
  unauthorized: [401, 'Sign in to this app first.'],
  too_large: [413, 'This is too large.'],
  caller_left: [499, 'Nobody waits for this any more.'],
  no_credential: [503, 'This app has no usable credential for the service.'],
  service_refused: [502, 'The service does not take the credential of this app.'],
  service_redirected: [502, 'The service sends this elsewhere.'],
  service_unreachable: [502, 'The service cannot be reached.'],
  failed: [500, 'This app failed.'],
}

/** An answer of the proxy itself (RFC 9457), without anything of the service's. */
export function problemAnswer(code: ProxyProblem): Response {
  const [status, title] = titles[code]
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }
  return new Response(JSON.stringify({ type: 'about:blank', title, status, code }), { status, headers })
}
