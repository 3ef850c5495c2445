import { type Severity, type Specification, specificationOf } from './rule.ts'
import { type RuleId, rules, type StepId, steps } from './rules.ts'

/** What is thought of one rule, by what was seen. */
export interface Verdict {
  readonly id: RuleId
  readonly met: boolean
  /** What was seen. */
  readonly detail?: string | undefined
  /** Less than the rule's, where the circumstances excuse it. */
  readonly severity?: 'info' | 'warning' | undefined
  /** Better than the rule's. */
  readonly hint?: string | undefined
}

/** One rule, met or broken, as every report shows it. */
export interface Finding {
  readonly id: RuleId
  readonly severity: Severity
  /** What is right. */
  readonly rule: string
  readonly detail?: string
  /** What to do; only where it is broken. */
  readonly hint?: string
  readonly specification: Specification
  /** The numbers of the requests that showed it. */
  readonly exchanges: readonly number[]
}

/** One request and its answer, without any secret. */
export interface Exchange {
  readonly number: number
  readonly step: StepId
  readonly method: string
  readonly url: string
  /** What was special about it, such as `without a token`. */
  readonly note: string
  readonly status?: number
  /** Headers that matter, of the answer. */
  readonly headers: Readonly<Record<string, string>>
  /** Why there was no answer. */
  readonly failure?: string
  readonly milliseconds: number
}

export interface ReportStep {
  readonly id: StepId
  readonly title: string
  /** Why it was not done, or not all of it. */
  readonly notes: readonly string[]
  readonly findings: readonly Finding[]
}

/** What `--json` prints. */
export interface Report {
  /** Of this shape; it changes only when something of it is renamed or goes. */
  readonly format: 1
  readonly url: string
  readonly service: string
  readonly examinedAt: string
  readonly reached: boolean
  /** The worst of the findings. */
  readonly result: Severity
  readonly counts: Readonly<Record<Severity, number>>
  readonly steps: readonly ReportStep[]
  readonly exchanges: readonly Exchange[]
}

/** From the best to the worst. */
export const severities: readonly Severity[] = ['ok', 'info', 'warning', 'error']

export function findingOf({ id, met, detail, severity, hint }: Verdict, exchanges: readonly number[]): Finding {
  const rule = rules[id]
  return {
    id,
    severity: met ? 'ok' : (severity ?? rule.severity),
    rule: rule.title,
    ...(detail === undefined ? {} : { detail }),
    ...(met ? {} : { hint: hint ?? rule.hint }),
    specification: specificationOf(rule.spec),
    exchanges,
  }
}

export interface ReportFacts {
  readonly url: string
  readonly service: string
  readonly examinedAt: Date
  readonly findings: readonly Finding[]
  readonly notes: ReadonlyMap<StepId, readonly string[]>
  readonly exchanges: readonly Exchange[]
}

export function reportOf({ findings, notes, exchanges, examinedAt, ...about }: ReportFacts): Report {
  const counted = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length
  return {
    format: 1,
    ...about,
    examinedAt: examinedAt.toISOString(),
    reached: findings.some(({ id, severity }) => id === 'reach.answers' && severity === 'ok'),
    result: severities.findLast((severity) => counted(severity) > 0) ?? 'ok',
    counts: { ok: counted('ok'), info: counted('info'), warning: counted('warning'), error: counted('error') },
    steps: (Object.keys(steps) as StepId[]).map((id) => ({
      id,
      title: steps[id],
      notes: notes.get(id) ?? [],
      findings: findings.filter((finding) => finding.id.startsWith(`${id}.`)),
    })),
    exchanges,
  }
}
