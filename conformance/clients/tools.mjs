// What the suites want done with their tools.
import { context, scenario } from './scenario.mjs'

/**
 * @typedef {object} Client of either SDK
 * @property {() => Promise<{ tools: readonly { name: string, inputSchema: object }[] }>} listTools
 * @property {(call: Call) => Promise<unknown>} callTool
 */

/** @typedef {{ name: string, arguments: Record<string, unknown> }} Call */

/**
 * Lists the server's tools and calls them as the scenario says, else each of them once.
 * @param {Client} client
 */
export async function useTools(client) {
  const { tools } = await client.listTools()
  // Its schemas are for looking at: nothing behind them can be called.
  if (scenario === 'json-schema-ref-no-deref') return
  const [first] = tools
  const calls =
    context.toolCalls ?? tools.map(({ name }) => ({ name, arguments: argumentsFor(name, first?.inputSchema) }))
  for (const call of calls) await client.callTool(call).catch(tolerate)
}

/**
 * @param {string} tool
 * @param {object | undefined} firstSchema
 * @returns {Record<string, unknown>}
 */
function argumentsFor(tool, firstSchema) {
  if (tool === 'add_numbers') return { a: 5, b: 3 }
  // It shows the suite what the client has read.
  if (tool === 'json_schema_echo') return { schema: firstSchema }
  return {}
}

/** @param {unknown} error */
function tolerate(error) {
  // One of its tools answers what the SDK does not take; the others are what the scenario is about.
  if (scenario !== 'sep-2322-client-request-state') throw error
}
