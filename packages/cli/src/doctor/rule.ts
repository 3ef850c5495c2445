export type Severity = 'ok' | 'info' | 'warning' | 'error'

/** What a server should do, and what to do where it does not. */
export interface Rule {
  /** How bad it is where it is broken: `error` for a MUST or where clients fail, `warning` where it works but, `info` for a choice. */
  readonly severity: 'info' | 'warning' | 'error'
  /** What is right, in one sentence. */
  readonly title: string
  /** Where it is written: `rfc9728#3.2`, or `mcp` with a page and a section. */
  readonly spec: string
  /** What to do where it is broken. */
  readonly hint: string
}

export interface Specification {
  readonly name: string
  readonly url: string
}

const mcpPages = 'https://modelcontextprotocol.io/specification/2026-07-28/basic/'

/** The name and the address of what a rule names in short. */
export function specificationOf(short: string): Specification {
  const rfc = /^rfc(\d+)(?:#([\d.]+))?$/.exec(short)
  if (rfc) {
    const [, number, section] = rfc
    return {
      name: `RFC ${number}${section ? ` section ${section}` : ''}`,
      url: `https://www.rfc-editor.org/rfc/rfc${number}${section ? `#section-${section}` : ''}`,
    }
  }
  const mcp = /^mcp\/([\w/-]+): (.+)$/.exec(short)
  if (mcp) return { name: `MCP 2026-07-28, ${mcp[2]}`, url: mcpPages + mcp[1] }
  return { name: 'Fetch standard, CORS protocol', url: 'https://fetch.spec.whatwg.org/#http-cors-protocol' }
}
