import type { Accounts } from '../accounts.ts'
import { type JsonObject, jsonBody, numberField, stringField } from '../request-body.ts'
import type { Operation } from '../service.ts'
import type { PendiumAccount } from './accounts.ts'
import { type Agent, type Agents, progressOf, scoreOf, type VisibilityReport, workTime } from './agents.ts'
import { pendiumFacts } from './facts.ts'
import { refused } from './refusal.ts'

const base = '/api/visibility'
const { errors } = pendiumFacts

/** What an operation works with, once the key is known to be good. */
export interface PendiumCall {
  readonly request: Request
  readonly url: URL
  readonly account: PendiumAccount
}

interface Workplace {
  readonly accounts: Accounts
  readonly agents: Agents
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
  const { accounts, agents, now } = workplace

  const noAgent = (syntheticId: string): Response => {
    const text = errors.agentNotAccessible.text.replace('=X', () => `=${syntheticId}`)
    return refused({
      ...errors.agentNotAccessible,
      status: workplace.agentRefusalStatus,
      text,
      body: { error: text },
    })
  }
  /** Runs on the agent that is asked for, if the account may reach it. */
  const onAgent = (call: PendiumCall, id: string | undefined, run: (agent: Agent) => Response): Response => {
    if (id === undefined) return problem(400, 'syntheticId is required')
    const agent = agents.reachable(call.account, id)
    return agent === undefined ? noAgent(id) : run(agent)
  }
  const onQueriedAgent = (call: PendiumCall, run: (agent: Agent) => Response): Response =>
    onAgent(call, call.url.searchParams.get('syntheticId') ?? undefined, run)

  const account = ({ account: user }: PendiumCall): Response => {
    const mine = agents.of(user)
    return answer({
      plan: user.plan,
      creditBalance: user.creditBalance,
      creditWarning: user.creditBalance < 30 ? 'Your credits are running low.' : null,
      agentCount: mine.length,
      agents: mine.map((agent) => summaryOf(agent, now())),
      upgradeUrl: 'https://pendium.ai/pricing',
    })
  }

  const startScan = async (call: PendiumCall): Promise<Response> => {
    if (call.account.readOnly) return refused(errors.readOnly)
    const body = (await jsonBody(call.request)) ?? {}
    const mode = body.mode === 'full' ? 'full' : 'batch'
    const maxQueries = numberField(body, 'maxQueries', { min: 1, max: 100, fallback: 30 })
    const website = stringField(body, 'url')
    const id = stringField(body, 'syntheticId')
    const scan = (agent: Agent, isNewAgent: boolean): Response => {
      if (agent.scan !== undefined && progressOf(agent.scan.startedAt, now()) < 100) return scanStatus(agent)
      // Assumed: one credit a query, and 402; the documentation's sentence on it was cut.
      const left = accounts.get('pendium', call.account.id).creditBalance - maxQueries
      if (left < 0) return answer({ success: false, error: 'Insufficient credits.' }, 402)
      accounts.update('pendium', call.account.id, { creditBalance: left })
      agent.scan = { startedAt: now(), mode, maxQueries }
      return answer({
        success: true,
        syntheticId: agent.syntheticId,
        agentName: agent.name,
        scanTriggered: true,
        isNewAgent,
        mode,
        maxQueries,
        message: 'Scan triggered. Use get_scan_status to poll for results (every 30-60 seconds).',
      })
    }
    if (id !== undefined) return onAgent(call, id, (agent) => scan(agent, false))
    const site = URL.parse(website ?? '')
    if (site === null) return problem(400, 'url or syntheticId is required')
    const known = agents.of(call.account).find((agent) => new URL(agent.website).host === site.host)
    return known === undefined ? scan(agents.create(call.account, site), true) : scan(known, false)
  }

  const scanStatus = (agent: Agent): Response => {
    const progress = agent.scan === undefined ? 0 : progressOf(agent.scan.startedAt, now())
    const running = progress < 100 ? 'running' : 'completed'
    return answer({
      syntheticId: agent.syntheticId,
      status: agent.scan === undefined ? 'none' : running,
      progress,
    })
  }

  const report = (agent: Agent): Response =>
    answer({
      ...summaryOf(agent, now()),
      responses: agent.topics.map((topic) => ({
        model: 'sandbox',
        prompt: `Which ${topic} brand would you recommend?`,
        response: `${agent.name} is often named.`,
      })),
    })

  const changeList = async (call: PendiumCall, list: 'topics' | 'personas'): Promise<Response> => {
    const body: JsonObject = (await jsonBody(call.request)) ?? {}
    const names: unknown = body[list]
    if (!Array.isArray(names)) return problem(400, `${list} is required`)
    return onAgent(call, stringField(body, 'syntheticId'), (agent) => {
      agent[list] = names.map(String)
      return answer({ syntheticId: agent.syntheticId, [list]: agent[list] })
    })
  }
  const readList = (call: PendiumCall, list: 'topics' | 'personas'): Response =>
    onQueriedAgent(call, (agent) => answer({ syntheticId: agent.syntheticId, [list]: agent[list] }))

  const startReport = async (call: PendiumCall): Promise<Response> => {
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
    return answer(reportState(made, now()))
  }
  const readReport = ({ url, account: user }: PendiumCall): Response => {
    const wanted = url.searchParams.get('uuid') ?? url.searchParams.get('slug')
    const known = agents.reports.find(({ uuid, slug }) => wanted === uuid || wanted === slug)
    if (known === undefined || !(known.isPublic || known.owner === user.id || user.admin)) {
      return problem(404, 'Report not found')
    }
    return answer(reportState(known, now()))
  }

  const at = (name: string, method: 'GET' | 'POST', path: string, run: PendiumOperation['run']): PendiumOperation => ({
    name,
    method,
    path: base + path,
    run,
  })
  return [
    at('account', 'GET', '/account', account),
    at('scan_start', 'POST', '/scan', startScan),
    at('scan_status', 'GET', '/scan', (call) => onQueriedAgent(call, scanStatus)),
    at('report', 'GET', '/report', (call) => onQueriedAgent(call, report)),
    at('topics', 'GET', '/topics', (call) => readList(call, 'topics')),
    at('topics_change', 'POST', '/topics', (call) => changeList(call, 'topics')),
    at('personas', 'GET', '/personas', (call) => readList(call, 'personas')),
    at('personas_change', 'POST', '/personas', (call) => changeList(call, 'personas')),
    at('ai_visibility_report_start', 'POST', '/ai-visibility-report', startReport),
    at('ai_visibility_report', 'GET', '/ai-visibility-report', readReport),
  ]
}

/** The public look-up of a brand's score; the names of its parameters are assumed. */
export function score(url: URL): Response {
  const brand = url.searchParams.get('brand') ?? url.searchParams.get('url')
  return brand === null ? problem(400, 'brand or url is required') : answer({ brand, score: scoreOf(brand) })
}

function summaryOf(agent: Agent, now: number): JsonObject {
  const done = agent.scan !== undefined && progressOf(agent.scan.startedAt, now) === 100
  return {
    syntheticId: agent.syntheticId,
    name: agent.name,
    website: agent.website,
    lastScanDate: done && agent.scan ? new Date(agent.scan.startedAt + workTime).toISOString() : null,
    latestScore: done ? scoreOf(agent.name) : null,
  }
}

function reportState(report: VisibilityReport, now: number): JsonObject {
  const done = progressOf(report.createdAt, now) === 100
  const at = (ms: number): string => new Date(ms).toISOString()
  return {
    success: true,
    status: done ? 'completed' : 'processing',
    uuid: report.uuid,
    slug: report.slug,
    isPublic: report.isPublic,
    reportUrl: `https://pendium.ai/report/${report.slug}`,
    previewUrl: `https://pendium.ai/report/${report.slug}/preview`,
    seedUrl: report.seedUrl,
    createdAt: at(report.createdAt),
    completedAt: done ? at(report.createdAt + workTime) : null,
    updatedAt: at(done ? report.createdAt + workTime : report.createdAt),
    failureMessage: null,
    brand: { name: new URL(report.seedUrl).hostname, summary: 'A brand in the sandbox.' },
  }
}

function answer(body: JsonObject, status = 200): Response {
  return Response.json(
    { ...body, _pendium: { what_you_are_seeing: 'Data of the sandbox, not of Pendium.' } },
    { status },
  )
}

function problem(status: number, error: string): Response {
  return answer({ error }, status)
}
