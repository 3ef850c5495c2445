/** Environment variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A place that holds variables: the environment or a file. */
export interface Variables {
  /** How a variable of this place is called in messages: `PENSYVE_API_KEY`, `PENSYVE_API_KEY in .env`. */
  label(name: string): string
  /** The value and where exactly it stands, or `undefined` when it is not set or blank. */
  find(name: string): { readonly value: string; readonly source: string } | undefined
  /** Why `find` found nothing, in words. */
  missing(name: string): string
  /** What to do so that it finds something. */
  next(name: string, example: string): string
}

/** The variables of an environment; one that is set and blank counts as not set, and messages say so. */
export function variables(env: Environment): Variables {
  return {
    label: (name) => name,
    find(name) {
      const value = env[name]
      return typeof value === 'string' && value.trim() ? { value, source: name } : undefined
    },
    missing: (name) => (env[name] === undefined ? 'not set' : 'set but blank'),
    next: (name, example) => `export ${name}=${example}`,
  }
}
