// Shorter texts are found anywhere by chance.
const window = 8

/** How many bytes of a secret stand in a text: 0, or the longest run of at least eight. */
export function bytesOf(secret: string, text: string): number {
  for (let length = secret.length; length >= window; length--) {
    for (let start = 0; start + length <= secret.length; start++) {
      if (text.includes(secret.slice(start, start + length))) return length
    }
  }
  return 0
}
