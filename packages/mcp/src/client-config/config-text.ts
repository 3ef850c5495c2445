import type { Change, Writer } from './change.ts'
import type { ClientRow } from './clients.ts'
import { refusalsOf } from './refusal.ts'

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
