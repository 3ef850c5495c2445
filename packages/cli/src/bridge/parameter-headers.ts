import { type Answer, type Request, speaksNewer } from './message.ts'

/**
 * The arguments of tools that the wire of 2026-07-28 has in headers, too, so that gateways see them: a client on stdin sends none, and
 * servers refuse a call that lacks them.
 */
export interface ParameterHeaders {
  /** Remembers which those are, from an answer to `tools/list`. */
  learn(request: Request, answer: Answer): void
  of(request: Request): Readonly<Record<string, string>> | undefined
}

interface Declared {
  readonly path: readonly string[]
  readonly header: string
}

export function parameterHeaders(): ParameterHeaders {
  const declaredBy = new Map<unknown, readonly Declared[]>()
  return {
    learn({ method }, { result }) {
      if (method !== 'tools/list' || !Array.isArray(result?.tools)) return
      for (const tool of result.tools) declaredBy.set(tool?.name, declaredIn(tool?.inputSchema, []))
    },
    of(request) {
      const { method, params } = request
      const declared = method === 'tools/call' && speaksNewer(request) ? declaredBy.get(params?.name) : undefined
      if (!declared) return undefined
      const given = declared.map(({ path, header }) => ({ header, value: valueAt(params?.arguments, path) }))
      return Object.fromEntries(
        given.flatMap(({ header, value }) => (value === undefined ? [] : [[`mcp-param-${header}`, value]])),
      )
    },
  }
}

/** Only where a chain of `properties` leads counts. */
function declaredIn(schema: unknown, path: readonly string[]): readonly Declared[] {
  return Object.entries(objectIn(objectIn(schema).properties)).flatMap(([name, property]) => {
    const { type, 'x-mcp-header': header } = objectIn(property)
    const own = [...path, name]
    const isOne = typeof header === 'string' && /^[!#$%&'*+.^_`|~\w-]+$/.test(header) && types.includes(type as string)
    return [...(isOne ? [{ path: own, header }] : []), ...declaredIn(property, own)]
  })
}

const types = ['string', 'integer', 'boolean']

/** As a header has it; none where it is not there, or no plain value. */
function valueAt(root: unknown, path: readonly string[]): string | undefined {
  const value = path.reduce((part, name) => objectIn(part)[name], root)
  if (!['string', 'boolean'].includes(typeof value) && !Number.isSafeInteger(value)) return undefined
  const text = String(value)
  const isPlain = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !/^=\?base64\?.*\?=$/.test(text)
  return isPlain ? text : `=?base64?${Buffer.from(text).toString('base64')}?=`
}

function objectIn(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
