/** Whether a browser opens the address: the page names a web page there, with a Get API Key button. */
export function asksForPage({ method, headers }: Request): boolean {
  return method === 'GET' && /\btext\/html\b/i.test(headers.get('accept') ?? '') && !headers.has('authorization')
}

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Pendium MCP (sandbox)</title>
<h1>Pendium MCP (sandbox)</h1>
<p>Add this address to an MCP client; it signs you in, and no API key is needed.</p>
<p>The REST API takes a key: <a href="/settings/api-keys">Get API Key</a></p>
</html>
`

/** The page at the address of the MCP server; it loads nothing. */
export function mcpPage(): Response {
  const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': "default-src 'none'" }
  return new Response(page, { headers })
}
