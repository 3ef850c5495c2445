import { isLoopback } from './loopback.ts'

/** Whether plain http was allowed by name; an own property, since anybody may have polluted Object.prototype. */
export function allowsPlainHttp(options: { readonly dangerouslyAllowPlainHttp?: boolean | undefined }): boolean {
  return Object.hasOwn(options, 'dangerouslyAllowPlainHttp') && options.dangerouslyAllowPlainHttp === true
}

/** Whether a URL may carry credentials: https anywhere, plain http on this machine only. */
export function isSecure(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}
