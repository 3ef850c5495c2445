/** Headers of what must not be kept by a cache: it carries tokens, or says who asked for them. */
export const noStore: Readonly<Record<string, string>> = { 'cache-control': 'no-store', pragma: 'no-cache' }

/** An error of RFC 6749 section 5.2 and its kin, as JSON. */
export function oauthProblem(
  error: string,
  description: string,
  status = 400,
  headers: Record<string, string> = {},
): Response {
  return Response.json({ error, error_description: description }, { status, headers: { ...noStore, ...headers } })
}

/** A value or the response that refuses: the parts of an endpoint hand the refusal through. */
export type OrRefusal<T> = T | Response

/** The fields of a form-encoded request, each at most once (RFC 6749 section 3.1 and 3.2). */
export async function formFields(request: Request): Promise<OrRefusal<ReadonlyMap<string, string>>> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers.get('content-type') ?? '')) {
    return oauthProblem('invalid_request', 'The body must be application/x-www-form-urlencoded.')
  }
  const fields = [...new URLSearchParams(await request.text())].filter(([, value]) => value !== '')
  const known = new Map(fields)
  const twice = fields.find(([name], index) => fields.findIndex(([other]) => other === name) !== index)
  if (twice === undefined) return known
  return oauthProblem('invalid_request', 'A parameter was sent more than once.')
}
