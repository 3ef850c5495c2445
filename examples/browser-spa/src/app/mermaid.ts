// Reads the sequence diagrams that `traceDiagram` writes, which is a small part of Mermaid's language.

export interface Participant {
  readonly id: string
  readonly label: string
}

export type Step =
  | { readonly kind: 'message'; readonly from: string; readonly to: string; readonly line: Line; readonly text: string }
  | { readonly kind: 'note'; readonly over: string; readonly text: string }

/** A request, its answer, or what never arrived. */
export type Line = 'solid' | 'dashed' | 'lost'

export interface Sequence {
  readonly participants: readonly Participant[]
  readonly steps: readonly Step[]
}

const lines: Readonly<Record<string, Line>> = { '->>': 'solid', '-->>': 'dashed' }

export function readMermaid(text: string): Sequence {
  const participants: Participant[] = []
  const steps: Step[] = []
  for (const line of text.split('\n')) {
    const [, who, label] = /^ *(?:actor|participant) (\w+) as (.*)$/.exec(line) ?? []
    if (who && label) participants.push({ id: who, label })
    const [, over, note] = /^ *Note over (\w+): (.*)$/.exec(line) ?? []
    if (over && note) steps.push({ kind: 'note', over, text: note })
    const [, times] = /^ *loop (.*)$/.exec(line) ?? []
    if (times) steps.push({ kind: 'note', over: 'app', text: `${times}:` })
    const [, from, arrow = '', to, said] = /^ *(\w+?)(--?>>|--?x)(\w+): (.*)$/.exec(line) ?? []
    if (from && to && said) steps.push({ kind: 'message', from, to, line: lines[arrow] ?? 'lost', text: said })
  }
  return { participants, steps }
}
