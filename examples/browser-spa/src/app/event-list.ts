import type { PentauthEvent } from '@pentauth/browser'

// What happened, kept while this tab is open: a sign-in by redirect leaves the page, and its first half would be forgotten. Events hold
// no secret, so they may lie in sessionStorage; with tokens that would be another matter.

export interface Happening {
  readonly id: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly event: PentauthEvent
}

const place = 'happenings'
const most = 300
const listeners = new Set<() => void>()
let list: readonly Happening[] = JSON.parse(sessionStorage.getItem(place) ?? '[]')

/** Takes an event: the `onEvent` of every `createAuth`. */
export function remember(event: PentauthEvent): void {
  change([...list, { id: (list.at(-1)?.id ?? 0) + 1, at: Date.now(), event }].slice(-most))
}

export function forgetAll(): void {
  change([])
}

/** The same list until something happens. */
export const happenings = (): readonly Happening[] => list

export function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

function change(next: readonly Happening[]): void {
  list = next
  sessionStorage.setItem(place, JSON.stringify(list))
  for (const listener of listeners) listener()
}
