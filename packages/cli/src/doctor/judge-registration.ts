import type { Answer } from './asker.ts'
import { type Document, has, jsonIn, listIn, textIn } from './documents.ts'
import type { Verdict } from './report.ts'
import { shownValue } from './shown.ts'

/** What became of a registration. */
export function judgeRegistration(answer: Answer, document: Document | undefined, redirectUri: string): Verdict[] {
  const { status, failure, text } = answer
  if (!document) {
    const { error, error_description: reason } = (Object(jsonIn(text)) ?? {}) as Record<string, unknown>
    const said =
      error === undefined ? '' : `, "error": ${shownValue(error)}, "error_description": ${shownValue(reason)}`
    return [{ id: 'registration.accepted', met: false, detail: `${status ?? failure}${said}` }]
  }
  const hasId = textIn(document, 'client_id') !== undefined
  const repeated = (listIn(document, 'redirect_uris') ?? []).includes(redirectUri)
  return [
    { id: 'registration.accepted', met: true },
    { id: 'registration.created', met: status === 201, detail: `${status}` },
    { id: 'registration.client_id', met: hasId, detail: hasId ? undefined : 'It has none.' },
    has(document, 'redirect_uris', 'registration.redirect_uris', repeated),
    has(document, 'token_endpoint_auth_method', 'registration.public', document.token_endpoint_auth_method === 'none'),
  ]
}
