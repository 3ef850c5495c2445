import type { Wishes } from '../support/examined.ts'
import type { Flaws, Said } from '../support/site.ts'

/** One thing that a server does wrong, and all that is found then. */
export interface BrokenSite {
  readonly name: string
  readonly flaws: Flaws | ((origin: string) => Flaws)
  readonly wishes?: Wishes
  /** Severities and ids of what is not as it should be. */
  readonly found: readonly string[]
  /** What one of them says. */
  readonly says?: RegExp
}

export const page = (status: number): Said => ({
  status,
  body: '<!doctype html>',
  headers: { 'content-type': 'text/html' },
})
export const gone: Said = { status: 404, body: 'no', headers: { 'content-type': 'text/plain' } }
export const withRoute = (name: string, said: Said | ((right: Said) => Said)): Flaws => ({
  routes: { [name]: (_, right) => (typeof said === 'function' ? said(right()) : said) },
})
export const withHeaders = (name: string, headers: Readonly<Record<string, string>>): Flaws =>
  withRoute(name, (right) => ({ ...right, headers: { ...right.headers, ...headers } }))
export const withBody = (name: string, change: (body: object) => unknown): Flaws =>
  withRoute(name, (right) => ({ ...right, body: change(right.body as object) }))

export const prm = 'GET /.well-known/oauth-protected-resource/mcp'
export const asm = 'GET /.well-known/oauth-authorization-server'
export const metadata = (origin: string) => `resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`
/** The resource, as it answers one kind of request. */
export const mcp = (when: (authorization: string | undefined) => boolean, said: Said): Flaws => ({
  routes: {
    'POST /mcp': ({ headers }, right) => (when(headers.authorization as string | undefined) ? said : right()),
  },
})
export const always = () => true
