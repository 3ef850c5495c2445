/** What an error of `fetch` says about the connection. */
export interface ConnectionFailure {
  /** The platform's codes, outermost first. */
  readonly codes: readonly string[]
  /** Messages, to be searched and never shown: they may hold what a server sent. */
  readonly texts: readonly string[]
  /** Whether the program's own time limit ended it. */
  readonly isTimeout: boolean
}

/** Collects what an error, its causes and the attempts it sums up (one for each address of a host) have to say. */
export function failureOf(error: unknown): ConnectionFailure {
  const chain = linksOf(error)
  return {
    codes: chain.map(({ code }) => code).filter((code) => typeof code === 'string'),
    texts: chain.map(({ message }) => message).filter((message) => typeof message === 'string'),
    isTimeout: chain[0]?.name === 'TimeoutError',
  }
}

interface Link {
  readonly name?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly cause?: unknown
  readonly errors?: unknown
}

function linksOf(error: unknown, depth = 0): readonly Link[] {
  // An error may be its own cause.
  if (typeof error !== 'object' || error === null || depth === 5) return []
  const link: Link = error
  const members = Array.isArray(link.errors) ? link.errors.slice(0, 8) : []
  return [link, ...[link.cause, ...members].flatMap((next) => linksOf(next, depth + 1))]
}
