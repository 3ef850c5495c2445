import type { Accounts } from '../accounts.ts'
import { type JsonObject, numberField, stringField } from '../request-body.ts'
import type { PendiumAccount } from './accounts.ts'
import { type Agent, type Agents, progressOf, scoreOf, workTime } from './agents.ts'

/** What came of an operation, before REST or MCP puts it in a form of its own. */
export type Outcome =
  | { readonly kind: 'done'; readonly body: JsonObject }
  /** The account has no such agent, or there is none. */
  | { readonly kind: 'no-agent'; readonly syntheticId: string }
  | { readonly kind: 'read-only' }
  | { readonly kind: 'problem'; readonly status: number; readonly body: JsonObject & { readonly error: string } }

/** The operations that the REST API and the MCP server share. */
export interface Visibility {
  account(user: PendiumAccount): Outcome
  /** Fields: url or syntheticId, mode, maxQueries. */
  startScan(user: PendiumAccount, fields: JsonObject): Outcome
  scanStatus(user: PendiumAccount, syntheticId: string | undefined): Outcome
  report(user: PendiumAccount, syntheticId: string | undefined): Outcome
  /** Runs on the agent that is asked for, if the account may reach it. */
  onAgent(user: PendiumAccount, syntheticId: string | undefined, run: (agent: Agent) => Outcome): Outcome
}

/** What the operations work on. */
export interface VisibilityParts {
  readonly accounts: Accounts
  readonly agents: Agents
  readonly now: () => number
}

/** Makes the operations over the agents of one sandbox. */
export function createVisibility({ accounts, agents, now }: VisibilityParts): Visibility {
  const onAgent: Visibility['onAgent'] = (user, syntheticId, run) => {
    if (syntheticId === undefined) return problem(400, 'syntheticId is required')
    const agent = agents.reachable(user, syntheticId)
    return agent === undefined ? { kind: 'no-agent', syntheticId } : run(agent)
  }

  const statusOf = (agent: Agent): Outcome => {
    const progress = agent.scan === undefined ? 0 : progressOf(agent.scan.startedAt, now())
    const running = progress < 100 ? 'running' : 'completed'
    return done({
      syntheticId: agent.syntheticId,
      status: agent.scan === undefined ? 'none' : running,
      progress,
    })
  }

  const startScan: Visibility['startScan'] = (user, fields) => {
    if (user.readOnly) return { kind: 'read-only' }
    const mode = fields.mode === 'full' ? 'full' : 'batch'
    const maxQueries = numberField(fields, 'maxQueries', { min: 1, max: 100, fallback: 30 })
    const scan = (agent: Agent, isNewAgent: boolean): Outcome => {
      if (agent.scan !== undefined && progressOf(agent.scan.startedAt, now()) < 100) return statusOf(agent)
      // Assumed: one credit a query, and 402; the documentation's sentence on it was cut.
      const left = accounts.get('pendium', user.id).creditBalance - maxQueries
      if (left < 0) return problem(402, 'Insufficient credits.', { success: false })
      accounts.update('pendium', user.id, { creditBalance: left })
      agent.scan = { startedAt: now(), mode, maxQueries }
      return done({
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
    const id = stringField(fields, 'syntheticId')
    if (id !== undefined) return onAgent(user, id, (agent) => scan(agent, false))
    const site = URL.parse(stringField(fields, 'url') ?? '')
    if (site === null) return problem(400, 'url or syntheticId is required')
    const known = agents.of(user).find((agent) => new URL(agent.website).host === site.host)
    return known === undefined ? scan(agents.create(user, site), true) : scan(known, false)
  }

  return {
    onAgent,
    startScan,
    account(user) {
      const mine = agents.of(user)
      return done({
        plan: user.plan,
        creditBalance: user.creditBalance,
        creditWarning: user.creditBalance < 30 ? 'Your credits are running low.' : null,
        agentCount: mine.length,
        agents: mine.map((agent) => summaryOf(agent, now())),
        upgradeUrl: 'https://pendium.ai/pricing',
      })
    },
    scanStatus: (user, syntheticId) => onAgent(user, syntheticId, statusOf),
    report: (user, syntheticId) =>
      onAgent(user, syntheticId, (agent) =>
        done({
          ...summaryOf(agent, now()),
          responses: agent.topics.map((topic) => ({
            model: 'sandbox',
            prompt: `Which ${topic} brand would you recommend?`,
            response: `${agent.name} is often named.`,
          })),
        }),
      ),
  }
}

/** The look-up of a brand's score; the names of its fields are assumed. */
export function scoreFor(fields: JsonObject): Outcome {
  const brand = stringField(fields, 'brand') ?? stringField(fields, 'url')
  return brand === undefined ? problem(400, 'brand or url is required') : done({ brand, score: scoreOf(brand) })
}

/** An outcome that went well. */
export function done(body: JsonObject): Outcome {
  return { kind: 'done', body }
}

/** An outcome that did not; `more` goes before the error. */
export function problem(status: number, error: string, more: JsonObject = {}): Outcome {
  return { kind: 'problem', status, body: { ...more, error } }
}

function summaryOf(agent: Agent, now: number): JsonObject {
  const finished = agent.scan !== undefined && progressOf(agent.scan.startedAt, now) === 100
  return {
    syntheticId: agent.syntheticId,
    name: agent.name,
    website: agent.website,
    lastScanDate: finished && agent.scan ? new Date(agent.scan.startedAt + workTime).toISOString() : null,
    latestScore: finished ? scoreOf(agent.name) : null,
  }
}
