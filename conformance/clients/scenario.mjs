// What the suite says to the client that it has started.
import process from 'node:process'

export const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? ''

/** What a host of this scenario was told before, such as the client that somebody registered for it. */
export const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}')

/** Which revision of the specification its server speaks; nothing where the suite is older than that question. */
export const revision = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION
