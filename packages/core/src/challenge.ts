/** One challenge of a `WWW-Authenticate` header (RFC 9110 section 11.6.1). */
export interface Challenge {
  /** Lower case, such as `bearer`. */
  readonly scheme: string
  /** The value of schemes that carry one token instead of parameters, such as Negotiate. */
  readonly token68?: string
  /** By lower-case name, unquoted; a parameter that was given twice is left out, since neither value can be trusted. */
  readonly parameters: Readonly<Record<string, string>>
}

// A header is read up to this length; an honest one is far shorter.
const longest = 16_384

const separators = /[\s,]*/y
const spaces = /[ \t]+/y
const token = /[!#$%&'*+.^_`|~\w-]+/y
const token68 = /[\w.~+/-]+=*(?=\s*(?:,|$))/y
const equals = /\s*=\s*/y
const quoted = /"((?:[^"\\]|\\.)*)"/sy
// Servers send URLs without quotes, which the grammar forbids and the meaning is plain.
const bare = /[^\s,"]+/y

/**
 * Parses a `WWW-Authenticate` header: several challenges, in any order and case, quoted commas and escapes, token68 values.
 *
 * What cannot be read ends the list; what was read before it is kept. Nothing is thrown.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
 * @example
 * ```ts
 * parseChallenge('Basic realm="a, b", Bearer error="invalid_token"')[1]?.parameters.error // 'invalid_token'
 * ```
 */
export function parseChallenge(header: string | null | undefined): Challenge[] {
  const text = (header ?? '').slice(0, longest)
  let position = 0

  /** Moves behind the pattern and returns its group (or all of it), or stays and returns undefined. */
  const read = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = position
    const match = pattern.exec(text)
    if (!match) return undefined
    position = pattern.lastIndex
    return match[1] ?? match[0]
  }

  const readParameter = (): [name: string, value: string] | undefined => {
    const start = position
    const name = read(token)
    if (name !== undefined && read(equals) !== undefined) {
      const value = text[position] === '"' ? read(quoted)?.replace(/\\(.)/gs, '$1') : read(bare)
      if (value !== undefined) return [name.toLowerCase(), value]
    }
    position = start
    return undefined
  }

  const readChallenge = (): Challenge | undefined => {
    const scheme = read(token)?.toLowerCase()
    // A name before "=" is the rest of a parameter that could not be read.
    if (scheme === undefined || read(equals) !== undefined) return undefined
    const parameters: Record<string, string> = Object.create(null)
    const repeated = new Set<string>()
    if (read(spaces) !== undefined) {
      const single = read(token68)
      if (single !== undefined) return { scheme, token68: single, parameters }
    }
    read(separators)
    for (let pair = readParameter(); pair; pair = readParameter()) {
      const [name, value] = pair
      if (name in parameters || repeated.has(name)) {
        repeated.add(name)
        delete parameters[name]
      } else parameters[name] = value
      read(separators)
    }
    return { scheme, parameters }
  }

  const challenges: Challenge[] = []
  read(separators)
  for (let challenge = readChallenge(); challenge; challenge = readChallenge()) {
    challenges.push(challenge)
    read(separators)
  }
  return challenges
}

/** The parameters of the first Bearer challenge, or of another scheme; or `undefined`. */
export function bearerChallenge(
  header: string | null | undefined,
  wanted: 'bearer' | 'dpop' = 'bearer',
): Readonly<Record<string, string>> | undefined {
  return parseChallenge(header).find(({ scheme }) => scheme === wanted)?.parameters
}
