import type { PresentedCredential } from './service.ts'

/** The token of an `Authorization: Bearer` header; the scheme's case is free, as RFC 9110 section 11.1 says. */
export function bearerOf(headers: Headers): string | undefined {
  return /^bearer +(\S.*)$/i.exec(headers.get('authorization') ?? '')?.[1]?.trim()
}

/** The API key in an `x-api-key` header. */
export function apiKeyHeaderOf(headers: Headers): string | undefined {
  return headers.get('x-api-key')?.trim() || undefined
}

/** An API key that came in one of the two headers, or nothing. */
export function presentedKey(
  header: 'authorization' | 'x-api-key',
  value: string | undefined,
): PresentedCredential | undefined {
  return value === undefined ? undefined : { kind: 'api-key', header, value }
}
