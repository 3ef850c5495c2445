/**
 * Whether a browser asks for GraphiQL. Found: the service shows it to anybody, and what is then queried without a
 * credential is refused.
 */
export function asksForGraphiql({ method, headers, url }: Request): boolean {
  return (
    method === 'GET' &&
    /\btext\/html\b/i.test(headers.get('accept') ?? '') &&
    !headers.has('authorization') &&
    !new URL(url).searchParams.has('query')
  )
}

// Yoga's own page loads GraphiQL from a CDN, and nothing of the sandbox may need the network: this one stands for it.
const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Pentographer GraphQL (sandbox)</title>
<h1>Pentographer GraphQL (sandbox)</h1>
<p>The service shows GraphiQL here. The sandbox has only this page, since GraphiQL itself is loaded from the network.</p>
<p>Every query needs a credential, also one that is sent from GraphiQL:</p>
<pre>POST /api/graphql
Authorization: Bearer YOUR_API_KEY_OR_ACCESS_TOKEN
Content-Type: application/json

{ "query": "{ me { id name } }" }</pre>
</html>
`

/** The page that stands for GraphiQL; it loads nothing. */
export function graphiqlPage(): Response {
  const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': "default-src 'none'" }
  return new Response(page, { headers })
}
