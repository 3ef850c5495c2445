// Which scenarios of which suite each SDK is held to. What a revision of the specification requires is the suite's own, frozen list.
import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'

/** @typedef {'0.2.0-alpha.12' | '0.1.16'} Suite */
/** @typedef {'v1' | 'v2'} Sdk */

/**
 * @typedef {object} Run one scenario for one client
 * @property {Suite} suite
 * @property {Sdk} sdk
 * @property {string} scenario
 * @property {boolean} required
 * @property {string} [revision] of the specification that the server speaks; the suite's own choice unless given
 */

/** What each SDK speaks: v1 knows no revision after 2025-11-25. @type {Readonly<Record<Sdk, string>>} */
const REVISIONS = { v1: '2025-11-25', v2: '2026-07-28' }

/** @type {readonly Sdk[]} */
export const SDKS = ['v1', 'v2']

/** @type {readonly Suite[]} */
export const SUITES = ['0.2.0-alpha.12', '0.1.16']

/** In 0.1.16, which has no requirement sets: all of its client scenarios. */
const OLD_SCENARIOS = [
  'initialize',
  'tools_call',
  'elicitation-sep1034-client-defaults',
  'sse-retry',
  'auth/metadata-default',
  'auth/metadata-var1',
  'auth/metadata-var2',
  'auth/metadata-var3',
  'auth/basic-cimd',
  'auth/scope-from-www-authenticate',
  'auth/scope-from-scopes-supported',
  'auth/scope-omitted-when-undefined',
  'auth/scope-step-up',
  'auth/scope-retry-limit',
  'auth/token-endpoint-auth-basic',
  'auth/token-endpoint-auth-post',
  'auth/token-endpoint-auth-none',
  'auth/pre-registration',
  'auth/2025-03-26-oauth-metadata-backcompat',
  'auth/2025-03-26-oauth-endpoint-fallback',
  'auth/resource-mismatch',
  'auth/offline-access-scope',
  'auth/offline-access-not-supported',
  'auth/client-credentials-jwt',
  'auth/client-credentials-basic',
  'auth/cross-app-access-complete-flow',
]

/**
 * @typedef {object} Requirements what a revision asks for, as its file in the suite says
 * @property {readonly string[]} client
 * @property {readonly { readonly scenario: string, readonly leg: string }[]} not_scored
 */

/**
 * @param {URL} suites the folder where the suites are installed
 * @returns {Promise<readonly Run[]>} in the order in which they are reported
 */
export async function planOf(suites) {
  const required = { v1: await requirementsOf(suites, 'v1'), v2: await requirementsOf(suites, 'v2') }
  return SDKS.flatMap((sdk) => [
    ...newRuns(sdk, required),
    ...OLD_SCENARIOS.map((scenario) => ({ suite: /** @type {const} */ ('0.1.16'), sdk, scenario, required: true })),
  ])
}

/**
 * @param {Sdk} sdk
 * @param {Readonly<Record<Sdk, Requirements>>} all
 * @returns {readonly Run[]}
 */
function newRuns(sdk, all) {
  const suite = /** @type {const} */ ('0.2.0-alpha.12')
  const revision = REVISIONS[sdk]
  const { client, not_scored } = all[sdk]
  const unscored = not_scored.filter(({ leg }) => leg === 'client').map(({ scenario }) => scenario)
  // What a later revision asks of authorization is asked of us on the older wire too, without being required there.
  const later = all.v2.client.filter((scenario) => scenario.startsWith('auth/'))
  return [...new Set([...client, ...unscored, ...later])].map((scenario) => {
    return { suite, sdk, scenario, required: client.includes(scenario), revision }
  })
}

/**
 * @param {URL} suites
 * @param {Sdk} sdk
 * @returns {Promise<Requirements>}
 */
async function requirementsOf(suites, sdk) {
  const file = new URL(`node_modules/conformance-0.2.0-alpha.12/requirements/${REVISIONS[sdk]}.yaml`, suites)
  return parse(await readFile(file, 'utf8'))
}
