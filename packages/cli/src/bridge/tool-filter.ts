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
  const isHidden = (name: unknown) => typeof name === 'string' && patterns.some((pattern) => matches(name, pattern))
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

/** In one pass, however many `*` there are: each part is taken where it comes first, and the last where it ends the name. */
function matches(name: string, pattern: string): boolean {
  const [first = '', ...others] = pattern.split('*')
  const last = others.pop()
  if (last === undefined) return name === pattern
  if (!name.startsWith(first)) return false
  let place = first.length
  for (const part of others) {
    const found = name.indexOf(part, place)
    if (found < 0) return false
    place = found + part.length
  }
  return name.length - last.length >= place && name.endsWith(last)
}
