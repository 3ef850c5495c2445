/**
 * A string inside every secret the sandbox makes, after its eighth character: grep your logs for it to find a leak, or
 * refuse it in production to know that a credential came from a sandbox. It is hexadecimal, so it fits every service's
 * key format. In a JWT it is the beginning of the `jti` claim, so look there (or for its base64 forms).
 *
 * @example
 * if (process.env.PENDRA_API_KEY?.includes(leakMarker)) console.error('PENDRA_API_KEY is a key of the sandbox')
 */
export const leakMarker = '5ec2e7ca9a21'

/** Random lower-case hexadecimal of the given length, from the platform's cryptographic generator. */
export function randomHex(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(Math.ceil(length / 2)))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .slice(0, length)
}

/** 32 random bytes in base64url without padding: 43 characters. */
export function randomBase64url(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32))
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/** A secret of `prefix` and `body`, with the leak marker written over the body so that the length stays the same. */
export function markedSecret(prefix: string, body: string): string {
  const at = Math.max(8 - prefix.length, 0)
  return prefix + body.slice(0, at) + leakMarker + body.slice(at + leakMarker.length)
}

/** The SHA-256 of a secret in hexadecimal: the only form in which the sandbox keeps one. */
export async function sha256(secret: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(secret))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/**
 * The beginning of a secret that is safe to show: at most eight characters, and never more than a quarter of it, so that
 * a short value sent by mistake is not shown whole.
 */
export function previewOf(secret: string): string {
  return secret.slice(0, Math.min(8, Math.floor(secret.length / 4)))
}
