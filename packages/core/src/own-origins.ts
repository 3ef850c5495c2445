import type { Resource, Service } from './service.ts'

/** The origins that the definition itself names. */
export function ownOrigins({ resources, oauth }: Service): Set<string> {
  const endpoints = Object.entries<unknown>({ ...oauth }).filter(([name]) =>
    /^issuer$|(?:Metadata|Endpoint)$/.test(name),
  )
  const urls = [
    ...Object.values<Resource>(resources).flatMap(({ url, audience = url }) => [url, audience]),
    ...endpoints.map(([, url]) => String(url)),
  ]
  return new Set(urls.filter((url) => URL.canParse(url)).map((url) => new URL(url).origin))
}
