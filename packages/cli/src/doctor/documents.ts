import type { Answer } from './asker.ts'
import type { Verdict } from './report.ts'
import type { RuleId } from './rules.ts'
import { shown, shownValue } from './shown.ts'

/** What a server published, of which nothing is believed before it is looked at. */
export type Document = Readonly<Record<string, unknown>>

/** The object in an answer, where it is one. */
export function documentIn({ status, text, isTooLong }: Answer): Document | undefined {
  if (status !== 200 || isTooLong) return undefined
  const value = jsonIn(text)
  // Without a prototype: a field is what the document says, or nothing.
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.assign(Object.create(null), value)
    : undefined
}

export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function textIn(document: Document, name: string): string | undefined {
  const value = document[name]
  return typeof value === 'string' && value.length <= 2048 ? value : undefined
}

/** Of a list its texts; `undefined` where it is no list. */
export function listIn(document: Document, name: string): readonly string[] | undefined {
  const value = document[name]
  if (!Array.isArray(value)) return undefined
  return value.slice(0, 200).filter((item): item is string => typeof item === 'string' && item.length <= 2048)
}

/** Whether a field is there, as a verdict. */
export function has(document: Document, name: string, id: RuleId, met: boolean): Verdict {
  return { id, met, detail: `"${name}": ${shownValue(document[name])}` }
}

/** How a place for a document answered, where there is none. */
export function answered({ url, status, failure, headers, isTooLong }: Answer): string {
  const kind = headers.get('content-type')?.split(';')[0]
  const location = headers.get('location')
  const what = status === undefined ? failure : `${status}${kind ? ` ${kind}` : ''}`
  return shown(`${new URL(url).pathname}: ${what}${isTooLong ? ', too much' : ''}${location ? ', a redirect' : ''}`)
}

export function judgeType(answer: Answer, id: RuleId): Verdict {
  const type = answer.headers.get('content-type')
  return { id, met: /^application\/json\s*(?:;|$)/i.test(type ?? ''), detail: type ?? 'There is none.' }
}

/** What to do where somebody is in trouble, which says nothing about what is there otherwise. */
export function troubleIn(answers: readonly Answer[]): string | undefined {
  const troubled = answers.find(({ status }) => status === undefined || status >= 500 || status === 429)
  return troubled && 'It is in trouble now, and clients wait: try again later, and look into its log.'
}
