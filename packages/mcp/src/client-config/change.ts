import type { Entry } from './clients.ts'
import type { ClientInput } from './entry-parts.ts'
import type { RefusePresent } from './refusal.ts'

/** What is to stand in the file. */
export interface Change {
  /** The key at the top under which servers stand. */
  readonly servers: string
  readonly name: string
  readonly entry: Entry
  readonly inputs: readonly ClientInput[]
  /** What a new file holds besides. */
  readonly file: Entry | undefined
  readonly replace: boolean
}

/** Puts an entry into a text without byte order mark; the text is blank for a new file. */
export type Writer = (text: string, change: Change, refuse: RefusePresent) => Promise<string>

/** The error for an entry that has the name already, and says something else. */
export function nameTaken({ name }: Change, refuse: RefusePresent): Error {
  return refuse(
    `has an entry "${name}" that says something else`,
    'replace: true puts the new one in its place; or choose another "name".',
  )
}
