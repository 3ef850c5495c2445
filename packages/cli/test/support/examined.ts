import type { McpServiceOptions } from '@pentauth/mcp'
import { mcpService } from '@pentauth/mcp'
import { type ExamineOptions, examine } from '../../src/doctor/examine.ts'
import type { Report } from '../../src/doctor/report.ts'

export interface Wishes extends Partial<ExamineOptions> {
  readonly server?: McpServiceOptions
}

/** What an examination is like unless somebody wishes otherwise. */
export const usual: ExamineOptions = {
  page: 'http://localhost:6274',
  redirectUri: 'http://127.0.0.1/callback',
  register: false,
  signIn: false,
  timeout: 5_000,
  env: {},
}

/** Examines an MCP server in this process; the person who is asked to sign in agrees. */
export function examined(mcp: string, { server = {}, ...options }: Wishes = {}): Promise<Report> {
  return examine(mcpService(mcp, server), mcp, {
    ...usual,
    present: async (request) => {
      if (request.way !== 'redirect') throw new TypeError('A page was expected.')
      const url = new URL(request.url)
      url.pathname += '/allow'
      const response = await fetch(url, { redirect: 'manual' })
      return response.headers.get('location') ?? undefined
    },
    ...options,
  })
}

/** What was found broken, worst first of each step. */
export function broken(report: Report): string[] {
  return report.steps.flatMap(({ findings }) =>
    findings.flatMap(({ id, severity }) => (severity === 'ok' ? [] : [`${severity} ${id}`])),
  )
}
