import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose'
import { bounded } from './bounded.ts'
import { throwIfTemporary } from './document-refusal.ts'
import { PentauthError } from './errors.ts'
import type { Flow } from './flow.ts'
import { readServer } from './metadata.ts'
import { type Found, type MetadataCache, metadataCache } from './metadata-cache.ts'
import type { Runtime } from './runtime.ts'

/** What is known about the keys of issuers, by their address. */
interface Known {
  readonly addresses: MetadataCache<string>
  readonly sets: Map<string, JWTVerifyGetKey>
  readonly failures: Map<string, { readonly error: unknown; readonly at: number }>
}

const everywhere: object = {}
const known = /* @__PURE__ */ new WeakMap<object, Known>()
/** How many issuers are known at a time. */
const most = 100
/** After a failure nothing is asked again for that long (ms), however many tokens come. */
const pause = 5_000

/**
 * The keys of an issuer, kept for as long as the same object stands for the platform.
 *
 * @throws PentauthError `discovery_failed`, `unsafe_address`, `temporarily_unavailable`.
 */
export async function keysOf(
  flow: Flow,
  issuer: string,
  jwksUri: string | undefined,
  platform: Partial<Runtime> | undefined,
): Promise<JWTVerifyGetKey> {
  const here = known.get(platform ?? everywhere) ?? { addresses: metadataCache(), sets: new Map(), failures: new Map() }
  known.set(platform ?? everywhere, here)
  const find = () => unlessPaused(here, flow, issuer, () => addressOf(flow, issuer))
  const url = jwksUri ?? (await here.addresses.get(flow, issuer, find))
  const name = JSON.stringify([issuer, url])
  const kept = here.sets.get(name)
  if (kept) return kept
  if (here.sets.size >= most) here.sets.clear()
  const keys = remoteKeys(here, flow, url)
  here.sets.set(name, keys)
  return keys
}

async function addressOf(flow: Flow, issuer: string): Promise<Found<string>> {
  const described = await readServer(flow, issuer)
  const url = described?.server.jwks_uri
  if (described && url !== undefined) return { value: url, lifetime: described.document.lifetime }
  throw new PentauthError({
    code: 'discovery_failed',
    message: `${flow.service.name}: the issuer's metadata does not say where its keys are.`,
    service: flow.service.id,
    hint: 'Pass jwksUri.',
    link: flow.service.links.docs.url,
  })
}

function remoteKeys(here: Known, flow: Flow, url: string): JWTVerifyGetKey {
  const headers = { accept: 'application/json, application/jwk-set+json' }
  const read = async () => {
    const response = await bounded(flow.runtime, url, { headers })
    throwIfTemporary(flow, 'key set', url, response)
    const keys = response.status === 200 ? keysIn(await response.text()) : undefined
    if (keys) return Response.json({ keys: keys.map(anyName) })
    throw unreadableKeys(flow)
  }
  return createRemoteJWKSet(new URL(url), { [customFetch]: () => unlessPaused(here, flow, url, read) })
}

/** Runs what asks a server, unless it has just failed. */
async function unlessPaused<T>(
  { failures }: Known,
  { runtime }: Flow,
  name: string,
  ask: () => Promise<T>,
): Promise<T> {
  const failure = failures.get(name)
  const now = runtime.now()
  // A clock that was set back must not stretch the pause.
  if (failure && failure.at <= now && now < failure.at + pause) throw failure.error
  try {
    const answer = await ask()
    failures.delete(name)
    return answer
  } catch (error) {
    if (failures.size >= most) failures.clear()
    failures.set(name, { error, at: runtime.now() })
    throw error
  }
}

function keysIn(text: string): unknown[] | undefined {
  try {
    const { keys } = JSON.parse(text)
    return Array.isArray(keys) ? keys : undefined
  } catch {
    return undefined
  }
}

/** A key of the curve that has two names for one algorithm (RFC 9864): issuers write one in the key and the other in the token. */
function anyName(key: unknown): unknown {
  const { alg, crv } = (key ?? {}) as { alg?: unknown; crv?: unknown }
  return crv === 'Ed25519' && (alg === 'EdDSA' || alg === 'Ed25519') ? { ...(key as object), alg: undefined } : key
}

/** The error about keys that are no keys; nothing is known about the token then. */
export function unreadableKeys({ service }: Flow): PentauthError {
  return new PentauthError({
    code: 'temporarily_unavailable',
    message: `${service.name}: the issuer's keys could not be read.`,
    service: service.id,
    hint: 'Check jwksUri, and whether a proxy answers in its place; nothing is known about the token.',
    retryable: true,
  })
}
