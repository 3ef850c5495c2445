import { type JsonObject, jsonBody, stringField } from '../request-body.ts'
import type { Operation } from '../service.ts'
import type { PendiumAccount } from './accounts.ts'
import { type Agents, progressOf, type VisibilityReport, workTime } from './agents.ts'
import { pendiumFacts } from './facts.ts'
import { noAgentText, refused, whatYouSee } from './refusal.ts'
import { done, type Outcome, problem, scoreFor, type Visibility } from './visibility.ts'

const base = '/api/visibility'
const { errors } = pendiumFacts

/** What an operation works with, once the key is known to be good. */
export interface PendiumCall {
  readonly request: Request
  readonly url: URL
  readonly account: PendiumAccount
}

interface Workplace {
  readonly agents: Agents
  readonly visibility: Visibility
  readonly now: () => number
  readonly agentRefusalStatus: number
}

interface PendiumOperation extends Omit<Operation<'pendium'>, 'answer'> {
  run(call: PendiumCall): Response | Promise<Response>
}

/**
 * The operations that ask for a key. Their paths are found in the REST documentation, and so are the fields of the account,
 * of a started scan and of the AI visibility report; the fields of a scan's status, of the report, of topics and of
 * personas are assumed, as are the texts and statuses of 400, 402 and 404.
 */
export function pendiumOperations(workplace: Workplace): readonly PendiumOperation[] {
  const { agents, visibility, now } = workplace

  const changeList = async (call: PendiumCall, list: 'topics' | 'personas'): Promise<Outcome> => {
    const body: JsonObject = (await jsonBody(call.request)) ?? {}
    const names: unknown = body[list]
    if (!Array.isArray(names)) return problem(400, `${list} is required`)
    return visibility.onAgent(call.account, stringField(body, 'syntheticId'), (agent) => {
      agent[list] = names.map(String)
      return done({ syntheticId: agent.syntheticId, [list]: agent[list] })
    })
  }
  const readList = (call: PendiumCall, list: 'topics' | 'personas'): Outcome =>
    visibility.onAgent(call.account, queriedId(call), (agent) =>
      done({ syntheticId: agent.syntheticId, [list]: agent[list] }),
    )

  const startReport = async (call: PendiumCall): Promise<Outcome> => {
    // Found: users of the Free plan are blocked here; the status is assumed.
    if (call.account.plan === 'free') return problem(403, 'Upgrade your plan to create AI visibility reports.')
    const body = (await jsonBody(call.request)) ?? {}
    const site = URL.parse(stringField(body, 'url') ?? '')
    if (site === null) return problem(400, 'url is required')
    const uuid = crypto.randomUUID()
    const made: VisibilityReport = {
      uuid,
      slug: `${site.hostname.replaceAll('.', '-')}-${uuid.slice(0, 6)}`,
      owner: call.account.id,
      seedUrl: site.href,
      isPublic: body.isPublic !== false,
      createdAt: now(),
    }
    agents.reports.push(made)
    return done(reportState(made, now()))
  }
  const readReport = ({ url, account: user }: PendiumCall): Outcome => {
    const wanted = url.searchParams.get('uuid') ?? url.searchParams.get('slug')
    const known = agents.reports.find(({ uuid, slug }) => wanted === uuid || wanted === slug)
    if (known === undefined || !(known.isPublic || known.owner === user.id || user.admin)) {
      return problem(404, 'Report not found')
    }
    return done(reportState(known, now()))
  }

  const at = (
    name: string,
    method: 'GET' | 'POST',
    path: string,
    run: (call: PendiumCall) => Outcome | Promise<Outcome>,
  ): PendiumOperation => ({
    name,
    method,
    path: base + path,
    run: async (call) => answer(await run(call), workplace.agentRefusalStatus),
  })
  return [
    at('account', 'GET', '/account', ({ account }) => visibility.account(account)),
    at('scan_start', 'POST', '/scan', async ({ account, request }) =>
      visibility.startScan(account, (await jsonBody(request)) ?? {}),
    ),
    at('scan_status', 'GET', '/scan', (call) => visibility.scanStatus(call.account, queriedId(call))),
    at('report', 'GET', '/report', (call) => visibility.report(call.account, queriedId(call))),
    at('topics', 'GET', '/topics', (call) => readList(call, 'topics')),
    at('topics_change', 'POST', '/topics', (call) => changeList(call, 'topics')),
    at('personas', 'GET', '/personas', (call) => readList(call, 'personas')),
    at('personas_change', 'POST', '/personas', (call) => changeList(call, 'personas')),
    at('ai_visibility_report_start', 'POST', '/ai-visibility-report', startReport),
    at('ai_visibility_report', 'GET', '/ai-visibility-report', readReport),
  ]
}

/** The public look-up of a brand's score. */
export function score(url: URL): Response {
  const outcome = scoreFor({ brand: url.searchParams.get('brand'), url: url.searchParams.get('url') })
  return answer(outcome, errors.agentNotAccessible.status)
}

function queriedId({ url }: PendiumCall): string | undefined {
  return url.searchParams.get('syntheticId') ?? undefined
}

function reportState(report: VisibilityReport, now: number): JsonObject {
  const finished = progressOf(report.createdAt, now) === 100
  const at = (ms: number): string => new Date(ms).toISOString()
  return {
    success: true,
    status: finished ? 'completed' : 'processing',
    uuid: report.uuid,
    slug: report.slug,
    isPublic: report.isPublic,
    reportUrl: `https://pendium.ai/report/${report.slug}`,
    previewUrl: `https://pendium.ai/report/${report.slug}/preview`,
    seedUrl: report.seedUrl,
    createdAt: at(report.createdAt),
    completedAt: finished ? at(report.createdAt + workTime) : null,
    updatedAt: at(finished ? report.createdAt + workTime : report.createdAt),
    failureMessage: null,
    brand: { name: new URL(report.seedUrl).hostname, summary: 'A brand in the sandbox.' },
  }
}

function answer(outcome: Outcome, agentRefusalStatus: number): Response {
  if (outcome.kind === 'read-only') return refused(errors.readOnly)
  if (outcome.kind === 'no-agent') {
    const text = noAgentText(outcome.syntheticId)
    return refused({ ...errors.agentNotAccessible, status: agentRefusalStatus, text, body: { error: text } })
  }
  return Response.json(
    { ...outcome.body, _pendium: whatYouSee },
    { status: outcome.kind === 'problem' ? outcome.status : 200 },
  )
}
