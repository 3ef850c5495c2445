import { type CredentialSummary, memoryStore, PentauthError, type Resource, type Service } from '@pentauth/core'
import { createAuth, type Environment, type PentauthEvent } from '@pentauth/node'
import { debugging } from './debugging.ts'

export interface Surroundings {
  readonly env: Environment
  readonly envFile?: boolean | string | undefined
}

/** What the environment gives for a resource, as `createAuth` would use it; nothing is asked of a server. */
export interface EnvironmentFinding {
  readonly resource: string
  /** A client has neither preview nor fingerprint: its token is fetched with the first call. */
  readonly source?: Pick<CredentialSummary, 'kind' | 'source'> & Partial<CredentialSummary>
  /** Why what is there cannot be used. */
  readonly problem?: PentauthError
  /** What to do where there is nothing. */
  readonly ways: readonly string[]
  /** What else holds something, and is not used. */
  readonly passedOver: readonly string[]
  /** Settings that have an effect, or none, in words. */
  readonly notes: readonly string[]
}

/** What it gives for each resource of a service. */
export async function inEnvironment(service: Service, where: Surroundings): Promise<readonly EnvironmentFinding[]> {
  const { resources } = createAuth(service, { env: where.env }).service
  const all = Object.entries<Resource>(resources)
  return Promise.all(all.map(([name, resource]) => findingFor(service, name, resource, where)))
}

async function findingFor(
  service: Service,
  resource: string,
  { url }: Resource,
  { env, envFile }: Surroundings,
): Promise<EnvironmentFinding> {
  const events: PentauthEvent[] = []
  const auth = createAuth(service, {
    env,
    envFile,
    // Saved sign-ins are looked at by themselves: asking for their token might renew it.
    store: memoryStore(),
    runtime: { fetch: offline, sleep: async () => undefined },
    onEvent: debugging(env, (event) => void events.push(event)),
  })
  const error: unknown = await auth.credential(url).then(
    () => undefined,
    (failure: unknown) => failure,
  )
  // Events come behind a turn.
  await new Promise((resolve) => setImmediate(resolve))
  const about = { resource, ways: [], notes: notesIn(events), passedOver: [] }
  const selected = events.find((event) => event.type === 'credential_selected')
  if (selected) return { ...about, source: selected.credential, passedOver: selected.passedOver }
  const asked = events.find((event) => event.type === 'token_requested')
  if (asked) return { ...about, source: { kind: 'access-token', source: asked.source } }
  if (!PentauthError.isInstance(error)) throw error
  if (error.code !== 'no_credential') return { ...about, problem: error }
  const rows = (error.tried ?? []).filter(({ source, result }) => !result.startsWith('skipped') && isFirst(source))
  return { ...about, ways: rows.flatMap(({ next }) => next ?? []) }
}

/** Files are other forms of the first ways; programs have an option, and sign-ins are looked at by themselves. */
function isFirst(source: string): boolean {
  return !/^(?:option|saved) |_FILE$| in /.test(source)
}

async function offline(): Promise<never> {
  throw new PentauthError({ code: 'network_error', message: 'Nothing is asked of a server now.' })
}

/** What the environment changes beside the credential. */
function notesIn(events: readonly PentauthEvent[]): readonly string[] {
  const notes = events.flatMap((event) => {
    if (event.type === 'service_relocated') return [`${event.by} moves it to ${new URL(event.url).origin}`]
    if (event.type === 'setting_ignored') return [`${event.setting} has no effect: ${event.reason}`]
    if (event.type === 'service_notice') return [event.notice]
    if (event.type === 'credential_suspect') return [event.reason]
    // A key that this resource does not take needs no word where another resource does.
    if (event.type === 'source_skipped' && !event.reason.includes('takes no'))
      return [`${event.source}: ${event.reason}`]
    return []
  })
  return [...new Set(notes)]
}
