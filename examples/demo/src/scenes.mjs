// What the demo shows: each service, resource and credential, with calls and the outcome that is documented for each.
import { keyScenes } from './key-scenes.mjs'
import { mcpScenes } from './mcp-scenes.mjs'
import { pendraScenes } from './pendra-scenes.mjs'
import { signInScenes } from './sign-in-scenes.mjs'

/**
 * @typedef {import('@pentauth/sandbox').Sandbox} Sandbox
 * @typedef {import('./visit.mjs').Visit} Visit
 * @typedef {{ status: number, code?: string }} Expected
 *
 * @typedef {object} Call
 * @property {string} operation as it stands in the table: method and path
 * @property {string} [path] below the resource's URL; the operation's path unless given
 * @property {unknown} [json] sent as the body
 * @property {{ name: string, arguments?: Record<string, unknown> }} [tool] called by an MCP client, in the place of a request of our own
 * @property {string} [before] what happens before the call, for the reader
 * @property {(visit: Visit) => unknown} [prepare] makes it happen
 * @property {Expected} expected
 * @property {(body: any) => string} [summary] of an answer; streams are counted instead
 * @property {(visit: Visit) => boolean | Promise<boolean>} [holds] what else must be so after the call
 *
 * @typedef {object} Scene
 * @property {import('@pentauth/sandbox').ServiceName} service
 * @property {string} resource
 * @property {'api-key' | 'client-credentials' | 'oauth'} credential
 * @property {Record<string, string>} [env] what the process finds in its environment
 * @property {readonly Call[]} calls
 */

/**
 * Each act is written when the one before it is over: keys and the clock are then as it left them.
 * @param {Sandbox} sandbox
 * @returns {Generator<Scene>}
 */
export function* scenes(sandbox) {
  for (const act of [keyScenes, pendraScenes, mcpScenes, signInScenes]) yield* act(sandbox)
}
