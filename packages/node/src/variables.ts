import { type Environment, variableIn } from './environment.ts'
import { expand } from './expand.ts'

/** A value and where exactly it stands. */
export interface Found {
  readonly value: string
  readonly source: string
}

/** A place that holds variables: the environment or a file. */
export interface Variables {
  /** How a variable of this place is called in messages: `PENSYVE_API_KEY`, `PENSYVE_API_KEY in .env`. */
  label(name: string): string
  /** The value with its references replaced, or `undefined` when it is not set or blank. */
  find(name: string): Found | undefined
  /** Whether it is set and not blank, whatever it holds; never fails. */
  has(name: string): boolean
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
      const value = variableIn(env, name)
      if (!isFilled(value)) return undefined
      const { text, from } = expand(value, name, (other) => variableIn(env, other))
      return isFilled(text) ? { value: text, source: name + from } : undefined
    },
    has: (name) => isFilled(variableIn(env, name)),
    missing: (name) => (variableIn(env, name) === undefined ? 'not set' : 'set but blank'),
    next: (name, example) => `export ${name}=${example}`,
  }
}

/** Whether a variable has a value; an object without a prototype of its own has others' members under some names. */
export function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}
