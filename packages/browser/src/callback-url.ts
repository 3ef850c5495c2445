/** Parameters of an authorization response (RFC 6749 section 4.1.2, RFC 9207, OpenID Connect Session Management). */
const responseParameters = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri', 'session_state']

/** Whether an address is the answer to a sign-in that was to come back to that page. */
export function isCallback(url: URL, redirectUri: URL): boolean {
  const { searchParams: query } = url
  return (
    url.origin === redirectUri.origin &&
    url.pathname === redirectUri.pathname &&
    (query.has('code') || query.has('error'))
  )
}

/** Takes the answer out of the address and the history, so that no other script, link or later visit finds it. */
export function cleanAddress(url: URL): void {
  if (url.href !== location.href) return
  const clean = new URL(url)
  for (const name of responseParameters) clean.searchParams.delete(name)
  history.replaceState(history.state, '', clean)
}
