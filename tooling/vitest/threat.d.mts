export interface ThreatRow<Subject, Outcome> {
  readonly ours: Subject
  /** A tiny client with exactly the defect the row is about. */
  readonly twin: Subject
  /** Attacks either and says what could be observed. */
  readonly attack: (subject: Subject) => Outcome | Promise<Outcome>
  /** What went wrong, in words without any secret; nothing is the row's promise kept. */
  readonly breaches: (outcome: Outcome) => readonly string[]
}

/** A row of `docs/threats.md`: fails when our client breaks it, and when the check does not catch the vulnerable twin. */
export declare function threat<Subject, Outcome>(id: string, title: string, row: ThreatRow<Subject, Outcome>): void
