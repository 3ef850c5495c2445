import { randomHex } from '../secrets.ts'
import type { PendiumAccount } from './accounts.ts'

/** A brand agent. */
export interface Agent {
  readonly syntheticId: string
  readonly owner: string
  readonly name: string
  readonly website: string
  topics: readonly string[]
  personas: readonly string[]
  scan?: Scan
}

/** A visibility scan; it takes a minute on the sandbox's clock. */
export interface Scan {
  readonly startedAt: number
  readonly mode: 'batch' | 'full'
  readonly maxQueries: number
}

/** An AI visibility report; it takes a minute on the sandbox's clock. */
export interface VisibilityReport {
  readonly uuid: string
  readonly slug: string
  readonly owner: string
  readonly seedUrl: string
  readonly isPublic: boolean
  readonly createdAt: number
}

/** The agents and reports of one sandbox. */
export interface Agents {
  /** Agents of the account; for an admin all. */
  of(account: PendiumAccount): readonly Agent[]
  /** The agent, if the account may reach it: "Admin users can access any agent." */
  reachable(account: PendiumAccount, syntheticId: string): Agent | undefined
  create(account: PendiumAccount, website: URL): Agent
  readonly reports: VisibilityReport[]
}

/** Milliseconds a scan or a report takes. */
export const workTime = 60_000

/** Makes the agents: one of ada's and one of outsider's are ready. */
export function createAgents(): Agents {
  const agents: Agent[] = [
    agentOf('northwind-coffee', 'ada', 'Northwind Coffee', 'https://northwind.example'),
    agentOf('contoso-tea', 'outsider', 'Contoso Tea', 'https://contoso.example'),
  ]
  const of = (account: PendiumAccount): Agent[] => agents.filter((agent) => account.admin || agent.owner === account.id)
  return {
    of,
    reachable: (account, syntheticId) => of(account).find((agent) => agent.syntheticId === syntheticId),
    create(account, website) {
      const name = website.hostname.replace(/^www\./, '')
      const agent = agentOf(`${name.replaceAll('.', '-')}-${randomHex(6)}`, account.id, name, website.origin)
      agents.push(agent)
      return agent
    },
    reports: [],
  }
}

/** How far a piece of work is, from 0 to 100. */
export function progressOf(startedAt: number, now: number): number {
  return Math.max(0, Math.min(100, Math.floor(((now - startedAt) / workTime) * 100)))
}

/** A score from 40 to 99 that is always the same for the same brand. */
export function scoreOf(brand: string): number {
  const sum = [...brand.toLowerCase()].reduce((total, letter) => total + (letter.codePointAt(0) ?? 0), 0)
  return 40 + (sum % 60)
}

function agentOf(syntheticId: string, owner: string, name: string, website: string): Agent {
  return { syntheticId, owner, name, website, topics: ['quality', 'price'], personas: ['first-time buyer'] }
}
