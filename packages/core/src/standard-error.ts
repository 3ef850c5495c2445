// Of RFC 6749, 7009, 7591, 8628, 8707 and 9449. Servers may send any text in this place, also one that repeats a secret.
const standard =
  /^(?:invalid_(?:request|client|grant|scope|target|redirect_uri|client_metadata|software_statement|dpop_proof)|un(?:authorized_client|supported_grant_type|supported_token_type|approved_software_statement)|access_denied|authorization_pending|slow_down|expired_token|use_dpop_nonce|server_error|temporarily_unavailable)$/

/** The error code of an answer, if it is a code of the standards; the answer stays as readable as it was. */
export async function standardError(response: Response): Promise<string | undefined> {
  try {
    const answer: { readonly error?: unknown } = Object.assign(Object.create(null), await response.clone().json())
    return typeof answer.error === 'string' && standard.test(answer.error) ? answer.error : undefined
  } catch {
    return undefined
  }
}
