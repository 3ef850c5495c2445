import { type Answer, type Request, refusal, rpcCodes } from './message.ts'

/** The tools that the client is not to know of. */
export interface ToolFilter {
  /** What a call of one of them is answered with, as if it were not there. */
  refuse(request: Request): Answer | undefined
  /** An answer without them. */
  shown(request: Request, answer: Answer): Answer
}

/** @param patterns names of tools, with `*` for any characters */
export function toolFilter(patterns: readonly string[]): ToolFilter {
  const hidden = patterns.map((pattern) => new RegExp(`^${pattern.split('*').map(quoted).join('.*')}$`, 's'))
  const isHidden = (name: unknown) => typeof name === 'string' && hidden.some((one) => one.test(name))
  return {
    refuse: ({ id, method, params }) =>
      method === 'tools/call' && isHidden(params?.name)
        ? refusal(id, rpcCodes.invalidParams, `Unknown tool: ${params?.name}`)
        : undefined,
    shown(request, answer) {
      const tools = answer.result?.tools
      if (request.method !== 'tools/list' || !Array.isArray(tools)) return answer
      return { ...answer, result: { ...answer.result, tools: tools.filter((tool) => !isHidden(tool?.name)) } }
    },
  }
}

function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
