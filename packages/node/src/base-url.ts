import { PentauthError, type Resource, relocate, type Service } from '@pentauth/core'
import { type Environment, own, variableIn } from './environment.ts'
import { expand } from './expand.ts'

/** A setting that was found and has no effect, as an event says it. */
export interface IgnoredSetting {
  readonly setting: string
  readonly reason: string
}

/** The variable that moves a service, such as `PENSYVE_BASE_URL`. */
export function baseUrlName(service: Service): string {
  return `${service.id.toUpperCase().replaceAll('-', '_')}_BASE_URL`
}

/**
 * The service where the environment says it is: every resource, and what else of it shares their origins, at the one given origin.
 *
 * A program that moved the service itself knows better.
 *
 * @throws PentauthError `invalid_option` when the variable holds no origin, or one where others could read the credential.
 */
export function atBaseUrl<Names extends string>(
  service: Service<Names>,
  env: Environment,
): { readonly service: Service<Names>; readonly ignored?: IgnoredSetting } {
  // What is no service is refused by core, which knows how to say it.
  if (typeof service?.id !== 'string') return { service }
  const setting = baseUrlName(service)
  const value = variableIn(env, setting)
  if (typeof value !== 'string' || !value.trim()) return { service }
  const resources = Object.values<Resource>(service.resources ?? {})
  if (resources.length === 0 || !resources.every((resource) => URL.canParse(resource?.url))) return { service }
  if (resources.some(({ relocated }) => relocated)) {
    return { service, ignored: { setting, reason: 'the program has moved the service itself' } }
  }
  const text = expand(value, setting, (name) => variableIn(env, name)).text
  const target = originIn(text.trim(), setting, resources[0]?.url ?? '')
  const origins = resources.map(({ url }) => new URL(url).origin)
  if (origins.every((origin) => origin === target)) return { service }
  try {
    const moves = Object.fromEntries(origins.map((origin) => [origin, target]))
    const dangerouslyAllowPlainHttp = own(service).dangerouslyAllowPlainHttp ?? false
    return { service: relocate(service, moves, { by: setting, dangerouslyAllowPlainHttp }) }
  } catch {
    // All that is left to refuse of an origin.
    throw invalid(
      setting,
      'is plain http beyond this machine, so credentials would travel readable by others',
      'Use https. A program that accepts that moves the service itself, with relocate() and its dangerouslyAllowPlainHttp.',
    )
  }
}

/** The origin in the variable's value, which no message repeats: it may be a key by mistake, or hold a password. */
function originIn(text: string, setting: string, documented: string): string {
  const form = 'Write scheme, host and port only, such as https://gateway.example.com.'
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) throw invalid(setting, 'is no http(s) URL', form)
  if (url.username || url.password) throw invalid(setting, 'holds a user or password', form)
  if (url.pathname === '/' && !url.search && !url.hash) return url.origin
  const kept = `The paths stay those of the service, such as ${new URL(documented).pathname}.`
  throw invalid(setting, 'holds more than an origin', `${form} ${kept}`)
}

function invalid(setting: string, flaw: string, hint: string): PentauthError {
  return new PentauthError({ code: 'invalid_option', message: `${setting} ${flaw}.`, hint })
}
