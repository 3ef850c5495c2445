/** The client id and secret of an `Authorization: Basic` header; each half was form-encoded (RFC 6749 section 2.3.1). */
export function basicPair(headers: Headers): { readonly id: string; readonly secret: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=]+)$/i.exec(headers.get('authorization') ?? '')?.[1]
  if (encoded === undefined) return undefined
  try {
    const [id = '', ...rest] = atob(encoded).split(':')
    return { id: formDecoded(id), secret: formDecoded(rest.join(':')) }
  } catch {
    return undefined
  }
}

const formDecoded = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '))
