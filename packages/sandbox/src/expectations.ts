import type { JournalEntry } from './journal.ts'
import { SandboxError } from './sandbox-error.ts'
import type { ServiceName } from './service-name.ts'

/** A request that must be made: every field given must agree with the journal's entry. */
export interface ExpectedRequest {
  readonly service?: ServiceName | undefined
  readonly operation?: string | undefined
  readonly method?: string | undefined
  /** The exact path. */
  readonly path?: string | undefined
  readonly status?: number | undefined
  readonly credential?:
    | {
        readonly kind?: 'api-key' | 'access-token' | 'client' | undefined
        readonly header?: 'authorization' | 'x-api-key' | 'body' | undefined
        readonly valid?: boolean | undefined
      }
    | undefined
  /** Exactly how often (default: at least once); 0 is never. */
  readonly times?: number | undefined
}

/** What one test expects of its requests, judged when the test ends. */
export interface Expectations {
  expectRequest(expected: ExpectedRequest): void
  /** Notes a request that went to no service of the sandbox; `label` must hold no secret. */
  noteUnexpected(label: string): void
  /**
   * Judges the journal.
   *
   * @throws {SandboxError} `expectation_failed`
   */
  verify(entries: readonly JournalEntry[]): void
}

/** Makes the expectations of one test. */
export function createExpectations(): Expectations {
  const expected: ExpectedRequest[] = []
  const unexpected: string[] = []
  return {
    expectRequest: (request) => {
      expected.push(request)
    },
    noteUnexpected: (label) => {
      unexpected.push(label)
    },
    verify(entries) {
      const problems = [
        ...unexpected.map((label) => `an unexpected request was made: ${label}`),
        ...expected.flatMap((request) => missed(request, entries)),
      ]
      if (problems.length === 0) return
      const made = entries.map(({ method, url, status }) => `  ${method} ${url} -> ${status}`)
      throw new SandboxError({
        code: 'expectation_failed',
        message: [...problems, 'Requests to the sandbox:', ...(made.length === 0 ? ['  none'] : made)].join('\n'),
        hint: 'Allow an address with sandboxTest({ allow: [...] }), or mend the code that called it.',
      })
    },
  }
}

function missed(request: ExpectedRequest, entries: readonly JournalEntry[]): string[] {
  const { times, ...match } = request
  const count = entries.filter((entry) => agrees(match, entry)).length
  if (times === undefined ? count > 0 : count === times) return []
  const wanted = times === undefined ? 'at least once' : counted(times)
  return [`an expected request was made ${counted(count)}, not ${wanted}: ${JSON.stringify(match)}`]
}

const counted = (times: number): string => (times === 1 ? '1 time' : `${times} times`)

function agrees(expected: ExpectedRequest, entry: JournalEntry): boolean {
  const { credential } = expected
  return (
    (expected.service ?? entry.service) === entry.service &&
    (expected.operation ?? entry.operation) === entry.operation &&
    (expected.method?.toUpperCase() ?? entry.method) === entry.method &&
    (expected.path ?? new URL(entry.url).pathname) === new URL(entry.url).pathname &&
    (expected.status ?? entry.status) === entry.status &&
    (credential === undefined ||
      (entry.credential !== undefined &&
        (credential.kind ?? entry.credential.kind) === entry.credential.kind &&
        (credential.header ?? entry.credential.header) === entry.credential.header &&
        (credential.valid ?? entry.credential.valid) === entry.credential.valid))
  )
}
