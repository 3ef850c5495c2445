import { InvalidArgumentError } from 'commander'

// What options are given, as values: a wrong one is misuse, said by commander with the name of the option.

/** The number of a port. */
export function portNumber(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port
  throw new InvalidArgumentError('It is a number from 1 to 65535.')
}

/** A whole number of seconds. */
export function wholeSeconds(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A whole number of seconds is wanted.')
}

/** A label that looks in a terminal as it is. */
export function label(text: string): string {
  if (/^[^\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]{1,100}$/u.test(text)) return text
  throw new InvalidArgumentError('It is some text on one line, of 100 characters at most, such as work.')
}

/** One more value of an option that may be repeated. */
export function oneMore(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}
