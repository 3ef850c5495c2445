import { PentauthError } from './errors.ts'
import { frozenService, isChecked } from './frozen-service.ts'
import { withoutKeyLike } from './printable.ts'
import { allowsPlainHttp, isSecure } from './secure-url.ts'
import { type DocumentedError, type Resource, type Service, serviceErrorCodes } from './service.ts'

/**
 * Checks a definition of your own and returns it frozen, ready for `createAuth`.
 *
 * @throws PentauthError `invalid_service` when an id, a resource URL or an accepted credential is missing or unusable.
 * @example
 * ```ts
 * const acme = defineService({
 *   id: 'acme',
 *   name: 'Acme',
 *   resources: { rest: { url: 'https://api.acme.example/v1', protocol: 'rest', apiKey: ['x-api-key'] } },
 *   apiKey: { env: 'ACME_API_KEY', rotation: { method: 'replace' } },
 *   errors: [],
 *   links: { docs: { where: 'Acme docs', url: 'https://acme.example/docs' } },
 *   recommendations: [],
 * })
 * ```
 */
export function defineService<Names extends string>(definition: Service<Names>): Service<Names> {
  checkService(definition)
  return frozenService(structuredClone(definition))
}

/**
 * Refuses a definition that would fail later or send credentials where others can read them.
 *
 * @throws PentauthError `invalid_service` that names the place.
 */
export function checkService(service: Service): void {
  if (typeof service !== 'object' || service === null) throw notAService()
  if (isChecked(service)) return
  const wrong = (what: string, hint?: string) =>
    new PentauthError({
      code: 'invalid_service',
      message: `Service definition ${withoutKeyLike(JSON.stringify(service.id) ?? 'without id')}: ${withoutKeyLike(what)}.`,
      hint,
    })
  if (!/^[a-z][a-z0-9-]*$/.test(service.id ?? '')) throw wrong('"id" must be lower-case letters, digits and dashes')
  const resources = Object.entries<Resource>(service.resources ?? {})
  if (resources.length === 0) throw wrong('it needs at least one resource')
  for (const [name, resource] of resources) {
    const flaw = resourceFlaw(service, resource)
    if (flaw) throw wrong(`resource "${name}" ${flaw}`)
  }
  const { errors = [] } = service
  if (!Array.isArray(errors) || !errors.every(isRefusal)) throw wrong('"errors" must be a list of documented refusals')
  if (typeof service.links?.docs?.where !== 'string') throw wrong('"links.docs" must say where the documentation is')
  for (const name of ['omitResourceParameter', 'scopeOnRefresh'] as const)
    if (!/^(?:boolean|undefined)$/.test(typeof service.oauth?.[name]))
      throw wrong(`oauth.${name} must be true or false`)
  if (service.apiKey && !isVariable(service.apiKey.env))
    throw wrong('apiKey.env must be the name of an environment variable')
  if (!compiles(service.apiKey?.pattern)) throw wrong('apiKey.pattern is no regular expression')
  for (const [place, url] of urlsOf(service)) {
    if (isAllowed(url, service)) continue
    throw wrong(
      `${place} must use https, or plain http on this machine`,
      'Elsewhere others can read credentials on the way; dangerouslyAllowPlainHttp: true says that this is meant.',
    )
  }
}

/** Whether it is a name, and not the key that somebody took for it. */
function isVariable(env: unknown): boolean {
  return typeof env === 'string' && /^[A-Za-z_]\w*$/.test(env) && withoutKeyLike(env) === env
}

function isRefusal(error: DocumentedError | null): boolean {
  const isKnown = (serviceErrorCodes as readonly string[]).includes(error?.code ?? '')
  return isKnown && /^(?:string|undefined)$/.test(typeof error?.message)
}

function resourceFlaw({ apiKey: keyRules }: Service, resource: Resource | null): string | undefined {
  if (typeof resource !== 'object' || resource === null) return 'must be an object'
  const { url: text, apiKey = [], accessToken, headers = {} } = resource
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || url.search || url.hash || url.username || url.password) {
    return 'needs an absolute URL without query, fragment or user'
  }
  if (apiKey.length === 0 && !accessToken) return 'accepts no credential: set apiKey or accessToken'
  if (apiKey.some((header) => header !== 'authorization' && header !== 'x-api-key')) {
    return 'takes API keys in "authorization" or "x-api-key" only'
  }
  if (apiKey.length > 0 && !keyRules?.env) return 'takes API keys, so "apiKey" rules with their "env" are needed'
  for (const [name, value] of Object.entries(headers)) {
    if (/^(?:authorization|x-api-key)$/i.test(name)) return 'sets a credential header itself; pentauth does'
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name) || !/^[\x20-\x7e]*$/.test(value)) return 'has a header that cannot be sent'
  }
  return undefined
}

function urlsOf({ resources, oauth = {} as never, sdk }: Service): [place: string, url: string][] {
  const endpoints = Object.entries(oauth as object).filter(([name]) => /^issuer$|(?:Metadata|Endpoint)$/.test(name))
  return [
    ...Object.entries<Resource>(resources).map(([name, { url }]): [string, string] => [`resource "${name}"`, url]),
    ...endpoints.map(([name, url]): [string, string] => [`oauth.${name}`, String(url)]),
    ...Object.entries(sdk ?? {}).map(([name, url]): [string, string] => [`sdk.${name}`, String(url)]),
  ]
}

function isAllowed(text: string, service: Service): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return Boolean(url && (isSecure(url) || (url.protocol === 'http:' && allowsPlainHttp(service))))
}

/** Whether a text is a regular expression. */
export function compiles(pattern = ''): boolean {
  try {
    new RegExp(pattern)
    return true
  } catch {
    return false
  }
}

function notAService(): PentauthError {
  return new PentauthError({
    code: 'invalid_service',
    message: 'The service is not a definition.',
    hint: "Import one, as in import { pensyve } from '@pentauth/core/services', or make your own with defineService.",
  })
}
