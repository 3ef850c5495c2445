import type { Service } from '@pentauth/core'

/** A question that VS Code asks the user; it keeps the answer in its secret storage. */
export interface ClientInput {
  readonly type: 'promptString'
  readonly id: string
  readonly description: string
  readonly password: true
}

/** The question for the key of a server. */
export function inputOf(name: string, title: string = name): ClientInput {
  return { type: 'promptString', id: `${name}-api-key`, description: `${title} API key`, password: true }
}

/** What a file for Continue begins with. */
export function continueFile(title: string): Readonly<Record<string, string>> {
  return { name: title, version: '0.0.1', schema: 'v1' }
}

/** What a service is called in a file: without what a client could fill in there. */
export function shownName({ id, name }: Pick<Service, 'id' | 'name'>): string {
  const plain = name.replace(/[$%{}`]/g, '').replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
  return plain.trim() || id
}

/** A copy without what is undefined or has no members, at every depth; undefined where nothing is left. */
export function withoutUndefined(value: object): Readonly<Record<string, unknown>> | undefined {
  const kept = Object.entries(value).flatMap(([key, member]): [string, unknown][] => {
    if (Array.isArray(member)) return member.length === 0 ? [] : [[key, member]]
    const rest = typeof member === 'object' && member !== null ? withoutUndefined(member) : member
    return rest === undefined ? [] : [[key, rest]]
  })
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}
