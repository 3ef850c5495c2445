import process from 'node:process'
import {
  type Auth,
  type AuthOptions,
  type CredentialSource,
  createAuth as createCoreAuth,
  firstOf,
  type Service,
} from '@pentauth/core'
import { debugListener } from './debug.ts'
import { envFile } from './env-file.ts'
import { clientFrom, keyFrom } from './variable-source.ts'
import { type Environment, variables } from './variables.ts'

export interface NodeAuthOptions extends Partial<AuthOptions> {
  /** The environment to read; `process.env` unless given. */
  readonly env?: Environment
  /** A `.env` file to look into after the environment: `true` for `.env` in the working directory, or a path. */
  readonly envFile?: boolean | string
}

/**
 * Makes an authenticated `fetch` for a service from what this process was given: the option, else the environment, else a `.env`
 * file when asked.
 *
 * It never opens a browser and touches nothing before the first use. `fetch`, `headers` and `credential` reject as in
 * `@pentauth/core`; when nothing is found, with `no_credential`, whose `tried` lists every place that was looked at.
 *
 * With `PENTAUTH_DEBUG=1` in the environment, events are printed to stderr; no event holds a secret.
 *
 * @throws PentauthError `invalid_option` when `credential` is given and is not a source.
 * @example
 * ```ts
 * const auth = createAuth(pendra) // PENDRA_API_KEY
 * await auth.credential() // fails now, not at the first request, when it is not set
 * ```
 */
export function createAuth<Names extends string>(service: Service<Names>, options: NodeAuthOptions = {}): Auth<Names> {
  const { env = process.env, envFile: file, credential, onEvent = debugListener(env), ...rest } = options
  const places = [variables(env), ...(file ? [envFile(file === true ? '.env' : file)] : [])]
  const found = places.flatMap((place) => [keyFrom(place, service), clientFrom(place, service)])
  const chain = [credential ?? notGiven, ...found.filter((source) => source !== undefined)]
  return createCoreAuth(service, { ...rest, ...(onEvent ? { onEvent } : {}), credential: firstOf(...chain) })
}

/** The first link when the option is missing, so that the error's table starts with it. */
const notGiven: CredentialSource = {
  name: 'option "credential"',
  get: () => ({ absent: 'not given', next: 'createAuth(service, { credential: apiKey(key) })' }),
}
