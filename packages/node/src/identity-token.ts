import { type Absent, type IdentityTokenSource, isAbsent, PentauthError } from '@pentauth/core'
import { checkName } from './env-key.ts'
import { type Environment, own, variableIn } from './environment.ts'
import { expand } from './expand.ts'
import { checkPath, keyFileReader, unreadable } from './key-file.ts'
import { shownPath } from './mistaken-key.ts'
import { variables } from './variables.ts'

export interface IdentityTokenOptions {
  /** The environment to read; `process.env` unless given. */
  readonly env?: Environment | undefined
}

/**
 * The identity token in a file, such as a projected service account token of Kubernetes; read again when the file has changed.
 *
 * `~/` is the home directory, `${NAME}` a variable; a relative path counts from the working directory at the first use. At most 64 KiB.
 *
 * @throws PentauthError `invalid_option` for what is no path; (when used) `source_failed` for a file that cannot be read or is not
 *   there. In a chain of sources a missing or empty file gives way to the next source.
 * @example
 * ```ts
 * const token = identityTokenFile('/var/run/secrets/tokens/acme')
 * const issuer = 'https://auth.acme.example'
 * const auth = createAuth(acme, { credential: workloadIdentity({ token, grant: 'token-exchange', issuer }) })
 * ```
 */
export function identityTokenFile(path: string, options: IdentityTokenOptions = {}): IdentityTokenSource {
  const { env = process.env } = own(options)
  checkPath(path, 'identityTokenFile')
  const name = shownPath(path)
  let reader: ReturnType<typeof keyFileReader> | undefined
  const look = () => {
    if (!reader) {
      const { text } = expand(path, 'The path given to identityTokenFile', (other) => variableIn(env, other))
      checkPath(text, 'identityTokenFile')
      reader = keyFileReader(text, (file) => file, 'identity token')
    }
    return reader()
  }
  const errorOf = ({ absent }: Absent) => unreadable(name, absent, 'identity token')
  return {
    name,
    missing() {
      try {
        const found = look()
        return isAbsent(found) ? { ...found, error: errorOf(found) } : undefined
      } catch {
        // One that cannot be read is there too, and reading it says why.
        return undefined
      }
    },
    read() {
      const found = look()
      if (isAbsent(found)) throw errorOf(found)
      return found.value
    },
  }
}

/**
 * The identity token in an environment variable of any name, such as `ID_TOKEN` of a GitLab job.
 *
 * @throws PentauthError `invalid_option` for what is no name of a variable; (when used) `source_failed` where it is not set. In a chain
 *   of sources a variable that is not set or blank gives way to the next source.
 * @example
 * ```ts
 * const token = identityTokenEnv('ACME_ID_TOKEN')
 * const issuer = 'https://auth.acme.example'
 * const auth = createAuth(acme, { credential: workloadIdentity({ token, grant: 'jwt-bearer', issuer }) })
 * ```
 */
export function identityTokenEnv(name: string, options: IdentityTokenOptions = {}): IdentityTokenSource {
  const { env = process.env } = own(options)
  checkName(name, 'identityTokenEnv', 'ACME_ID_TOKEN')
  const place = variables(env)
  const missing = () => {
    if (place.has(name)) return undefined
    const [absent, next] = [place.missing(name), place.next(name, 'eyJ…')]
    const message = `The identity token variable ${name} is ${absent}.`
    return {
      absent,
      next,
      error: new PentauthError({ code: 'source_failed', message, hint: `Let the platform set it: ${next}.` }),
    }
  }
  return {
    name,
    missing,
    read() {
      const absent = missing()
      if (absent) throw absent.error
      // As it is: a token holds no reference.
      return variableIn(env, name) as string
    },
  }
}
