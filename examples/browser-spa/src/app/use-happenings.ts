import { useSyncExternalStore } from 'react'
import { type Happening, happenings, subscribe } from './event-list.ts'

/** What happened in this tab. */
export function useHappenings(): readonly Happening[] {
  return useSyncExternalStore(subscribe, happenings)
}
