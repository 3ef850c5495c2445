import type { Flow } from './flow.ts'

/** Who asks an endpoint: by which platform, and who is told. */
export type Asker = Pick<Flow, 'runtime' | 'emit'>

/** Told why a request got no answer. */
export type NoteReason = (reason: string | undefined) => void
