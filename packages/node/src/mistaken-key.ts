/** Whether a text that should be a name or a path looks like a key that was put in its place, so that no message may repeat it. */
export function looksLikeKey(text: string): boolean {
  return /^[\w+=-]{20,}$/.test(text) && /\d/.test(text) && /[a-z]/.test(text)
}

/** A path as messages show it: a word that may be a key is cut to its first eight characters, and a key with slashes is no path. */
export function shownPath(path: string): string {
  const isRooted = /^(?:[/~.]|[A-Za-z]:[\\/])/.test(path)
  if (!isRooted && /(?=[A-Za-z_+=]*\d)[\w+=]{16,}/.test(path)) return 'a relative path'
  return path.replace(/(?=[A-Za-z_+=]*\d)[\w+=]{20,}/g, (word) => `${word.slice(0, 8)}…`)
}
