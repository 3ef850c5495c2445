// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is being removed
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g
// As text: for a literal the engine would read Unicode's tables when this module is loaded, which costs more than all of its code.
const invisible = '\\p{Default_Ignorable_Code_Point}|[\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\u061c]'

// Names, hosts and paths rarely have such words; a key in the wrong place always has.
const keyLike = /(?=[A-Za-z_-]*\d)[\w-]{20,}/g

/** Text a caller gave by mistake where no secret belongs, with whatever may be one cut to its first eight characters. */
export function withoutKeyLike(text: string): string {
  return text.replace(keyLike, (word) => `${word.slice(0, 8)}…`)
}

/** Text a server sent, made safe to print: no control, direction or invisible characters, at most `limit` characters. */
export function printable(text: string, limit = 300): string {
  const clean = text.replace(new RegExp(invisible, 'gu'), '').replace(control, ' ').trim()
  return clean.length > limit ? `${clean.slice(0, limit)}…` : clean
}
