import type { ClientRow, Entry } from './clients.ts'
import type { ClientInput } from './entry-parts.ts'
import { type RefusePresent, refusalsOf } from './refusal.ts'

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

// Each brings its parser when it is used, so that importing this package loads none.
const writers: Readonly<Record<ClientRow['format'], () => Promise<Writer>>> = {
  json: async () => (await import('./json-text.ts')).writeJson,
  jsonc: async () => (await import('./json-text.ts')).writeJson,
  toml: async () => (await import('./toml-text.ts')).writeToml,
  yaml: async () => (await import('./yaml-text.ts')).writeYaml,
}

/** The whole file with the entry in it. */
export async function configText(row: ClientRow, existing: string, change: Change): Promise<string> {
  const write = await writers[row.format]()
  const refuse = refusalsOf(row.title)
  const mark = existing.startsWith('\ufeff') ? '\ufeff' : ''
  try {
    return mark + (await write(existing.slice(mark.length), change, refuse))
  } catch (error) {
    // The parsers call themselves for each level.
    if (error instanceof RangeError) throw refuse('is nested too deeply to be read')
    throw error
  }
}

/** The error for an entry that has the name already, and says something else. */
export function nameTaken({ name }: Change, refuse: RefusePresent): Error {
  return refuse(
    `has an entry "${name}" that says something else`,
    'replace: true puts the new one in its place; or choose another "name".',
  )
}
