import {
  type Auth,
  type AuthOptions,
  type CredentialSource,
  createAuth as createCoreAuth,
  firstOf,
  type Service,
} from '@pentauth/core'
import { atBaseUrl, baseUrlName, type IgnoredSetting } from './base-url.ts'
import { debugListener } from './debug.ts'
import { envFile } from './env-file.ts'
import { type Environment, own } from './environment.ts'
import { nodeRuntime } from './node-runtime.ts'
import { type SavedSignInOptions, savedSignIn, takesSignIns } from './saved-sign-in.ts'
import { sourcesIn } from './variable-source.ts'
import { type Variables, variables } from './variables.ts'

export interface NodeAuthOptions extends Omit<AuthOptions, 'credential'>, SavedSignInOptions {
  /** Where the credential comes from; unless given, the environment, a `.env` file when asked, and a saved sign-in. */
  readonly credential?: CredentialSource | undefined
  /** The environment to read; `process.env` unless given. */
  readonly env?: Environment | undefined
  /** A `.env` file to look into after the environment: `true` for `.env` in the working directory, or a path. */
  readonly envFile?: boolean | string | undefined
}

/**
 * Makes an authenticated `fetch` for a service from what this process was given: the option, else the environment (the key's
 * variable, else the file that `…_API_KEY_FILE` names, else a client), else a `.env` file when asked, else what `signIn` has saved.
 *
 * With `PENSYVE_BASE_URL`, or the like for another service, in the environment, the service is at that origin instead of its own.
 * A `.env` file cannot move a service.
 *
 * It never opens a browser and touches nothing else before the first use. `fetch`, `headers` and `credential` reject as in
 * `@pentauth/core`, with `source_failed` for a key file that cannot be read, and with `sign_in_required` and `store_failed` for a saved
 * sign-in; when nothing is found, with `no_credential`, whose `tried` lists every place that was looked at.
 *
 * With `PENTAUTH_DEBUG=1` in the environment, events are printed to stderr; no event holds a secret.
 *
 * @throws PentauthError `invalid_option` when `credential` is given and is not a source, or the base URL is unusable;
 *   `invalid_service` for what is no usable definition.
 * @example
 * ```ts
 * const auth = createAuth(pendra) // PENDRA_API_KEY
 * await auth.credential() // fails now, not at the first request, when it is not set
 * ```
 */
export function createAuth<Names extends string>(service: Service<Names>, options: NodeAuthOptions = {}): Auth<Names> {
  const { env = process.env, envFile: file, credential, runtime, store, account, app, ...rest } = own(options)
  const { onEvent = debugListener(env) } = rest
  const { service: located, ignored } = atBaseUrl(service, env)
  const contents = file ? envFile(file === true ? '.env' : file, env) : undefined
  const places = [variables(env), ...(contents ? [contents] : [])]
  const found = places.flatMap((place) => sourcesIn(place, located))
  const saved = takesSignIns(located) ? [savedSignIn(located, { store, account, app }, { env, onEvent })] : []
  const chain = credential === undefined ? firstOf(notGiven, ...found, ...saved) : instead(credential, found)
  const settings = () => [ignored, contents && baseUrlIn(contents, located)]
  const source = ignored || contents ? telling(chain, settings) : chain
  return createCoreAuth(located, {
    ...rest,
    runtime: nodeRuntime(runtime),
    ...(onEvent ? { onEvent } : {}),
    credential: source,
  })
}

/** The credential that the program chose: nothing of the environment takes its place, and an event says what was there too. */
function instead(credential: CredentialSource, found: readonly CredentialSource[]): CredentialSource {
  const chosen = firstOf(credential)
  return {
    ...chosen,
    passedOver: (request) => [
      ...(credential.passedOver?.(request) ?? []),
      ...found.filter((source) => source.present?.()).map(({ name }) => name),
    ],
  }
}

/** The first link when the option is missing, so that the error's table starts with it. */
const notGiven: CredentialSource = {
  name: 'option "credential"',
  get: () => ({ absent: 'not given', next: 'createAuth(service, { credential: apiKey(key) })' }),
}

// A file that lies in a working directory may be anybody's; with a base URL it could have keys of the environment sent anywhere.
function baseUrlIn(file: Variables, service: Service): IgnoredSetting | undefined {
  const name = baseUrlName(service)
  if (!file.has(name)) return undefined
  return { setting: file.label(name), reason: 'only the environment may say where a service is, not a file' }
}

/** The source, with the settings that have no effect told before its first use. */
function telling(source: CredentialSource, look: () => readonly (IgnoredSetting | undefined)[]): CredentialSource {
  let isTold = false
  return {
    ...source,
    get(request) {
      if (!isTold && request.emit) {
        isTold = true
        for (const setting of look()) if (setting) request.emit({ type: 'setting_ignored', ...setting })
      }
      return source.get(request)
    },
  }
}
