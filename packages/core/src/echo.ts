import { readCapped } from './read-capped.ts'
import { withoutSecrets } from './redaction.ts'
import { attachContext, contextOf, secretsOf } from './response-context.ts'

/** Bytes of a refused answer that are looked at, and how long (ms). */
const bodyLimit = 1_048_576
const bodyTime = 3_000

/**
 * A refused answer of `auth.fetch` without what its body repeats of the credential, for code that puts bodies into its own messages.
 *
 * @returns the same answer where it repeats nothing, else one with a body of at most 1 MiB
 * @example
 * ```ts
 * const response = await withoutEcho(await auth.fetch('https://api.pendra.ai/api/v1/models'))
 * if (!response.ok) console.error(await response.text())
 * ```
 */
export async function withoutEcho(response: Response): Promise<Response> {
  const context = contextOf(response)
  if (response.ok || !context || response.bodyUsed) return response
  const text = await readCapped(response.clone(), bodyLimit, bodyTime).catch(() => '')
  const safe = withoutSecrets(text, ...secretsOf(context))
  if (safe === text) return response
  const headers = new Headers(response.headers)
  for (const name of ['content-length', 'content-encoding']) headers.delete(name)
  const answer = new Response(safe, { status: response.status, statusText: response.statusText, headers })
  attachContext(answer, context)
  response.body?.cancel().catch(() => undefined)
  return answer
}
