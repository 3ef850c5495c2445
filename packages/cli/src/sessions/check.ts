import {
  type Auth,
  errorFrom,
  PentauthError,
  type PentauthErrorCode,
  type Resource,
  type Service,
} from '@pentauth/core'
import { answered } from '../calls/response-failure.ts'
import { shownAddress } from '../words.ts'

/** What a service says to a request that changes nothing. */
export interface Check {
  /** The request, as method and address; absent where no such request is known. */
  readonly request?: string
  /** HTTP status of the answer, where there was one. */
  readonly status?: number
  readonly error?: { readonly code: PentauthErrorCode; readonly message: string }
}

/** Milliseconds that an answer may take. */
const patience = 15_000

/** Asks one of several resources that are called with the same credential whether it takes that. */
export async function check(auth: Auth, names: readonly string[]): Promise<Check> {
  const harmless = harmlessRequest(auth.service, names)
  if (!harmless) return {}
  const { url, init } = harmless
  const request = `${init.method} ${shownAddress(url)}`
  try {
    const signal = AbortSignal.timeout(patience)
    const response = await answered(auth.service, url, () => auth.fetch(url, { ...init, signal }))
    const { status } = response
    const error = await errorFrom(response)
    await response.body?.cancel()
    await endSession(auth, url, response)
    return { request, status, ...(error ? { error: { code: error.code, message: error.message } } : {}) }
  } catch (error) {
    return { request, error: failureOf(error) }
  }
}

/** One that MCP servers, our definitions or GraphQL answer without doing anything. */
function harmlessRequest(
  { resources }: Service,
  names: readonly string[],
): { readonly url: string; readonly init: RequestInit } | undefined {
  const all = names.map((name) => resources[name] as Resource)
  const mcp = all.find(({ protocol }) => protocol === 'mcp')
  if (mcp) return { url: mcp.audience?.startsWith(`${mcp.url}?`) ? mcp.audience : mcp.url, init: post(initialize) }
  for (const { url, operations = [] } of all) {
    const reading = operations.find((one) => one.method === 'GET' && !one.public)
    if (reading) return { url: url + reading.path, init: { method: 'GET' } }
  }
  const graphql = all.find(({ protocol }) => protocol === 'graphql')
  return graphql && { url: graphql.url, init: post({ query: '{ __typename }' }) }
}

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'pentauth', version: '0' } },
}

function post(body: object): RequestInit {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  return { method: 'POST', headers, body: JSON.stringify(body) }
}

/** A server that keeps something for each client is told that this one is gone. */
async function endSession(auth: Auth, url: string, { headers }: Response): Promise<void> {
  const id = headers.get('mcp-session-id')
  if (id === null) return
  const ending = { method: 'DELETE', headers: { 'mcp-session-id': id }, signal: AbortSignal.timeout(patience) }
  const answer = await auth.fetch(url, ending).catch(() => undefined)
  await answer?.body?.cancel()
}

function failureOf(error: unknown): NonNullable<Check['error']> {
  if (PentauthError.isInstance(error)) return { code: error.code, message: error.message }
  if ((error as Error | undefined)?.name !== 'TimeoutError') throw error
  return { code: 'timeout', message: `No answer came within ${patience / 1000} s.` }
}
