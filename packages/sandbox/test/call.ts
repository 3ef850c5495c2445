import type { Sandbox, ServiceName } from '../src/index.ts'

/** Sends JSON to the sandbox; a body makes it a POST. */
export async function call(
  sandbox: Pick<Sandbox, 'fetch'>,
  url: string,
  headers: Record<string, string> = {},
  body?: unknown,
): Promise<Answer> {
  const init: RequestInit =
    body === undefined
      ? { headers }
      : { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }
  const response = await sandbox.fetch(url, init)
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: parsed(text) }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on it.
  readonly json: any
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` })
export const apiKey = (key: string): Record<string, string> => ({ 'x-api-key': key })

/** One request that each service answers with 200 for a good key. */
export const probes: Record<ServiceName, (key: string) => readonly [string, Record<string, string>, unknown?]> = {
  pendium: (key) => ['https://pendium.ai/api/visibility/account', apiKey(key)],
  pensyve: (key) => ['https://api.pensyve.com/v1/recall', bearer(key), { query: 'tea' }],
  profundis: (key) => [
    'https://api.profundis.io/api/v2/common/data/subdomains',
    apiKey(key),
    { domain: 'example.com' },
  ],
  pentographer: (key) => ['https://app.pentographer.com/api/graphql', bearer(key), { query: '{ me { id } }' }],
  pendra: (key) => ['https://api.pendra.ai/api/v1/models', bearer(key)],
}

/** The status of a service's probe with this key. */
export async function probe(sandbox: Pick<Sandbox, 'fetch'>, service: ServiceName, key: string): Promise<number> {
  const [url, headers, body] = probes[service](key)
  return (await call(sandbox, url, headers, body)).status
}

/** The code of the SandboxError that `run` throws. */
export function codeOf(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
  return 'nothing was thrown'
}
