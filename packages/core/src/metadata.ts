import type * as oauth from 'oauth4webapi'
import { checkAddress } from './address.ts'
import type { failed } from './document-refusal.ts'
import type { RequestPurpose } from './events.ts'
import type { Flow } from './flow.ts'
import { ask } from './http-oauth.ts'
import type { Document } from './metadata-document.ts'
import { part } from './part.ts'
import type { Runtime } from './runtime.ts'
import type { OAuthRules, Service } from './service.ts'

const minute = 60_000
const shortest = 5 * minute
const longest = 24 * 60 * minute

type DocumentKind = Extract<RequestPurpose, 'resource_metadata' | 'server_metadata'>

const names: Readonly<Record<DocumentKind, string>> = {
  resource_metadata: 'protected resource metadata',
  server_metadata: 'authorization server metadata',
}

/** The first of some places that has a document; a place that cannot say is an error, so that a failure never leads elsewhere. */
export async function firstDocument(
  flow: Flow,
  places: readonly string[],
  kind: DocumentKind,
): Promise<Document | undefined> {
  for (const url of new Set(places)) {
    const document = await readDocument(flow, url, kind)
    if (document) return document
  }
  return undefined
}

async function readDocument(flow: Flow, url: string, kind: DocumentKind): Promise<Document | undefined> {
  const what = names[kind]
  const headers = { accept: 'application/json' }
  const response = await ask(flow, kind, url, { headers, ...anonymous(flow.runtime) })
  const { status } = response
  // Request Timeout, Too Early, Too Many Requests and the server's own troubles say nothing about the document.
  if (status >= 500 || status === 408 || status === 425 || status === 429)
    (await part(import('./document-refusal.ts'))).throwIfTemporary(flow, what, url, response)
  if (status >= 400) return undefined
  const document = { json: {}, what, url, lifetime: lifetimeOf(response.headers) }
  if (status !== 200) return refuseDocument(flow, document, `answered ${status}`)
  const json = jsonIn(await response.text())
  // Many sites answer every path with their start page.
  if (json === undefined && !/[/+]json\b/i.test(response.headers.get('content-type') ?? '')) return undefined
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { ...document, json }
  return refuseDocument(flow, document, 'is not a JSON object')
}

/** What keeps cookies and addresses out of a request of a browser; elsewhere there are none, and some platforms refuse to be told. */
function anonymous(runtime: Runtime): RequestInit {
  return runtime.redirects === 'platform' ? { credentials: 'omit', referrerPolicy: 'no-referrer' } : {}
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** How long a document is believed (ms). */
function lifetimeOf(headers: Headers): number {
  const control = headers.get('cache-control') ?? ''
  if (/\bno-(?:store|cache)\b/i.test(control)) return shortest
  const seconds = /(?:^|[\s,])max-age="?(\d+)/i.exec(control)?.[1]
  return seconds === undefined ? 60 * minute : Math.min(Math.max(Number(seconds) * 1000, shortest), longest)
}

/** Refuses a document. */
export async function refuseDocument(...flaw: Parameters<typeof failed>): Promise<never> {
  throw (await part(import('./document-refusal.ts'))).failed(...flaw)
}

/** A field that is absent or `null`, or has what `isRight` asks for. */
async function fieldIn<T>(
  flow: Flow,
  document: Document,
  name: string,
  isRight: (value: unknown) => value is T,
): Promise<T | undefined> {
  // An own property: neither the document nor anybody else may bring one by way of a prototype.
  const value: unknown = Object.hasOwn(document.json, name) ? document.json[name as never] : undefined
  if (value === undefined || value === null) return undefined
  if (isRight(value)) return value
  return refuseDocument(flow, document, `has an unusable "${name}"`)
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= 2048
const isList = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText)
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean'

export function textIn(flow: Flow, document: Document, name: string): Promise<string | undefined> {
  return fieldIn(flow, document, name, isText)
}

export function listIn(flow: Flow, document: Document, name: string): Promise<string[] | undefined> {
  return fieldIn(flow, document, name, isList)
}

const endpoints = [
  'authorization_endpoint',
  'token_endpoint',
  'registration_endpoint',
  'revocation_endpoint',
  'device_authorization_endpoint',
  'pushed_authorization_request_endpoint',
  'jwks_uri',
]
const lists = [
  'scopes_supported',
  'response_modes_supported',
  'grant_types_supported',
  'token_endpoint_auth_methods_supported',
  'token_endpoint_auth_signing_alg_values_supported',
  'code_challenge_methods_supported',
  'revocation_endpoint_auth_methods_supported',
  'dpop_signing_alg_values_supported',
]
const flags = [
  'authorization_response_iss_parameter_supported',
  'client_id_metadata_document_supported',
  'require_pushed_authorization_requests',
]

/** An authorization server and the document that describes it. */
export interface DescribedServer {
  readonly server: oauth.AuthorizationServer
  readonly document: Document
}

/**
 * An authorization server by its own metadata (RFC 8414, then OpenID Connect), or `undefined` where it has none: what of it we use,
 * each address checked.
 *
 * @throws PentauthError `discovery_failed`, `unsafe_address`, `temporarily_unavailable`.
 */
export async function readServer(flow: Flow, issuer: string): Promise<DescribedServer | undefined> {
  const { origin, pathname, search } = await checkAddress(flow, issuer, 'issuer')
  const path = pathname.replace(/\/$/, '')
  const { issuer: own, authorizationServerMetadata: documented } = rulesOf(flow.service)
  const places = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
    ...(issuer === own && documented !== undefined ? [documented] : []),
  ]
  // An issuer has no query (RFC 8414 section 2).
  const document = search ? undefined : await firstDocument(flow, places, 'server_metadata')
  if (!document) return undefined
  // Letter by letter: who is taken for another server would be trusted with what is that one's.
  if ((await textIn(flow, document, 'issuer')) !== issuer) return refuseDocument(flow, document, 'names another issuer')
  const server: Record<string, oauth.JsonValue | undefined> = Object.create(null)
  server.issuer = issuer
  for (const name of endpoints) {
    const url = await textIn(flow, document, name)
    if (url !== undefined) server[name] = (await checkAddress(flow, url, name)).href
  }
  for (const name of lists) {
    const list = await listIn(flow, document, name)
    if (list) server[name] = list
  }
  for (const name of flags) {
    const flag = await fieldIn(flow, document, name, isFlag)
    if (flag !== undefined) server[name] = flag
  }
  return { server: Object.freeze(server) as unknown as oauth.AuthorizationServer, document }
}

/** The OAuth rules of a definition; own properties only, so that nothing that pollutes Object.prototype becomes an endpoint. */
export function rulesOf(service: Service): Partial<OAuthRules> {
  return Object.assign(Object.create(null), service.oauth)
}
