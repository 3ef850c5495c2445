/** Whether a text that should be a name or a path looks like a key that was put in its place, so that no message may repeat it. */
export function looksLikeKey(text: string): boolean {
  return /^[\w+=-]{20,}$/.test(text) && /\d/.test(text) && /[a-z]/.test(text)
}
