import { PentauthError } from './errors.ts'
import { parsedUrl } from './parsed-url.ts'
import { withoutKeyLike } from './printable.ts'
import type { Resource, Service } from './service.ts'

/** Why no resource covers a URL; what is wrong with one that is not absolute, or holds a user, is said without repeating it. */
export function uncovered(service: Service, given: string | URL): PentauthError {
  const url = typeof given === 'string' ? parsedUrl(given) : given
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password) return notCovered(service, url)
  const what = !url
    ? 'is not an absolute URL'
    : url.username || url.password
      ? 'holds a user or password'
      : 'is not http(s)'
  const base = Object.values<Resource>(service.resources)[0]?.url
  return new PentauthError({
    code: 'invalid_url',
    message: `The request URL ${what}.`,
    service: service.id,
    hint: `Give an absolute URL such as ${base}.`,
  })
}

function notCovered(service: Service, url: URL): PentauthError {
  const covered = Object.entries<Resource>(service.resources).map(([name, { url }]) => `${name} ${url}`)
  const { relocatedBy } = service
  const wayOut = relocatedBy
    ? `${relocatedBy} moved it: build URLs from auth.service.resources, or unset it.`
    : 'Use relocate() for a deployment of your own.'
  return new PentauthError({
    code: 'url_not_covered',
    message: `No resource of ${service.name} covers ${withoutKeyLike(url.origin + url.pathname)}, so no credential is sent there.`,
    service: service.id,
    hint: `${service.name} covers ${covered.join(', ')}. ${wayOut}`,
  })
}
