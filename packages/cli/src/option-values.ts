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

/** One more value of an option that may be repeated. */
export function oneMore(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}
