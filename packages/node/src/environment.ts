/** Environment variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

// Environments and options inherit from Object.prototype, which anybody may have polluted: a base URL from there would send a key away.

/** A variable that the environment itself has. */
export function variableIn(env: Environment, name: string): string | undefined {
  return Object.hasOwn(env, name) ? env[name] : undefined
}

/** The options that a caller gave, and nothing that they inherit. */
export function own<T extends object>(options: T | undefined): T {
  return Object.assign(Object.create(null), options)
}
