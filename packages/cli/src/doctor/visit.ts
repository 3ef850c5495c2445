import { type Adapter, adapterFor, type NamedResource, PentauthError, type Service } from '@pentauth/core'
import { type Answer, type Asker, createAsker, type Question } from './asker.ts'
import { type Finding, findingOf, type Report, reportOf, type Verdict } from './report.ts'
import type { StepId } from './rules.ts'
import { shown, shownUrl } from './shown.ts'

export interface VisitOptions {
  /** Milliseconds for each answer. */
  readonly timeout: number
  readonly env: Readonly<Record<string, string | undefined>>
  /** Ends the questions; what was left behind is still tidied up. */
  readonly signal?: AbortSignal | undefined
  /** Told of each step that begins. */
  readonly onStep?: ((step: StepId) => void) | undefined
}

/** One examination of one resource while it goes on: what is known, and what was found. */
export interface Visit {
  readonly service: Service
  readonly resource: NamedResource
  readonly adapter: Adapter
  readonly asker: Asker
  begin(step: StepId): void
  /** Asks in the step that was begun last. */
  ask(question: Question): Promise<Answer>
  /** What a document was when it was asked for. */
  known(url: string): Answer | undefined
  judge(verdicts: readonly Verdict[], ...answers: readonly Answer[]): void
  /** Says why a step, or a part of it, was not done. */
  note(text: string, step?: StepId): void
  /** Whether an address that a server told may be asked; why not, otherwise. */
  refusal(address: string): Promise<string | undefined>
  report(): Report
}

/** The report of an address to which nothing may be sent. */
export function unaskedReport(url: string, verdict: Verdict): Report {
  const about = { url: shownUrl(url), service: new URL(url).host, examinedAt: new Date() }
  return reportOf({ ...about, findings: [findingOf(verdict, [])], notes: new Map(), exchanges: [] })
}

export function createVisit(service: Service, url: string, { timeout, env, signal, onStep }: VisitOptions): Visit {
  const adapter = adapterFor(service, url)
  const asker = createAsker({ fetch: adapter.runtime.fetch, env, timeout })
  const examinedAt = new Date()
  const findings: Finding[] = []
  const notes = new Map<StepId, string[]>()
  const documents = new Map<string, Answer>()
  let current: StepId = 'reach'
  return {
    service,
    resource: adapter.resource,
    adapter,
    asker,
    begin(step) {
      current = step
      onStep?.(step)
    },
    async ask(question) {
      signal?.throwIfAborted()
      const answer = await asker.ask(current, question)
      const isDocument = (question.method ?? 'GET') === 'GET' && question.headers?.origin === undefined
      if (isDocument) documents.set(question.url, answer)
      return answer
    },
    known: (url) => documents.get(url),
    judge(verdicts, ...answers) {
      const numbers = answers.map(({ number }) => number).sort((a, b) => a - b)
      for (const verdict of verdicts) findings.push(findingOf(safe(asker, verdict), numbers))
    },
    note: (text, step = current) =>
      void notes.set(step, [...(notes.get(step) ?? []), shown(asker.redacted(text), 400)]),
    refusal: (address) =>
      adapter.checkAddress(address, 'address').then(
        () => undefined,
        (error: unknown) => {
          if (PentauthError.isInstance(error) && error.code === 'unsafe_address') return flawIn(error)
          throw error
        },
      ),
    report: () =>
      reportOf({
        url: shownUrl(url),
        service: shown(service.name),
        examinedAt,
        findings,
        notes,
        exchanges: asker.exchanges,
      }),
  }
}

/** Servers have had a say in what was seen. */
function safe({ redacted }: Asker, { detail, hint, ...verdict }: Verdict): Verdict {
  return {
    ...verdict,
    ...(detail === undefined ? {} : { detail: shown(redacted(detail), 600) }),
    ...(hint === undefined ? {} : { hint: shown(redacted(hint), 600) }),
  }
}

function flawIn({ message }: PentauthError): string {
  return /\b((?:is|holds|has) [^,]*), so nothing/.exec(message)?.[1] ?? 'is unsafe'
}
