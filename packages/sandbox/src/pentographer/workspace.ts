import { randomHex } from '../secrets.ts'

/** How grave a finding is. */
export type Risk = 'high' | 'medium' | 'low' | 'informational'

/** Where a finding is on its way to the report. */
export type FindingStatus = 'draft' | 'in_review' | 'confirmed' | 'informational' | 'false_positive'

/** A customer of the organisation. */
export interface Customer {
  readonly id: string
  readonly name: string
  readonly contactEmail: string
}

/** A weakness found in a project. */
export interface Finding {
  readonly id: string
  title: string
  risk: Risk
  description: string | null
  remediation: string | null
  cvssScore: number | null
  readonly playbookItemId: string | null
  status: FindingStatus
  justification: string | null
}

/** What a finding is made with. */
export interface NewFinding {
  readonly title: string
  readonly riskLevel: Risk
  readonly description?: string | null | undefined
  readonly remediation?: string | null | undefined
  readonly cvssScore?: number | null | undefined
  readonly playbookItemId?: string | null | undefined
}

/** A penetration test for one customer. */
export interface Project {
  readonly id: string
  readonly name: string
  readonly status: 'in_progress' | 'under_review' | 'complete'
  readonly customer: Customer
  readonly findings: Finding[]
}

/** A list of what to test. */
export interface Playbook {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly categories: readonly {
    readonly id: string
    readonly name: string
    readonly items: readonly {
      readonly id: string
      readonly title: string
      readonly risk: Risk
      readonly frameworkRef: string
    }[]
  }[]
}

/** The data of one organisation. */
export interface Workspace {
  readonly companyName: string
  readonly customers: readonly Customer[]
  readonly projects: readonly Project[]
  readonly playbooks: readonly Playbook[]
}

/** Makes the workspaces of one sandbox; an organisation that is not known gets an empty one. */
export function createWorkspaces(): (organisation: string) => Workspace {
  const workspaces = new Map<string, Workspace>([
    ['analytical-engines', workspaceOf('Analytical Engines', 'acme', 'Acme')],
    ['elsewhere', workspaceOf('Elsewhere', 'umbra', 'Umbra')],
  ])
  return (organisation) => {
    const known = workspaces.get(organisation)
    if (known !== undefined) return known
    const made: Workspace = { companyName: organisation, customers: [], projects: [], playbooks: [] }
    workspaces.set(organisation, made)
    return made
  }
}

/** The project of this id; another organisation's is not found. */
export function projectOf(workspace: Workspace, id: string): Project | undefined {
  return workspace.projects.find((project) => project.id === id)
}

/** The finding of this id, in any project of the organisation. */
export function findingOf(workspace: Workspace, id: string): Finding | undefined {
  return workspace.projects.flatMap(({ findings }) => findings).find((finding) => finding.id === id)
}

/** Adds a finding to a project, as a draft. */
export function addFinding(project: Project, input: NewFinding): Finding {
  const finding: Finding = {
    id: `finding-${randomHex(8)}`,
    title: input.title,
    risk: input.riskLevel,
    description: input.description ?? null,
    remediation: input.remediation ?? null,
    cvssScore: input.cvssScore ?? null,
    playbookItemId: input.playbookItemId ?? null,
    status: 'draft',
    justification: null,
  }
  project.findings.push(finding)
  return finding
}

// Ids differ between organisations, so that one cannot reach the other's data by a well-known id unnoticed.
function workspaceOf(companyName: string, prefix: string, customerName: string): Workspace {
  const customer: Customer = {
    id: `${prefix}-customer`,
    name: customerName,
    contactEmail: `security@${prefix}.example`,
  }
  return {
    companyName,
    customers: [customer],
    projects: [
      {
        id: `${prefix}-web`,
        name: `${customerName} web application`,
        status: 'in_progress',
        customer,
        findings: [
          {
            id: `${prefix}-finding-1`,
            title: 'Session cookie without Secure',
            risk: 'medium',
            description: 'The session cookie is sent over plain HTTP.',
            remediation: 'Set the Secure attribute.',
            cvssScore: null,
            playbookItemId: `${prefix}-item-1`,
            status: 'draft',
            justification: null,
          },
        ],
      },
    ],
    playbooks: [
      {
        id: `${prefix}-playbook`,
        name: 'Web application',
        version: '1.0',
        categories: [
          {
            id: `${prefix}-category-1`,
            name: 'Session management',
            items: [
              { id: `${prefix}-item-1`, title: 'Cookie attributes', risk: 'medium', frameworkRef: 'WSTG-SESS-02' },
            ],
          },
        ],
      },
    ],
  }
}
