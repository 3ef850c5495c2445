import { inputOf, type McpCall, type McpTool, number, type ToolAnswer, text } from '../mcp/tool.ts'
import { type JsonObject, stringField } from '../request-body.ts'
import {
  addFinding,
  type Finding,
  type FindingStatus,
  findingOf,
  type Playbook,
  projectOf,
  type Risk,
  type Workspace,
} from './workspace.ts'

/** The workspace of a caller's organisation. */
export type WorkspaceOf = (organisation: string) => Workspace

type Run = (args: JsonObject, workspace: Workspace) => string

const risks = ['high', 'medium', 'low', 'informational']
const statuses = ['draft', 'in_review', 'confirmed', 'informational', 'false_positive']
const fileTypes = ['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/svg+xml', 'application/pdf']
const largestFile = 10 * 1024 * 1024

/**
 * The tools on projects, findings and playbooks: names, arguments and texts are found in the public source. What is missing
 * is said in an ordinary result there, not in an error, and so it is here.
 */
export function pentographerTools(workspaceOf: WorkspaceOf): McpTool<'pentographer'>[] {
  const tool = (
    name: string,
    description: string,
    input: McpTool['input'],
    run: Run,
    reads = true,
  ): McpTool<'pentographer'> => ({
    name,
    description,
    input,
    reads,
    run: (args, { caller }: McpCall<'pentographer'>): ToolAnswer => ({
      text: run(args, workspaceOf(caller.account.organisation)),
    }),
  })

  const projectId = text('Id of a project')
  const findingId = text('Id of a finding')
  const riskLevel = text('How grave it is', { enum: risks })
  const cvssScore = number('CVSS score', { minimum: 0, maximum: 10 })
  const description = text('What the weakness is')
  const remediation = text('How to mend it')
  const title = text('A short title')

  return [
    tool('list_projects', 'Lists the projects.', inputOf({ customerId: text('Only of this customer') }), (args, at) => {
      const customer = stringField(args, 'customerId')
      const projects = at.projects.filter((project) => (customer ?? project.customer.id) === project.customer.id)
      const lines = projects.map(
        ({ id, name, status, customer: { name: of } }) => `• [${id}] ${name} — ${status} (${of})`,
      )
      return lines.join('\n') || 'No projects found.'
    }),
    tool('get_project', 'Shows a project.', inputOf({ projectId }, ['projectId']), (args, at) => {
      const project = projectOf(at, String(args.projectId))
      if (project === undefined) return 'Project not found.'
      return [
        `Project: ${project.name} [${project.id}]`,
        `Status: ${project.status}`,
        `Customer: ${project.customer.name}`,
      ].join('\n')
    }),
    tool('list_customers', 'Lists the customers.', inputOf(), (_, { customers }) => {
      const lines = customers.map(({ id, name, contactEmail }) => `• [${id}] ${name} <${contactEmail}>`)
      return lines.join('\n') || 'No customers found.'
    }),
    tool('list_findings', 'Lists the findings of a project.', inputOf({ projectId }, ['projectId']), (args, at) => {
      const project = projectOf(at, String(args.projectId))
      if (project === undefined) return 'Project not found.'
      const lines = project.findings.map(
        ({ id, risk, title: named, status }) => `• [${id}] [${risk.toUpperCase()}] ${named} — ${status}`,
      )
      return lines.join('\n') || 'No findings yet.'
    }),
    tool('get_finding', 'Shows a finding.', inputOf({ findingId }, ['findingId']), (args, at) =>
      onFinding(args, at, shown),
    ),
    tool(
      'create_finding',
      'Adds a finding to a project.',
      inputOf(
        { projectId, title, riskLevel, description, remediation, cvssScore, playbookItemId: text('Of a playbook') },
        ['projectId', 'title', 'riskLevel'],
      ),
      (args, at) => {
        const project = projectOf(at, String(args.projectId))
        if (project === undefined) return 'Project not found.'
        const finding = addFinding(project, {
          ...args,
          title: String(args.title),
          riskLevel: args.riskLevel as Risk,
        })
        return `Created finding [${finding.id}]: "${finding.title}" (${finding.risk}) on project ${project.id}`
      },
      false,
    ),
    tool(
      'update_finding_status',
      'Changes the status of a finding.',
      inputOf({ findingId, status: text('The new status', { enum: statuses }) }, ['findingId', 'status']),
      (args, at) =>
        onFinding(args, at, (finding) => {
          finding.status = args.status as FindingStatus
          return `Updated finding [${finding.id}] status to "${finding.status}".`
        }),
      false,
    ),
    tool(
      'update_finding',
      'Changes what a finding says.',
      inputOf({ findingId, title, description, remediation, riskLevel, cvssScore }, ['findingId']),
      (args, at) => onFinding(args, at, (finding) => changed(finding, args)),
      false,
    ),
    tool(
      'add_evidence_note',
      'Adds evidence to a finding, as text.',
      inputOf({ findingId, note: text('The evidence'), label: text('What it is') }, ['findingId', 'note']),
      (args, at) =>
        onFinding(args, at, (finding) => {
          const label = stringField(args, 'label')
          append(finding, `---\n**${label ?? 'Evidence'}**\n${String(args.note)}`)
          return `Appended evidence note to finding [${finding.id}]${label === undefined ? '' : ` (${label})`}.`
        }),
      false,
    ),
    tool(
      'upload_evidence',
      'Adds evidence to a finding, as a file of 10 MB at most.',
      inputOf(
        {
          findingId,
          filename: text('Its name'),
          mimeType: text('Its type', { enum: fileTypes }),
          base64Data: text('Its content, base64'),
          caption: text('What it shows'),
        },
        ['findingId', 'filename', 'mimeType', 'base64Data'],
      ),
      (args, at) => onFinding(args, at, (finding) => uploaded(finding, args)),
      false,
    ),
    tool('list_playbooks', 'Lists the playbooks.', inputOf(), (_, { playbooks }) => {
      const lines = playbooks.map(({ id, name }) => `• [${id}] ${name} (yours)`)
      return lines.join('\n') || 'No playbooks found.'
    }),
    tool(
      'get_playbook',
      'Shows a playbook.',
      inputOf({ playbookId: text('Id of a playbook') }, ['playbookId']),
      (args, { playbooks }) => {
        const playbook = playbooks.find(({ id }) => id === args.playbookId)
        return playbook === undefined ? 'Playbook not found.' : listed(playbook)
      },
    ),
  ]
}

function onFinding(args: JsonObject, workspace: Workspace, run: (finding: Finding) => string): string {
  const finding = findingOf(workspace, String(args.findingId))
  // Another organisation's finding is not found either.
  return finding === undefined ? 'Finding not found.' : run(finding)
}

function shown({ id, title, risk, status, cvssScore, description, remediation }: Finding): string {
  const lines = [
    `Finding: ${title} [${id}]`,
    `Risk: ${risk.toUpperCase()}`,
    `Status: ${status}`,
    cvssScore === null ? undefined : `CVSS: ${cvssScore}`,
    description === null ? undefined : `\nDescription:\n${description}`,
    remediation === null ? undefined : `\nRemediation:\n${remediation}`,
  ]
  return lines.filter((line) => line !== undefined).join('\n')
}

function changed(finding: Finding, args: JsonObject): string {
  finding.title = stringField(args, 'title') ?? finding.title
  finding.description = stringField(args, 'description') ?? finding.description
  finding.remediation = stringField(args, 'remediation') ?? finding.remediation
  finding.risk = (args.riskLevel as Risk | undefined) ?? finding.risk
  finding.cvssScore = typeof args.cvssScore === 'number' ? args.cvssScore : finding.cvssScore
  return `Updated finding [${finding.id}] with new version.`
}

function append(finding: Finding, block: string): void {
  finding.description = `${finding.description ?? ''}\n\n${block}`.trim()
}

// The file itself is not kept: there is no store that the sandbox could serve it from.
function uploaded(finding: Finding, args: JsonObject): string {
  const data = String(args.base64Data).replace(/[\s=]/g, '')
  if (Math.floor((data.length * 3) / 4) > largestFile) return 'File exceeds 10 MB limit.'
  const name = String(args.filename).replace(/[^a-zA-Z0-9._-]/g, '_')
  const url = `https://app.pentographer.com/evidence/${finding.id}/${name}`
  append(finding, `![${stringField(args, 'caption') ?? name}](${url})`)
  return `Uploaded evidence to finding [${finding.id}].\nURL: ${url}`
}

function listed({ id, name, version, categories }: Playbook): string {
  const sections = categories.map((category) =>
    [
      `## ${category.name} [${category.id}]`,
      ...category.items.map((item) => `  • [${item.id}] [${item.risk.toUpperCase()}] ${item.title}`),
    ].join('\n'),
  )
  return [`Playbook: ${name} [${id}]`, `Version: ${version}`, '', ...sections].join('\n')
}
