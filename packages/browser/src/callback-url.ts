/** Parameters of an authorization response (RFC 6749 section 4.1.2, RFC 9207, OpenID Connect Session Management). */
const responseParameters = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri', 'session_state']

/**
 * Whether an address is the answer to a sign-in that was to come back to that page.
 *
 * @param isShared whether that page is no page of its own: what has no state, too, may then be any link with a `code`
 */
export function isCallback({ origin, pathname, searchParams }: URL, redirectUri: URL, isShared = false): boolean {
  return (
    origin === redirectUri.origin &&
    pathname === redirectUri.pathname &&
    (searchParams.has('code') || searchParams.has('error')) &&
    (!isShared || searchParams.has('state'))
  )
}

/** Takes the answer out of the address and the history, so that no other script, link or later visit finds it. */
export function cleanAddress(url: URL): void {
  if (url.href !== location.href) return
  const clean = new URL(url)
  for (const name of responseParameters) clean.searchParams.delete(name)
  history.replaceState(history.state, '', clean)
}
