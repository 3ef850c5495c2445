/** What came of many runs, added up. */
export interface Figures {
  /** Processes that were killed, or calls that failed. */
  runs: number
  /** By what was going on. */
  readonly phases: Map<string, number>
  lost: number
  unreadable: number
  /** Files that are no entries, after the next start. */
  leftOver: number
  /** Sign-ins that a strict server wanted since its answer had not been saved. */
  signInsNeeded: number
  /** What is wrong, in words, each with what repeats it. */
  readonly breaches: string[]
}

export const noFigures = (): Figures => ({
  runs: 0,
  phases: new Map(),
  lost: 0,
  unreadable: 0,
  leftOver: 0,
  signInsNeeded: 0,
  breaches: [],
})

export function count({ phases }: Figures, phase: string): void {
  phases.set(phase, (phases.get(phase) ?? 0) + 1)
}

/** The sum of some of them. */
export function added(all: readonly Figures[]): Figures {
  const sum = noFigures()
  for (const figures of all) {
    for (const name of ['runs', 'lost', 'unreadable', 'leftOver', 'signInsNeeded'] as const) sum[name] += figures[name]
    for (const [phase, times] of figures.phases) sum.phases.set(phase, (sum.phases.get(phase) ?? 0) + times)
    sum.breaches.push(...figures.breaches)
  }
  return sum
}

/** For people. */
export function table(rows: Readonly<Record<string, Figures>>): string {
  const heads = ['', 'runs', 'sessions lost', 'unreadable files', 'files left over', 'sign-ins needed']
  const lines = Object.entries(rows).map(([name, { runs, lost, unreadable, leftOver, signInsNeeded }]) =>
    [name, runs, lost, unreadable, leftOver, signInsNeeded].map(String),
  )
  const widths = heads.map((head, column) => Math.max(head.length, ...lines.map((line) => line[column]?.length ?? 0)))
  const shown = [heads, ...lines].map((line) =>
    line.map((cell, column) => (column ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[0] ?? 0))).join('  '),
  )
  const phases = Object.entries(rows).flatMap(([name, figures]) => [
    `${name}, by what was going on:`,
    ...[...figures.phases].sort().map(([phase, times]) => `  ${String(times).padStart(5)}  ${phase}`),
  ])
  return [...shown, '', ...phases].join('\n')
}
